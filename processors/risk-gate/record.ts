// What the gate keeps for the checks of whole proposals: each symbol's returns and volumes, and the
// portfolio's days. Promises: bounded by the configured windows; a fold of bars and snapshots in the one
// order; kept only where such checks are configured.
//
// A row of returns is a moment at which bars end: each symbol's close over its close of the row before. A
// symbol without a bar then has earned nothing. A row counts from its first bar on, so a decision sees the
// bar it was made from. Returns are of prices: dividends are not added.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import { splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { periodOf } from "../calendar.ts";
import type { ProposalLimits } from "../risk-config.ts";

export interface SymbolRecord {
  /** Last close, and the close of the row before. */
  price: number;
  base: number;
  /** A ring, by the book's cursor; NaN where there was no price yet; and how many of it are known. */
  readonly returns: number[];
  known: number;
  /** The day that is being added up, and the volumes of complete days, newest last. */
  day: number;
  volume: number;
  readonly volumes: number[];
}

/** What the portfolio has made since a period began. */
export interface Period {
  number: number;
  /** A loss beyond its limit has ended what was approved. */
  stopped: boolean;
  /** Equity before it, and the least in it. */
  start: bigint;
  least: bigint;
}

export interface BookRecord {
  readonly symbols: Map<string, SymbolRecord>;
  /** Rows of returns that are kept, and whether each is a day's. */
  readonly rows: number;
  readonly daily: boolean;
  /** End of the bars of the row that is being filled, or its day; -1 before the first. */
  row: number;
  cursor: number;
  equity: bigint;
  readonly day: Period;
  readonly week: Period;
  /** Targets approved today. */
  trades: number;
  /** Complete days, with mean and sum of squared deviations of their returns (Welford, 1962). */
  days: number;
  mean: number;
  squares: number;
}

const NONE = -1;
const noPeriod = (equity: bigint): Period => ({
  number: NONE,
  stopped: false,
  start: equity,
  least: equity,
});

const emptyRecord = (equity: bigint, rows: number, daily: boolean): BookRecord => ({
  symbols: new Map(),
  rows,
  daily,
  row: NONE,
  cursor: 0,
  equity,
  day: noPeriod(equity),
  week: noPeriod(equity),
  trades: 0,
  days: 0,
  mean: 0,
  squares: 0,
});

/** True where some check needs the returns of bars. */
export const needsReturns = (limits: ProposalLimits): boolean =>
  limits.maxBetaBps !== null ||
  limits.maxValueAtRiskBps !== null ||
  limits.maxExpectedShortfallBps !== null ||
  limits.maxCorrelationBps !== null;

/** The record to go on with: a fork that asks for another window of returns begins its windows anew. */
export function recordFor(
  kept: BookRecord | null,
  equity: bigint,
  limits: ProposalLimits,
): BookRecord {
  const rows = needsReturns(limits) ? limits.returnsWindow : 0;
  const daily = limits.returnsBy === "day";
  if (kept === null) return emptyRecord(equity, rows, daily);
  if (kept.rows === rows && kept.daily === daily) return kept;
  return { ...kept, symbols: new Map(), rows, daily, row: NONE, cursor: 0 };
}

export function symbolRecord(book: BookRecord, symbol: string): SymbolRecord {
  const found = book.symbols.get(symbol);
  if (found !== undefined) return found;
  const made: SymbolRecord = {
    price: 0,
    base: 0,
    returns: new Array<number>(book.rows).fill(Number.NaN),
    known: 0,
    day: NONE,
    volume: 0,
    volumes: [],
  };
  book.symbols.set(symbol, made);
  return made;
}

