import { expect, test } from "vitest";
import { ReturnColumns } from "./return-columns.ts";

const ASSETS = 100;
const COUNT = 7;
const values = Float64Array.from({ length: ASSETS * COUNT }, (_, k) => k);

test("copies what is asked for, once, and keeps it while more comes", () => {
  const columns = new ReturnColumns(ASSETS);
  const begins = Int32Array.of(5, 0, 3);
  columns.begin(3);
  for (let from = 0; from < ASSETS; from += 10) {
    const slots = Int32Array.from({ length: 11 }, (_, k) => Math.max(0, from + k - 1));
    const assets = slots.slice();
    columns.toSlots(slots, slots.length, { values, begins, step: COUNT });
    assets.forEach((a, k) => {
      const at = (slots[k] as number) * columns.stride;
      expect([...columns.values.subarray(at, at + 3)]).toEqual([5, 0, 3].map((b) => a * COUNT + b));
    });
  }
});

test("forgets what it has where other places begin", () => {
  const columns = new ReturnColumns(ASSETS);
  const slots = Int32Array.of(8);
  columns.begin(1);
  columns.toSlots(slots, 1, { values, begins: Int32Array.of(1), step: COUNT });
  columns.begin(2);
  slots[0] = 8;
  columns.toSlots(slots, 1, { values, begins: Int32Array.of(2, 4), step: COUNT });
  const at = (slots[0] as number) * columns.stride;
  expect([...columns.values.subarray(at, at + 2)]).toEqual([8 * COUNT + 2, 8 * COUNT + 4]);
});
