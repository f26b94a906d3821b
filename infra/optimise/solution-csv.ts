// Weights as CSV. Promises: every figure as a float gives itself back; a name that a spreadsheet could take
// for a formula or a separator is quoted.

import type { Portfolio, Problem } from "../../quant/optimiser/problem.ts";
import { CASH_ROW } from "./current-file.ts";
import type { Frontier } from "./frontier-points.ts";
import { holdingsOf } from "./optimised.ts";

/** asset, weight, marginal_risk; cash last. `--current` reads it back. */
export function solutionCsv({ scenarios }: Problem, found: Portfolio): string {
  const rows = holdingsOf(scenarios, found).map(
    ({ asset, weight, marginalRisk }) => `${cell(asset)},${weight},${marginalRisk}`,
  );
  return `${["asset,weight,marginal_risk", ...rows, `${CASH_ROW},${found.cash},`].join("\n")}\n`;
}

/** A row for each point: its measures, then the weight of every asset. */
export function frontierCsv({ scenarios }: Problem, { points }: Frontier): string {
  const head = ["expected_return", "volatility", "cvar", "gap", ...scenarios.assets.map(cell)];
  const rows = points.map(({ expectedReturn, volatility, cvar, gap, weights }) =>
    [expectedReturn, volatility, cvar, gap, ...weights].join(","),
  );
  return `${[head.join(","), ...rows].join("\n")}\n`;
}

export const cell = (text: string): string =>
  /^[\w.^][\w .^:/-]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
