import { describe, expect, test } from "vitest";
import { closes, days } from "../../quant/index-closes.spec.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { crisisWindows } from "./crisis-windows.ts";

describe("crisis windows", () => {
  test("are days in order, none within another", () => {
    crisisWindows.forEach(({ from, to }, i) => {
      for (const day of [from, to]) expect(parseIsoUs(day)).not.toBeNull();
      expect(to > from).toBe(true);
      expect(from > (crisisWindows[i - 1]?.to ?? "")).toBe(true);
    });
  });

  test("hold the days that they are remembered for", () => {
    const remembered = [
      ["Financial crisis", "2008-09-15"], // Lehman Brothers
      ["Flash crash", "2010-05-06"],
      ["US downgrade and euro debt", "2011-08-08"],
      ["China devaluation", "2015-08-24"],
      ["Volatility shock", "2018-02-05"],
      ["Covid", "2020-03-16"],
    ];
    for (const [name, day = ""] of remembered) {
      const one = crisisWindows.find((window) => window.name === name);
      expect(one !== undefined && one.from < day && day <= one.to).toBe(true);
    }
  });

  test.skipIf(days.length === 0)("run from the index's highest close to its lowest", () => {
    for (const window of crisisWindows) {
      const from = days.indexOf(window.from);
      const to = days.indexOf(window.to);
      expect([from, to]).not.toContain(-1);
      // A month more on either side: a window must not begin below the high or end above the low.
      const within = closes.slice(Math.max(from - 20, 0), to + 21);
      expect(closes[from]).toBe(Math.max(...within));
      expect(closes[to]).toBe(Math.min(...within));
      expect((closes[to] as number) / (closes[from] as number)).toBeLessThan(0.9);
    }
  });
});
