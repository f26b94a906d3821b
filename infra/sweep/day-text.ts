// Equity by days as short text: a search keeps one for each of its trials. Promises: what was written is
// what is read, to the minor unit and the microsecond of a day's start.

import { simpleReturns } from "../../quant/performance.ts";
import type { TrialDays } from "./trial-digest.ts";

const DAY_US = 86_400_000_000;

export interface DayText {
  /** Days in a year, for the measures that are annual. */
  readonly perYear: number;
  /** Days since 1970: the first, then steps. Empty: none. */
  readonly days: string;
  /** Minor units: what the first day began with, then changes. */
  readonly equity: string;
}

export interface DailyEquity {
  readonly startUs: readonly number[];
  /** One more than there are days: the first is what the first day began with. */
  readonly equityMinor: readonly bigint[];
}

export function writeDays({ perYear, startUs, equityMinor }: TrialDays, initial: bigint): DayText {
  const days = startUs.map((timeUs) => timeUs / DAY_US);
  const equity = [initial, ...equityMinor];
  return {
    perYear,
    days: days.map((day, i) => day - (days[i - 1] ?? 0)).join(" "),
    equity: equity.map((amount, i) => amount - (equity[i - 1] ?? 0n)).join(" "),
  };
}

export function readDays({ days, equity }: DayText): DailyEquity {
  let day = 0;
  let amount = 0n;
  const startUs: number[] = [];
  for (const step of days === "" ? [] : days.split(" ")) {
    day += Number(step);
    startUs.push(day * DAY_US);
  }
  const equityMinor = equity.split(" ").map((change) => {
    amount += BigInt(change);
    return amount;
  });
  return { startUs, equityMinor };
}

/** Changes of equity from day to day; empty once equity was not above 0. */
export const dailyReturns = ({ equityMinor }: DailyEquity): readonly number[] =>
  simpleReturns(equityMinor.map(Number)) ?? [];
