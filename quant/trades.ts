// What a list of closed trades says. Promises: plain sums in the order given; null where no trade defines
// the measure. Amounts are analytics in one currency, after fees: the ledger's are not made from them.

import { mean, standardDeviation } from "./moments.ts";
import { type TradeMeasures, tradeMeasures } from "./performance.ts";

/** A closed trade. One that earns exactly 0 is neither won nor lost, and ends both streaks. */
export interface ClosedTrade {
  /** After fees. */
  readonly profit: number;
  readonly openedUs: number;
  readonly closedUs: number;
  /** From `excursions`, where the way is known. */
  readonly excursions?: Excursions;
}

/** How far a trade went against and for its holder, in the units of its profit. */
export interface Excursions {
  /** Maximum adverse excursion: at most 0. */
  readonly adverse: number;
  /** Maximum favourable excursion: at least 0. */
  readonly favourable: number;
}

/** Of the trade's unrealised profits on its way; it starts at 0 (J. Sweeney, Campaign Trading, 1996). */
export function excursions(path: readonly number[]): Excursions {
  let adverse = 0;
  let favourable = 0;
  for (const profit of path) {
    if (profit < adverse) adverse = profit;
    if (profit > favourable) favourable = profit;
  }
  return { adverse, favourable };
}

export interface TradeStatistics extends TradeMeasures {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly averageWin: number | null;
  /** Below 0, as is largestLoss. */
  readonly averageLoss: number | null;
  readonly largestWin: number | null;
  readonly largestLoss: number | null;
  /** Sample standard deviation (n - 1) of the profits. */
  readonly deviation: number | null;
  /** System quality number: √n × mean / sample deviation of the profits (V. Tharp, 2008; uncapped n). */
  readonly systemQuality: number | null;
  readonly longestWinStreak: number;
  readonly longestLossStreak: number;
  /** Deepest fall of the summed profits, trade by trade, from their peak, 0 included: at most 0. */
  readonly closedDrawdown: number;
  readonly holding: HoldingTimes;
  readonly excursions: ExcursionStatistics;
}

/** Arithmetic means, in µs. */
export interface HoldingTimes {
  readonly averageUs: number | null;
  readonly averageWinUs: number | null;
  readonly averageLossUs: number | null;
}

/** Over the trades whose excursions are known. */
export interface ExcursionStatistics {
  readonly averageAdverse: number | null;
  readonly averageFavourable: number | null;
  readonly largestAdverse: number | null;
  readonly largestFavourable: number | null;
  /** Profit minus the favourable excursion, on average: what was given back. At most 0. */
  readonly averageGivenBack: number | null;
}

/** `trades` in the order in which they closed. Cost: O(n). */
export function tradeStatistics(trades: readonly ClosedTrade[]): TradeStatistics {
  const profits = trades.map((trade) => trade.profit);
  const won = trades.filter((trade) => trade.profit > 0);
  const lost = trades.filter((trade) => trade.profit < 0);
  const wins = won.map((trade) => trade.profit);
  const losses = lost.map((trade) => trade.profit);
  const totals = {
    trades: trades.length,
    wins: wins.length,
    losses: losses.length,
    profit: sum(wins),
    loss: -sum(losses),
  };
  const average = mean(profits);
  const deviation = standardDeviation(profits);
  return {
    ...tradeMeasures(totals),
    trades: totals.trades,
    wins: totals.wins,
    losses: totals.losses,
    averageWin: mean(wins),
    averageLoss: mean(losses),
    largestWin: largest(wins),
    largestLoss: smallest(losses),
    deviation,
    systemQuality:
      average === null || deviation === null || deviation === 0
        ? null
        : (Math.sqrt(trades.length) * average) / deviation,
    longestWinStreak: longestStreak(profits, (profit) => profit > 0),
    longestLossStreak: longestStreak(profits, (profit) => profit < 0),
    closedDrawdown: deepestFall(profits),
    holding: {
      averageUs: mean(trades.map(holdingUs)),
      averageWinUs: mean(won.map(holdingUs)),
      averageLossUs: mean(lost.map(holdingUs)),
    },
    excursions: excursionStatistics(trades),
  };
}

function excursionStatistics(trades: readonly ClosedTrade[]): ExcursionStatistics {
  const adverse: number[] = [];
  const favourable: number[] = [];
  const givenBack: number[] = [];
  for (const { profit, excursions: known } of trades) {
    if (known === undefined) continue;
    adverse.push(known.adverse);
    favourable.push(known.favourable);
    givenBack.push(profit - known.favourable);
  }
  return {
    averageAdverse: mean(adverse),
    averageFavourable: mean(favourable),
    largestAdverse: smallest(adverse),
    largestFavourable: largest(favourable),
    averageGivenBack: mean(givenBack),
  };
}

const holdingUs = (trade: ClosedTrade): number => trade.closedUs - trade.openedUs;
const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const largest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => (b > a ? b : a));

const smallest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => (b < a ? b : a));

function longestStreak(profits: readonly number[], counts: (profit: number) => boolean): number {
  let longest = 0;
  let streak = 0;
  for (const profit of profits) {
    streak = counts(profit) ? streak + 1 : 0;
    if (streak > longest) longest = streak;
  }
  return longest;
}

function deepestFall(profits: readonly number[]): number {
  let total = 0;
  let peak = 0;
  let deepest = 0;
  for (const profit of profits) {
    total += profit;
    if (total > peak) peak = total;
    if (total - peak < deepest) deepest = total - peak;
  }
  return deepest;
}
