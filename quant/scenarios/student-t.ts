// Scenarios with heavy tails that come for all assets at once: the multivariate Student t. Promises: the
// history's means and its covariance, whatever the degrees of freedom.

import { logGamma } from "../log-gamma.ts";
import { naturalLog } from "../logarithm.ts";
import { Random } from "../random.ts";
import { cholesky, correlatedNormals } from "./cholesky.ts";
import { aroundMeans } from "./gaussian.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import {
  type ShrinkageTarget,
  type ShrunkCovariance,
  shrunkCovariance,
} from "./shrunk-covariance.ts";

export interface StudentDraw {
  readonly count: number;
  readonly seed: number;
  /** Of freedom, above 2 (there is no covariance up to 2); fitted if left out. */
  readonly degrees?: number;
  /** CONSTANT_CORRELATION if left out. */
  readonly shrinkage?: ShrinkageTarget;
}

/** Fitted degrees lie between these: below, draws' covariances say nothing; above, it is a normal. */
const FEWEST = 2.1;
const MOST = 200;

/**
 * mean + √((ν − 2) / χ²_ν) · L z with one χ² for all assets of a scenario, L Lᵀ the shrunk covariance.
 * Cost: as the Gaussian's, and 0.1 µs a scenario.
 */
export function studentScenarios(history: ReturnHistory, draw: StudentDraw): ScenarioSet {
  const { assets } = history;
  const { count } = draw;
  const shrunk = shrunkCovariance(history, draw.shrinkage ?? "CONSTANT_CORRELATION");
  const factor = cholesky(shrunk.covariance, assets.length);
  const degrees = draw.degrees ?? fittedDegrees(history, shrunk, factor);
  const random = new Random(draw.seed);
  const returns = correlatedNormals(factor, assets.length, count, random);
  for (let s = 0; s < count; s++) {
    const scale = Math.sqrt((degrees - 2) / (2 * gammaDraw(degrees / 2, random)));
    for (let at = s; at < returns.length; at += count) {
      returns[at] = (returns[at] as number) * scale;
    }
  }
  return aroundMeans(assets, returns, shrunk.means);
}

/** Degrees of freedom under which the history is most likely, its covariance as it is. */
export function fittedStudentDegrees(history: ReturnHistory, shrinkage: ShrinkageTarget): number {
  const shrunk = shrunkCovariance(history, shrinkage);
  return fittedDegrees(history, shrunk, cholesky(shrunk.covariance, history.assets.length));
}

/** By golden section over 1 / ν, in which the likelihood has one peak in practice. */
function fittedDegrees(
  history: ReturnHistory,
  shrunk: ShrunkCovariance,
  factor: Float64Array,
): number {
  const { distances, rank } = squaredDistances(history, shrunk.means, factor);
  const likelihood = (inverse: number): number => logLikelihood(distances, rank, 1 / inverse);
  const share = (Math.sqrt(5) - 1) / 2;
  let low = 1 / MOST;
  let high = 1 / FEWEST;
  for (let step = 0; step < 40; step++) {
    const width = share * (high - low);
    if (likelihood(high - width) > likelihood(low + width)) high = low + width;
    else low = high - width;
  }
  return 2 / (low + high);
}

/** Of a t with ν degrees whose covariance (not its scale matrix) the distances were measured with. */
function logLikelihood(distances: Float64Array, rank: number, degrees: number): number {
  const half = (degrees + rank) / 2;
  let sum = 0;
  for (const distance of distances) sum += naturalLog(1 + distance / (degrees - 2));
  const constant = logGamma(half) - logGamma(degrees / 2) - (rank / 2) * naturalLog(degrees - 2);
  return distances.length * constant - half * sum;
}

/** (r − mean)ᵀ (L Lᵀ)⁻¹ (r − mean) of each period, in the directions in which anything moves. */
function squaredDistances(history: ReturnHistory, means: Float64Array, factor: Float64Array) {
  const { count, returns } = history;
  const n = means.length;
  const distances = new Float64Array(count);
  const solved = new Float64Array(n);
  let rank = 0;
  for (let j = 0; j < n; j++) if ((factor[j * n + j] as number) > 0) rank++;
  for (let t = 0; t < count; t++) {
    let square = 0;
    for (let i = 0; i < n; i++) {
      const pivot = factor[i * n + i] as number;
      let rest = (returns[i * count + t] as number) - (means[i] as number);
      for (let k = 0; k < i; k++) rest -= (factor[i * n + k] as number) * (solved[k] as number);
      const value = pivot > 0 ? rest / pivot : 0;
      solved[i] = value;
      square += value * value;
    }
    distances[t] = square;
  }
  return { distances, rank };
}

/** Gamma with this shape, at least 1, and scale 1: G. Marsaglia, W. W. Tsang, ACM TOMS 26(3), 2000. */
function gammaDraw(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const root = 1 + c * x;
    if (!(root > 0)) continue;
    const cube = root * root * root;
    const bound = 0.5 * x * x + d * (1 - cube + naturalLog(cube));
    if (naturalLog(1 - random.uniform()) < bound) return d * cube;
  }
}
