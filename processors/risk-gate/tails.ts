// What the returns of the past say of the book as a proposal would leave it: beta, value at risk,
// expected shortfall, correlation. Promises: nothing is fitted; floats are added in the order of symbols,
// oldest row first; where a symbol's returns do not fill the window, that is what every such check says; a symbol that
// may be anywhere between two ends counts in each row with the end that loses more there, so that the losses are
// never below those of any book on the way.
//
// A horizon of h rows multiplies the loss of one row by √h: exact where rows are independent, of one normal distribution
// and without a mean.

import { beta, correlation } from "../../quant/benchmark-relative.ts";
import { conditionalValueAtRisk, valueAtRisk } from "../../quant/risk-measures.ts";
import type { ProposalLimitName } from "../risk-config.ts";
import {
  type BookView,
  bpsUp,
  type Figure,
  figure,
  type Holding,
  isMoving,
  type StandingReturns,
  tooShort,
} from "./figures.ts";
import type { BookRecord, SymbolRecord } from "./record.ts";

const isHeld = ({ quantity, otherQuantity }: Holding): boolean =>
  quantity !== 0 || otherQuantity !== 0;

/** Beta, value at risk and expected shortfall, over the same rows; then correlation. */
export function tails(view: BookView, traded: readonly Holding[]): readonly Figure[] {
  const { limits, record } = view;
  if (record.rows === 0) return [];
  const held = [...view.standing, ...traded].filter(isHeld);
  if (held.length === 0) return [];
  const found = wholeBook(view, traded.filter(isHeld), held);
  if (limits.maxCorrelationBps === null) return found;
  return [...found, closestPair(view, held, limits.maxCorrelationBps)];
}

function wholeBook(
  view: BookView,
  traded: readonly Holding[],
  held: readonly Holding[],
): readonly Figure[] {
  const { limits, record, equity } = view;
  const { maxBetaBps, maxValueAtRiskBps, maxExpectedShortfallBps } = limits;
  const asked: readonly (readonly [ProposalLimitName, number | null])[] = [
    ["maxBeta", maxBetaBps],
    ["maxValueAtRisk", maxValueAtRiskBps],
    ["maxExpectedShortfall", maxExpectedShortfallBps],
  ];
  const on = asked.flatMap(([setting, limit]) => (limit === null ? [] : [{ setting, limit }]));
  if (on.length === 0) return [];
  view.standingReturns ??= standingOf(view);
  const standing = view.standingReturns;
  const benchmark = record.symbols.get(limits.benchmark ?? "");
  const rows = Math.min(
    standing.rows,
    ...traded.map((one) => rowsOf(one.record)),
    maxBetaBps === null ? record.rows : rowsOf(benchmark),
  );
  if (rows < record.rows) return on.map(({ setting }) => tooShort(setting, record.rows, rows));
  const returns = equity > 0n ? bookReturns(view, standing, traded) : null;
  const tail = limits.tailBps / 10_000;
  const horizon = Math.sqrt(limits.tailHorizon ?? 1);
  const lossOf = (value: number | null): number => (value === null ? Number.NaN : -value * horizon);
  return on.flatMap(({ setting, limit }) => {
    if (setting === "maxBeta") {
      const found = equity > 0n ? bookBeta(view, held, benchmark) : Number.NaN;
      const symbol = limits.benchmark ?? "";
      return figure(setting, limit, bpsUp(Math.abs(found)), symbol, Math.sign(found)) ?? [];
    }
    const measured = setting === "maxValueAtRisk" ? valueAtRisk : conditionalValueAtRisk;
    return figure(setting, limit, bpsUp(lossOf(returns && measured(returns, tail)))) ?? [];
  });
}

const rowsOf = (one: SymbolRecord | undefined): number => one?.known ?? 0;

/** Oldest first. */
function inOrder({ cursor }: BookRecord, ring: readonly number[]): number[] {
  return [...ring.slice(cursor + 1), ...ring.slice(0, cursor + 1)];
}

const weightOf = (value: bigint, equity: bigint): number => Number(value) / Number(equity);

