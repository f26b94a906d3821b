// A run's measures as lines for a terminal: label, value, interval.

import { measureText } from "../report/measure-text.ts";
import type { Metrics } from "../report/report-data.ts";
import { tableText } from "./table.ts";

/** Those that the run defines. */
export function measureLines({ measures, currency, daily }: Metrics): string {
  const level = daily.bootstrap === null ? "interval" : `${100 * daily.bootstrap.level} % interval`;
  const rows = Object.values(measures).flatMap(({ label, unit, value, interval }) => {
    if (value === null) return [];
    const text = (figure: number): string => measureText(unit, figure, currency);
    const range = interval === null ? "" : `${text(interval.lower)} to ${text(interval.upper)}`;
    return [{ measure: label, value: text(value), [level]: range }];
  });
  return tableText(rows, "the run measures nothing");
}
