import { describe, expect, test } from "vitest";
import type { Facts } from "../../schemas/generated/facts.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { OutputPartition } from "../../streams/output.ts";
import { Comparator, type RawLog } from "./comparator.ts";
import { hashPartition, OutputHashes } from "./hashes.ts";

const signal = (strength: number): Facts["signals"] => ({
  symbol: "IBM",
  model: "ema-cross",
  strength,
  price: 1825,
  volatility: 0.01,
});

/** The batches of a partition of signals, cut after every `size` events. */
function batchesOf(strengths: readonly number[], size: number): RecordBatch[] {
  const output = new OutputPartition("signals", 0, 0, 0);
  const batches: RecordBatch[] = [];
  for (const [i, strength] of strengths.entries()) {
    output.write(1000 + i, i, { topic: "features", partition: 0, offset: i }, 0, signal(strength));
    if ((i + 1) % size === 0 || i === strengths.length - 1) {
      const batch = output.take() as RecordBatch;
      batches.push({ ...batch, bytes: batch.bytes.slice() });
    }
  }
  return batches;
}

async function logOf(batches: readonly RecordBatch[]): Promise<EventLog & RawLog> {
  const log = createMemoryLog();
  await log.createTopic("signals", 1);
  for (const batch of batches) await log.commit({ produced: [batch], checkpoints: [] });
  return Object.assign(log, { readRaw: log.read.bind(log) });
}

const strengths = Array.from({ length: 100 }, (_, i) => Math.sin(i));

async function compare(recorded: readonly number[], replayed: readonly number[], size: number) {
  const comparator = new Comparator(await logOf(batchesOf(recorded, 7)));
  const batches = batchesOf(replayed, size);
  for (const batch of batches) await comparator.add(batch);
  await comparator.finish(await logOf(batches), ["signals"]);
  return comparator.differences;
}

describe("the comparator", () => {
  test.each([1, 3, 7, 100])(
    "finds no difference whatever the batches (%i events)",
    async (size) => {
      expect(await compare(strengths, strengths, size)).toEqual([]);
    },
  );

  test("names topic, offset, field and both values of the first difference", async () => {
    const other = strengths.with(41, 0.5).with(60, 0.25);
    expect(await compare(strengths, other, 10)).toEqual([
      {
        topic: "signals",
        partition: 0,
        offset: 41,
        timeUs: 1041,
        field: "value.strength",
        recorded: strengths[41],
        replayed: 0.5,
      },
    ]);
  });

  test("names a record that one side lacks", async () => {
    const [missing] = await compare(strengths.slice(0, 50), strengths, 10);
    expect(missing).toMatchObject({ offset: 50, field: "record", recorded: undefined });
    const [extra] = await compare(strengths, strengths.slice(0, 50), 10);
    expect(extra).toMatchObject({ offset: 50, field: "record", replayed: undefined });
    expect(extra?.recorded).toMatchObject({ symbol: "IBM" });
  });

  test("finds every single flipped bit of a record", async () => {
    const [batch] = batchesOf(strengths.slice(0, 3), 3) as [RecordBatch];
    for (let bit = 0; bit < batch.bytes.length * 8; bit++) {
      const bytes = batch.bytes.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const raw = { ...batch, bytes };
      const recorded: RawLog = {
        partitions: async () => [{ topic: "signals", partition: 0, start: 0, end: 3 }],
        readRaw: async () => raw,
      };
      const comparator = new Comparator(recorded);
      await comparator.add(batch);
      expect(comparator.differences, `bit ${bit}`).toHaveLength(1);
    }
  });
});

describe("a partition's hash", () => {
  test("does not depend on batches, and is the same rolled along or read back", async () => {
    const digests = [];
    for (const size of [1, 9, 100]) {
      const batches = batchesOf(strengths, size);
      const rolled = new OutputHashes();
      for (const batch of batches) rolled.add(batch);
      const log = await logOf(batches);
      const caughtUp = new OutputHashes();
      await caughtUp.catchUp(log);
      const [read] = [await hashPartition(log, "signals", 0, 0, 100)];
      digests.push(rolled.digest()[0], caughtUp.digest()[0], read);
    }
    for (const digest of digests) expect(digest).toEqual(digests[0]);
  });

  test("covers exactly the range that was asked for", async () => {
    const log = await logOf(batchesOf(strengths, 9));
    const whole = await logOf(batchesOf(strengths.slice(0, 20), 20));
    const part = await hashPartition(log, "signals", 0, 0, 20);
    expect(part.sha256).toBe((await hashPartition(whole, "signals", 0, 0, 20)).sha256);
    const later = await hashPartition(log, "signals", 0, 1, 21);
    expect(later.sha256).not.toBe(part.sha256);
  });
});
