import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between } from "./evenly-spread.spec.ts";
import { Random } from "./random.ts";
import {
  deflatedSharpe,
  expectedMaximum,
  expectedMaximumSharpe,
  independentTrials,
  minimumTrackRecord,
  probabilisticSharpe,
  sharpeEstimate,
  sharpeStandardError,
} from "./sharpe-inference.ts";

const normal = { skewness: 0, kurtosis: 3 };

describe("D. Bailey, M. López de Prado, The Sharpe Ratio Efficient Frontier (2012)", () => {
  // Page 10: a fund with two years of monthly returns.
  const fund = { sharpe: 0.458, count: 24, skewness: -2.448, kurtosis: 10.164 };

  test("probabilistic Sharpe: 0.982 if normal, 0.913 as it is, 0.953 after a third year", () => {
    expect(probabilisticSharpe({ ...fund, ...normal }, 0)).toBeCloseTo(0.982, 3);
    expect(probabilisticSharpe(fund, 0)).toBeCloseTo(0.913, 3);
    // 0.95351: the paper cuts rather than rounds.
    expect(Math.floor((probabilisticSharpe({ ...fund, count: 36 }, 0) ?? 0) * 1000)).toBe(953);
  });

  // An annual Sharpe ratio of 2 shown to be above 1 with 95 %.
  test.each([
    ["daily", 252, normal, 2.73],
    ["weekly", 52, normal, 2.83],
    ["monthly", 12, normal, 3.24],
    ["monthly of a typical hedge fund", 12, { skewness: -0.72, kurtosis: 5.78 }, 4.99],
  ])("minimum track record, %s, in years", (_, year, shape, years) => {
    const estimate = { sharpe: 2 / Math.sqrt(year), count: 0, ...shape };
    const needed = minimumTrackRecord(estimate, 1 / Math.sqrt(year), 0.95) ?? 0;
    expect(needed / year).toBeCloseTo(years, 2);
  });
});

describe("D. Bailey, M. López de Prado, The Deflated Sharpe Ratio (2014)", () => {
  // The numerical example: 5 years of 250 days, an annual Sharpe ratio of 2.5, variance ½ over the trials.
  const best = { sharpe: 2.5 / Math.sqrt(250), count: 1250, skewness: -3, kurtosis: 10 };
  const variance = 0.5 / 250;

  test("expects 0.1132 a day of the best of 100 without skill, and deflates to 0.9004", () => {
    expect(expectedMaximumSharpe(100, variance)).toBeCloseTo(0.1132, 4);
    expect(deflatedSharpe(best, 100, variance)).toBeCloseTo(0.9004, 4);
  });

  test("would have 0.9505 of 46 trials", () => {
    expect(deflatedSharpe(best, 46, variance)).toBeCloseTo(0.9505, 4);
  });

  test("of one trial is the probabilistic Sharpe ratio above 0", () => {
    expect(deflatedSharpe(best, 1, variance)).toBe(probabilisticSharpe(best, 0));
  });
});

describe("the expected maximum of normals", () => {
  // D. Bailey, J. Borwein, M. López de Prado, Q. Zhu, Pseudo-mathematics and financial charlatanism, Notices
  // of the AMS 61(5), 2014: 1.57 of 10 trials; no more than 45 in 5 years for an annual ratio of 1.
  test("is 1.57 of 10, and 1 a year of 45 in 5 years", () => {
    expect(Math.floor(expectedMaximum(10) * 100) / 100).toBe(1.57);
    expect(expectedMaximum(45) / Math.sqrt(5)).toBeCloseTo(1, 3);
  });

  test("is near that of draws", () => {
    const random = new Random(5);
    for (const trials of [20, 200]) {
      let sum = 0;
      for (let run = 0; run < 4000; run++) {
        let highest = -Infinity;
        for (let i = 0; i < trials; i++) highest = Math.max(highest, random.normal());
        sum += highest;
      }
      expect(Math.abs(expectedMaximum(trials) - sum / 4000)).toBeLessThan(0.05);
    }
  });

  test("grows with the trials, from 0 of one, and keeps its digits for very many", () => {
    expect([expectedMaximum(1), expectedMaximum(0)]).toEqual([0, 0]);
    let before = 0;
    for (let trials = 1.5; trials < 1e200; trials *= 3) {
      const value = expectedMaximum(trials);
      expect(value).toBeGreaterThanOrEqual(before);
      before = value;
    }
    expect(before).toBeLessThan(31);
    expect(independentTrials(100, 0)).toBe(100);
    expect(independentTrials(100, 1)).toBe(1);
  });
});

describe("consistency", () => {
  const shapes = fc.record({
    sharpe: between(0.05, 0.5),
    count: fc.integer({ min: 10, max: 5000 }),
    skewness: between(-2, 1),
    kurtosis: between(6, 15),
  });

  test("a record of the minimum length has just the confidence asked for", () => {
    fc.assert(
      fc.property(shapes, between(0.6, 0.999), (shape, confidence) => {
        const count = minimumTrackRecord(shape, 0.01, confidence) ?? 0;
        expect(probabilisticSharpe({ ...shape, count }, 0.01)).toBeCloseTo(confidence, 10);
      }),
    );
  });

  test("the standard error is that of Sharpe ratios drawn from normals", () => {
    const random = new Random(9);
    const ratios = Array.from({ length: 3000 }, () => {
      const returns = Array.from({ length: 120 }, () => 0.2 + random.normal());
      return sharpeEstimate(returns)?.sharpe ?? 0;
    });
    const center = ratios.reduce((a, b) => a + b) / ratios.length;
    const spread = Math.sqrt(ratios.reduce((s, r) => s + (r - center) ** 2, 0) / ratios.length);
    const theory = sharpeStandardError({ sharpe: 0.2, count: 120, ...normal }) ?? 0;
    expect(spread / theory).toBeGreaterThan(0.95);
    expect(spread / theory).toBeLessThan(1.05);
  });
});

test("an estimate has the sample's Sharpe ratio and the population's shape, 3 for a normal", () => {
  // Mean 2, deviations -1, -1, -1, 3: sample variance 4, m₂ = 3, m₃ = 6, m₄ = 21.
  expect(sharpeEstimate([1, 1, 1, 5])).toEqual({
    sharpe: 1,
    count: 4,
    skewness: expect.closeTo(6 / 3 ** 1.5, 14),
    kurtosis: expect.closeTo(21 / 9, 14),
  });
});

test("what the data does not define is null", () => {
  expect(sharpeEstimate([0.01, 0.01])).toBeNull();
  expect(sharpeEstimate([])).toBeNull();
  const estimate = { sharpe: 0.1, count: 100, ...normal };
  expect(minimumTrackRecord(estimate, 0.1, 0.95)).toBeNull();
  expect(probabilisticSharpe({ ...estimate, count: 1 }, 0)).toBeNull();
  expect(probabilisticSharpe({ ...estimate, sharpe: 2, skewness: 5 }, 0)).toBeNull();
});
