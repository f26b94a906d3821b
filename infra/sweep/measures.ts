// The measures by which trials are compared. Promises: one order for one list: best first, trials without
// the measure last, equals in the order in which they were tried.

import { TapedeckError } from "../../schemas/errors.ts";
import type { TrialAnswer } from "./trial.ts";
import type { TrialMetrics } from "./trial-digest.ts";

/** Names as in metrics.json. */
export const measureNames = [
  "sharpe",
  "periodSharpe",
  "sortino",
  "periodSortino",
  "calmar",
  "totalReturn",
  "annualReturn",
  "netProfit",
  "maxDrawdown",
  "annualVolatility",
  "profitFactor",
  "winRate",
  "expectancy",
  "annualTurnover",
  "costBps",
] as const satisfies readonly (keyof TrialMetrics)[];

export type MeasureName = (typeof measureNames)[number];

/** The less the better. */
const COSTS: readonly MeasureName[] = [
  "maxDrawdown",
  "annualVolatility",
  "annualTurnover",
  "costBps",
];

/** Of the measure as a number: exact amounts are made floats, to compare only. */
export function measureIn(metrics: TrialMetrics, measure: MeasureName): number | null {
  const value = metrics[measure];
  return value === null ? null : Number(value);
}

/** null for a trial that was not run. */
export const measureOf = (answer: TrialAnswer, measure: MeasureName): number | null =>
  answer.state === "done" ? measureIn(answer.metrics, measure) : null;

export const isBetter = (measure: MeasureName, value: number, than: number): boolean =>
  COSTS.includes(measure) ? value < than : value > than;

/** Of days, of which there are too few below 20 (infra/report/sampling.ts). */
const DAILY: readonly MeasureName[] = [
  "sharpe",
  "sortino",
  "calmar",
  "annualReturn",
  "annualVolatility",
];

/** Throws SWEEP_MEASURE_UNDEFINED where the days of no trial are enough for the measure; `where` names them. */
export function requireMeasured(
  answers: readonly TrialAnswer[],
  measure: MeasureName,
  where: string,
): void {
  if (!DAILY.includes(measure)) return;
  const done = answers.filter((answer) => answer.state === "done");
  const days = Math.max(0, ...done.map(({ metrics }) => metrics.sampling.samples));
  if (done.length === 0 || done.some(({ metrics }) => metrics.sampling.period === "day")) return;
  const why = `${where} has fewer than 20 days: ${measure} is of days, and nothing can be chosen by it`;
  throw new TapedeckError("SWEEP_MEASURE_UNDEFINED", why, { measure, samples: days });
}

/** Places of the trials, best first. */
export function ranked(answers: readonly TrialAnswer[], measure: MeasureName): readonly number[] {
  const values = answers.map((answer) => measureOf(answer, measure));
  const compare = (a: number, b: number): number => {
    const [x, y] = [values[a] ?? null, values[b] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
    return x === y ? a - b : isBetter(measure, x, y) ? -1 : 1;
  };
  return answers.map((_, place) => place).sort(compare);
}
