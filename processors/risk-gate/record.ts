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

/** Which event: with its topic, the same on any number of partitions. */
export interface Seen {
  timeUs: number;
  origin: number;
}

export interface SymbolRecord {
  /** Last close, and the close of the row before. */
  price: number;
  base: number;
  /** A ring, by the book's cursor; NaN where there was no price yet. */
  readonly returns: number[];
  /** The day that is being added up, and the volumes of complete days, newest last. */
  day: number;
  volume: number;
  readonly volumes: number[];
  readonly bar: Seen;
  readonly snapshot: Seen;
}

/** What the portfolio has made since a period began. */
interface Period {
  number: number;
  /** Equity before it, and the least in it. */
  start: bigint;
  least: bigint;
}

export interface BookRecord {
  readonly symbols: Map<string, SymbolRecord>;
  /** Rows of returns that are kept. */
  readonly rows: number;
  /** End of the bars of the row that is being filled; -1 before the first. */
  rowUs: number;
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
  readonly snapshot: Seen;
}

const NONE = -1;
const nothingSeen = (): Seen => ({ timeUs: NONE, origin: 0 });
const noPeriod = (equity: bigint): Period => ({ number: NONE, start: equity, least: equity });

const emptyRecord = (equity: bigint, rows: number): BookRecord => ({
  symbols: new Map(),
  rows,
  rowUs: NONE,
  cursor: 0,
  equity,
  day: noPeriod(equity),
  week: noPeriod(equity),
  trades: 0,
  days: 0,
  mean: 0,
  squares: 0,
  snapshot: nothingSeen(),
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
  if (kept === null) return emptyRecord(equity, rows);
  return kept.rows === rows ? kept : { ...kept, symbols: new Map(), rows, rowUs: NONE, cursor: 0 };
}

export function symbolRecord(book: BookRecord, symbol: string): SymbolRecord {
  const found = book.symbols.get(symbol);
  if (found !== undefined) return found;
  const made: SymbolRecord = {
    price: 0,
    base: 0,
    returns: new Array<number>(book.rows).fill(Number.NaN),
    day: NONE,
    volume: 0,
    volumes: [],
    bar: nothingSeen(),
    snapshot: nothingSeen(),
  };
  book.symbols.set(symbol, made);
  return made;
}

/** Cost: a few numbers; linear in the symbols where a new row begins. */
export function takeBar(book: BookRecord, bar: MarketBar, seen: Seen, limits: ProposalLimits) {
  const one = symbolRecord(book, bar.symbol);
  one.bar.timeUs = seen.timeUs;
  one.bar.origin = seen.origin;
  if (book.rows > 0) {
    if (bar.endUs > book.rowUs) beginRow(book, bar.endUs);
    one.price = bar.close;
    if (one.base > 0) one.returns[book.cursor] = bar.close / one.base - 1;
  }
  if (limits.maxDaysToExitHundredths !== null) addVolume(one, bar, limits);
}

function beginRow(book: BookRecord, rowUs: number): void {
  book.rowUs = rowUs;
  book.cursor = (book.cursor + 1) % book.rows;
  for (const one of book.symbols.values()) {
    one.base = one.price;
    one.returns[book.cursor] = one.price > 0 ? 0 : Number.NaN;
  }
}

/** A bar counts to the day in which it ends; one that ends with the day belongs to it. */
function addVolume(one: SymbolRecord, bar: MarketBar, limits: ProposalLimits): void {
  const day = periodOf(bar.endUs - 1, { count: 1, unit: "DAY" }, limits.dayStartUs);
  if (day > one.day) {
    if (one.day !== NONE) one.volumes.push(one.volume);
    if (one.volumes.length > limits.volumeDays) one.volumes.shift();
    one.day = day;
    one.volume = 0;
  }
  one.volume = Math.min(one.volume + bar.volume, Number.MAX_SAFE_INTEGER);
}

/** Days begin with what is heard in them: equity before that is where they start from. */
export function takeEquity(book: BookRecord, equity: bigint, seen: Seen, limits: ProposalLimits) {
  rollDays(book, seen.timeUs, limits);
  book.snapshot.timeUs = seen.timeUs;
  book.snapshot.origin = seen.origin;
  book.equity = equity;
  if (equity < book.day.least) book.day.least = equity;
  if (equity < book.week.least) book.week.least = equity;
}

/** A moment that is exactly a day's end (a daily bar's) belongs to that day. */
export function rollDays(book: BookRecord, timeUs: number, { dayStartUs }: ProposalLimits): void {
  const day = periodOf(timeUs - 1, { count: 1, unit: "DAY" }, dayStartUs);
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
  const week = periodOf(timeUs - 1, { count: 1, unit: "WEEK" }, dayStartUs);
  if (week > book.week.number) begin(book.week, week, book.equity);
}

function begin(period: Period, number: number, equity: bigint): void {
  period.number = number;
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
