import { describe, expect, test } from "vitest";
import { hiddenInputs } from "./hidden-input.ts";

describe("a model's hidden input", () => {
  test.each([
    ["const now = () => new Date;", "new Date", "knows no time"],
    ["const hour = (us) => new Date(us / 1000).getHours();", ".getHours", "time zone"],
    ["const text = (x) => x.toLocaleString();", ".toLocaleString", "language"],
    ["const order = (a, b) => a.localeCompare(b);", ".localeCompare", "language"],
    ["const seen = new Map();", "const seen = new Map()", "outlives"],
    ["const seen: Set<string> = new Set<string>();", undefined, "outlives"],
    ["export const cache = {};", "export const cache = {}", "outlives"],
    ["const closes: number[] = [];", "const closes: number[] = []", "outlives"],
  ])("%s", (text, shown, why) => {
    const [found, ...more] = hiddenInputs(`// a model\n${text}\n`);
    expect(more).toEqual([]);
    expect(found?.line).toBe(2);
    if (shown !== undefined) expect(found?.text).toBe(shown);
    expect(found?.why).toContain(why);
  });

  test.each([
    "const hour = (us) => new Date(us / 1000).getUTCHours();",
    "const weights = new Map([[1, 0.5]]);",
    "const levels = [0.1, 0.2];",
    "const limits = { entry: 2 };",
    "const initial = () => ({ closes: [] });",
    "  const inner = new Map();",
    'const text = "new Date; getHours()";',
  ])("is not %s", (text) => {
    expect(hiddenInputs(`${text}\n`)).toEqual([]);
  });
});
