// Where a partition is read from must not change what is read, whatever a second writer or a stranger
// has put between its events.

import fc from "fast-check";
import { expect, test } from "vitest";
import { RecordCursor } from "../../../streams/record.ts";
import { testIds } from "../wire/testing/messages.ts";
import { PartitionView } from "./partition-view.ts";
import { type FakePartition, fakePartition, lagging } from "./testing/fake-partition.ts";
import { earlyTick, repeatedTick, TICKS, tickMessage, tombstone } from "./testing/hostile-ticks.ts";

const ids = { ...testIds, resolve: async () => undefined };
const viewOf = ({ connection }: Pick<FakePartition, "connection">): PartitionView =>
  new PartitionView(connection, "market.ticks", TICKS.topic, TICKS.partition, ids);

/** Prices from an offset to the end: each tick's is its logical offset. */
async function pricesFrom(view: PartitionView, from: number): Promise<number[]> {
  const prices: number[] = [];
  for (let next = from; ; ) {
    const batch = await view.read(next);
    if (batch === null) return prices;
    const records = new RecordCursor("market.ticks", 0, batch.baseOffset, batch.bytes);
    for (let event = records.read(); event !== null; event = records.read()) {
      if (event.topic === "market.ticks") prices.push(event.value.price);
    }
    next = batch.baseOffset + batch.count;
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

type Step = { readonly kind: "ticks" | "early" | "repeated" | "tombstone"; readonly count: number };
const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom("ticks", "ticks", "early", "repeated", "tombstone"),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 60 },
);

/** Puts the steps behind `before` ticks; gives how many ticks there are then. */
function play(partition: FakePartition, script: readonly Step[], before = 0): number {
  let next = before;
  for (const { kind, count } of script) {
    if (kind === "ticks") {
      partition.append(numbers(next, next + count).map((offset) => tickMessage(offset)));
      next += count;
    } else if (kind === "tombstone") {
      partition.append(Array.from({ length: count }, tombstone), false);
    } else if (next > 0) {
      const hostile = kind === "early" ? earlyTick(next) : repeatedTick(Math.max(0, next - count));
      partition.append([hostile], false);
    }
  }
  return next;
}

test("reads the same from its start on, in pieces of any size", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (script, pieceBatches) => {
      const partition = fakePartition(pieceBatches);
      const end = play(partition, script);
      expect(await pricesFrom(viewOf(partition), 0)).toEqual(numbers(0, end));
    }),
  );
});

test("tells its end whatever lies there last, freshly opened or followed from the beginning", async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, fc.integer({ min: 1, max: 5 }), async (first, then, pieces) => {
      const partition = fakePartition(pieces);
      const followed = viewOf(partition);
      const before = play(partition, first);
      await followed.end();
      const end = play(partition, then, before);
      const expected = { logical: end, kafka: partition.end };
      expect(await followed.end()).toMatchObject(expected);
      expect(await viewOf(partition).end()).toMatchObject(expected);
    }),
  );
});

test.each([
  ["a copy of an early event", () => [repeatedTick(5)]],
  ["an event that was early", () => [earlyTick(10_000)]],
  ["a run of copies", () => numbers(100, 140).map(repeatedTick)],
  ["a longer run of copies", () => numbers(100, 200).map(repeatedTick)],
])("tells its end behind %s in a long partition", async (_, hostile) => {
  const partition = fakePartition(50);
  for (let at = 0; at < 10_000; at += 10) {
    partition.append(numbers(at, at + 10).map((offset) => tickMessage(offset)));
  }
  const followed = viewOf(partition);
  expect(await followed.end()).toMatchObject({ logical: 10_000 });
  for (const message of hostile()) partition.append([message], false);
  expect(await followed.end()).toMatchObject({ logical: 10_000, kafka: partition.end });
  expect(await viewOf(partition).end()).toMatchObject({ logical: 10_000, kafka: partition.end });
});

test("finds a place in the middle although copies of early events lie there", async () => {
  const partition = fakePartition(3);
  for (let at = 0; at < 12_000; at += 10) {
    partition.append(numbers(at, at + 10).map((offset) => tickMessage(offset)));
    partition.append([repeatedTick(at % 70)], false);
  }
  for (const from of [0, 4_999, 5_001, 9_000, 11_999]) {
    expect(await pricesFrom(viewOf(partition), from), `from ${from}`).toEqual(
      numbers(from, 12_000),
    );
  }
});

