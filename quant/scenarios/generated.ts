// Where scenarios come from elsewhere: a trained generator, a vendor, a simulator. Promises: what comes back
// is a scenario set of the assets that were asked for, or it is refused.

import { checkScenarioSet } from "./check-scenario-set.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";

export interface GenerationRequest {
  /** What the generator may know: nothing after its last period. */
  readonly history: ReturnHistory;
  readonly count: number;
  readonly seed: number;
  /** Periods that each scenario's return spans. */
  readonly horizon: number;
}

/** The same request must give the same bytes. */
export type ScenarioGenerator = (request: GenerationRequest) => ScenarioSet;

/** RangeError with all reasons where the answer is no set, or one of other assets. */
export function generatedScenarios(
  generator: ScenarioGenerator,
  request: GenerationRequest,
): ScenarioSet {
  const set = generator(request);
  const { assets } = request.history;
  const reasons = [...checkScenarioSet(set)];
  if (assets.length !== set.assets.length || assets.some((asset, j) => asset !== set.assets[j])) {
    reasons.push(`scenarios.assets are ${set.assets}; ${assets} were asked for`);
  }
  if (reasons.length > 0) throw new RangeError(reasons.join("; "));
  return set;
}
