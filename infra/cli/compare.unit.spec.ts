import { expect, test } from "vitest";
import { columns } from "./compare.ts";

test("runs side by side: a long setting widens its own column, and none runs into the next", () => {
  const long = JSON.stringify({ method: "integrated", exponents: [0.5, 1, 1] });
  const text = columns([
    ["", "0123456789abcdef", "fedcba9876543210"],
    ["model", "ema-cross", "momentum"],
    ["settings that differ"],
    ["sizing", long, '"equal-weight"'],
    ["a.setting.whose.name.is.longer.than.most", "1", "2"],
    ["features.windows", "9".repeat(80), "–"],
  ]);
  const lines = text.split("\n");
  expect(lines[2]).toBe("settings that differ");
  const ends = [0, 1, 3, 4, 5].map((i) => (lines[i] as string).length);
  expect(new Set(ends).size).toBe(1);
  expect(lines[3]).toContain(`${long}  `);
  expect(lines[4]).toMatch(/^a\.setting\.whose\.name\.is\.longer\.than\.most +1 +2$/);
  expect(lines[5]).toMatch(/^features\.windows +9{47}… +–$/);
});
