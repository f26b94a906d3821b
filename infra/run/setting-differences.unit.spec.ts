import { expect, test } from "vitest";
import { settingDifferences } from "./setting-differences.ts";

test("names settings by their dotted keys, in the order of the configurations", () => {
  const base = { model: "ema-cross", risk: { maxPosition: 10, collar: null }, symbols: ["A", "B"] };
  const other = { risk: { maxPosition: 20, collar: null }, symbols: ["A", "B"], model: "mine" };
  expect(settingDifferences([base, other])).toEqual([
    { key: "model", values: ["ema-cross", "mine"] },
    { key: "risk.maxPosition", values: [10, 20] },
  ]);
  expect(settingDifferences([base, base])).toEqual([]);
});

test("what only some name, and lists that differ in one place, are differences", () => {
  expect(
    settingDifferences([{ a: [1, 2] }, { a: [1, 3], b: 0 }, { a: [1, 2], b: { c: 1 } }]),
  ).toEqual([
    {
      key: "a",
      values: [
        [1, 2],
        [1, 3],
        [1, 2],
      ],
    },
    { key: "b", values: [undefined, 0, undefined] },
    { key: "b.c", values: [undefined, undefined, 1] },
  ]);
});
