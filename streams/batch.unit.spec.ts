// Cutting batches against the plain reading of what a frame is: a list of (time, bytes).

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstTimeUs, fromOffset, untilOffset, untilTime } from "./batch.ts";
import type { RecordBatch } from "./log.ts";
import { concat, frame } from "./testing/log-fixtures.ts";

/** null is a hole. */
type Times = readonly (number | null)[];

const HOLE = new Uint8Array(4);
const BASE = 40;

const framesOf = (times: Times): readonly Uint8Array[] =>
  times.map((timeUs, i) => (timeUs === null ? HOLE : frame(timeUs, 1 + (i % 5), i & 0xff)));

function batchOf(times: Times, floorUs: number): RecordBatch {
  const own = times.filter((timeUs) => timeUs !== null);
  return {
    topic: "bars",
    partition: 3,
    baseOffset: BASE,
    count: times.length,
    maxTimeUs: Math.max(floorUs, ...own),
    bytes: concat(framesOf(times)),
    traces: times.map((_, i) => (i % 3 === 0 ? null : `trace ${i}`)),
    keys: times.map((_, i) => `key ${i}`),
  };
}

/** Times repeat, fall and pass 2^32 µs. */
const times = fc.array(fc.option(fc.integer({ min: 2 ** 32 - 8, max: 2 ** 32 + 8 }), { freq: 5 }), {
  minLength: 1,
  maxLength: 20,
});
const floor = fc.integer({ min: 2 ** 32 - 12, max: 2 ** 32 + 4 });

describe("what lies before an offset", () => {
  test("and what lies from it on are the whole batch", () => {
    fc.assert(
      fc.property(times, floor, fc.nat(25), (list, floorUs, n) => {
        const batch = batchOf(list, floorUs);
        const before = untilOffset(batch, BASE + n, floorUs);
        const kept = list.slice(0, n);
        if (n === 0) expect(before).toBeNull();
        else expect(before).toEqual({ ...batchOf(kept, floorUs), traces: before?.traces });
        const rest = n < list.length ? fromOffset(batch, BASE + n) : null;
        const bytes = concat([before, rest].flatMap((part) => (part === null ? [] : part.bytes)));
        expect(bytes).toEqual(batch.bytes);
        const traces = [before, rest].flatMap((part) => part?.traces ?? []);
        expect(traces).toEqual(batch.traces);
        expect([before, rest].flatMap((part) => part?.keys ?? [])).toEqual(batch.keys);
      }),
    );
  });

  test("of a batch that is cut short is an error with its place", () => {
    const { bytes, ...batch } = batchOf([1, 2, 3], 0);
    const cut = { ...batch, bytes: bytes.subarray(0, bytes.length - 1) };
    expect(untilOffset(cut, BASE + 2, 0)?.count).toBe(2);
    expect(() => untilOffset(cut, BASE + 3, 0)).toThrow(
      expect.objectContaining({
        code: "CODEC_TRUNCATED",
        facts: expect.objectContaining({ offset: BASE + 2 }),
      }),
    );
  });
});

describe("what lies before a time", () => {
  test("is every record whose effective time does, and no other", () => {
    fc.assert(
      fc.property(
        times,
        floor,
        fc.integer({ min: 2 ** 32 - 13, max: 2 ** 32 + 10 }),
        (list, floorUs, timeUs) => {
          let reachedUs = floorUs;
          let count = list.length;
          for (const [i, own] of list.entries()) {
            if (own === null) continue;
            reachedUs = Math.max(reachedUs, own);
            if (reachedUs < timeUs) continue;
            count = i;
            break;
          }
          // Where the floor has passed the time, holes alone are no events to hand on.
          const expected = floorUs >= timeUs ? 0 : count;
          const before = untilTime(batchOf(list, floorUs), timeUs, floorUs);
          expect(before?.count ?? 0).toBe(expected);
          expect((before?.maxTimeUs ?? 0) < timeUs).toBe(true);
        },
      ),
    );
  });
});

test("a batch's first time is of its first record that is no hole", () => {
  expect(firstTimeUs(batchOf([null, 2 ** 40, 5], 0))).toBe(2 ** 40);
  expect(firstTimeUs(batchOf([null, null], 0))).toBeNull();
});
