import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mean, standardDeviation } from "./moments.ts";
import { backtestOverfitting } from "./overfitting.ts";
import { Random } from "./random.ts";

function noise(seed: number, trials: number, periods: number): number[][] {
  const random = new Random(seed);
  return Array.from({ length: trials }, () =>
    Array.from({ length: periods }, () => random.normal() / 100),
  );
}

/** The paper's procedure as it is told: matrices are put together, every measure is computed anew. */
function slowLogits(trials: readonly (readonly number[])[], blocks: number): number[] {
  const periods = trials[0]?.length ?? 0;
  const cut = (block: number) => Math.floor((block * periods) / blocks);
  const sharpe = (returns: readonly number[], chosen: readonly number[]) => {
    const joined = chosen.flatMap((block) => returns.slice(cut(block), cut(block + 1)));
    const deviation = standardDeviation(joined) ?? 0;
    return deviation === 0 ? 0 : (mean(joined) ?? 0) / deviation;
  };
  const logits: number[] = [];
  for (let mask = 0; mask < 2 ** blocks; mask++) {
    const inside = Array.from({ length: blocks }, (_, i) => i).filter((i) => (mask >> i) & 1);
    if (inside.length !== blocks / 2) continue;
    const outside = Array.from({ length: blocks }, (_, i) => i).filter((i) => !inside.includes(i));
    const seen = trials.map((returns) => sharpe(returns, inside));
    const unseen = trials.map((returns) => sharpe(returns, outside));
    const best = seen.indexOf(Math.max(...seen));
    const rank = unseen.filter((value) => value <= (unseen[best] ?? 0)).length;
    const share = rank / (trials.length + 1);
    logits.push(Math.log(share / (1 - share)));
  }
  return logits;
}

describe("combinatorially symmetric cross-validation", () => {
  test("is the paper's procedure, done the long way", () => {
    const sizes = fc.record({
      seed: fc.nat(1e6),
      trials: fc.integer({ min: 2, max: 6 }),
      blocks: fc.constantFrom(2, 4, 6),
      periods: fc.integer({ min: 24, max: 61 }),
    });
    fc.assert(
      fc.property(sizes, ({ seed, trials, blocks, periods }) => {
        const series = noise(seed, trials, periods);
        const found = backtestOverfitting(series, blocks);
        const slow = slowLogits(series, blocks);
        const order = (a: number, b: number) => a - b;
        const sorted = [...found.logits].sort(order);
        slow.sort(order).forEach((logit, i) => {
          expect(sorted[i]).toBeCloseTo(logit, 9);
        });
        expect(sorted.length).toBe(slow.length);
        expect(found.probability).toBe(slow.filter((logit) => logit < 1e-9).length / slow.length);
      }),
      { numRuns: 40 },
    );
  });

  test("looks at all 12,870 halves of 16 blocks, each half once in and once out of sample", () => {
    const { logits, inSample, outOfSample } = backtestOverfitting(noise(1, 3, 64), 16);
    expect(logits.length).toBe(12_870);
    // The lexicographic order puts a half and its complement at mirrored places.
    const flipped = backtestOverfitting(
      [...noise(1, 3, 64).slice(0, 1), new Array(64).fill(0)],
      16,
    );
    expect(inSample.length).toBe(outOfSample.length);
    flipped.inSample.forEach((sharpe, i) => {
      const other = flipped.outOfSample[flipped.outOfSample.length - 1 - i] ?? 0;
      if (sharpe > 0 && other !== 0) expect(sharpe).toBe(other);
    });
  });
});

