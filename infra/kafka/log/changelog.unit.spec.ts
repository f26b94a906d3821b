// What is restored is what was committed last, whatever the broker is slow to show.

import { expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { takeApart } from "../wire/testing/messages.ts";
import { changelogOf, lastTaskRecord, restoreTask } from "./changelog.ts";
import type { StateCache } from "./state-cache.ts";
import { changelogRecords } from "./task-owners.ts";
import { type FakePartition, fakePartition, lagging } from "./testing/fake-partition.ts";

const place = changelogOf("app", "group/0");
const savedAt = (next: number) => ({
  epoch: 1,
  consumed: [{ topic: "bars", partition: 0, next }],
  state: new Uint8Array([next]),
});

/** One commit of the task; each changes the entry "last", and adds one of its own. */
function commit(partition: FakePartition, next: number): void {
  const changes = ["last", `at-${next}`].map((key) => ({ key, value: new Uint8Array([next]) }));
  const record = { incarnation: "a", epoch: 1, digest: null, saved: savedAt(next) };
  partition.append(takeApart(changelogRecords(place, record, changes)));
}

/** A cache that holds what was there after the first commit; `cleared` is counted. */
function cacheOfFirst() {
  const calls = { cleared: 0 };
  const entries = () =>
    new Map(["last", "at-10"].map((key) => [key, new Uint8Array([10])] as const));
  const cache: Pick<StateCache, "load" | "clear"> = {
    load: () => ({ place: { incarnation: "a", next: 3 }, entries: entries() }),
    clear: () => {
      calls.cleared++;
    },
  };
  return { cache: cache as StateCache, calls };
}

function twoCommits(): FakePartition {
  const partition = fakePartition();
  commit(partition, 10);
  commit(partition, 20);
  return partition;
}
const both = { saved: savedAt(20) };
const entriesOfBoth = [
  ["last", new Uint8Array([20])],
  ["at-10", new Uint8Array([10])],
  ["at-20", new Uint8Array([20])],
];

test.each([
  ["cold", () => null, 0],
  ["warm", () => cacheOfFirst().cache, 2],
])(
  "a %s restore waits for a leader that does not yet show the last commit",
  async (_, of, held) => {
    // The first commit and its marker take offsets 0 to 3.
    const leader = lagging(twoCommits(), 4, 5);
    const restored = await restoreTask(leader, place, of());
    expect(restored.record).toMatchObject(both);
    expect([...restored.entries]).toEqual(entriesOfBoth);
    expect(restored.cached).toBe(held);
  },
);

test("the last commit is told although the leader does not yet show it", async () => {
  const leader = lagging(twoCommits(), 4, 5);
  expect(await lastTaskRecord(leader, place)).toMatchObject(both);
});

test("of what is committed while it is read, nothing is told by halves", async () => {
  const partition = twoCommits();
  const { end } = partition;
  // The entries of a third commit can be fetched already; its last record not yet.
  const value = new Uint8Array([30]);
  const record = { incarnation: "a", epoch: 1, digest: null, saved: savedAt(30) };
  const [entry] = takeApart(changelogRecords(place, record, [{ key: "last", value }]));
  if (entry === undefined) throw new Error("an entry is a message");
  partition.append([entry], false);
  const { fetch } = partition.connection;
  const listOffset = async (_topic: string, _partition: number, at: unknown) =>
    at === "start" ? 0 : end;
  const restored = await restoreTask({ fetch, listOffset }, place, null);
  expect(restored.record).toMatchObject(both);
  expect([...restored.entries]).toEqual(entriesOfBoth);
});

const refusal = (code: "KAFKA_UNREACHABLE" | "KAFKA_OFFSET_OUT_OF_RANGE"): TapedeckError =>
  new TapedeckError(code, "the first fetch fails");

/** Fails the first fetch. */
function failing({ connection }: FakePartition, error: TapedeckError): FakePartition["connection"] {
  let failed = false;
  return {
    listOffset: connection.listOffset,
    async fetch(...asked) {
      if (failed) return connection.fetch(...asked);
      failed = true;
      throw error;
    },
  };
}

test("a cache outlives a cluster that cannot be reached, and who restores is told", async () => {
  const { cache, calls } = cacheOfFirst();
  const unreachable = failing(twoCommits(), refusal("KAFKA_UNREACHABLE"));
  await expect(restoreTask(unreachable, place, cache)).rejects.toMatchObject({
    code: "KAFKA_UNREACHABLE",
  });
  expect(calls.cleared).toBe(0);
});

test("a cache whose place is gone from the changelog counts as none", async () => {
  const { cache, calls } = cacheOfFirst();
  const cut = failing(twoCommits(), refusal("KAFKA_OFFSET_OUT_OF_RANGE"));
  const restored = await restoreTask(cut, place, cache);
  expect([...restored.entries]).toEqual(entriesOfBoth);
  expect(restored.cached).toBe(0);
  expect(calls.cleared).toBe(1);
});
