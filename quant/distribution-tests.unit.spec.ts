import { describe, expect, test } from "vitest";
import { autocovariances, jarqueBera, ljungBox } from "./distribution-tests.ts";
import { RandomState } from "./numpy-random.spec.ts";

describe("Jarque–Bera", () => {
  // SciPy 1.1's documentation of jarque_bera: np.random.seed(987654321), 100,000 normals, then as many of
  // Rayleigh's distribution.
  test("is SciPy's published statistic for its published seed", () => {
    const random = new RandomState(987654321);
    const normals = Array.from({ length: 100_000 }, () => random.normal());
    const rayleighs = Array.from({ length: 100_000 }, () => random.rayleigh());
    const result = jarqueBera(normals);
    expect(result?.statistic).toBeCloseTo(4.716570798958, 9);
    expect(result?.pValue).toBeCloseTo(0.0945822550304, 11);
    expect(jarqueBera(rayleighs)?.statistic).toBeCloseTo(6713.7098548143, 6);
    expect(jarqueBera(rayleighs)?.pValue).toBe(0);
  });

  test("is n/6 × ((-2)² / 4) for two equally likely values", () => {
    expect(jarqueBera([1, 2, 1, 2, 1, 2])).toEqual({
      statistic: 1,
      degrees: 2,
      pValue: expect.closeTo(Math.exp(-0.5), 15),
    });
  });
});

describe("Ljung–Box", () => {
  // The example of R's package boostmath, which is Boost's.
  test("of 1 … 5 with two lags is Boost's published statistic", () => {
    const result = ljungBox([1, 2, 3, 4, 5], 2);
    expect(result?.statistic).toBeCloseTo(1.5166667, 7);
    expect(result?.pValue).toBeCloseTo(0.4684465, 7);
  });

  test("rejects as often as it should where nothing is correlated", () => {
    const random = new RandomState(7);
    let rejected = 0;
    for (let run = 0; run < 1000; run++) {
      const values = Array.from({ length: 250 }, () => random.normal());
      if ((ljungBox(values, 10)?.pValue ?? 0) < 0.05) rejected++;
    }
    // 5 % of 1000, give or take three standard errors.
    expect(rejected).toBeGreaterThan(50 - 21);
    expect(rejected).toBeLessThan(50 + 21);
  });

  test("sees the correlation of returns that follow each other", () => {
    const random = new RandomState(7);
    let before = 0;
    const values = Array.from({ length: 500 }, () => {
      before = 0.5 * before + random.normal();
      return before;
    });
    expect(ljungBox(values, 5)?.pValue).toBeLessThan(1e-6);
  });
});

test("autocovariances have divisor n, and their first is the population variance", () => {
  // NIST Statistical Reference Datasets, NumAcc1: lag-1 autocorrelation -0.5.
  const [variance = 0, first = 0] = autocovariances([10000001, 10000003, 10000002], 1) ?? [];
  expect(variance).toBeCloseTo(2 / 3, 15);
  expect(first / variance).toBe(-0.5);
});

test("what the data does not define is null", () => {
  expect([ljungBox([1, 2, 3], 3), ljungBox([1, 2, 3], 0), ljungBox([1, 1, 1], 1)]).toEqual([
    null,
    null,
    null,
  ]);
  expect([jarqueBera([]), jarqueBera([3, 3])]).toEqual([null, null]);
});
