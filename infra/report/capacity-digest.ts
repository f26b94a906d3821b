// How much money the trades would bear: what was traded of a symbol in a day over what the market traded of
// it that day. Promises: one pass over bars and fills in the one order; bounded memory, at the price of
// quantiles that are right to one percent of themselves.

import { exponential } from "../../quant/exponential.ts";
import { naturalLog } from "../../quant/logarithm.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";

const DAY_US = 86_400_000_000;
/** A fill of an opening is heard of after its day's bar: so many days of a symbol stay open. */
const OPEN_DAYS = 4;
const BIN = 0.01;
/** Of a day's volume, for so many of the days: what trading unseen is taken to be. */
const SHARE = 0.1;
const OF_DAYS = 0.95;

interface Day {
  volume: number;
  traded: number;
}

interface OpenDays {
  readonly days: Map<number, Day>;
  /** The one asked for last: most bars are of the same day as the one before. */
  index: number;
  day: Day;
}

export class CapacityDigest {
  private readonly open = new Map<string, OpenDays>();
  /** Days with trades by ⌈ln(traded / volume) / BIN⌉. */
  private readonly bins = new Map<number, number>();
  private count = 0;

  bar({ symbol, startUs, volume }: MarketBar): void {
    this.day(symbol, startUs).volume += volume;
  }

  fill({ execType, symbol, tradeUs, quantity }: ExecutionReport): void {
    if (execType === "FILLED") this.day(symbol, tradeUs).traded += quantity;
  }

  private day(symbol: string, timeUs: number): Day {
    const index = Math.floor(timeUs / DAY_US);
    const open = this.open.get(symbol);
    if (open?.index === index) return open.day;
    const days = open?.days ?? new Map<number, Day>();
    const day = days.get(index) ?? { volume: 0, traded: 0 };
    days.set(index, day);
    if (open === undefined) this.open.set(symbol, { days, index, day });
    else {
      open.index = index;
      open.day = day;
    }
    if (days.size > OPEN_DAYS) {
      const [first, ended] = days.entries().next().value as [number, Day];
      this.close(ended);
      days.delete(first);
    }
    return day;
  }

  private close({ volume, traded }: Day): void {
    if (!(traded > 0 && volume > 0)) return;
    const bin = Math.ceil(naturalLog(traded / volume) / BIN);
    this.bins.set(bin, (this.bins.get(bin) ?? 0) + 1);
    this.count++;
  }

  /**
   * The equity at which 95 % of the days' trades in a symbol would stay within 10 % of its volume that
   * day, if they grew with equity: meanEquity × 0.1 over the 95 % quantile of traded over volume. null
   * where nothing was traded on a day whose volume is known. Ends the digest.
   */
  capacity(meanEquity: number): number | null {
    for (const { days } of this.open.values()) for (const day of days.values()) this.close(day);
    this.open.clear();
    const wanted = Math.ceil(OF_DAYS * this.count);
    let seen = 0;
    for (const [bin, days] of [...this.bins].sort(([a], [b]) => a - b)) {
      seen += days;
      if (seen >= wanted) return (meanEquity * SHARE) / exponential(bin * BIN);
    }
    return null;
  }
}
