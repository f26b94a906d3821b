// How much a portfolio of these weights would have moved. Promises: never negative; cost linear in weights times
// observations: no matrix is built; plain sums in the order given.

import { mean, standardDeviation } from "./moments.ts";

/**
 * Standard deviation of w'r over one observation: √(w'Σw), with Σ = (1 − shrinkage) S + shrinkage F. S is the sample
 * covariance (divisor n − 1) and F has S's variances and, for each pair, the mean of all sample correlations: the target
 * of Ledoit and Wolf, "Honey, I Shrunk the Sample Covariance Matrix", Journal of Portfolio Management 30(4), 2004. The
 * intensity is given, not estimated as theirs is. A series that does not move has no correlation: it counts as 0.
 *
 * `returns[i]` are those of `weights[i]`, as many of each, at least 2; null below that.
 */
export function portfolioVolatility(
  weights: readonly number[],
  returns: readonly (readonly number[])[],
  shrinkage: number,
): number | null {
  const observations = returns[0]?.length ?? 0;
  if (observations < 2) return null;
  const deviations = returns.map((series) => standardDeviation(series) ?? 0);
  const mixed = new Array<number>(observations).fill(0);
  const standard = new Array<number>(observations).fill(0);
  let own = 0;
  let together = 0;
  let moving = 0;
  for (const [i, series] of returns.entries()) {
    const weight = weights[i] as number;
    const deviation = deviations[i] as number;
    own += weight * weight * deviation * deviation;
    together += weight * deviation;
    const center = mean(series) ?? 0;
    if (deviation > 0) moving++;
    for (let t = 0; t < observations; t++) {
      const apart = (series[t] as number) - center;
      mixed[t] = (mixed[t] as number) + weight * apart;
      if (deviation > 0) standard[t] = (standard[t] as number) + apart / deviation;
    }
  }
  const sample = variance(mixed);
  // The variance of a sum of standardised series is their number plus all correlations.
  const pairs = returns.length * (returns.length - 1);
  const correlation = pairs === 0 ? 0 : (variance(standard) - moving) / pairs;
  const target = own + correlation * (together * together - own);
  return Math.sqrt(Math.max(0, (1 - shrinkage) * sample + shrinkage * target));
}

/** Of what has a mean of 0. */
const variance = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value * value, 0) / (values.length - 1);
