// What the lowering has to know of a scenario set, in one pass. Promises: one stated order of sums; a set with a return
// that is not finite has a mean that is not; a constant asset's mean is that constant.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";

export interface ScenarioSurvey {
  /** Probability-weighted mean return of each asset. */
  readonly means: Float64Array;
  /** Mean absolute return of each asset over its scenarios: the size of what is computed with. */
  readonly sizes: Float64Array;
}

/** Cost: one pass over all returns. Four sums at once, so that additions do not wait for each other. */
export function surveyScenarios(set: ScenarioSet): ScenarioSurvey {
  const { count, returns, probabilities, assets } = set;
  const means = new Float64Array(assets.length);
  const sizes = new Float64Array(assets.length);
  const whole = count - (count % 4);
  for (let asset = 0; asset < assets.length; asset++) {
    const own = returns.subarray(asset * count, (asset + 1) * count);
    const first = own[0] as number;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let absolute = 0;
    let other = 0;
    for (let s = 0; s < whole; s += 4) {
      const ra = own[s] as number;
      const rb = own[s + 1] as number;
      const rc = own[s + 2] as number;
      const rd = own[s + 3] as number;
      a += (probabilities[s] as number) * (ra - first);
      b += (probabilities[s + 1] as number) * (rb - first);
      c += (probabilities[s + 2] as number) * (rc - first);
      d += (probabilities[s + 3] as number) * (rd - first);
      absolute += Math.abs(ra) + Math.abs(rb);
      other += Math.abs(rc) + Math.abs(rd);
    }
    for (let s = whole; s < count; s++) {
      a += (probabilities[s] as number) * ((own[s] as number) - first);
      absolute += Math.abs(own[s] as number);
    }
    means[asset] = first + (a + b + (c + d));
    sizes[asset] = (absolute + other) / count;
  }
  return { means, sizes };
}
