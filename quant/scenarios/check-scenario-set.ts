// Whether a scenario set is one: finite returns, probabilities that sum to 1. Promises: bad input is named by
// row and column, and nothing that passes can make a NaN by itself.

import { checkTable, shortened } from "./check-table.ts";
import type { ScenarioSet } from "./scenario-set.ts";

/** How far the probabilities' sum may be from 1: far above what rounding a million of them leaves. */
const SUM_TOLERANCE = 1e-9;

/** Why this is no scenario set, in words; empty where it is one. The first ten reasons. */
export function checkScenarioSet(set: ScenarioSet): readonly string[] {
  const reasons = [...checkTable(set, "scenarios")];
  const { count, probabilities } = set;
  if (probabilities.length !== count) {
    reasons.push(
      `scenarios.probabilities has ${probabilities.length} values for ${count} scenarios`,
    );
    return reasons;
  }
  let sum = 0;
  const wrong: string[] = [];
  for (let s = 0; s < count; s++) {
    const probability = probabilities[s] as number;
    if (!(probability >= 0 && probability < Number.POSITIVE_INFINITY)) {
      wrong.push(`scenarios.probabilities[row ${s}] is ${probability}`);
    }
    sum += probability;
  }
  reasons.push(...shortened(wrong));
  if (wrong.length === 0 && !(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
    reasons.push(`scenarios.probabilities sum to ${sum}, not to 1`);
  }
  return reasons;
}
