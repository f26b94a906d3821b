import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between } from "./evenly-spread.spec.ts";
import { closes, days } from "./index-closes.spec.ts";
import { simpleReturns } from "./performance.ts";
import {
  ascending,
  conditionalValueAtRisk,
  omegaRatio,
  quantile,
  tailRatio,
  valueAtRisk,
} from "./risk-measures.ts";

// empyrical's test_stats, daily.
const percent = (values: readonly number[]): number[] => values.map((value) => value / 100);
const mixed = percent([1, 10, -4, 2, 3, 2, 1, -10]);
const positive = percent([1, 2, 1, 1, 1, 1, 1, 1, 1]);
const negative = percent([0, -6, -7, -1, -9, -2, -6, -8, -5]);

describe("the measures agree with empyrical's published tables", () => {
  test("value at risk", () => {
    const steep = [1, 81, 82, 83, 84, 85];
    expect(valueAtRisk([1, 2], 0)).toBe(1);
    expect(valueAtRisk([1, 2], 0.3)).toBeCloseTo(1.3, 15);
    expect(valueAtRisk([1, 2], 1)).toBe(2);
    expect(valueAtRisk(steep, 0.1)).toBe(41);
    expect(valueAtRisk(steep, 0.2)).toBe(81);
    expect(valueAtRisk(steep, 0.3)).toBe(81.5);
  });

  test("Omega", () => {
    // empyrical annualises its required return of 10: (1 + 10) ^ (1/252) - 1 a day.
    expect(omegaRatio(mixed, 11 ** (1 / 252) - 1)).toBeCloseTo(0.8335426349755793, 8);
    expect(omegaRatio(mixed, 0.01)).toBeCloseTo(0.8125, 12);
    expect(omegaRatio(positive, 0.011)).toBeCloseTo(1.125, 12);
    expect(omegaRatio(positive, 0.02)).toBe(0);
    expect(omegaRatio(negative, 0.01)).toBe(0);
    expect(omegaRatio(positive, 0.01)).toBeNull();
  });

  test("tail ratio", () => {
    // Its figure is that of a version which counted the nan that the series starts with as 0.
    expect(tailRatio([0, ...mixed])).toBeCloseTo(0.9473684210526313, 12);
    expect(tailRatio([0.01])).toBe(1);
  });
});

describe("on the S&P 500 the measures agree with empyrical's and quantstats'", () => {
  const returns = simpleReturns(closes) ?? [];
  const year = returns.filter((_, i) => days[i + 1]?.startsWith("2020"));
  test.skipIf(closes.length === 0)("33 years and the year 2020 (needs TAPEDECK_DATA)", () => {
    const cases = [
      [returns, 1.0953716717, -0.0176303436, -0.0275261791, -0.0461930236],
      [year, 1.1311266401, -0.0335830832, -0.0554041924, -0.096974288],
    ] as const;
    for (const [series, omega, at95, beyond95, beyond99] of cases) {
      expect(Math.abs((omegaRatio(series, 0) ?? 0) - omega)).toBeLessThanOrEqual(5.1e-11);
      expect(Math.abs((valueAtRisk(series, 0.05) ?? 0) - at95)).toBeLessThanOrEqual(5.1e-11);
      const shortfalls = [0.05, 0.01].map((tail) => conditionalValueAtRisk(series, tail) ?? 0);
      expect(Math.abs((shortfalls[0] ?? 0) - beyond95)).toBeLessThanOrEqual(5.1e-11);
      expect(Math.abs((shortfalls[1] ?? 0) - beyond99)).toBeLessThanOrEqual(5.1e-11);
    }
  });
});

describe("quantiles", () => {
  const samples = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 30 });

  test("are R's of type 7: quantile(c(1, 2, 4, 8, 16), c(0.1, 0.35, 0.9))", () => {
    const sorted = ascending([16, 1, 8, 2, 4]);
    expect(quantile(sorted, 0.1)).toBeCloseTo(1.4, 14);
    expect(quantile(sorted, 0.35)).toBeCloseTo(2.8, 14);
    expect(quantile(sorted, 0.9)).toBeCloseTo(12.8, 14);
  });

  test("shortfall is the mean of what is at most the order statistic; never above it", () => {
    fc.assert(
      fc.property(samples, between(0, 1), (values, tail) => {
        const at = valueAtRisk(values, tail) ?? 0;
        const beyond = conditionalValueAtRisk(values, tail) ?? 0;
        expect(beyond).toBeLessThanOrEqual(at + 1e-12);
        expect(at).toBe(quantile(ascending(values), tail));
        const worst = [...values].sort((a, b) => a - b);
        const count = worst.filter((_, i) => i <= (worst.length - 1) * tail).length;
        const chosen = worst.slice(0, count);
        expect(beyond).toBeCloseTo(chosen.reduce((a, b) => a + b) / count, 10);
      }),
    );
  });

  test("sort numbers as numbers, and leave the returns as they were", () => {
    const values = [10, 9, -1, 100];
    expect([...ascending(values)]).toEqual([-1, 9, 10, 100]);
    expect(values).toEqual([10, 9, -1, 100]);
  });
});

test("of no returns there is nothing to say", () => {
  expect([valueAtRisk([], 0.05), conditionalValueAtRisk([], 0.05)]).toEqual([null, null]);
  expect([tailRatio([]), omegaRatio([], 0)]).toEqual([null, null]);
  expect(tailRatio([0, 0, 0])).toBeNull();
});
