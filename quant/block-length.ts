// How long the blocks of a bootstrap should be. Promises: a rule that reads the length off the data's own
// autocorrelation, so that nobody tunes it; plain sums in the order given, the same bits on every engine.

import { autocovariances } from "./distribution-tests.ts";
import { exponential } from "./exponential.ts";
import { naturalLog } from "./logarithm.ts";

/**
 * Mean block length that makes the stationary bootstrap's variance of the mean most accurate:
 * (G² / σ⁴ × n)^(1/3), where G = Σ λ(k/M) |k| γ_k, σ² = Σ λ(k/M) γ_k over -M … M, and λ is the flat-top
 * window (D. Politis, H. White, Econometric Reviews 23(1), 2004, 53–70; as corrected by A. Patton,
 * D. Politis, H. White, Econometric Reviews 28(4), 2009, 372–375). M is twice the first of K lags in a
 * row whose correlations are within ±2 √(log₁₀ n / n), K = max(5, ⌊log₁₀ n⌋), as arch and np count it.
 * From 1 to ⌈min(3√n, n/3)⌉; 1 where nothing deviates. Cost: O(n^1.5).
 */
export function optimalBlockLength(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 1;
  const run = Math.max(5, String(n).length - 1);
  const most = Math.min(Math.ceil(Math.sqrt(n)) + run, n - 1);
  const covariances = autocovariances(values, most);
  if (covariances === null) return 1;
  const last = Math.min(2 * firstQuietLag(covariances, n, run), most);
  let weighted = 0;
  let spectrum = covariances[0] as number;
  for (let k = 1; k <= last; k++) {
    const term = 2 * Math.min(1, 2 * (1 - k / last)) * (covariances[k] as number);
    weighted += k * term;
    spectrum += term;
  }
  const ratio = weighted / spectrum;
  const length = exponential(naturalLog(ratio * ratio * n) / 3);
  const longest = Math.ceil(Math.min(3 * Math.sqrt(n), n / 3));
  return Math.min(Math.max(length, 1), Math.max(longest, 1));
}

/** The first of `run` insignificant lags in a row; the largest lag if there is none. */
function firstQuietLag(covariances: readonly number[], n: number, run: number): number {
  const band = 2 * Math.sqrt(naturalLog(n) / Math.LN10 / n) * (covariances[0] as number);
  const largest = covariances.length - 1;
  let quiet = 0;
  for (let lag = 1; lag < largest; lag++) {
    quiet = Math.abs(covariances[lag] as number) < band ? quiet + 1 : 0;
    if (quiet === run) return lag - run + 1;
  }
  return largest;
}
