// The daily returns of a run's symbols, side by side, and what the run held of them at its end. Promises: no
// jump at a split; days on which every symbol asked for has a close; weights are of the last equity.

import type { Account } from "../../projections/answer.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { EventLog } from "../../streams/log.ts";
import { eachEvent, readInstruments } from "./read-events.ts";
import type { Benchmark } from "./relative-measures.ts";
import { TapeBenchmark } from "./tape-benchmark.ts";

const DAY_US = 86_400_000_000;
const THURSDAY = 4; // the weekday of 1970-01-01
const TRADING_DAYS = 252;
const CALENDAR_DAYS = 365;

export interface SymbolHistory {
  /** Every symbol with bars, in the order of the tape. */
  readonly closes: ReadonlyMap<string, Benchmark>;
  /** Value held of a symbol over equity, both at the run's end; those that are held. */
  readonly weights: ReadonlyMap<string, number>;
  /** At the end: exact decimal text. */
  readonly equity: string;
}

/** One pass over bars, corporate actions and snapshots. */
export async function readHistory(log: EventLog, account: Account): Promise<SymbolHistory> {
  const instruments = await readInstruments(log);
  const series = new Map<string, TapeBenchmark>();
  const held = new Map<string, bigint>();
  let equity = account.initialCashMinor;
  const topics = ["market.corporate-actions", "market.bars", "portfolio.snapshots"] as const;
  await eachEvent(log, topics, ({ topic, value }) => {
    if (topic === "market.bars") {
      let known = series.get(value.symbol);
      if (known === undefined) {
        known = new TapeBenchmark(value.symbol);
        series.set(value.symbol, known);
      }
      known.bar(value);
    } else if (topic === "market.corporate-actions") {
      const known = series.get(value.symbol);
      known?.act(value, instruments.get(value.symbol));
      if (known === undefined || value.action !== "SYMBOL_CHANGE") return;
      series.delete(value.symbol);
      if (!series.has(value.newSymbol)) series.set(value.newSymbol, known);
    } else if (value.portfolio === account.name) {
      equity = value.equity;
      const instrument = instruments.get(value.symbol);
      if (instrument === undefined) return;
      if (value.quantity === 0) held.delete(value.symbol);
      else held.set(value.symbol, notionalMinor(value.mark, value.quantity, instrument));
    }
  });
  const weights = new Map<string, number>();
  for (const [symbol, worth] of held) {
    if (equity > 0n) weights.set(symbol, Number(worth) / Number(equity));
  }
  const closes = new Map<string, Benchmark>();
  for (const [symbol, one] of series) {
    const known = one.end();
    if (known !== null) closes.set(symbol, known);
  }
  return { closes, weights, equity: formatScaled(equity, account.currencyScale) };
}

export interface CommonReturns {
  /** Start of the first day that is a return's base, and of the last day; null for no return. */
  readonly span: { readonly fromUs: number; readonly toUs: number } | null;
  /** 252, or 365 where weekends have closes. */
  readonly perYear: number;
  /** In the order asked for. */
  readonly series: readonly (readonly number[])[];
}

/** A day counts where every symbol has a close on it, and each its last one before it on the same day. */
export function commonReturns(closes: readonly Benchmark[]): CommonReturns {
  const places = closes.map(({ days }) => new Map(days.map((day, i) => [day, i])));
  const baseOf = (day: number): number | null => {
    const bases = places.map((map, at) => closes[at]?.days[(map.get(day) ?? 0) - 1] ?? null);
    return bases.every((base) => base === bases[0]) ? (bases[0] ?? null) : null;
  };
  const counted = (closes[0]?.days ?? []).flatMap((day) => {
    const base = baseOf(day);
    return base === null ? [] : [{ day, base }];
  });
  const series = closes.map(({ values }, at) =>
    counted.map(({ day }) => {
      const place = places[at]?.get(day) as number;
      return (values[place] as number) / (values[place - 1] as number) - 1;
    }),
  );
  const weekend = counted.some(({ day }) => [0, 6].includes((day + THURSDAY) % 7));
  const [first, last] = [counted[0], counted.at(-1)];
  return {
    span:
      first === undefined || last === undefined
        ? null
        : { fromUs: first.base * DAY_US, toUs: last.day * DAY_US },
    perYear: weekend ? CALENDAR_DAYS : TRADING_DAYS,
    series,
  };
}
