import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { portfolioVolatility } from "./portfolio-volatility.ts";

/** The same with every matrix written out. */
function slow(
  weights: readonly number[],
  returns: readonly (readonly number[])[],
  shrinkage: number,
) {
  const n = returns.length;
  const count = (returns[0] as readonly number[]).length;
  const means = returns.map((series) => series.reduce((a, b) => a + b, 0) / count);
  const of = (i: number, j: number): number => {
    let sum = 0;
    for (let t = 0; t < count; t++) {
      const left = (returns[i]?.[t] as number) - (means[i] as number);
      sum += left * ((returns[j]?.[t] as number) - (means[j] as number));
    }
    return sum / (count - 1);
  };
  const deviation = returns.map((_, i) => Math.sqrt(of(i, i)));
  const scale = (i: number, j: number): number =>
    (deviation[i] as number) * (deviation[j] as number);
  let correlations = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      if (i !== j && scale(i, j) > 0) correlations += of(i, j) / scale(i, j);
  const common = n > 1 ? correlations / (n * (n - 1)) : 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const target = i === j ? of(i, i) : common * scale(i, j);
      const covariance = (1 - shrinkage) * of(i, j) + shrinkage * target;
      total += (weights[i] as number) * (weights[j] as number) * covariance;
    }
  }
  return Math.sqrt(Math.max(0, total));
}

describe("the volatility of a portfolio", () => {
  test("by hand: two series of deviation 1 and correlation 1/2, weights 1 and 1", () => {
    // Sums of squares 2 and 2, of products 1: S = [[1, ½], [½, 1]], so w'Sw = 3. F is the same with two series.
    const half = Math.sqrt(3) / 2;
    const a = [1, -1, 0];
    const b = [0.5 - half / Math.sqrt(3), -0.5 - half / Math.sqrt(3), (2 * half) / Math.sqrt(3)];
    expect(portfolioVolatility([1, 1], [a, b], 0)).toBeCloseTo(Math.sqrt(3), 12);
    expect(portfolioVolatility([1, 1], [a, b], 0.7)).toBeCloseTo(Math.sqrt(3), 12);
    expect(portfolioVolatility([1, -1], [a, b], 0)).toBeCloseTo(1, 12);
  });

  test("agrees with the matrices written out", () => {
    const scene = fc.integer({ min: 2, max: 12 }).chain((count) => {
      const one = fc.record({
        weight: fc.double({ min: -2, max: 2, noNaN: true }),
        series: fc.array(fc.integer({ min: -50, max: 50 }), { minLength: count, maxLength: count }),
      });
      return fc.array(one, { minLength: 1, maxLength: 6 });
    });
    fc.assert(
      fc.property(scene, fc.double({ min: 0, max: 1, noNaN: true }), (lines, shrinkage) => {
        const weights = lines.map(({ weight }) => weight);
        const returns = lines.map(({ series }) => series.map((value) => value / 1000));
        const found = portfolioVolatility(weights, returns, shrinkage) as number;
        expect(found ** 2).toBeCloseTo(slow(weights, returns, shrinkage) ** 2, 12);
      }),
    );
  });

  test("has no answer below two observations, and is 0 of what does not move", () => {
    expect(portfolioVolatility([], [], 0.5)).toBeNull();
    expect(portfolioVolatility([1], [[0.1]], 0.5)).toBeNull();
    expect(
      portfolioVolatility(
        [1, 2],
        [
          [0, 0],
          [0, 0],
        ],
        0.5,
      ),
    ).toBe(0);
  });
});
