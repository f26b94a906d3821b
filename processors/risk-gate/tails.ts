// What the returns of the past say of the book as a proposal would leave it: beta, value at risk,
// expected shortfall, correlation. Promises: nothing is fitted; floats are added in the order of symbols,
// oldest bar first; where a symbol's returns do not fill the window, that is the figure.

import { beta, correlation } from "../../quant/benchmark-relative.ts";
import { conditionalValueAtRisk, valueAtRisk } from "../../quant/risk-measures.ts";
import type { ProposalLimitName } from "../risk-config.ts";
import { type BookView, bpsUp, type Figure, figure, type Holding, tooShort } from "./figures.ts";
import type { BookRecord, SymbolRecord } from "./record.ts";

/** Beta, value at risk and expected shortfall, over the same bars; then correlation. */
export function tails(view: BookView, book: readonly Holding[]): Figure[] {
  const { limits, record } = view;
  const held = book.filter(({ quantity }) => quantity !== 0);
  if (record.rows === 0 || held.length === 0) return [];
  const found = wholeBook(view, held);
  if (limits.maxCorrelationBps === null) return found;
  return [...found, closestPair(view, held, limits.maxCorrelationBps)];
}

function wholeBook(view: BookView, held: readonly Holding[]): Figure[] {
  const { limits, record, equity } = view;
  const { maxBetaBps, maxValueAtRiskBps, maxExpectedShortfallBps } = limits;
  const asked: readonly (readonly [ProposalLimitName, number | null])[] = [
    ["maxBeta", maxBetaBps],
    ["maxValueAtRisk", maxValueAtRiskBps],
    ["maxExpectedShortfall", maxExpectedShortfallBps],
  ];
  const first = asked.find(([, limit]) => limit !== null)?.[0];
  if (first === undefined) return [];
  const benchmark = record.symbols.get(limits.benchmark ?? "");
  const needed =
    maxBetaBps === null
      ? held.map((one) => one.record)
      : [...held.map((one) => one.record), benchmark];
  const rows = Math.min(...needed.map(rowsOf));
  if (rows < record.rows) return [tooShort(first, record.rows, rows)];
  const returns = bookReturns(record, held, equity);
  const tail = limits.tailBps / 10_000;
  const measures: Readonly<Partial<Record<ProposalLimitName, () => number | null>>> = {
    maxBeta: () =>
      returns && Math.abs(beta(returns, inOrder(record, benchmark?.returns ?? [])) ?? 0),
    maxValueAtRisk: () => lossOf(returns && valueAtRisk(returns, tail)),
    maxExpectedShortfall: () => lossOf(returns && conditionalValueAtRisk(returns, tail)),
  };
  return asked.flatMap(([setting, limit]) => {
    if (limit === null) return [];
    const symbol = setting === "maxBeta" ? (limits.benchmark ?? "") : "";
    return figure(setting, limit, bpsUp(measures[setting]?.() ?? Number.NaN), symbol) ?? [];
  });
}

const lossOf = (value: number | null): number | null => (value === null ? null : -value);

function rowsOf(one: SymbolRecord | undefined): number {
  let known = 0;
  for (const value of one?.returns ?? []) if (!Number.isNaN(value)) known++;
  return known;
}

/** Oldest first. */
function inOrder({ cursor }: BookRecord, ring: readonly number[]): number[] {
  return [...ring.slice(cursor + 1), ...ring.slice(0, cursor + 1)];
}

/** What the book would have returned in each bar; null without equity. */
function bookReturns(
  record: BookRecord,
  held: readonly Holding[],
  equity: bigint,
): number[] | null {
  if (equity <= 0n) return null;
  const sums = new Array<number>(record.rows).fill(0);
  for (const { value, record: one } of held) {
    const weight = Number(value) / Number(equity);
    const returns = one?.returns ?? [];
    for (let row = 0; row < sums.length; row++) {
      sums[row] = (sums[row] as number) + weight * (returns[row] as number);
    }
  }
  return inOrder(record, sums);
}

/** The largest correlation of two positions: two that hedge each other count as opposite. */
function closestPair(view: BookView, held: readonly Holding[], limit: number): Figure {
  let largest = 0;
  let pair = "";
  for (const [i, a] of held.entries()) {
    for (const b of held.slice(i + 1)) {
      const rows = Math.min(rowsOf(a.record), rowsOf(b.record));
      if (rows < view.record.rows) {
        const name = `${a.symbol} ${b.symbol}`;
        return tooShort("maxCorrelation", view.record.rows, rows, name);
      }
      const together = Math.sign(a.quantity) * Math.sign(b.quantity) * correlationOf(view, a, b);
      if (together > largest) [largest, pair] = [together, `${a.symbol} ${b.symbol}`];
    }
  }
  return figure("maxCorrelation", limit, bpsUp(largest), pair) as Figure;
}

function correlationOf(view: BookView, a: Holding, b: Holding): number {
  const pair = `${a.symbol} ${b.symbol}`;
  let found = view.correlations.get(pair);
  if (found === undefined) {
    const series = (one: Holding) => inOrder(view.record, one.record?.returns ?? []);
    found = correlation(series(a), series(b));
    view.correlations.set(pair, found);
  }
  return found ?? 0;
}
