import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { correlation } from "./benchmark-relative.ts";
import { standardDeviation } from "./moments.ts";
import { annualReturn, maxDrawdown, sharpeRatio } from "./performance.ts";
import { impactOdds, kellyLeverage, mixMeasures, mixReturns } from "./portfolio-impact.ts";
import { Random } from "./random.ts";

function series(count: number, days: number, seed = 3): readonly (readonly number[])[] {
  const random = new Random(seed);
  const market = Array.from({ length: days }, () => 0.01 * random.normal());
  return Array.from({ length: count }, (_, at) =>
    market.map((common) => 0.0003 * at + 0.6 * common + 0.008 * random.normal()),
  );
}

describe("the mix of a portfolio", () => {
  test("earns the weighted sum of what its parts earn, period by period", () => {
    expect(
      mixReturns(
        [
          [0.1, -0.2],
          [0.3, 0.1],
        ],
        [0.5, -1],
      ),
    ).toEqual([0.05 - 0.3, -0.1 - 0.1]);
    expect(() => mixReturns([[0.1], [0.1, 0.2]], [1, 1])).toThrow(RangeError);
    expect(() => mixReturns([[0.1]], [1, 1])).toThrow(RangeError);
  });

  test("of one symbol alone is the symbol, and of nothing measures nothing but stillness", () => {
    const [one = []] = series(1, 300);
    const alone = mixMeasures([one], [1], 252);
    expect(alone.sharpe).toBe(sharpeRatio(one, 252));
    expect(alone.maxDrawdown).toBe(maxDrawdown(one));
    expect(alone.annualReturn).toBe(annualReturn(one, 252));
    expect(alone.averageCorrelation).toBeNull();
    expect(mixMeasures([one], [0], 252)).toMatchObject({
      sharpe: null,
      kellyLeverage: null,
      maxDrawdown: 0,
      volatility: 0,
      gross: 0,
      net: 0,
    });
  });

  test("its average correlation is the mean of every pair's, weighted by the risk of the two", () => {
    const weight = fc.double({ min: -2, max: 2, noNaN: true }).filter((w) => Math.abs(w) > 0.01);
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 2, maxLength: 5 }),
        fc.integer(),
        (weights, seed) => {
          const parts = series(weights.length, 60, seed);
          let [sum, total] = [0, 0];
          parts.forEach((a, i) => {
            parts.forEach((b, j) => {
              if (i === j) return;
              const [x, y] = [weights[i] as number, weights[j] as number];
              const risk = Math.abs(
                x * y * (standardDeviation(a) as number) * (standardDeviation(b) as number),
              );
              sum += risk * Math.sign(x * y) * (correlation(a, b) as number);
              total += risk;
            });
          });
          const { averageCorrelation } = mixMeasures(parts, weights, 252);
          expect(averageCorrelation).toBeCloseTo(sum / total, 9);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("grows most at its Kelly leverage, where returns are small", () => {
    const [returns = []] = series(3, 4000).slice(2);
    const best = kellyLeverage(returns) as number;
    const growth = (leverage: number): number =>
      returns.reduce((sum, value) => sum + Math.log(1 + leverage * value), 0);
    expect(best).toBeGreaterThan(0.5);
    for (const factor of [0.85, 1.15]) {
      expect(growth(best)).toBeGreaterThan(growth(factor * best));
    }
  });
});

describe("the odds of an impact", () => {
  test("of no change are none: every difference is 0", () => {
    const two = series(2, 200);
    const odds = impactOdds(two, [0.5, 0.2], [0.5, 0.2], 252, {
      seed: 1,
      samples: 200,
      level: 0.95,
    });
    const none = { lower: 0, upper: 0 };
    expect(odds).toEqual({
      annualReturn: none,
      volatility: none,
      sharpe: none,
      maxDrawdown: none,
      expectedShortfall: none,
      kellyLeverage: none,
      averageCorrelation: none,
      sharpeRises: 0,
    });
  });

  test("of half the size are sure of half the volatility, and of the same Sharpe ratio", () => {
    const odds = impactOdds(series(1, 500), [1], [0.5], 252, {
      seed: 1,
      samples: 300,
      level: 0.95,
    });
    expect(odds.volatility?.upper).toBeLessThan(0);
    expect(odds.sharpe?.lower).toBeCloseTo(0, 9);
    expect(odds.sharpe?.upper).toBeCloseTo(0, 9);
    expect(odds.expectedShortfall?.lower).toBeGreaterThan(0);
    expect(odds.averageCorrelation).toBeNull();
  });

  test("of a short against its market are sure that it falls with it no more", () => {
    const [one = [], two = []] = series(2, 500);
    const settings = { seed: 1, samples: 300, level: 0.95 };
    const odds = impactOdds([one, two], [0.5, 0.5], [0.5, -0.5], 252, settings);
    expect(odds.averageCorrelation?.upper).toBeLessThan(0);
    const change =
      (mixMeasures([one, two], [0.5, -0.5], 252).averageCorrelation as number) -
      (mixMeasures([one, two], [0.5, 0.5], 252).averageCorrelation as number);
    expect(odds.averageCorrelation?.lower).toBeLessThan(change);
    expect(odds.averageCorrelation?.upper).toBeGreaterThan(change);
  });

  test("of a better portfolio say so, and with the same seed the same", () => {
    const [one = []] = series(1, 500);
    const both = [one, one.map((value) => value + 0.001)];
    const settings = { seed: 5, samples: 200, level: 0.95 };
    const odds = impactOdds(both, [1, 0], [0, 1], 252, settings);
    expect(odds.sharpeRises).toBe(1);
    expect(odds.sharpe?.lower).toBeGreaterThan(0);
    expect(odds.annualReturn?.lower).toBeGreaterThan(0);
    expect(impactOdds(both, [1, 0], [0, 1], 252, settings)).toEqual(odds);
  });
});
