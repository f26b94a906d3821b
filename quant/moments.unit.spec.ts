import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  excessKurtosis,
  mean,
  sampleExcessKurtosis,
  sampleSkewness,
  skewness,
  standardDeviation,
} from "./moments.ts";

describe("mean and deviation are NIST's certified values", () => {
  // NIST Statistical Reference Datasets, univariate summary statistics: NumAcc1 to NumAcc4, which are hard
  // on floats on purpose. Correct digits: what plain sums keep of the larger numbers.
  const alternating = (base: number): number[] => [
    base + 0.2,
    ...Array.from({ length: 1000 }, (_, i) => base + (i % 2 === 0 ? 0.1 : 0.3)),
  ];
  const digits = (value: number | null, certified: number): number =>
    -Math.log10(Math.max(Math.abs((value ?? 0) / certified - 1), 1e-16));

  test.each([
    ["NumAcc1", [10000001, 10000003, 10000002], 10000002, 1, 15],
    ["NumAcc2", alternating(1), 1.2, 0.1, 13],
    ["NumAcc3", alternating(1e6), 1000000.2, 0.1, 9],
    ["NumAcc4", alternating(1e7), 10000000.2, 0.1, 8],
  ])("%s", (_, values, center, deviation, kept) => {
    expect(digits(mean(values), center)).toBeGreaterThan(13.5);
    expect(digits(standardDeviation(values), deviation)).toBeGreaterThan(kept);
  });
});

describe("skewness and kurtosis", () => {
  // C. Bacon, Practical Portfolio Performance Measurement and Attribution (2008), p. 83–85, by way of the
  // examples of R's PerformanceAnalytics for the same 24 months.
  test("are Bacon's for his portfolio", () => {
    const n = bacon.length;
    const excess = sampleExcessKurtosis(bacon) ?? 0;
    expect(excess).toBeCloseTo(-0.41, 2);
    expect(excess + (3 * (n - 1) ** 2) / ((n - 2) * (n - 3))).toBeCloseTo(3.03, 2);
    const ratio = (skewness(bacon) ?? 0) / ((excessKurtosis(bacon) ?? 0) + 3);
    expect(ratio).toBeCloseTo(-0.034, 3);
  });

  // Microsoft's documentation of SKEW and KURT, which both use these ten numbers.
  test("of a sample are Excel's", () => {
    const values = [3, 4, 5, 2, 3, 4, 5, 6, 4, 7];
    expect(sampleSkewness(values)).toBeCloseTo(0.359543071, 9);
    expect(sampleExcessKurtosis(values)).toBeCloseTo(-0.151799637, 9);
  });

  test("of two equally likely values are 0 and -2, the least there is", () => {
    expect(skewness([0, 1, 0, 1])).toBe(0);
    expect(excessKurtosis([0, 1, 0, 1])).toBe(-2);
  });

  test("do not change with place, and with scale only their sign", () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: -50, max: 50 }), (xs, shift) => {
        fc.pre(new Set(xs).size > 1);
        const moved = xs.map((x) => -2 * x + shift);
        expect(skewness(moved)).toBeCloseTo(-(skewness(xs) ?? 0), 9);
        expect(excessKurtosis(moved)).toBeCloseTo(excessKurtosis(xs) ?? 0, 9);
      }),
    );
  });
});

test("what the data does not define is null, and equal values deviate by exactly 0", () => {
  expect(mean([])).toBeNull();
  expect(standardDeviation([1])).toBeNull();
  const equal = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
  expect(standardDeviation(equal)).toBe(0);
  expect([skewness(equal), excessKurtosis(equal), skewness([])]).toEqual([null, null, null]);
  expect(sampleSkewness([1, 2])).toBeNull();
  expect(sampleExcessKurtosis([1, 2, 4])).toBeNull();
});

const bacon = [
  0.003, 0.026, 0.011, -0.01, 0.015, 0.025, 0.016, 0.067, -0.014, 0.04, -0.005, 0.081, 0.04, -0.037,
  -0.061, 0.017, -0.049, -0.022, 0.07, 0.058, -0.065, 0.024, -0.005, -0.009,
];
