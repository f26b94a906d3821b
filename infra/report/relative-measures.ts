// A run against its benchmark: the same days of both, and what the one says of the other. Promises: only
// days for which both have a close before and at the end; null, never NaN, where the days define nothing.

import { relativeTo } from "../../quant/benchmark-relative.ts";
import { totalReturn } from "../../quant/performance.ts";
import {
  type BootstrapSettings,
  type ConfidenceInterval,
  type JointMeasure,
  jointIntervals,
} from "../../quant/stationary-bootstrap.ts";
import type { RelativeMeasure } from "./measure-conventions.ts";

const DAY_US = 86_400_000_000;
/** Below this the days are too few to say anything of two series. */
const LEAST_DAYS = 3;
const LEAST_DAYS_DRAWN = 20;

/** What a run is compared with: values at the ends of UTC days, in order, each above 0. */
export interface Benchmark {
  readonly name: string;
  /** Days since 1970-01-01. */
  readonly days: readonly number[];
  readonly values: readonly number[];
}

/** Simple returns of the same days. */
export interface PairedReturns {
  readonly name: string;
  readonly returns: readonly number[];
  readonly benchmark: readonly number[];
}

/**
 * The benchmark's return of each of these days, which `timeUs` are the starts of; null where it has no close
 * before or at the end. A day without a close of its own has the one before it; days before its first and
 * after its last close have none.
 */
export function returnsOn(
  timeUs: readonly number[],
  { days, values }: Benchmark,
): readonly (number | null)[] {
  const last = days.at(-1) ?? Number.NEGATIVE_INFINITY;
  let at = -1;
  let before: number | null = null;
  return timeUs.map((startUs, i) => {
    const day = Math.floor(startUs / DAY_US);
    if (i === 0) {
      while ((days[at + 1] ?? Number.POSITIVE_INFINITY) < day) at++;
      before = values[at] ?? null;
    }
    while ((days[at + 1] ?? Number.POSITIVE_INFINITY) <= day) at++;
    const value = values[at] ?? null;
    const change = before !== null && value !== null && day <= last ? value / before - 1 : null;
    before = value;
    return change;
  });
}

/** The days that both have a return of. */
export function pairReturns(
  { timeUs, returns }: { readonly timeUs: readonly number[]; readonly returns: readonly number[] },
  benchmark: Benchmark,
): PairedReturns {
  const own: number[] = [];
  const other: number[] = [];
  returnsOn(timeUs, benchmark).forEach((change, i) => {
    const mine = returns[i];
    if (change === null || mine === undefined) return;
    own.push(mine);
    other.push(change);
  });
  return { name: benchmark.name, returns: own, benchmark: other };
}

/** Cost: with intervals about 0.1 s for ten years of days. */
export function relativeMeasures(
  { returns, benchmark }: PairedReturns,
  daysPerYear: number,
  settings: Pick<BootstrapSettings, "level" | "samples" | "seed"> | null,
): {
  readonly values: Readonly<Record<RelativeMeasure, number | null>> | null;
  readonly intervals: Readonly<Partial<Record<RelativeMeasure, ConfidenceInterval | null>>> | null;
} {
  if (returns.length < LEAST_DAYS) return { values: null, intervals: null };
  const measures: JointMeasure<RelativeMeasure> = (r, b) => ({
    benchmarkReturn: totalReturn(b),
    ...relativeTo(r, b, daysPerYear),
  });
  const drawn = settings !== null && returns.length >= LEAST_DAYS_DRAWN;
  return {
    values: measures(returns, benchmark),
    intervals: drawn ? jointIntervals(returns, measures, { ...settings, benchmark }) : null,
  };
}
