// Scenarios between those that have happened: each a period drawn from the history and moved a little.
// Promises: the history's means and sample covariance are kept, although every draw is spread.

import { exponential } from "../exponential.ts";
import { naturalLog } from "../logarithm.ts";
import { Random } from "../random.ts";
import { cholesky, correlatedNormals } from "./cholesky.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import { shrunkCovariance } from "./shrunk-covariance.ts";

export interface KernelDraw {
  readonly count: number;
  readonly seed: number;
  /** Spread of a draw, in standard deviations of the history; Silverman's if left out. */
  readonly bandwidth?: number;
}

/**
 * The smoothed bootstrap: mean + (r − mean + h L z) / √(1 + h²), r a period drawn evenly, L Lᵀ the sample
 * covariance (B. W. Silverman, Density Estimation for Statistics and Data Analysis, 1986, section 6.4).
 * Without the division the variance would grow by 1 + h². Cost: as the Gaussian's.
 */
export function kernelScenarios(history: ReturnHistory, draw: KernelDraw): ScenarioSet {
  const { assets, returns: past } = history;
  const { count } = draw;
  const n = assets.length;
  const { means, covariance } = shrunkCovariance(history, "NONE");
  const bandwidth = draw.bandwidth ?? silvermanBandwidth(history.count, n);
  const random = new Random(draw.seed);
  const places = new Int32Array(count);
  for (let s = 0; s < count; s++) places[s] = random.integer(history.count);
  const returns = correlatedNormals(cholesky(covariance, n), n, count, random);
  const shrink = 1 / Math.sqrt(1 + bandwidth * bandwidth);
  for (let j = 0; j < n; j++) {
    const mean = means[j] as number;
    const offset = j * history.count;
    for (let s = 0; s < count; s++) {
      const moved = (past[offset + (places[s] as number)] as number) - mean;
      const at = j * count + s;
      returns[at] = mean + shrink * (moved + bandwidth * (returns[at] as number));
    }
  }
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

/** (4 / ((d + 2) n))^(1 / (d + 4)) for d assets and n periods: Silverman, as above, equation 4.14. */
export const silvermanBandwidth = (periods: number, assets: number): number =>
  exponential(naturalLog(4 / ((assets + 2) * periods)) / (assets + 4));
