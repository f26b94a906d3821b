// A walk's windows and its stitched equity as CSV (RFC 4180).

import { formatScaled } from "../../schemas/values/decimal.ts";
import { day } from "../report/figures.ts";
import { csvLine, tableMeasures } from "./table-csv.ts";
import type { TradeWindow } from "./trade-window.ts";
import type { Walk, WalkStep } from "./walk-forward.ts";

/** First and last day, for people. */
export const daysOf = ({ fromUs, toUs }: TradeWindow): readonly [string, string] => [
  day(fromUs),
  day(toUs - 2),
];

export function windowsCsv({ axes, steps }: Walk): string {
  const of = (part: string) => tableMeasures.map((name) => `${part}.${name}`);
  const head = ["window", "inSample.from", "inSample.to", "outOfSample.from", "outOfSample.to"];
  const names = [...axes.map(({ key }) => key), ...of("inSample"), ...of("outOfSample"), "why"];
  const rows = steps.map(({ window, set, inSample, outOfSample, why }: WalkStep, i) => [
    i + 1,
    ...daysOf(window.inSample),
    ...daysOf(window.outOfSample),
    ...set,
    ...tableMeasures.map((name) => inSample[name] ?? ""),
    ...tableMeasures.map((name) => outOfSample?.[name] ?? ""),
    why,
  ]);
  return [[...head, ...names], ...rows].map(csvLine).join("");
}

/** Equity at the end of each judged day. */
export function equityCsv({ equity, account }: Walk): string {
  const rows = equity.startUs.map((startUs, i) => [
    day(startUs),
    formatScaled(equity.equityMinor[i + 1] ?? 0n, account.currencyScale),
  ]);
  return [["day", "equity"], ...rows].map(csvLine).join("");
}
