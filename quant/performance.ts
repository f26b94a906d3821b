// How well did it do? Return, risk and trade measures, each with its convention in its docstring.
// Promises: plain sums in the order given; a measure that the data does not define is null, never
// NaN or infinite. Returns are simple (0.01 is 1 %), one a period; n returns need n + 1 values.

import { mean, standardDeviation } from "./moments.ts";

/** Compounded: product of (1 + r), minus 1. */
export function totalReturn(returns: readonly number[]): number {
  let growth = 1;
  for (const value of returns) growth *= 1 + value;
  return growth - 1;
}

/** Compound annual growth rate: growth ^ (periodsPerYear / n) - 1; null if all was lost. */
export function annualReturn(returns: readonly number[], periodsPerYear: number): number | null {
  return annualised(totalReturn(returns), returns.length, periodsPerYear);
}

/** The annual rate of a total return over `periods`. */
export function annualised(total: number, periods: number, periodsPerYear: number): number | null {
  const growth = 1 + total;
  if (periods === 0 || growth <= 0) return null;
  return defined(growth ** (periodsPerYear / periods) - 1);
}

/** Sample standard deviation × √periodsPerYear. */
export function annualVolatility(
  returns: readonly number[],
  periodsPerYear: number,
): number | null {
  const deviation = standardDeviation(returns);
  return deviation === null ? null : deviation * Math.sqrt(periodsPerYear);
}

/** Arithmetic mean over sample standard deviation × √periodsPerYear; the risk-free rate is 0. */
export function sharpeRatio(returns: readonly number[], periodsPerYear: number): number | null {
  const center = mean(returns);
  const deviation = standardDeviation(returns);
  if (center === null || deviation === null) return null;
  return defined((center / deviation) * Math.sqrt(periodsPerYear));
}

/** Root mean square of the returns below 0 (all n count, the others as 0) × √periodsPerYear. */
export function downsideRisk(returns: readonly number[], periodsPerYear: number): number | null {
  if (returns.length === 0) return null;
  let squares = 0;
  for (const value of returns) if (value < 0) squares += value * value;
  return Math.sqrt(squares / returns.length) * Math.sqrt(periodsPerYear);
}

/** Arithmetic mean × periodsPerYear over downside risk; the target is 0 (Sortino, van der Meer 1991). */
export function sortinoRatio(returns: readonly number[], periodsPerYear: number): number | null {
  const center = mean(returns);
  const risk = downsideRisk(returns, periodsPerYear);
  if (center === null || risk === null) return null;
  return defined((center * periodsPerYear) / risk);
}

/** Deepest fall of compounded wealth from its peak so far, the start included: 0 to -1. */
export function maxDrawdown(returns: readonly number[]): number {
  let wealth = 1;
  let peak = 1;
  let worst = 0;
  for (const value of returns) {
    wealth *= 1 + value;
    if (wealth > peak) peak = wealth;
    worst = Math.min(worst, wealth / peak - 1);
  }
  return worst;
}

/** Annual return over the size of the maximum drawdown; null where there was none. */
export function calmarRatio(annual: number | null, drawdown: number): number | null {
  return annual === null ? null : defined(annual / Math.abs(drawdown));
}

/** Profits and losses of closed trades, after fees; a trade that earns exactly 0 is neither. */
export interface TradeTotals {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** Sum of profits, not negative. */
  readonly profit: number;
  /** Sum of losses as a positive number. */
  readonly loss: number;
}

export interface TradeMeasures {
  /** wins / trades. */
  readonly winRate: number | null;
  /** profit / loss; null where nothing was lost. */
  readonly profitFactor: number | null;
  /** Average win over average loss. */
  readonly profitLossRatio: number | null;
  /** (profit - loss) / trades. */
  readonly expectancy: number | null;
}

export function tradeMeasures({ trades, wins, losses, profit, loss }: TradeTotals): TradeMeasures {
  return {
    winRate: defined(wins / trades),
    profitFactor: defined(profit / loss),
    profitLossRatio: defined(profit / wins / (loss / losses)),
    expectancy: defined((profit - loss) / trades),
  };
}

/** Value of 1 compounded: 1, 1 + r₁, (1 + r₁)(1 + r₂), … One more than there are returns. */
export function compounded(returns: readonly number[]): readonly number[] {
  const values = [1];
  let value = 1;
  for (const change of returns) {
    value *= 1 + change;
    values.push(value);
  }
  return values;
}

/** Simple returns of a series of values; null if a value that is divided by is not positive. */
export function simpleReturns(values: readonly number[]): readonly number[] | null {
  const returns: number[] = [];
  for (let i = 1; i < values.length; i++) {
    const before = values[i - 1] as number;
    if (!(before > 0)) return null;
    returns.push((values[i] as number) / before - 1);
  }
  return returns;
}

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