/** What the symbols that stay would have returned in each row, of equity: the same for all that is tried. */
function standingOf({ record, standing, equity }: BookView): StandingReturns {
  const worst = new Float64Array(record.rows);
  const held = standing.filter(isHeld);
  const rows = Math.min(record.rows, ...held.map((one) => rowsOf(one.record)));
  if (rows === record.rows && equity > 0n) addReturns(worst, held, equity);
  return { rows, worst };
}

/** What the book would have returned in each row, in the ring's order: the losses do not depend on it. */
function bookReturns(
  { equity }: BookView,
  standing: StandingReturns,
  traded: readonly Holding[],
): Float64Array {
  const sums = Float64Array.from(standing.worst);
  addReturns(sums, traded, equity);
  return sums;
}

function addReturns(sums: Float64Array, held: readonly Holding[], equity: bigint): void {
  for (const one of held) {
    const returns = one.record?.returns ?? [];
    const weight = weightOf(one.value, equity);
    if (!isMoving(one)) {
      for (let row = 0; row < sums.length; row++) {
        sums[row] = (sums[row] as number) + weight * (returns[row] as number);
      }
      continue;
    }
    const other = weightOf(one.otherValue, equity);
    for (let row = 0; row < sums.length; row++) {
      const made = returns[row] as number;
      sums[row] = (sums[row] as number) + Math.min(weight * made, other * made);
    }
  }
}

/** A sum over symbols: of those on their way the end counts that takes it further from 0. NaN: not known. */
function bookBeta(view: BookView, held: readonly Holding[], benchmark: SymbolRecord | undefined) {
  const { record, equity } = view;
  const market = inOrder(record, benchmark?.returns ?? []);
  const firm = new Float64Array(record.rows);
  addReturns(
    firm,
    held.filter((one) => !isMoving(one)),
    equity,
  );
  const standing = beta(inOrder(record, [...firm]), market);
  if (standing === null) return 0;
  let [least, most] = [standing, standing];
  for (const one of held) {
    if (!isMoving(one)) continue;
    const slope = beta(inOrder(record, one.record?.returns ?? []), market) ?? 0;
    const ends = [weightOf(one.value, equity), weightOf(one.otherValue, equity)];
    least += Math.min(...ends.map((weight) => weight * slope));
    most += Math.max(...ends.map((weight) => weight * slope));
  }
  return Math.abs(least) > Math.abs(most) ? least : most;
}

/**
 * The largest correlation of two positions, one of which the proposal adds to: two that hedge each other count as
 * opposite; of a position that may turn its side, either side.
 */
function closestPair(view: BookView, held: readonly Holding[], limit: number): Figure {
  const anyGrows = held.some(({ grows }) => grows);
  let largest = 0;
  let pair = "";
  for (const [i, a] of held.entries()) {
    for (const b of held.slice(i + 1)) {
      if (anyGrows && !a.grows && !b.grows) continue;
      const name = `${a.symbol} ${b.symbol}`;
      const rows = Math.min(rowsOf(a.record), rowsOf(b.record));
      if (rows < view.record.rows) {
        return tooShort("maxCorrelation", view.record.rows, rows, name);
      }
      const found = correlationOf(view, a, b, name);
      const together = Math.max(
        ...sidesOf(a).flatMap((one) => sidesOf(b).map((other) => one * other * found)),
      );
      if (together > largest) [largest, pair] = [together, name];
    }
  }
  return figure("maxCorrelation", limit, bpsUp(largest), pair) as Figure;
}

const sidesOf = ({ quantity, otherQuantity }: Holding): number[] =>
  quantity * otherQuantity < 0 ? [-1, 1] : [Math.sign(quantity)];

function correlationOf(view: BookView, a: Holding, b: Holding, pair: string): number {
  let found = view.correlations.get(pair);
  if (found === undefined) {
    const series = (one: Holding) => inOrder(view.record, one.record?.returns ?? []);
    found = correlation(series(a), series(b));
    view.correlations.set(pair, found);
  }
  return found ?? 0;
}
