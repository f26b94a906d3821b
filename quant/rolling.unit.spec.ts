import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beta } from "./benchmark-relative.ts";
import { annualVolatility, sharpeRatio } from "./performance.ts";
import { Random } from "./random.ts";
import { rollingBeta, rollingSharpe, rollingVolatility } from "./rolling.ts";

const percent = (values: readonly number[]): number[] => values.map((value) => value / 100);

describe("rolling measures agree with empyrical's published tables", () => {
  // test_roll_sharpe_ratio and test_roll_alpha_beta, windows of six days.
  test("Sharpe", () => {
    const found = rollingSharpe(percent([0, -6, -7, -1, -9, -2, -6, -8, -5]), 6, 252);
    expect(found.slice(0, 5)).toEqual([null, null, null, null, null]);
    [-18.09162052, -26.79897486, -26.69138263, -25.72298838].forEach((expected, i) => {
      expect(found[5 + i]).toBeCloseTo(expected, 8);
    });
    const mixed = rollingSharpe(percent([1, 10, -4, 2, 3, 2, 1, -10]), 6, 252);
    expect(mixed[6]).toBeCloseTo(8.22784105, 8);
    expect(mixed[7]).toBeCloseTo(-3.1374751, 8);
  });

  test("beta", () => {
    const mixed = percent([1, 10, -4, 2, 3, 2, 1, -10]);
    const negative = percent([-6, -7, -1, -9, -2, -6, -8, -5]);
    const found = rollingBeta(mixed, negative, 6);
    expect(found[5]).toBeCloseTo(-0.76156584, 8);
    expect(found[6]).toBeCloseTo(-0.61682243, 8);
    expect(found[7]).toBeCloseTo(-0.41311475, 8);
  });
});

describe("rolling measures", () => {
  test("are the measures of each window by itself, for any window", () => {
    const cases = fc.record({
      seed: fc.nat(1e6),
      count: fc.integer({ min: 0, max: 60 }),
      window: fc.integer({ min: 2, max: 20 }),
    });
    fc.assert(
      fc.property(cases, ({ seed, count, window }) => {
        const random = new Random(seed);
        const returns = Array.from({ length: count }, () => random.normal() / 50);
        const benchmark = Array.from({ length: count }, () => random.normal() / 50);
        const volatility = rollingVolatility(returns, window, 252);
        const sharpe = rollingSharpe(returns, window, 252);
        const slope = rollingBeta(returns, benchmark, window);
        returns.forEach((_, i) => {
          const from = i - window + 1;
          const own = from < 0 ? [] : returns.slice(from, i + 1);
          const other = from < 0 ? [] : benchmark.slice(from, i + 1);
          const expected = [annualVolatility(own, 252), sharpeRatio(own, 252), beta(own, other)];
          [volatility[i], sharpe[i], slope[i]].forEach((value, which) => {
            const slow = expected[which];
            if (slow === null || slow === undefined) expect(value).toBeNull();
            else expect(Math.abs((value ?? 0) - slow)).toBeLessThan(1e-9 * (1 + Math.abs(slow)));
          });
        });
      }),
    );
  });

  test("forget a huge value as soon as it has left, and all errors with it", () => {
    const random = new Random(1);
    const returns = Array.from({ length: 300 }, () => random.normal() / 100);
    returns[40] = 1e12;
    const found = rollingVolatility(returns, 21, 252);
    for (let i = 61; i < 300; i++) {
      const slow = annualVolatility(returns.slice(i - 20, i + 1), 252) ?? 0;
      expect(Math.abs((found[i] ?? 0) / slow - 1)).toBeLessThan(1e-13);
    }
  });

  test("are null where nothing moves, and 0 volatility exactly", () => {
    const flat = new Array<number>(10).fill(0.1);
    expect(rollingVolatility(flat, 4, 252).slice(3)).toEqual(new Array(7).fill(0));
    expect(rollingSharpe(flat, 4, 252)).toEqual(new Array(10).fill(null));
    expect(rollingBeta(flat, flat, 4)).toEqual(new Array(10).fill(null));
  });

  test("refuse windows that are none", () => {
    for (const window of [0, 1, 2.5, -3]) {
      expect(() => rollingVolatility([1, 2, 3], window, 252)).toThrow(RangeError);
    }
    expect(() => rollingBeta([1, 2], [1], 2)).toThrow(RangeError);
  });
});
