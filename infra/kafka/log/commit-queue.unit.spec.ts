import { describe, expect, test } from "vitest";
import type { Commit } from "../../../streams/log.ts";
import { CommitQueue, type Waiting } from "./commit-queue.ts";

const batchOf = (baseOffset: number, size = 1): Commit => ({
  produced: [
    { topic: "t", partition: 0, baseOffset, count: 1, maxTimeUs: 0, bytes: new Uint8Array(size) },
  ],
  checkpoints: [],
});

const ofTask = (task: string): Commit => ({
  produced: [],
  checkpoints: [{ task, epoch: 1, consumed: [], state: new Uint8Array(0) }],
});

/** A queue that notes what it was given together. */
function noting() {
  const groups: number[][] = [];
  const queue = new CommitQueue(async (waiting: readonly Waiting[]) => {
    groups.push(waiting.map(({ commit }) => commit.produced[0]?.baseOffset ?? -1));
    await Promise.resolve();
    for (const { resolve } of waiting) resolve();
  });
  return { queue, groups };
}

describe("CommitQueue", () => {
  test("hands on together what waits together", async () => {
    const { queue, groups } = noting();
    await Promise.all([0, 1, 2].map((offset) => queue.commit(batchOf(offset))));
    await queue.commit(batchOf(3));
    expect(groups).toEqual([[0, 1, 2], [3]]);
  });

  test("gives a task's commit a transaction of its own", async () => {
    const { queue, groups } = noting();
    const calls = [batchOf(0), ofTask("a"), batchOf(1), batchOf(2)];
    await Promise.all(calls.map((commit) => queue.commit(commit)));
    expect(groups).toEqual([[0], [-1], [1, 2]]);
  });

  test("bounds what it hands on together, and still takes what is larger alone", async () => {
    const { queue, groups } = noting();
    const large = 5 << 20;
    await Promise.all([0, 1, 2].map((offset) => queue.commit(batchOf(offset, large))));
    expect(groups).toEqual([[0], [1], [2]]);
  });

  test("runs a job after every commit made before it, and before every later one", async () => {
    const { queue, groups } = noting();
    const seen: number[] = [];
    const first = queue.commit(batchOf(0));
    const job = queue.after(async () => {
      seen.push(groups.length);
      return "done";
    });
    const last = queue.commit(batchOf(1));
    expect(await job).toBe("done");
    await Promise.all([first, last]);
    expect(seen).toEqual([1]);
    expect(groups).toEqual([[0], [1]]);
  });

  test("goes on after a job that failed", async () => {
    const { queue } = noting();
    const failing = queue.after(() => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    await queue.commit(batchOf(0));
  });

  test("takes its copy at once", async () => {
    const kept: number[] = [];
    const queue = new CommitQueue(async (waiting) => {
      for (const { commit, resolve } of waiting) {
        kept.push(commit.produced[0]?.bytes[0] ?? -1);
        resolve();
      }
    });
    const commit = batchOf(0);
    const pending = queue.commit(commit);
    commit.produced[0]?.bytes.fill(9);
    await pending;
    expect(kept).toEqual([0]);
  });
});
