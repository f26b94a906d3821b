// A run's calendar quarters by what their market did. Promises: whole quarters only; a market is the mean of its
// symbols' returns, each with a close before the quarter and one in it.

import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import type { Benchmark } from "../report/relative-measures.ts";
import type { DailySeries } from "../report/report-data.ts";

export const regimes = ["bull", "bear", "sideways"] as const;
export type MarketRegime = (typeof regimes)[number];

export interface Quarter {
  /** Such as 2008Q4. */
  readonly name: string;
  readonly regime: MarketRegime;
  /** Returns over the quarter. */
  readonly market: number;
  readonly own: number;
}

/** A quarter's market is a bull or a bear from this return on. Our convention: no common one exists. */
const TREND = 0.05;
const DAY_US = 86_400_000_000;

/** `isStopped`: whether trading was stopped through all of a stretch; such a quarter was not traded. */
export function quartersOf(
  closes: ReadonlyMap<string, Benchmark>,
  { timeUs, returns }: Pick<DailySeries, "timeUs" | "returns">,
  isStopped: (fromUs: number, toUs: number) => boolean = () => false,
): readonly Quarter[] {
  const own = new Map<number, number>();
  returns.forEach((made, i) => {
    const quarter = quarterOf(timeUs[i] as number);
    own.set(quarter, (own.get(quarter) ?? 1) * (1 + made));
  });
  const numbers = [...own.keys()].sort((a, b) => a - b);
  // The first and the last may have been cut.
  return numbers.slice(1, -1).flatMap((quarter) => {
    const market = marketOf(closes, quarter);
    if (market === null || isStopped(startOf(quarter), startOf(quarter + 1))) return [];
    const regime = market >= TREND ? "bull" : market <= -TREND ? "bear" : "sideways";
    const name = `${Math.floor(quarter / 4)}Q${(quarter % 4) + 1}`;
    return [{ name, regime, market, own: (own.get(quarter) as number) - 1 }];
  });
}

function marketOf(closes: ReadonlyMap<string, Benchmark>, quarter: number): number | null {
  const made: number[] = [];
  for (const { days, values } of closes.values()) {
    let before: number | null = null;
    let last: number | null = null;
    days.forEach((day, i) => {
      const of = quarterOf(day * DAY_US);
      if (of < quarter) before = values[i] as number;
      else if (of === quarter) last = values[i] as number;
    });
    if (before !== null && last !== null && before > 0) made.push(last / before - 1);
  }
  return made.length === 0 ? null : made.reduce((sum, one) => sum + one, 0) / made.length;
}

function startOf(quarter: number): number {
  const month = String((quarter % 4) * 3 + 1).padStart(2, "0");
  const year = String(Math.floor(quarter / 4)).padStart(4, "0");
  return parseIsoUs(`${year}-${month}-01`) as number;
}

/** Quarters since the year 0. */
function quarterOf(timeUs: number): number {
  const [year = "", month = ""] = formatIsoUs(timeUs).split("-");
  return Number(year) * 4 + Math.floor((Number(month) - 1) / 3);
}
