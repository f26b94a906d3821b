// The oracle writes a log of interleaved transactions and knows which record was committed; what a
// broker would answer for any fetch is computed from that log, not from the code under test.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RawBatch } from "../wire/record-batch.ts";
import { committedPart, isAbortMarker } from "./committed.ts";
import { type ConsumedMessage, hideAborted } from "./patches.ts";

interface Entry {
  readonly producer: number | null;
  readonly kind: "data" | "commit" | "abort";
  readonly count: number;
}

/** length, attributes, time delta, offset delta, key of 4 bytes, value of 6, no headers. */
const marker = (type: number): Uint8Array =>
  Uint8Array.of(32, 0, 0, 0, 8, 0, 0, 0, type, 12, 0, 0, 0, 0, 0, 0, 0);

interface LoggedBatch extends RawBatch {
  readonly aborted: boolean;
}

interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: number;
  readonly markerOffset: number;
}

/** A producer that is still open at the end bounds what is stable, as a broker does. */
function logOf(entries: readonly Entry[]): { batches: LoggedBatch[]; aborted: Aborted[] } {
  const batches: LoggedBatch[] = [];
  const aborted: Aborted[] = [];
  const open = new Map<number, number>();
  let offset = 0;
  for (const { producer, kind, count } of entries) {
    if (kind !== "data" && (producer === null || !open.has(producer))) continue;
    const size = kind === "data" ? count : 1;
    const base = {
      baseOffset: offset,
      lastOffset: offset + size - 1,
      count: size,
      producerId: BigInt(producer ?? -1),
      transactional: producer !== null,
      control: kind !== "data",
      appendTime: false,
      firstTimestampMs: 0,
      maxTimestampMs: 0,
      defect: null,
    };
    const records = kind === "data" ? new Uint8Array(0) : marker(kind === "abort" ? 0 : 1);
    batches.push({ ...base, records, aborted: false });
    if (producer !== null && kind === "data" && !open.has(producer)) open.set(producer, offset);
    if (producer !== null && kind !== "data") {
      const firstOffset = open.get(producer) ?? 0;
      open.delete(producer);
      if (kind === "abort") {
        aborted.push({ producerId: BigInt(producer), firstOffset, markerOffset: offset });
        for (const [i, batch] of batches.entries()) {
          const own = batch.producerId === BigInt(producer) && batch.baseOffset >= firstOffset;
          if (own && !batch.control) batches[i] = { ...batch, aborted: true };
        }
      }
    }
    offset += size;
  }
  const stable = Math.min(offset, ...open.values());
  return { batches: batches.filter(({ lastOffset }) => lastOffset < stable), aborted };
}

const entry: fc.Arbitrary<Entry> = fc.record({
  producer: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 8 }),
  kind: fc.constantFrom("data", "data", "data", "commit", "abort"),
  count: fc.integer({ min: 1, max: 4 }),
});

const scenario = fc.record({
  entries: fc.array(entry, { minLength: 10, maxLength: 80 }),
  /** How those that are open at the end are settled; null: not at all. */
  settled: fc.array(fc.constantFrom("commit", "abort", null), { minLength: 4, maxLength: 4 }),
  from: fc.nat(1_000),
  most: fc.integer({ min: 1, max: 40 }),
});

/** A piece of the log as a broker answers: whole batches from the one that holds `from` on. */
function answer({
  entries,
  settled,
  from,
  most,
}: typeof scenario extends fc.Arbitrary<infer S> ? S : never) {
  const ends = settled.flatMap((kind, producer) =>
    kind === null ? [] : [{ producer, kind, count: 1 }],
  );
  const { batches, aborted } = logOf([...entries, ...ends]);
  const offset = from % ((batches.at(-1)?.lastOffset ?? 0) + 2);
  const fetched = batches.filter(({ lastOffset }) => lastOffset >= offset).slice(0, most);
  const end = fetched.at(-1)?.lastOffset ?? -1;
  // Those that overlap the range, as the broker's transaction index gives them.
  const overlapping = aborted.filter((one) => one.firstOffset <= end && one.markerOffset >= offset);
  return { fetched, aborted: overlapping, from: offset };
}

describe("what is committed of a fetched piece", () => {
  test("is every data batch of no aborted transaction, wherever the fetch begins and ends", () => {
    let left = 0;
    fc.assert(
      fc.property(scenario, (given) => {
        const { fetched, aborted, from } = answer(given);
        const part = committedPart(fetched, aborted, from);
        const expected = fetched.filter((batch) => !batch.control && !batch.aborted);
        expect(part.batches).toEqual(expected);
        expect(part.nextOffset).toBe(Math.max(from, (fetched.at(-1)?.lastOffset ?? -1) + 1));
        left += fetched.length - expected.length;
      }),
      { numRuns: 2_000 },
    );
    expect(left).toBeGreaterThan(1_000);
  });

  test("leaves out batches that compaction emptied, but passes them", () => {
    const { batches } = logOf([{ producer: null, kind: "data", count: 3 }]);
    const emptied = batches.map((batch) => ({ ...batch, count: 0 }));
    expect(committedPart(emptied, [], 0)).toEqual({ batches: [], nextOffset: 3 });
  });

  test("an abort marker is known by its type, not by its version", () => {
    expect(isAbortMarker(marker(0))).toBe(true);
    expect(isAbortMarker(marker(1))).toBe(false);
    expect(isAbortMarker(new Uint8Array(0))).toBe(false);
  });
});

test("kafkajs' records, once patched, are those that committedPart keeps", () => {
  fc.assert(
    fc.property(scenario, (given) => {
      const { fetched, aborted, from } = answer(given);
      const messages = fetched.flatMap((batch) =>
        Array.from({ length: batch.count }, (_, i): ConsumedMessage => {
          const { producerId, transactional, control } = batch;
          const key = control ? batch.records.subarray(5, 9) : Uint8Array.of(0, 0, 0, 0);
          return {
            offset: String(batch.baseOffset + i),
            key,
            isControlRecord: control,
            batchContext: { producerId: String(producerId), inTransaction: transactional },
          };
        }),
      );
      const abortedTransactions = aborted.map(({ producerId, firstOffset }) => ({
        producerId: String(producerId),
        firstOffset: String(firstOffset),
      }));
      hideAborted({ messages, abortedTransactions });
      const shown = messages.filter((message) => !message.isControlRecord);
      const kept = committedPart(fetched, aborted, from).batches.flatMap((batch) =>
        Array.from({ length: batch.count }, (_, i) => String(batch.baseOffset + i)),
      );
      expect(shown.map(({ offset }) => offset)).toEqual(kept);
    }),
    { numRuns: 1_000 },
  );
});
