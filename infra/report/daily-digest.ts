// What the days of a run show: returns from close to close, rolling measures, months, crises. Promises: a
// day is a UTC day that held market data; what is charted is bounded whatever the run's length.

import { monthlyReturns, type YearOfReturns } from "../../quant/monthly-returns.ts";
import { maxDrawdown, simpleReturns, totalReturn } from "../../quant/performance.ts";
import { rollingSharpe, rollingVolatility } from "../../quant/rolling.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { crisisWindows } from "./crisis-windows.ts";
import type { CrisisReturn, DailySeries, RollingMeasures } from "./report-data.ts";
import type { Periods } from "./sampling.ts";

const CHARTED_DAYS = 500;
/** Of a year: the window of the rolling measures where the run is long enough, and else. */
const WINDOWS = [1 / 2, 1 / 4] as const;

/** Amounts are in minor units; `initial` is what the first day began with. */
export function dailySeries({ startUs, samples, perYear }: Periods, initial: bigint): DailySeries {
  const values = [initial, ...samples.map(({ equity }) => equity)].map(Number);
  const returns = simpleReturns(values) ?? [];
  return { timeUs: startUs, returns, rolling: rollingOf(startUs, returns, perYear) };
}

/** Over half a year, or a quarter in a run shorter than a year; none below half a year. */
function rollingOf(
  timeUs: readonly number[],
  returns: readonly number[],
  perYear: number,
): RollingMeasures | null {
  const share = WINDOWS.find((part) => returns.length >= 2 * Math.round(part * perYear));
  if (share === undefined) return null;
  const window = Math.round(share * perYear);
  const sharpe = rollingSharpe(returns, window, perYear);
  const volatility = rollingVolatility(returns, window, perYear);
  const step = Math.ceil(returns.length / CHARTED_DAYS);
  // From the last day backwards: it is the one that is asked for.
  const charted = <T>(values: readonly T[]): readonly T[] =>
    values.filter((_, i) => (values.length - 1 - i) % step === 0);
  return {
    window,
    timeUs: charted(timeUs),
    sharpe: charted(sharpe),
    volatility: charted(volatility),
  };
}

export function yearsOf({ startUs, samples }: Periods, initial: bigint): readonly YearOfReturns[] {
  const first = startUs[0];
  if (first === undefined) return [];
  const values = [initial, ...samples.map(({ equity }) => equity)].map(Number);
  return monthlyReturns([first, ...startUs], values);
}

/** A window that the days only touch is left out: half a crisis is none. */
export function crisesOf(
  { timeUs, returns }: DailySeries,
  benchmark: readonly (number | null)[] = [],
): readonly CrisisReturn[] {
  const first = timeUs[0];
  const last = timeUs.at(-1);
  if (first === undefined || last === undefined || returns.length === 0) return [];
  return crisisWindows.flatMap(({ name, from, to }) => {
    const fromUs = parseIsoUs(from) as number;
    const lastUs = parseIsoUs(to) as number;
    if (fromUs < first || lastUs > last) return [];
    const isWithin = (_: unknown, i: number): boolean => {
      const dayUs = timeUs[i] as number;
      return dayUs > fromUs && dayUs <= lastUs;
    };
    const within = returns.filter(isWithin);
    const change = totalReturn(within);
    const other = benchmark.filter(isWithin).filter((value) => value !== null);
    const compared = other.length === within.length && benchmark.length > 0;
    const drawdown = Math.abs(maxDrawdown(within));
    const known = compared ? totalReturn(other) : null;
    return [{ name, fromUs, lastUs, change, drawdown, benchmark: known }];
  });
}
