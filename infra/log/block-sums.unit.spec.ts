import fc from "fast-check";
import { expect, test } from "vitest";
import { concat, frame } from "../../streams/testing/log-fixtures.ts";
import { Arena, stepsOf } from "./arena.ts";
import {
  largestBatch,
  recordsLength,
  remainsOf,
  sumsSize,
  withHoles,
  writeSums,
} from "./block-sums.ts";
import { PAGE_BYTES, PAGE_HEADER } from "./page-file.ts";
import { BATCH_HEAD_BYTES, BATCH_PREFIX, batchKey } from "./rows.ts";

const KEY = batchKey(4, 0, 0);

/** A batch's row with its sums, as the writer makes it. */
function rowOf(frames: readonly Uint8Array[]): Uint8Array {
  const records = concat(frames);
  const arena = new Arena(new ArrayBuffer(16));
  const at = arena.put(KEY, BATCH_HEAD_BYTES + records.length + sumsSize(records.length));
  arena.bytes.set(records, at + BATCH_HEAD_BYTES);
  const [step] = stepsOf(arena.bytes.subarray(0, arena.length));
  const row = (step?.bytes ?? new Uint8Array()).slice();
  writeSums(row);
  return row;
}

const payloads = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
const framesOf = (sizes: readonly number[]) => sizes.map((size, i) => frame(i, size, i & 0xff));

test("the length of the records follows from the row's", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300_000 }), (length) => {
      expect(recordsLength(length + sumsSize(length))).toBe(length);
    }),
  );
});

test("the largest batch fills its pages to the last byte or nearly", () => {
  const length = largestBatch(64);
  const used = PAGE_HEADER + BATCH_PREFIX + length + sumsSize(length);
  expect(used).toBeLessThanOrEqual(64 * PAGE_BYTES);
  expect(used).toBeGreaterThan(64 * PAGE_BYTES - 16);
});

test("of an undamaged row of several blocks every record remains", () => {
  fc.assert(
    fc.property(payloads, (sizes) => {
      const frames = framesOf(sizes);
      fc.pre(sumsSize(concat(frames).length) > 0);
      const remains = remainsOf(rowOf(frames), KEY);
      expect(remains.count).toBe(frames.length);
      expect(withHoles(remains, frames.length)).toEqual(concat(frames));
    }),
  );
});

test("of a damaged row exactly the records outside the bad pages remain, each at its place", () => {
  const damage = fc.record({ at: fc.nat(), length: fc.integer({ min: 1, max: 6000 }) });
  fc.assert(
    fc.property(payloads, damage, (sizes, { at, length }) => {
      const frames = framesOf(sizes);
      const records = concat(frames);
      fc.pre(sumsSize(records.length) > 0);
      const row = rowOf(frames);
      const from = BATCH_PREFIX + (at % records.length);
      const to = Math.min(from + length, BATCH_PREFIX + records.length);
      for (let i = from; i < to; i++) row[i] = (row[i] as number) ^ 0xa5;
      // The first and last page that the damage touches, in bytes of the row.
      const page = (position: number) => Math.floor((position + PAGE_HEADER) / PAGE_BYTES);
      const touched = (start: number, end: number) =>
        page(start) <= page(to - 1) && page(end - 1) >= page(from);
      const remains = remainsOf(row, KEY);
      let start = BATCH_PREFIX;
      const expected: number[] = [];
      for (const [index, { length: size }] of frames.entries()) {
        if (!touched(start, start + size)) expected.push(index);
        start += size;
      }
      const found = remains.records.map(({ index }) => index);
      // A good block whose first record begins elsewhere may leave out what only the bad one knew.
      expect(found.filter((index) => !expected.includes(index))).toEqual([]);
      expect(expected.length - found.length).toBe(0);
      for (const { index, frame: bytes } of remains.records) expect(bytes).toEqual(frames[index]);
    }),
  );
});

test("of another batch's row, found in this one's place, nothing remains", () => {
  const row = rowOf(framesOf([3000, 3000, 3000]));
  expect(remainsOf(row, batchKey(4, 0, 7)).records).toEqual([]);
});

test("holes stand for what is gone", () => {
  const frames = framesOf([5, 6, 7]);
  const remains = { records: [{ index: 1, frame: frames[1] as Uint8Array }], count: 3 };
  const hole = new Uint8Array(4);
  expect(withHoles(remains, 3)).toEqual(concat([hole, frames[1] as Uint8Array, hole]));
});