test("finds a place in the middle although it looks for it among copies first", async () => {
  const partition = fakePartition(3);
  const ticks = (from: number, to: number) => {
    for (let at = from; at < to; at += 10) {
      partition.append(numbers(at, at + 10).map((offset) => tickMessage(offset)));
    }
  };
  ticks(0, 9_000);
  // From Kafka offset 9,900 on.
  for (let copied = 6_000; copied < 6_400; copied++) {
    partition.append([repeatedTick(copied)], false);
  }
  ticks(9_000, 12_000);
  expect(await pricesFrom(viewOf(partition), 9_950)).toEqual(numbers(9_950, 12_000));
  // The piece that is looked at begins with a copy, and goes on with the partition's own.
  expect(await pricesFrom(viewOf(partition), 10_299)).toEqual(numbers(10_299, 12_000));
});

test("says that records are missing where they are", async () => {
  const partition = fakePartition();
  partition.append(numbers(0, 5).map((offset) => tickMessage(offset)));
  partition.append([tickMessage(7)]);
  const view = viewOf(partition);
  await expect(pricesFrom(view, 0)).rejects.toMatchObject({ code: "WIRE_OFFSET_MISSING" });
  await expect(viewOf(partition).end()).rejects.toMatchObject({ code: "WIRE_OFFSET_MISSING" });
});

test("a batch of ours with holes leaves its places right", async () => {
  const partition = fakePartition();
  const view = viewOf(partition);
  const base = partition.append(numbers(0, 4).map((offset) => tickMessage(offset)));
  const batch = { ...TICKS, baseOffset: 0, count: 9, maxTimeUs: 0, bytes: new Uint8Array(0) };
  view.written(batch, base, 4);
  expect(view.kafkaOffsetOf(9)).toBe(4);
  expect((await view.end()).kafka).toBe(5);
});

/** Ticks 0 to 2 before Kafka offset 4, then 3 and 4, of which a new leader shows nothing for a while. */
function behindANewLeader(times: number) {
  const partition = fakePartition();
  partition.append(numbers(0, 3).map((offset) => tickMessage(offset)));
  partition.append(numbers(3, 5).map((offset) => tickMessage(offset)));
  return { partition, connection: lagging(partition, 4, times) };
}

test("tells its end although the leader does not yet show it, and tells it again", async () => {
  const { partition, connection } = behindANewLeader(3);
  const view = viewOf({ connection });
  const expected = { logical: 5, kafka: partition.end };
  expect(await view.end()).toMatchObject(expected);
  expect(await view.end()).toMatchObject(expected);
});

test("tells its end, known before, although a new leader does not yet show what came", async () => {
  const partition = fakePartition();
  partition.append(numbers(0, 3).map((offset) => tickMessage(offset)));
  let { fetch } = partition.connection;
  const { listOffset } = partition.connection;
  const view = viewOf({ connection: { listOffset, fetch: (...asked) => fetch(...asked) } });
  expect(await view.end()).toMatchObject({ logical: 3 });
  partition.append(numbers(3, 5).map((offset) => tickMessage(offset)));
  fetch = lagging(partition, 4, 3).fetch;
  const expected = { logical: 5, kafka: partition.end };
  expect(await view.end()).toMatchObject(expected);
  expect(await view.end()).toMatchObject(expected);
});

test("reads to its end although the leader does not yet show it", async () => {
  expect(await pricesFrom(viewOf(behindANewLeader(6)), 0)).toEqual(numbers(0, 5));
  expect(await pricesFrom(viewOf(behindANewLeader(6)), 4)).toEqual([4]);
});

test("finds a time although the leader does not yet show it", async () => {
  const timeUs = (await viewOf(behindANewLeader(0)).read(3))?.maxTimeUs ?? 0;
  // Ticks 3 and 4 lie in one batch, a second apart.
  expect(await viewOf(behindANewLeader(4)).offsetAt(timeUs)).toBe(4);
  expect(await viewOf(behindANewLeader(4)).offsetAt(timeUs - 1_000_000)).toBe(3);
});

test("tells its start although the leader shows nothing yet", async () => {
  const { partition, connection } = behindANewLeader(0);
  const kept = {
    fetch: lagging(partition, 4, 3).fetch,
    listOffset: async (...asked: Parameters<typeof connection.listOffset>) =>
      asked[2] === "start" ? 4 : connection.listOffset(...asked),
  };
  expect(await viewOf({ connection: kept }).start()).toBe(3);
});
