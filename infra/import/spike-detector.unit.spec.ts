// The spike detector against the definition computed naively.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPIKE_Z, SpikeDetector } from "./spike-detector.ts";

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
};

function naive(prices: readonly number[], tick: number): boolean[] {
  const returns: number[] = [];
  let centre = 0;
  let mad = 0;
  return prices.map((price, i) => {
    const last = prices[i - 1];
    if (last === undefined) return false;
    const change = Math.log(price / last);
    const n = returns.length;
    if (n === 32 || (n > 32 && n % 64 === 0)) {
      const window = returns.slice(-256);
      centre = median(window);
      mad = median(window.map((each) => Math.abs(each - centre)));
    }
    returns.push(change);
    return n >= 32 && Math.abs(change - centre) > SPIKE_Z * Math.max(1.4826 * mad, tick / last);
  });
}

describe("spike detector", () => {
  test("is the robust z-score of its definition", () => {
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: -3, max: 3 }) },
      { weight: 1, arbitrary: fc.integer({ min: -3000, max: 3000 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 600 }), (steps) => {
        let price = 10_000;
        const prices = steps.map((each) => {
          price = Math.max(100, price + each);
          return price;
        });
        const detector = new SpikeDetector();
        expect(prices.map((each) => detector.add(each, 1))).toEqual(naive(prices, 1));
      }),
      { numRuns: 100 },
    );
  });

  test("sees a split, and nothing in a quiet series of single ticks", () => {
    const detector = new SpikeDetector();
    const quiet = Array.from({ length: 500 }, (_, i) =>
      detector.add(1394 + (i % 7 === 0 ? 1 : 0), 1),
    );
    expect(quiet).not.toContain(true);
    expect(detector.add(697, 1)).toBe(true);
  });
});
