import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClosedTrade, excursions, tradeStatistics } from "./trades.ts";

const MINUTE_US = 60_000_000;

/** Profit, opened and closed (minutes), adverse and favourable excursion. */
type Row = readonly [number, number, number, number, number];

const trade = ([profit, opened, closed, adverse, favourable]: Row): ClosedTrade => ({
  profit,
  openedUs: opened * MINUTE_US,
  closedUs: closed * MINUTE_US,
  excursions: { adverse, favourable },
});

describe("the measures agree with LEAN's TradeStatisticsTests", () => {
  const figures = (rows: readonly Row[]) => {
    const found = tradeStatistics(rows.map(trade));
    return { ...found, sharpe: (found.systemQuality ?? 0) / Math.sqrt(rows.length) };
  };
  const seconds = (us: number | null) => (us === null ? null : us / 1e6);

  test("three winners", () => {
    const found = figures([
      [20, 0, 20, -5, 30],
      [20, 10, 40, -30, 40],
      [10, 30, 40, -15, 30],
    ]);
    expect([found.trades, found.wins, found.losses]).toEqual([3, 3, 0]);
    expect([found.largestWin, found.largestLoss]).toEqual([20, null]);
    expect(found.expectancy).toBeCloseTo(16.666666666666668, 13);
    expect(seconds(found.holding.averageUs)).toBe(1200);
    expect([found.longestWinStreak, found.longestLossStreak]).toEqual([3, 0]);
    expect(found.closedDrawdown).toBe(0);
    expect(found.deviation).toBeCloseTo(5.77350269189626, 13);
    expect(found.sharpe).toBeCloseTo(2.8867513459481278, 13);
    expect(found.excursions.averageAdverse).toBeCloseTo(-16.666666666666668, 13);
    expect(found.excursions.averageFavourable).toBeCloseTo(33.333333333333336, 13);
    expect(found.excursions.averageGivenBack).toBeCloseTo(-16.666666666666668, 13);
    expect([found.excursions.largestAdverse, found.excursions.largestFavourable]).toEqual([
      -30, 40,
    ]);
    // LEAN calls what is undefined 0 or 10.
    expect([found.profitFactor, found.profitLossRatio, found.averageLoss]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("three losers", () => {
    const found = figures([
      [-20, 0, 20, -30, 5],
      [-20, 10, 40, -40, 30],
      [-10, 30, 40, -30, 15],
    ]);
    expect([found.winRate, found.profitFactor]).toEqual([0, 0]);
    expect([found.longestWinStreak, found.longestLossStreak]).toEqual([0, 3]);
    expect(found.closedDrawdown).toBe(-50);
    expect(found.sharpe).toBeCloseTo(-2.8867513459481278, 13);
    expect(found.excursions.averageGivenBack).toBeCloseTo(-33.333333333333336, 13);
  });

  test("one winner, two losers", () => {
    const found = figures([
      [10, 0, 10, -15, 30],
      [-20, 20, 40, -30, 5],
      [-20, 30, 40, -40, 30],
    ]);
    expect(found.winRate).toBeCloseTo(1 / 3, 15);
    expect([found.profitFactor, found.profitLossRatio, found.expectancy]).toEqual([0.25, 0.5, -10]);
    expect([found.averageWin, found.averageLoss, found.largestLoss]).toEqual([10, -20, -20]);
    expect(seconds(found.holding.averageUs)).toBeCloseTo(800, 9);
    expect(seconds(found.holding.averageWinUs)).toBe(600);
    expect(seconds(found.holding.averageLossUs)).toBe(900);
    expect([found.longestWinStreak, found.longestLossStreak]).toEqual([1, 2]);
    expect(found.closedDrawdown).toBe(-40);
    expect(found.deviation).toBeCloseTo(17.3205080756888, 13);
    expect(found.sharpe).toBeCloseTo(-0.57735026918962, 13);
    expect(found.excursions.averageAdverse).toBeCloseTo(-28.333333333333332, 13);
    expect(found.excursions.averageGivenBack).toBeCloseTo(-31.666666666666668, 13);
  });

  test("one loser, two winners", () => {
    const found = figures([
      [-20, 0, 20, -30, 5],
      [20, 10, 20, -40, 30],
      [10, 30, 40, -15, 30],
    ]);
    expect([found.profitFactor, found.profitLossRatio]).toEqual([1.5, 0.75]);
    expect(found.expectancy).toBeCloseTo(3.3333333333333335, 14);
    expect(found.closedDrawdown).toBe(-20);
    expect(found.deviation).toBeCloseTo(20.8166599946613, 13);
    expect(found.sharpe).toBeCloseTo(0.16012815380508735, 14);
    expect(found.excursions.averageFavourable).toBeCloseTo(21.666666666666668, 13);
    expect(found.excursions.averageGivenBack).toBeCloseTo(-18.333333333333332, 13);
  });
});

describe("system quality", () => {
  test("is the t statistic of the mean profit", () => {
    const profits = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(profits, (values) => {
        fc.pre(new Set(values).size > 1);
        const n = values.length;
        const found = tradeStatistics(values.map((profit) => trade([profit, 0, 1, 0, 0])));
        const center = values.reduce((a, b) => a + b) / n;
        const error = Math.sqrt(values.reduce((s, v) => s + (v - center) ** 2, 0) / (n - 1) / n);
        expect(found.systemQuality).toBeCloseTo(center / error, 10);
        expect(found.wins + found.losses + values.filter((v) => v === 0).length).toBe(n);
      }),
    );
  });
});

describe("excursions", () => {
  test("are the worst and best on the way, no better and no worse than the start", () => {
    expect(excursions([3, -2, 8, 5])).toEqual({ adverse: -2, favourable: 8 });
    expect(excursions([3, 4])).toEqual({ adverse: 0, favourable: 4 });
    expect(excursions([-1])).toEqual({ adverse: -1, favourable: 0 });
    expect(excursions([])).toEqual({ adverse: 0, favourable: 0 });
  });

  test("are averaged over the trades that have them", () => {
    const unknown = { profit: 5, openedUs: 0, closedUs: 1 };
    const found = tradeStatistics([unknown, trade([10, 0, 1, -4, 12])]).excursions;
    expect(found.averageAdverse).toBe(-4);
    expect(found.averageGivenBack).toBe(-2);
    expect(tradeStatistics([unknown]).excursions.averageAdverse).toBeNull();
  });
});

test("of no trades nothing is defined; one that earns 0 ends a streak", () => {
  const none = tradeStatistics([]);
  expect([none.trades, none.closedDrawdown, none.longestWinStreak]).toEqual([0, 0, 0]);
  expect([none.systemQuality, none.winRate, none.holding.averageUs, none.largestWin]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  const profits = [1, 1, 0, 1, -1, 0, -1];
  const found = tradeStatistics(profits.map((profit) => trade([profit, 0, 1, 0, 0])));
  expect([found.longestWinStreak, found.longestLossStreak]).toEqual([2, 1]);
  expect(tradeStatistics([1, 1].map((p) => trade([p, 0, 1, 0, 0]))).systemQuality).toBeNull();
});
