// A sweep's sets as CSV (RFC 4180): a line a set, best first, with its settings, its measures and, where it
// was not run, why.

import type { Sweep } from "./sweep.ts";
import type { TrialMetrics } from "./trial-digest.ts";

/** Names as in metrics.json. */
export const tableMeasures = [
  "finalEquity",
  "netProfit",
  "totalReturn",
  "annualReturn",
  "annualVolatility",
  "sharpe",
  "periodSharpe",
  "sortino",
  "maxDrawdown",
  "calmar",
  "trades",
  "winRate",
  "profitFactor",
  "expectancy",
  "orders",
  "fills",
  "fees",
  "slippage",
  "costBps",
  "annualTurnover",
  "timeInMarket",
] as const satisfies readonly (keyof TrialMetrics)[];

export function tableCsv({ axes, sets, answers, order }: Sweep): string {
  const head = ["rank", ...axes.map(({ key }) => key), "state", ...tableMeasures, "why"];
  const rows = order.map((place, rank) => {
    const answer = answers[place];
    if (answer === undefined) return [];
    const figures = tableMeasures.map((name) =>
      answer.state === "done" ? (answer.metrics[name] ?? "") : "",
    );
    const why = answer.state === "done" ? "" : answer.why;
    return [rank + 1, ...(sets[place] ?? []), answer.state, ...figures, why];
  });
  return [head, ...rows].map(csvLine).join("");
}

export const csvLine = (row: readonly (string | number)[]): string =>
  `${row.map(cell).join(",")}\r\n`;

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
