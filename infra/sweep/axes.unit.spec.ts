// What is varied, as it is written on the command line.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Axis, parameterSets, parseAxis } from "./axes.ts";

const valuesOf = (text: string): readonly string[] => parseAxis(`features.emaFast=${text}`).values;

describe("an axis", () => {
  test.each([
    ["5..20:5", ["5", "10", "15", "20"]],
    ["5..8", ["5", "6", "7", "8"]],
    ["5..12:5", ["5", "10"]],
    ["0.1..0.5:0.1", ["0.1", "0.2", "0.3", "0.4", "0.5"]],
    ["-0.02..0.02:0.01", ["-0.02", "-0.01", "0", "0.01", "0.02"]],
    ["1,2, 8..10", ["1", "2", "8", "9", "10"]],
    ["off,0.5", ["off", "0.5"]],
    ['[A,B],"c,d"', ["[A,B]", '"c,d"']],
    ["7..7", ["7"]],
  ])("reads %s", (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  test("counts as many values as the range has steps, whatever its decimals", () => {
    const range = fc.record({
      from: fc.integer({ min: -500, max: 500 }),
      steps: fc.integer({ min: 0, max: 300 }),
      step: fc.integer({ min: 1, max: 50 }),
      digits: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(range, ({ from, steps, step, digits }) => {
        const text = (n: number): string => (n / 10 ** digits).toFixed(digits);
        const values = valuesOf(`${text(from)}..${text(from + steps * step)}:${text(step)}`);
        expect(values).toEqual(
          Array.from({ length: steps + 1 }, (_, i) => String(Number(text(from + i * step)) + 0)),
        );
      }),
    );
  });

  test.each([
    ["features.emaFast", "it is no key=values"],
    ["features.emaFast=", "it is no key=values"],
    ["features.emaFast=1,,2", "a value between two commas is missing"],
    ["features.emaFast=1,2,1..3", "1 is given twice"],
    ["features.emaFast=9..1", "9..1 is empty"],
    ["features.emaFast=1..9:0", "the step must be above 0"],
    ["features.emaFast=1..9:-1", "the step must be above 0"],
    ["emaFast=1,2", "did you mean features.emaFast"],
    ["features.emaFsat=1,2", "did you mean features.emaFast"],
    ["features=1,2", "features is a group of keys"],
    ["range.from=2020-01-01,2021-01-01", "cannot be varied"],
  ])("refuses %s", (text, why) => {
    expect(() => parseAxis(text)).toThrow(why);
  });
});

const axes: readonly Axis[] = [
  { key: "a", values: ["1", "2"] },
  { key: "b", values: ["x", "y", "z"] },
];

describe("parameter sets", () => {
  test("are the whole grid, the last axis fastest", () => {
    expect(parameterSets(axes, null).map((set) => set.join(""))).toEqual([
      "1x",
      "1y",
      "1z",
      "2x",
      "2y",
      "2z",
    ]);
  });

  test("drawn by a seed are distinct, of the grid, in its order, and the same again", () => {
    const wide = [10, 11, 12].map((length, i) => ({
      key: `k${i}`,
      values: Array.from({ length }, (_, value) => String(value)),
    }));
    const grid = parameterSets(wide, null).map((set) => set.join(" "));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1500 }), fc.nat(), (count, seed) => {
        const drawn = parameterSets(wide, { count, seed }).map((set) => set.join(" "));
        expect(drawn.length).toBe(Math.min(count, grid.length));
        const places = drawn.map((set) => grid.indexOf(set));
        expect(places.every((place, i) => place > (places[i - 1] ?? -1))).toBe(true);
        expect(parameterSets(wide, { count, seed }).map((set) => set.join(" "))).toEqual(drawn);
      }),
      { numRuns: 20 },
    );
  });

  test("are each as likely to be drawn", () => {
    const hits = new Map<string, number>();
    for (let seed = 0; seed < 3000; seed++) {
      for (const set of parameterSets(axes, { count: 2, seed })) {
        hits.set(set.join(""), (hits.get(set.join("")) ?? 0) + 1);
      }
    }
    // 2 of 6: 1,000 each, with a deviation of 26.
    expect([...hits.values()].every((count) => Math.abs(count - 1000) < 130)).toBe(true);
    expect(hits.size).toBe(6);
  });

  test("of a grid beyond 2^32 can be drawn", () => {
    const values = Array.from({ length: 1000 }, (_, value) => String(value));
    const huge = ["a", "b", "c", "d"].map((key) => ({ key, values }));
    const drawn = parameterSets(huge, { count: 50, seed: 1 });
    expect(new Set(drawn.map((set) => set.join(" "))).size).toBe(50);
  });

  test("are refused where nothing is varied, a key twice, or there are too many", () => {
    expect(() => parameterSets([], null)).toThrow("nothing is varied");
    expect(() => parameterSets([...axes, { key: "a", values: ["3", "4"] }], null)).toThrow("twice");
    const long = Array.from({ length: 400 }, (_, value) => String(value));
    const large = ["a", "b"].map((key) => ({ key, values: long }));
    expect(() => parameterSets(large, null)).toThrow("160000 parameter sets");
  });
});