describe("the best in sample", () => {
  const rising = [1, 2, 1, 2, 3, 1, 4, 4].map((value) => value / 100);
  const falling = rising.map((value) => -value);

  test("has its Sharpe ratio of each half, as sample measures", () => {
    const { inSample, outOfSample } = backtestOverfitting([rising, falling], 2);
    // Halves 1 2 1 2 and 3 1 4 4: means 1.5 and 3, sample variances 1/3 and 2.
    expect(inSample[0]).toBeCloseTo(1.5 / Math.sqrt(1 / 3), 12);
    expect(outOfSample[0]).toBeCloseTo(3 / Math.sqrt(2), 12);
    expect(inSample[1]).toBeCloseTo(3 / Math.sqrt(2), 12);
  });

  test("is the first of those that are as good", () => {
    // Alike in the first half; in the second one falls.
    const turning = [...rising.slice(0, 4), ...falling.slice(4)];
    const first = backtestOverfitting([rising, turning], 2).outOfSample[0] ?? 0;
    const second = backtestOverfitting([turning, rising], 2).outOfSample[0] ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(second).toBeLessThan(0);
  });

  test("degrades by the slope of the regression of out on in", () => {
    const result = backtestOverfitting(noise(12, 4, 60), 6);
    const points = [...result.inSample].map((x, i) => [x, result.outOfSample[i] ?? 0] as const);
    const slope = result.degradation ?? 0;
    const offset = mean(points.map(([x, y]) => y - slope * x)) ?? 0;
    const misfit = (a: number, b: number) =>
      points.reduce((sum, [x, y]) => sum + (y - a - b * x) ** 2, 0);
    for (const nudge of [1e-3, -1e-3]) {
      expect(misfit(offset, slope + nudge)).toBeGreaterThan(misfit(offset, slope));
      expect(misfit(offset + nudge, slope)).toBeGreaterThan(misfit(offset, slope));
    }
  });
});

describe("what it says", () => {
  test("of noise: the best is as likely below the median as above, and looks deceive", () => {
    let sum = 0;
    let slopes = 0;
    for (let seed = 0; seed < 30; seed++) {
      const result = backtestOverfitting(noise(seed, 20, 240), 8);
      sum += result.probability;
      slopes += result.degradation ?? 0;
    }
    // A trial's luck is used up: what it has in sample it lacks out of it.
    expect(slopes / 30).toBeLessThan(-0.3);
    expect(sum / 30).toBeGreaterThan(0.4);
    expect(sum / 30).toBeLessThan(0.62);
  });

  test("of one trial with skill among many without: nothing is overfitted", () => {
    const series = noise(3, 20, 1000);
    series[7] = (series[7] ?? []).map((value) => value + 0.003);
    const result = backtestOverfitting(series, 10);
    expect(result.probability).toBe(0);
    expect(result.lossProbability).toBe(0);
    expect(Math.min(...result.logits)).toBeCloseTo(Math.log(20), 12);
  });

  test("of trials that gain in one half and lose it in the other: all is overfitted", () => {
    const steps = (first: number) =>
      Array.from({ length: 40 }, (_, i) => (i < 20 ? first : -first) + (i % 2 ? 0.01 : -0.01));
    const result = backtestOverfitting([steps(0.02), steps(-0.02)], 2);
    expect(result.probability).toBe(1);
    expect(result.lossProbability).toBe(1);
    expect([...result.inSample].map((sharpe) => Math.sign(sharpe))).toEqual([1, 1]);
  });

  test("of equal trials: each at the median, which counts as no better", () => {
    const [one = []] = noise(4, 1, 40);
    const result = backtestOverfitting([one, one, one], 4);
    expect([...new Set(result.logits)]).toEqual([0]);
    expect(result.probability).toBe(1);
  });

  test("a trial that gains the same in every period does not move either", () => {
    const series = [...noise(5, 1, 41), new Array<number>(41).fill(0.1)];
    const { outOfSample } = backtestOverfitting(series, 6);
    for (const sharpe of outOfSample) expect(Math.abs(sharpe)).toBeLessThan(10);
  });

  test("a trial that never trades has Sharpe ratio 0", () => {
    const losing = Array.from({ length: 40 }, (_, i) => (i % 2 ? -0.02 : 0.01));
    const result = backtestOverfitting([losing, new Array<number>(40).fill(0)], 4);
    expect([...result.outOfSample]).toEqual(new Array(6).fill(0));
    expect(result.lossProbability).toBe(0);
    expect(result.probability).toBe(0);
    expect(result.degradation).toBeNull();
  });
});

test("refuses what cannot be split", () => {
  const series = noise(1, 3, 40);
  expect(() => backtestOverfitting(series, 5)).toThrow(RangeError);
  expect(() => backtestOverfitting(series, 22)).toThrow(RangeError);
  expect(() => backtestOverfitting(series.slice(0, 1), 4)).toThrow(RangeError);
  expect(() => backtestOverfitting([...series, [1]], 4)).toThrow(RangeError);
  expect(() => backtestOverfitting(noise(1, 3, 7), 4)).toThrow(RangeError);
});
