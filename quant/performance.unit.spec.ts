import { describe, expect, test } from "vitest";
import { closes, days } from "./index-closes.spec.ts";
import { mean, standardDeviation } from "./moments.ts";
import {
  annualReturn,
  annualVolatility,
  calmarRatio,
  downsideRisk,
  maxDrawdown,
  sharpeRatio,
  simpleReturns,
  sortinoRatio,
  totalReturn,
  tradeMeasures,
} from "./performance.ts";

// empyrical's test_stats, daily, 252 days. Its mixed series starts with a nan, which its ratios leave
// out and its compounding counts as a return of 0.
const percent = (values: readonly number[]): number[] => values.map((value) => value / 100);
const mixed = percent([1, 10, -4, 2, 3, 2, 1, -10]);
const compounded = [0, ...mixed];
const positive = percent([1, 2, 1, 1, 1, 1, 1, 1, 1]);
const negative = percent([0, -6, -7, -1, -9, -2, -6, -8, -5]);

describe("the measures agree with empyrical's published tables", () => {
  test("Sharpe", () => {
    expect(sharpeRatio(mixed, 252)).toBe(1.7238613961706866);
    expect(sharpeRatio(positive, 252)).toBe(52.915026221291804);
    expect(sharpeRatio(negative, 252)).toBeCloseTo(-24.406808633910085, 13);
  });

  test("Sortino and downside risk", () => {
    expect(sortinoRatio(mixed, 252)).toBe(2.605531251673693);
    expect(sortinoRatio(negative, 252)).toBe(-13.532743075043401);
    expect(downsideRisk(mixed, 252)).toBe(0.60448325038829653);
  });

  test("return, volatility, drawdown, Calmar", () => {
    const annual = annualReturn(compounded, 252);
    expect(annual).toBeCloseTo(1.9135925373194231, 13);
    expect(annualVolatility(mixed, 252)).toBe(0.9136465399704637);
    expect(maxDrawdown(compounded)).toBeCloseTo(-0.1, 14);
    expect(calmarRatio(annual, maxDrawdown(compounded))).toBeCloseTo(19.135925373194233, 12);
  });
});

describe("the measures agree with LEAN's trade statistics", () => {
  test("profit factor, win rate, profit-loss ratio and Sharpe of 10, -20, -20", () => {
    const profits = [10, -20, -20];
    expect(tradeMeasures({ trades: 3, wins: 1, losses: 2, profit: 10, loss: 40 })).toEqual({
      winRate: 1 / 3,
      profitFactor: 0.25,
      profitLossRatio: 0.5,
      expectancy: -10,
    });
    const ratio = (mean(profits) ?? 0) / (standardDeviation(profits) ?? 0);
    expect(ratio).toBeCloseTo(-0.57735027, 8);
  });
});

describe("what the data does not define is null", () => {
  test("no returns, one return, constant returns, no losses, nothing traded", () => {
    expect(sharpeRatio([], 252)).toBeNull();
    expect(sharpeRatio([0.01], 252)).toBeNull();
    expect(sharpeRatio([0, 0, 0], 252)).toBeNull();
    expect(sortinoRatio([0.01, 0.02], 252)).toBeNull();
    expect(annualReturn([], 252)).toBeNull();
    expect(annualReturn([-1], 252)).toBeNull();
    expect(annualReturn([9, 9, 9], 1e9)).toBeNull();
    expect(calmarRatio(0.1, 0)).toBeNull();
    const none = { trades: 0, wins: 0, losses: 0, profit: 0, loss: 0 };
    expect(Object.values(tradeMeasures(none))).toEqual([null, null, null, null]);
    expect(simpleReturns([1, 0, 1])).toBeNull();
    expect(totalReturn([])).toBe(0);
  });
});

describe("the measures agree on 33 years of the S&P 500", () => {
  test.skipIf(closes.length === 0)("whole file and the year 2020 (needs TAPEDECK_DATA)", () => {
    const returns = simpleReturns(closes) ?? [];
    const year = returns.filter((_, i) => days[i + 1]?.startsWith("2020"));
    const cases = [
      [returns, 8312, 9.5180016125, 0.0739463254, 0.1829602152, 0.4816185819, 0.6798458788],
      [year, 253, 0.1625892199, 0.1618971588, 0.344309908, 0.6090617062, 0.83666153],
    ] as const;
    for (const [series, n, total, annual, volatility, sharpe, sortino] of cases) {
      expect(series.length).toBe(n);
      expect(totalReturn(series)).toBeCloseTo(total, 10);
      expect(annualReturn(series, 252)).toBeCloseTo(annual, 10);
      expect(annualVolatility(series, 252)).toBeCloseTo(volatility, 10);
      expect(sharpeRatio(series, 252)).toBeCloseTo(sharpe, 10);
      expect(sortinoRatio(series, 252)).toBeCloseTo(sortino, 10);
    }
    expect(maxDrawdown(returns)).toBeCloseTo(-0.5677538894, 10);
    expect(maxDrawdown(year)).toBeCloseTo(-0.3392495902, 10);
    expect(calmarRatio(annualReturn(returns, 252), maxDrawdown(returns))).toBeCloseTo(
      0.1302436263,
      10,
    );
    expect(calmarRatio(annualReturn(year, 252), maxDrawdown(year))).toBeCloseTo(0.4772213835, 10);
  });
});
