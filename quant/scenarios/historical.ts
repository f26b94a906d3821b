// Scenarios that have happened: each period of the history once. Promises: nothing is drawn; where weights
// decay, the newest period weighs most.

import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";

/**
 * Each period with a weight that falls by the factor `decay`, in (0, 1], with each step into the past
 * (J. Boudoukh, M. Richardson, R. Whitelaw, "The best of both worlds", Risk 11(5), 1998); 1: all alike.
 * The returns are the history's own array. Cost: O(periods).
 */
export function historicalScenarios(history: ReturnHistory, decay = 1): ScenarioSet {
  const { assets, count, returns } = history;
  const probabilities = new Float64Array(count);
  if (decay === 1) return { assets, count, returns, probabilities: probabilities.fill(1 / count) };
  let weight = 1;
  let sum = 0;
  for (let t = count - 1; t >= 0; t--) {
    probabilities[t] = weight;
    sum += weight;
    weight *= decay;
  }
  for (let t = 0; t < count; t++) probabilities[t] = (probabilities[t] as number) / sum;
  return { assets, count, returns, probabilities };
}
