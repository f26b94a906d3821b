import { describe, expect, test } from "vitest";
import { optimalBlockLength } from "./block-length.ts";
import { drawdownDistribution, drawdownProbability } from "./monte-carlo-drawdown.ts";
import { maxDrawdown } from "./performance.ts";
import { Random } from "./random.ts";
import { quantile } from "./risk-measures.ts";

function normals(seed: number, count: number, mean: number, deviation: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => mean + deviation * random.normal());
}

describe("the distribution of drawdowns", () => {
  test("has the mean of Brownian motion without drift, √(π/2) σ √T", () => {
    // M. Magdon-Ismail, A. Atiya, A. Pratap, Y. Abu-Mostafa, On the maximum drawdown of a Brownian motion,
    // Journal of Applied Probability 41(1), 2004. Small steps, so that sums and products agree; of n steps
    // the highest and lowest are missed by 0.5826 σ each (Broadie, Glasserman, Kou, 1997).
    const deviation = 1e-4;
    const steps = 2000;
    const drawn = normals(1, steps, 0, deviation);
    const centre = drawn.reduce((a, b) => a + b) / steps;
    const returns = drawn.map((value) => value - centre);
    const sigma = Math.sqrt(returns.reduce((s, r) => s + r * r, 0) / steps);
    const found = drawdownDistribution(returns, { seed: 2, paths: 2000, blockLength: 1 });
    const average = [...(found?.depths ?? [])].reduce((sum, depth) => sum - depth, 0) / 2000;
    const theory = sigma * (Math.sqrt((Math.PI / 2) * steps) - 2 * 0.5826);
    expect(average / theory).toBeGreaterThan(0.97);
    expect(average / theory).toBeLessThan(1.03);
  });

  test("is exact where every path is the same", () => {
    const found = drawdownDistribution([-0.5], { seed: 1, paths: 3, periods: 2 });
    expect([...(found?.depths ?? [])]).toEqual([-0.75, -0.75, -0.75]);
    expect([...(found?.lengths ?? [])]).toEqual([2, 2, 2]);
    const rising = drawdownDistribution([0.1], { seed: 1, paths: 2, periods: 5000 });
    expect([...(rising?.depths ?? [])]).toEqual([0, 0]);
    expect([...(rising?.lengths ?? [])]).toEqual([0, 0]);
  });

  test("is that of the returns themselves where the blocks are endless, but for where they start", () => {
    const returns = normals(3, 60, 0, 0.02);
    const turned = returns.map((_, i) =>
      maxDrawdown([...returns.slice(i), ...returns.slice(0, i)]),
    );
    const found = drawdownDistribution(returns, { seed: 4, paths: 50, blockLength: 1e12 });
    for (const depth of found?.depths ?? []) {
      expect(Math.min(...turned.map((other) => Math.abs(other - depth)))).toBeLessThan(1e-12);
    }
  });

  test("counts the longest stretch below a peak, to the end at most", () => {
    const returns = [0.1, -0.05, -0.05, 0.2];
    const found = drawdownDistribution(returns, { seed: 5, paths: 200, blockLength: 1e12 });
    // Turned four ways: +--+ and --++ and -++- and ++--.
    expect(new Set(found?.lengths)).toEqual(new Set([2, 1]));
  });

  test("gives quantiles and probabilities that agree, the worst first", () => {
    const found = drawdownDistribution(normals(6, 500, 0.0003, 0.01), { seed: 7, paths: 999 });
    const depths = found?.depths ?? new Float64Array();
    expect([...depths]).toEqual([...depths].sort((a, b) => a - b));
    const median = quantile(depths, 0.5) ?? 0;
    expect(found && drawdownProbability(found, median)).toBeCloseTo(0.5, 2);
    expect(found && drawdownProbability(found, 0)).toBe(1);
    const reached = depths.filter((depth) => depth <= median).length;
    expect(found && drawdownProbability(found, median) * 999).toBeCloseTo(reached, 9);
    expect(found && drawdownProbability(found, -1)).toBe(0);
  });

  test("takes the length of the blocks from the returns unless it is told", () => {
    let before = 0;
    const returns = normals(9, 300, 0, 0.01).map((shock) => {
      before = 0.6 * before + shock;
      return before;
    });
    const blockLength = optimalBlockLength(returns);
    const told = drawdownDistribution(returns, { seed: 1, paths: 20, blockLength });
    expect(drawdownDistribution(returns, { seed: 1, paths: 20 })).toEqual(told);
    const single = drawdownDistribution(returns, { seed: 1, paths: 20, blockLength: 1 });
    expect(single).not.toEqual(told);
  });

  test("is the same for the same seed, and nothing for no returns", () => {
    const returns = normals(8, 100, 0, 0.01);
    const [first, again, other] = [1, 1, 2].map((seed) =>
      drawdownDistribution(returns, { seed, paths: 20 }),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(drawdownDistribution([], { seed: 1, paths: 5 })).toBeNull();
  });
});
