import fc from "fast-check";
import { expect, test } from "vitest";
import { select } from "./selection.ts";

test("puts the k-th smallest where sorting would, with the smaller before and the greater after", () => {
  const samples = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(samples, fc.nat(), (drawn, place) => {
      const k = place % drawn.length;
      const values = Float64Array.from(drawn);
      select(values, k);
      const sorted = Float64Array.from(drawn).sort();
      expect(values[k]).toBe(sorted[k]);
      expect(values.slice(0, k).sort()).toEqual(sorted.slice(0, k));
      expect(values.slice(k + 1).sort()).toEqual(sorted.slice(k + 1));
    }),
    { numRuns: 2000 },
  );
});

test("ends on values in order, in reverse, all equal, and on one that is no number", () => {
  for (const make of [(i: number) => i, (i: number) => -i, () => 7]) {
    const values = Float64Array.from({ length: 5000 }, (_, i) => make(i));
    const sorted = values.slice().sort();
    select(values, 250);
    expect(values[250]).toBe(sorted[250]);
  }
  const spoiled = new Float64Array([3, Number.NaN, 1, 2]);
  select(spoiled, 1);
  expect([...spoiled].filter((value) => !Number.isNaN(value)).sort()).toEqual([1, 2, 3]);
});
