// A plan for a terminal and as CSV: what to hold at each step, the first of them to be traded to now.

import type { Problem } from "../../quant/optimiser/problem.ts";
import { tableText } from "../cli/table.ts";
import type { Planned } from "./plan-ahead.ts";
import { cell } from "./solution-csv.ts";
import { type About, DUST, headline } from "./solution-text.ts";

export function planText(about: About, problem: Problem, plan: Planned): string {
  const { assets } = problem.scenarios;
  const rows = assets.flatMap((asset, j) => {
    const now = problem.current?.[j] ?? 0;
    const weights = plan.steps.map((of) => of[j] as number);
    if ([now, ...weights].every((weight) => Math.abs(weight) <= DUST)) return [];
    const percents = weights.map((weight, h) => [`step ${h + 1} %`, shown(weight)]);
    return [{ asset, "held %": shown(now), ...Object.fromEntries(percents) }];
  });
  return [
    `${headline(about, problem)} · plan of ${plan.steps.length} steps · ${plan.status}`,
    "",
    tableText(rows, "nothing is held"),
    `objective          ${plan.upper}`,
    `no plan beats      ${plan.lower}`,
    `largest violation  ${plan.feasibility === 0 ? "0" : plan.feasibility.toExponential(0)}`,
    "",
  ].join("\n");
}

const shown = (weight: number): string => (weight * 100).toFixed(4);

/** asset, weight (of the first step: `--current` reads it back), then the later steps. */
export function planCsv({ scenarios }: Problem, { steps }: Planned): string {
  const later = steps.slice(1).map((_, h) => `step_${h + 2}`);
  const rows = scenarios.assets.map((asset, j) => [cell(asset), ...steps.map((of) => of[j])]);
  return `${[["asset", "weight", ...later], ...rows].map((row) => row.join(",")).join("\n")}\n`;
}