/** Cost: a few numbers; linear in the symbols where a new row begins. */
export function takeBar(book: BookRecord, bar: MarketBar, limits: ProposalLimits) {
  const one = symbolRecord(book, bar.symbol);
  if (book.rows > 0) {
    const row = book.daily ? dayOf(bar.endUs, limits) : bar.endUs;
    if (row > book.row) beginRow(book, row);
    one.price = bar.close;
    if (one.base > 0) one.returns[book.cursor] = bar.close / one.base - 1;
  }
  if (limits.maxDaysToExitHundredths !== null) addVolume(one, bar, limits);
}

/** A bar counts to the day in which it ends; a moment that ends a day belongs to it. */
const dayOf = (timeUs: number, { dayStartUs }: ProposalLimits): number =>
  periodOf(timeUs - 1, { count: 1, unit: "DAY" }, dayStartUs);

function beginRow(book: BookRecord, row: number): void {
  book.row = row;
  book.cursor = (book.cursor + 1) % book.rows;
  for (const one of book.symbols.values()) {
    one.base = one.price;
    one.returns[book.cursor] = one.price > 0 ? 0 : Number.NaN;
    if (one.price > 0) one.known = Math.min(one.known + 1, book.rows);
  }
}

function addVolume(one: SymbolRecord, bar: MarketBar, limits: ProposalLimits): void {
  const day = dayOf(bar.endUs, limits);
  if (day > one.day) {
    if (one.day !== NONE) one.volumes.push(one.volume);
    if (one.volumes.length > limits.volumeDays) one.volumes.shift();
    one.day = day;
    one.volume = 0;
  }
  one.volume = Math.min(one.volume + bar.volume, Number.MAX_SAFE_INTEGER);
}

/** Days begin with what is heard in them: equity before that is where they start from. */
export function takeEquity(
  book: BookRecord,
  equity: bigint,
  timeUs: number,
  limits: ProposalLimits,
) {
  rollDays(book, timeUs, limits);
  book.equity = equity;
  if (equity < book.day.least) book.day.least = equity;
  if (equity < book.week.least) book.week.least = equity;
}

/** A moment that is exactly a day's end (a daily bar's) belongs to that day. */
export function rollDays(book: BookRecord, timeUs: number, limits: ProposalLimits): void {
  const day = dayOf(timeUs, limits);
  if (day <= book.day.number) return;
  if (book.day.number !== NONE && book.day.start > 0n) {
    const made = Number(book.equity - book.day.start) / Number(book.day.start);
    book.days++;
    const apart = made - book.mean;
    book.mean += apart / book.days;
    book.squares += apart * (made - book.mean);
  }
  begin(book.day, day, book.equity);
  book.trades = 0;
  const week = periodOf(timeUs - 1, { count: 1, unit: "WEEK" }, limits.dayStartUs);
  if (week > book.week.number) begin(book.week, week, book.equity);
}

function begin(period: Period, number: number, equity: bigint): void {
  period.number = number;
  period.stopped = false;
  period.start = equity;
  period.least = equity;
}

/** Of the complete days, a year of 252; null where there are fewer than two, or they did not differ. */
export function sharpeOf({ days, mean, squares }: BookRecord): number | null {
  const deviation = days < 2 ? 0 : Math.sqrt(squares / (days - 1));
  return deviation > 0 ? (mean / deviation) * Math.sqrt(252) : null;
}

/** A split restates prices and volumes in new shares; a renamed symbol takes its record along. */
export function actOnRecord(book: BookRecord, action: CorporateAction): void {
  const one = book.symbols.get(action.symbol);
  if (one === undefined) return;
  if (action.action === "SPLIT") {
    one.price = splitPrice(one.price, action);
    one.base = splitPrice(one.base, action);
    one.volume = splitQuantity(one.volume, action);
    one.volumes.forEach((volume, i) => {
      one.volumes[i] = splitQuantity(volume, action);
    });
  } else if (action.action === "SYMBOL_CHANGE" || action.action === "DELISTING") {
    book.symbols.delete(action.symbol);
    if (action.action === "SYMBOL_CHANGE") book.symbols.set(action.newSymbol, one);
  }
}
