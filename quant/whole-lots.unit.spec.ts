import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spendOnLots } from "./whole-lots.ts";

/** Every subset: the definition. */
function leastResidual(costs: readonly bigint[], budget: bigint): bigint {
  let best = 0n;
  for (let subset = 0; subset < 2 ** costs.length; subset++) {
    let sum = 0n;
    costs.forEach((cost, i) => {
      if (Math.floor(subset / 2 ** i) % 2 === 1) sum += cost;
    });
    if (sum <= budget && sum > best) best = sum;
  }
  return budget - best;
}

const spent = (costs: readonly bigint[], taken: readonly boolean[]): bigint =>
  costs.reduce((sum, cost, i) => (taken[i] === true ? sum + cost : sum), 0n);

const costs = (most: bigint, names: number) =>
  fc.array(fc.bigInt({ min: 1n, max: most }), { maxLength: names });
const big = (xs: readonly number[]) => xs.map(BigInt);

describe("lots for what is left of a budget", () => {
  test("leave as little as any choice does, up to ten names", () => {
    const budget = fc.bigInt({ min: 0n, max: 6_000n });
    for (const most of [10n, 1_000n]) {
      fc.assert(
        fc.property(costs(most, 10), budget, (lots, money) => {
          const { taken, residual, leastResidual: proven } = spendOnLots(lots, money);
          expect(residual).toBe(leastResidual(lots, money));
          expect(proven).toBe(residual);
          expect(money - spent(lots, taken)).toBe(residual);
        }),
        { numRuns: 150 },
      );
    }
  });

  test("never spend more than there is, however many names", () => {
    fc.assert(
      fc.property(costs(10n ** 18n, 60), fc.bigInt({ min: 0n, max: 10n ** 19n }), (lots, money) => {
        const { taken, residual, leastResidual: least } = spendOnLots(lots, money);
        expect(spent(lots, taken)).toBe(money - residual);
        expect(residual).toBeGreaterThanOrEqual(0n);
        expect(least).toBeLessThanOrEqual(residual);
        expect(least).toBeGreaterThanOrEqual(0n);
      }),
      { numRuns: 30 },
    );
  });

  test("find what greed misses", () => {
    // Dearest first takes 60 and 30; 50 + 49 leaves 1.
    expect(spendOnLots(big([60, 50, 49, 30]), 100n)).toEqual({
      taken: [false, true, true, false],
      residual: 1n,
      leastResidual: 1n,
    });
  });

  test("of equal choices are the dearest lot's, then the first's", () => {
    expect(spendOnLots(big([20, 30, 10, 30]), 30n).taken).toEqual([false, true, false, false]);
    expect(spendOnLots(big([5, 5, 5]), 10n).taken).toEqual([true, true, false]);
  });

  test("are proven best for every book of sixteen names", () => {
    // No sum of even numbers is odd: nothing ends the search before its end.
    const even = Array.from({ length: 16 }, (_, i) => BigInt(1_000_000 + 2 * i * i * i));
    const money = even.reduce((sum, cost) => sum + cost, 0n) / 2n + 1n;
    const { residual, leastResidual: least } = spendOnLots(even, money);
    expect(least).toBe(residual);
  });

  test("say how far from best they may be where the search is given up", () => {
    // Thirty lots of which only fifteen fit leave 5 however they are chosen: too many to prove it.
    const alike = Array.from({ length: 30 }, (_, i) => BigInt(1_000 + i * 2));
    const hard = alike.map((cost) => cost * 1_000n);
    const money = 15_500_500n;
    const { taken, residual, leastResidual: least } = spendOnLots(hard, money);
    expect(residual).toBeGreaterThanOrEqual(500n);
    expect(least).toBe(0n);
    expect(money - spent(hard, taken)).toBe(residual);
  });

  test("take nothing where nothing is left, and everything where it all fits", () => {
    expect(spendOnLots([], 5n)).toEqual({ taken: [], residual: 5n, leastResidual: 5n });
    expect(spendOnLots(big([3]), 2n)).toEqual({ taken: [false], residual: 2n, leastResidual: 2n });
    expect(spendOnLots(big([3, 4]), 9n)).toEqual({
      taken: [true, true],
      residual: 2n,
      leastResidual: 2n,
    });
  });
});
