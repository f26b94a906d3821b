// What a run's pictures show of its benchmark: as much money in it from the first point on, its years and its
// crises, and how closely the run followed it. Promises: where it has no close there is nothing, not a guess.

import { beta, correlation } from "../../quant/benchmark-relative.ts";
import { monthOf } from "../../quant/monthly-returns.ts";
import { type Benchmark, returnsOn } from "./relative-measures.ts";
import type { BenchmarkSeries, DailySeries, EquitySeries } from "./report-data.ts";

const DAY_US = 86_400_000_000;

/** Cost: the window's days for each point of the rolling measures. */
export function benchmarkSeries(
  benchmark: Benchmark,
  equity: EquitySeries,
  daily: DailySeries,
): BenchmarkSeries {
  const returns = returnsOn(daily.timeUs, benchmark);
  return {
    name: benchmark.name,
    equity: rebased(benchmark, equity),
    returns,
    years: byYear(daily.timeUs, returns),
    rolling: rollingOf(daily, returns),
  };
}

/** The value of the benchmark's last close, as if the first point's equity had been put into it. */
function rebased({ days, values }: Benchmark, equity: EquitySeries): readonly (number | null)[] {
  let at = -1;
  let unit: number | null = null;
  const end = days.at(-1) ?? Number.NEGATIVE_INFINITY;
  return equity.timeUs.map((timeUs, i) => {
    const day = Math.floor((timeUs - 1) / DAY_US);
    while ((days[at + 1] ?? Number.POSITIVE_INFINITY) <= day) at++;
    const value = values[at];
    if (value === undefined || day > end) return null;
    unit ??= (equity.equity[i] as number) / value;
    return unit * value;
  });
}

/** Compounded; a year with a day of which the benchmark has no return is left out. */
function byYear(
  timeUs: readonly number[],
  returns: readonly (number | null)[],
): Readonly<Record<string, number>> {
  const growth = new Map<string, number>();
  timeUs.forEach((startUs, i) => {
    const year = String(Math.floor(monthOf(startUs) / 12));
    // The first close is what the first day is measured from.
    const change = returns[i] ?? (i === 0 ? 0 : Number.NaN);
    growth.set(year, (growth.get(year) ?? 1) * (1 + change));
  });
  const whole = [...growth].filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(whole.map(([year, value]) => [year, value - 1]));
}

function rollingOf(
  { timeUs, returns, rolling }: DailySeries,
  other: readonly (number | null)[],
): BenchmarkSeries["rolling"] {
  if (rolling === null) return null;
  const places = new Map(timeUs.map((time, place) => [time, place]));
  const over = rolling.timeUs.map((time) => {
    const end = (places.get(time) ?? -1) + 1;
    const theirs = other.slice(Math.max(0, end - rolling.window), end);
    const known = theirs.filter((value) => value !== null);
    if (known.length < rolling.window) return { beta: null, correlation: null };
    const own = returns.slice(end - rolling.window, end);
    return { beta: beta(own, known), correlation: correlation(own, known) };
  });
  return { beta: over.map((one) => one.beta), correlation: over.map((one) => one.correlation) };
}
