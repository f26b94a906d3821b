import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { executionSchedule } from "./almgren-chriss.ts";
import {
  cumulativeLots,
  evenWeights,
  shortfallWeights,
  volumeWeights,
} from "./execution-slices.ts";

const share = (weights: readonly number[], k: number): number =>
  weights.slice(0, k + 1).reduce((a, b) => a + b, 0) / weights.reduce((a, b) => a + b, 0);

const weightLists = fc
  .array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 })
  .filter((weights) => weights.some((weight) => weight > 1e-6));

describe("lots of slices", () => {
  test("are spread by hand: 10 lots over 4 even slices", () => {
    expect(cumulativeLots(10, evenWeights(4))).toEqual([3, 5, 8, 10]);
  });

  test("follow a volume curve by hand: 100 lots as 5, 1, 4", () => {
    expect(cumulativeLots(100, volumeWeights([5, 1, 4]))).toEqual([50, 60, 100]);
  });

  test("are even where no volume is known", () => {
    expect(volumeWeights([0, 0, 0])).toEqual([1, 1, 1]);
  });

  test("never fall, end at the whole order, and are within half a lot of the share", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), weightLists, (lots, weights) => {
        const due = cumulativeLots(lots, weights);
        expect(due.at(-1)).toBe(lots);
        due.forEach((now, k) => {
          expect(Number.isInteger(now)).toBe(true);
          expect(now).toBeGreaterThanOrEqual(due[k - 1] ?? 0);
          expect(Math.abs(now - lots * share(weights, k))).toBeLessThanOrEqual(0.5 + lots * 1e-12);
        });
      }),
    );
  });
});

describe("shortfall weights", () => {
  test("are the decay of sinh(κ(T − t)) / sinh(κT)", () => {
    for (const [slices, halfLife] of [
      [5, 2],
      [20, 7.5],
      [12, 40],
    ] as const) {
      const held = (k: number) => Math.sinh((slices - k) / halfLife) / Math.sinh(slices / halfLife);
      shortfallWeights(slices, halfLife).forEach((weight, k) => {
        expect(weight).toBeCloseTo(held(k) - held(k + 1), 12);
      });
    }
  });

  test("are the trades of the paper's own example, as almgren-chriss.unit.spec.ts has them from DROP", () => {
    const schedule = executionSchedule({
      quantity: 1e6,
      horizon: 5,
      intervals: 5,
      volatility: (0.3 * 50) / Math.sqrt(250),
      temporaryImpact: 2.5e-6,
      fixedCost: 0.0625,
      permanentImpact: 2.5e-7,
      riskAversion: 1e-6,
    });
    const trades = shortfallWeights(5, 1 / (schedule?.urgency ?? 0)).map((weight) => weight * 1e6);
    [457619.3, 252085.6, 142079, 85912.9, 62303.2].forEach((expected, i) => {
      expect(trades[i]).toBeCloseTo(expected, 1);
    });
  });

  test("tend to even slices for a long half-life, to all at once for a short one", () => {
    for (const weight of shortfallWeights(10, 1e6)) expect(weight).toBeCloseTo(0.1, 9);
    expect(shortfallWeights(4, 0.01)[0]).toBeCloseTo(1, 12);
    expect(shortfallWeights(4, 1e-6)).toEqual([1, 0, 0, 0]);
  });

  test("start fast: no slice is larger than the one before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0.05, max: 1000, noNaN: true }),
        (slices, halfLife) => {
          const weights = shortfallWeights(slices, halfLife);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          weights.forEach((weight, k) => {
            expect(weight).toBeLessThanOrEqual((weights[k - 1] ?? 1) + 1e-9);
          });
        },
      ),
    );
  });
});
