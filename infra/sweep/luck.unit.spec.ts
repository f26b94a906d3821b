// The odds of luck, of series whose answer is known.

import { describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { deflatedSharpe, sharpeEstimate } from "../../quant/sharpe-inference.ts";
import { luckOf } from "./luck.ts";
import { horizonOf } from "./sweep.ts";

/** Returns of `trials` strategies without skill, but for `skill` of the first. */
function noise(trials: number, days: number, skill: number, seed: number) {
  const random = new Random(seed);
  return Array.from({ length: trials }, (_, i) =>
    Array.from({ length: days }, () => 0.01 * random.normal() + (i === 0 ? skill : 0)),
  );
}

const bestOf = (series: readonly (readonly number[])[]): number => {
  const sharpes = series.map((one) => sharpeEstimate(one)?.sharpe ?? -9);
  return sharpes.indexOf(Math.max(...sharpes));
};

describe("luck", () => {
  test("explains the best of many trials without skill", () => {
    const series = noise(100, 500, 0, 3);
    const luck = luckOf(series, bestOf(series), 1);
    expect(luck?.probabilistic).toBeGreaterThan(0.95);
    expect(luck?.deflated).toBeLessThan(0.9);
    expect(luck?.overfitting?.probability).toBeGreaterThan(0.2);
    expect(Math.abs(luck?.correlation ?? 1)).toBeLessThan(0.02);
    expect(luck?.independent).toBeGreaterThan(95);
  });

  test("does not explain skill", () => {
    const series = noise(100, 500, 0.004, 3);
    const luck = luckOf(series, 0, 1);
    expect(bestOf(series)).toBe(0);
    expect(luck?.deflated).toBeGreaterThan(0.99);
    expect(luck?.overfitting?.probability).toBeLessThan(0.01);
  });

  test("of trials that are all one counts them as one", () => {
    const [one = []] = noise(1, 300, 0.001, 9);
    // Scaled: the same Sharpe ratio, correlation 1.
    const series = [one, one.map((value) => 2 * value), one.map((value) => value / 3)];
    const luck = luckOf(series, 0, 1);
    expect(luck?.correlation).toBeCloseTo(1, 10);
    expect(luck?.independent).toBeCloseTo(1, 10);
    expect(luck?.deflatedIndependent).toBeCloseTo(luck?.probabilistic ?? 0, 10);
  });

  test("has the mean of all pairwise correlations", () => {
    const random = new Random(4);
    const market = Array.from({ length: 200 }, () => random.normal());
    const series = [0.5, 1, 2, 4].map((own) =>
      market.map((value) => value + own * random.normal()),
    );
    const luck = luckOf(series, 0, 1);
    let sum = 0;
    for (const [i, a] of series.entries())
      for (const b of series.slice(i + 1)) sum += correlation(a, b);
    expect(luck?.correlation).toBeCloseTo(sum / 6, 12);
  });

  test("counts trials that never traded out, and says nothing of fewer than two", () => {
    const series = [...noise(3, 100, 0, 1), new Array<number>(100).fill(0), []];
    const luck = luckOf(series, bestOf(series), 1);
    expect(luck?.trials).toBe(3);
    expect(luckOf(noise(1, 100, 0, 1), 0, 1)).toBeNull();
    expect(luckOf([[], []], 0, 1)).toBeNull();
  });

  test("deflates as the formula says", () => {
    const series = noise(20, 250, 0, 8);
    const best = bestOf(series);
    const sharpes = series.map((one) => sharpeEstimate(one)?.sharpe ?? 0);
    const mean = sharpes.reduce((sum, value) => sum + value, 0) / 20;
    const variance = sharpes.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 19;
    const estimate = sharpeEstimate(series[best] ?? []);
    if (estimate === null) throw new Error("the best has no Sharpe ratio");
    expect(luckOf(series, best, 1)?.deflated).toBeCloseTo(
      deflatedSharpe(estimate, 20, variance) ?? 0,
      12,
    );
  });
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((s, v) => s + v, 0) / values.length;
  const [x, y] = [mean(a), mean(b)];
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (const [i, value] of a.entries()) {
    const other = b[i] as number;
    xy += (value - x) * (other - y);
    xx += (value - x) ** 2;
    yy += (other - y) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

test("a holding time is counted in days of prices, of which a market that rests has fewer", () => {
  const days = 86_400;
  expect(horizonOf(274 * days, 252)).toBe(190);
  expect(horizonOf(274 * days, 365)).toBe(274);
  expect([horizonOf(600, 252), horizonOf(null, 252)]).toEqual([1, 1]);
});
