// The suite that every log passes. Promises: a log that passes may stand in for any other; the
// last test holds it against the memory log on random scripts, and names the seed that differs.

import type { Checkpoint, EventLog, RecordBatch } from "../log.ts";
import { createMemoryLog } from "../memory-log.ts";
import { testEntries } from "./entries-contract.ts";
import { batchAt, checkpointOf, type LogSubject, readAll, refusal, same } from "./log-fixtures.ts";
import { differences } from "./log-script.ts";

interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
}

/** What the suite needs of a test runner: vitest's own functions fit. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
  expect(value: unknown, message?: string): Matchers;
}

export function testLogContract(
  runner: TestRunner,
  name: string,
  open: () => Promise<LogSubject>,
): void {
  const { describe, expect } = runner;

  const test = (title: string, body: (log: EventLog, subject: LogSubject) => Promise<void>) =>
    runner.test(title, async () => {
      const subject = await open();
      try {
        await subject.log.createTopic("bars", 2);
        await subject.log.createTopic("fills", 1);
        await body(subject.log, subject);
      } finally {
        await subject.dispose();
      }
    });

  const commit = (log: EventLog, produced: RecordBatch[], checkpoints: Checkpoint[] = []) =>
    log.commit({ produced, checkpoints });

  describe(`${name} keeps the contract of a log`, () => {
    test("gives back what was committed, byte by byte", async (log) => {
      const batch = batchAt("bars", 1, 0, [10, 20, 30]);
      await commit(log, [batch]);
      expect(await log.read("bars", 1, 0)).toEqual(batch);
      expect(await log.read("bars", 1, 3)).toBe(null);
      expect(await log.read("bars", 0, 0)).toBe(null);
    });

    test("keeps its own copy of what it was given", async (log) => {
      const batch = batchAt("bars", 0, 0, [10]);
      const before = batch.bytes.slice();
      const pending = commit(log, [batch]);
      batch.bytes.fill(0);
      await pending;
      expect((await log.read("bars", 0, 0))?.bytes).toEqual(before);
    });

    test("lists every partition, topics by name", async (log) => {
      await log.createTopic("audits", 1);
      await commit(log, [batchAt("bars", 1, 0, [1, 2])]);
      expect(await log.partitions()).toEqual([
        { topic: "audits", partition: 0, start: 0, end: 0 },
        { topic: "bars", partition: 0, start: 0, end: 0 },
        { topic: "bars", partition: 1, start: 0, end: 2 },
        { topic: "fills", partition: 0, start: 0, end: 0 },
      ]);
    });

    test("makes a topic once, and refuses another partition count", async (log) => {
      await log.createTopic("bars", 2);
      expect(await refusal(log.createTopic("bars", 3))).toBe("STREAMS_PARTITIONS_CHANGED");
      for (const partitions of [0, -1, 1.5, 65_537]) {
        expect(await refusal(log.createTopic("new", partitions))).toBe(
          "STREAMS_PARTITIONS_CHANGED",
        );
      }
      expect((await log.partitions()).length).toBe(3);
    });

    test("names an unknown topic or partition", async (log) => {
      expect(await refusal(log.read("orders", 0, 0))).toBe("STREAMS_TOPIC_UNKNOWN");
      expect(await refusal(log.read("bars", 2, 0))).toBe("STREAMS_OFFSET_OUT_OF_RANGE");
      expect(await refusal(log.offsetAt("orders", 0, 0))).toBe("STREAMS_TOPIC_UNKNOWN");
      expect(await refusal(commit(log, [batchAt("orders", 0, 0, [1])]))).toBe(
        "STREAMS_TOPIC_UNKNOWN",
      );
    });

    test("reads from the middle of a batch", async (log) => {
      const batch = batchAt("bars", 0, 0, [10, 20, 30]);
      await commit(log, [batch]);
      const middle = await log.read("bars", 0, 1);
      expect(middle).toEqual({
        ...batch,
        baseOffset: 1,
        count: 2,
        bytes: batch.bytes.slice(batch.bytes.length / 3),
      });
      expect((await log.read("bars", 0, 2))?.count).toBe(1);
    });

    test("refuses an offset that does not exist", async (log) => {
      await commit(log, [batchAt("bars", 0, 0, [10])]);
      for (const offset of [-1, 2, 0.5, Number.NaN]) {
        expect(await refusal(log.read("bars", 0, offset))).toBe("STREAMS_OFFSET_OUT_OF_RANGE");
      }
    });

    test("refuses a batch that does not start at the partition's end, and writes nothing", async (log) => {
      await commit(log, [batchAt("bars", 0, 0, [10, 11])]);
      for (const base of [0, 1, 3]) {
        const produced = [batchAt("fills", 0, 0, [12]), batchAt("bars", 0, base, [12])];
        expect(await refusal(commit(log, produced))).toBe("STREAMS_OFFSET_CONFLICT");
      }
      expect(await log.read("fills", 0, 0)).toBe(null);
      expect((await readAll(log, "bars", 0, 0)).end).toBe(2);
    });

    test("takes several batches of one partition in one commit, in order", async (log) => {
      await commit(log, [batchAt("bars", 0, 0, [1, 2]), batchAt("bars", 0, 2, [3])]);
      expect((await readAll(log, "bars", 0, 0)).end).toBe(3);
    });

    test("refuses a batch whose frames do not give its count", async (log) => {
      const good = batchAt("bars", 0, 0, [10, 11]);
      const bad = [
        { ...good, count: 3 },
        { ...good, count: 1 },
        { ...good, bytes: good.bytes.subarray(1) },
        { ...good, bytes: good.bytes.subarray(0, good.bytes.length - 1) },
        { ...good, maxTimeUs: Number.NaN },
      ];
      for (const batch of bad) {
        expect(await refusal(commit(log, [batch]))).toBe("STREAMS_BATCH_INVALID");
      }
      expect(await log.read("bars", 0, 0)).toBe(null);
    });

    test("commits nothing, and a batch of nothing", async (log) => {
      await commit(log, []);
      await commit(log, [batchAt("bars", 0, 0, [], { floorUs: 1 })]);
      expect(await log.read("bars", 0, 0)).toBe(null);
      await commit(log, [batchAt("bars", 0, 0, [5])]);
      expect((await readAll(log, "bars", 0, 0)).end).toBe(1);
    });

    test("takes commits that were not waited for, in order", async (log) => {
      const pending: Promise<void>[] = [];
      for (let i = 0; i < 200; i++) pending.push(commit(log, [batchAt("bars", 0, i, [i])]));
      const late = refusal(commit(log, [batchAt("bars", 0, 7, [1])]));
      await Promise.all(pending);
      expect(await late).toBe("STREAMS_OFFSET_CONFLICT");
      expect((await readAll(log, "bars", 0, 0)).end).toBe(200);
    });

    test("keeps a checkpoint with the outputs of its commit", async (log, { reopen }) => {
      const { epoch, checkpoint } = await log.openTask("risk-gate");
      expect(checkpoint).toBe(null);
      const saved = checkpointOf("risk-gate", epoch, 3);
      await commit(log, [batchAt("fills", 0, 0, [1])], [saved]);
      expect((await log.openTask("risk-gate")).checkpoint).toEqual(saved);
      if (reopen === null) return;
      const again = await reopen();
      expect((await again.openTask("risk-gate")).checkpoint).toEqual(saved);
    });

    test("fences the earlier owner of a task, and writes nothing of its commit", async (log) => {
      const first = await log.openTask("risk-gate");
      await commit(log, [], [checkpointOf("risk-gate", first.epoch, 1)]);
      const second = await log.openTask("risk-gate");
      const zombie = commit(
        log,
        [batchAt("bars", 0, 0, [1])],
        [checkpointOf("risk-gate", first.epoch, 2)],
      );
      expect(await refusal(zombie)).toBe("STREAMS_FENCED");
      expect(await log.read("bars", 0, 0)).toBe(null);
      await commit(log, [], [checkpointOf("risk-gate", second.epoch, 9)]);
      expect((await log.openTask("risk-gate")).checkpoint?.consumed[0]?.next).toBe(9);
    });

    test("refuses a checkpoint of a task that nobody opened", async (log) => {
      for (const epoch of [0, 1]) {
        expect(await refusal(commit(log, [], [checkpointOf("nobody", epoch, 1)]))).toBe(
          "STREAMS_FENCED",
        );
      }
    });

    test("hands a task over with everything its last owner committed", async (log) => {
      const first = await log.openTask("risk-gate");
      const pending = commit(
        log,
        [batchAt("fills", 0, 0, [1])],
        [checkpointOf("risk-gate", first.epoch, 4)],
      );
      const second = await log.openTask("risk-gate");
      await pending;
      expect(second.epoch > first.epoch).toBe(true);
      expect(second.checkpoint?.consumed[0]?.next).toBe(4);
    });

    test("lets two tasks interleave, each with its own state", async (log) => {
      const a = await log.openTask("a");
      const b = await log.openTask("b");
      for (let i = 0; i < 20; i++) {
        await commit(log, [batchAt("bars", 0, i, [i])], [checkpointOf("a", a.epoch, i + 1, 1)]);
        await commit(log, [batchAt("bars", 1, i, [i])], [checkpointOf("b", b.epoch, 2 * i, 2)]);
      }
      expect((await log.openTask("a")).checkpoint).toEqual(checkpointOf("a", a.epoch, 20, 1));
      expect((await log.openTask("b")).checkpoint).toEqual(checkpointOf("b", b.epoch, 38, 2));
    });

    test("keeps a large state, and one of no bytes", async (log) => {
      const { epoch } = await log.openTask("t");
      for (const size of [0, 1, 5_000, 1_000_000]) {
        const state = new Uint8Array(size).fill(3);
        await commit(log, [], [{ task: "t", epoch, consumed: [], state }]);
      }
      const { checkpoint } = await log.openTask("t");
      expect(checkpoint?.state.length).toBe(1_000_000);
      expect(checkpoint?.state.every((byte) => byte === 3)).toBe(true);
    });

    test("finds an offset by time, with times clamped where they fall", async (log) => {
      await commit(log, [batchAt("bars", 0, 0, [10, 40, 20])]);
      await commit(log, [batchAt("bars", 0, 3, [30, 35, 50], { floorUs: 40 })]);
      const found: number[] = [];
      for (const timeUs of [-5, 0, 10, 11, 20, 40, 41, 50, 51, 1e15]) {
        found.push(await log.offsetAt("bars", 0, timeUs));
      }
      expect(found).toEqual([0, 0, 0, 1, 1, 1, 5, 5, 6, 6]);
      expect(await log.offsetAt("bars", 1, 0)).toBe(0);
    });

    test("keeps times beyond 32 bits", async (log) => {
      const now = 1_381_152_600_000_000;
      await commit(log, [batchAt("bars", 0, 0, [now, now + 1, now + 2])]);
      expect(await log.offsetAt("bars", 0, now + 1)).toBe(1);
      expect((await log.read("bars", 0, 0))?.maxTimeUs).toBe(now + 2);
    });

    test("keeps batches of many megabytes and thousands of small ones", async (log) => {
      const many = Array.from({ length: 20_000 }, (_, i) => i);
      const big = batchAt("bars", 0, 0, many, { payload: 188 });
      await commit(log, [big]);
      const pending: Promise<void>[] = [];
      for (let i = 0; i < 3_000; i++) pending.push(commit(log, [batchAt("fills", 0, i, [i])]));
      await Promise.all(pending);
      const read = await readAll(log, "bars", 0, 0);
      expect(read.end).toBe(20_000);
      expect(same(read.bytes, big.bytes)).toBe(true);
      expect((await log.read("bars", 0, 12_345))?.baseOffset).toBe(12_345);
      expect(await log.offsetAt("bars", 0, 17_000)).toBe(17_000);
      expect((await readAll(log, "fills", 0, 0)).end).toBe(3_000);
    });

    test("keeps one record larger than any batch it would make", async (log) => {
      const batch = batchAt("bars", 0, 0, [1, 2], { payload: 700_000 });
      await commit(log, [batch]);
      expect(same((await readAll(log, "bars", 0, 0)).bytes, batch.bytes)).toBe(true);
    });

    test("serves many partitions", async (log) => {
      await log.createTopic("wide", 64);
      const all = Array.from({ length: 64 }, (_, partition) => partition);
      for (let i = 0; i < 5; i++) {
        await commit(
          log,
          all.map((partition) => batchAt("wide", partition, i, [i], { fill: partition })),
        );
      }
      for (const partition of all) {
        const read = await readAll(log, "wide", partition, 0);
        expect(read.end).toBe(5);
        expect(read.bytes[12]).toBe(partition);
      }
    });

    test("wakes a follower when the partition grows, not before", async (log) => {
      const stop = { aborted: false, onabort: null };
      const order: string[] = [];
      const followed = log.follow("bars", 0, 0, stop).then((grown) => order.push(`woken ${grown}`));
      await commit(log, [batchAt("bars", 1, 0, [1])]);
      order.push("other partition");
      await commit(log, [batchAt("bars", 0, 0, [1])]);
      await followed;
      expect(order).toEqual(["other partition", "woken true"]);
      expect(await log.follow("bars", 0, 0, stop)).toBe(true);
    });

    test("stops following when told to", async (log) => {
      const stop: { aborted: boolean; onabort: (() => void) | null } = {
        aborted: false,
        onabort: null,
      };
      const both = [log.follow("bars", 0, 0, stop), log.follow("fills", 0, 0, stop)];
      await commit(log, []);
      stop.aborted = true;
      stop.onabort?.();
      expect(await Promise.all(both)).toEqual([false, false]);
      expect(await log.follow("bars", 0, 0, stop)).toBe(false);
    });

    test("answers followers and refuses calls once closed", async (log) => {
      const following = log.follow("bars", 0, 0, { aborted: false, onabort: null });
      await commit(log, []);
      await log.close();
      expect(await following).toBe(false);
      expect(await refusal(log.read("bars", 0, 0))).toBe("STORE_CLOSED");
      expect(await refusal(commit(log, []))).toBe("STORE_CLOSED");
      expect(await refusal(log.openTask("t"))).toBe("STORE_CLOSED");
      await log.close();
    });

    test("opens again with everything in place", async (log, { reopen }) => {
      if (reopen === null) return;
      await commit(log, [batchAt("bars", 0, 0, [5, 9]), batchAt("fills", 0, 0, [1])]);
      const { epoch } = await log.openTask("t");
      await commit(
        log,
        [batchAt("bars", 0, 2, [7], { floorUs: 9 })],
        [checkpointOf("t", epoch, 3)],
      );
      const before = await readAll(log, "bars", 0, 0);
      const again = await reopen();
      expect(await readAll(again, "bars", 0, 0)).toEqual(before);
      expect((await again.openTask("t")).epoch > epoch).toBe(true);
      expect(await refusal(commit(again, [batchAt("bars", 0, 2, [10])]))).toBe(
        "STREAMS_OFFSET_CONFLICT",
      );
      await commit(again, [batchAt("bars", 0, 3, [10], { floorUs: 9 })]);
      expect(await again.offsetAt("bars", 0, 10)).toBe(3);
      expect(await refusal(again.createTopic("bars", 5))).toBe("STREAMS_PARTITIONS_CHANGED");
    });

    testEntries(test, expect);

    for (let seed = 1; seed <= 12; seed++) {
      runner.test(`agrees with the memory log on the random script of seed ${seed}`, async () => {
        const subject = await open();
        try {
          expect(await differences(subject, createMemoryLog(), seed, 120)).toEqual([]);
        } finally {
          await subject.dispose();
        }
      });
    }
  });
}
