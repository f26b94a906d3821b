import { describe, expect, test } from "vitest";
import { optimalBlockLength } from "./block-length.ts";
import { RandomState } from "./numpy-random.spec.ts";

/** y = ρ y₋₁ + e, after a hundred steps that are thrown away. */
function autoregression(seed: number, count: number, rho: number): number[] {
  const random = new RandomState(seed);
  let before = 0;
  const values = Array.from({ length: count + 100 }, (_, i) => {
    const shock = random.normal();
    before = i === 0 ? shock : rho * before + shock;
    return before;
  });
  return values.slice(100);
}

describe("the optimal block length", () => {
  // test_block_length of the Python package arch: RandomState(0), 10,000 values with ρ = 0.3.
  test("is arch's published figure", () => {
    expect(optimalBlockLength(autoregression(0, 10_000, 0.3))).toBeCloseTo(13.635665, 5);
  });

  test("is the rule as arch states it, written out term by term", () => {
    for (let seed = 0; seed < 60; seed++) {
      const n = 60 + 35 * seed;
      const values = autoregression(seed, n, (seed % 7) / 10 - 0.1);
      const center = values.reduce((a, b) => a + b) / n;
      const covariance = (lag: number) =>
        values.reduce(
          (sum, x, i) => (i < lag ? sum : sum + (x - center) * ((values[i - lag] ?? 0) - center)),
          0,
        ) / n;
      const largest = Math.ceil(Math.sqrt(n)) + 5;
      const covariances = Array.from({ length: largest + 1 }, (_, lag) => covariance(lag));
      const band = 2 * Math.sqrt(Math.log10(n) / n) * (covariances[0] ?? 0);
      const quiet = covariances.map((value) => Math.abs(value) < band);
      const start = quiet.findIndex(
        (_, lag) => lag > 0 && lag + 5 <= largest && quiet.slice(lag, lag + 5).every(Boolean),
      );
      const window = Math.min(largest, start < 0 ? largest : 2 * start);
      let weighted = 0;
      let spectrum = 0;
      for (let k = -window; k <= window; k++) {
        const ratio = Math.abs(k) / window;
        const weight = ratio <= 0.5 ? 1 : 2 * (1 - ratio);
        weighted += weight * Math.abs(k) * (covariances[Math.abs(k)] ?? 0);
        spectrum += weight * (covariances[Math.abs(k)] ?? 0);
      }
      const length = (((2 * weighted ** 2) / (2 * spectrum ** 2)) * n) ** (1 / 3);
      const longest = Math.ceil(Math.min(3 * Math.sqrt(n), n / 3));
      expect(optimalBlockLength(values)).toBeCloseTo(Math.max(1, Math.min(length, longest)), 8);
    }
  });

  test("is near the theory's, which knows the correlation: (2ρ / (1 - ρ²))^(2/3) n^(1/3)", () => {
    const n = 20_000;
    for (const rho of [0.2, 0.5, 0.7]) {
      const theory = ((2 * rho) / (1 - rho * rho)) ** (2 / 3) * Math.cbrt(n);
      const lengths = Array.from({ length: 9 }, (_, seed) =>
        optimalBlockLength(autoregression(seed + 1, n, rho)),
      ).sort((a, b) => a - b);
      expect((lengths[4] ?? 0) / theory).toBeGreaterThan(0.8);
      expect((lengths[4] ?? 0) / theory).toBeLessThan(1.2);
    }
  });

  test("does not depend on the values' scale or place, and grows with their dependence", () => {
    const values = autoregression(3, 2000, 0.4);
    const moved = values.map((value) => 8 * value + 100);
    expect(optimalBlockLength(moved)).toBeCloseTo(optimalBlockLength(values), 6);
    const independent = autoregression(3, 2000, 0);
    expect(optimalBlockLength(independent)).toBeLessThan(optimalBlockLength(values));
  });

  test("stays within 1 and ⌈min(3√n, n/3)⌉ whatever it is given", () => {
    expect([optimalBlockLength([]), optimalBlockLength([1]), optimalBlockLength([2, 2])]).toEqual([
      1, 1, 1,
    ]);
    const wave = Array.from({ length: 400 }, (_, i) => Math.sin((2 * Math.PI * i) / 30));
    expect(optimalBlockLength(wave)).toBe(60);
    for (let n = 2; n < 40; n++) {
      const walk = Array.from({ length: n }, (_, i) => Math.sin(i));
      const length = optimalBlockLength(walk);
      expect(length).toBeGreaterThanOrEqual(1);
      expect(length).toBeLessThanOrEqual(Math.ceil(Math.min(3 * Math.sqrt(n), n / 3)));
    }
  });
});
