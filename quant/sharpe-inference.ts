// How much of a Sharpe ratio is luck? Promises: every Sharpe ratio here is that of one period, never
// annualised, and kurtosis is not excess (a normal has 3), as in the papers; null where undefined.
// PSR, MinTRL: D. Bailey, M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2),
// 2012. DSR: the same, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 2014.

import { type SampleShape, sampleShape } from "./moments.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

const EULER_GAMMA = 0.5772156649015329;

/** A Sharpe ratio and what its error depends on. */
export interface SharpeEstimate {
  /** Mean over standard deviation of one period's returns. */
  readonly sharpe: number;
  /** Returns. */
  readonly count: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

/** Sample standard deviation (n - 1), population skewness and kurtosis; the risk-free rate is 0. */
export const sharpeEstimate = (returns: readonly number[]): SharpeEstimate | null =>
  estimateOf(sampleShape(returns), returns.length);

/** The same of `count` returns whose shape is known. */
export function estimateOf(shape: SampleShape, count: number): SharpeEstimate | null {
  const { mean, deviation, skewness, excessKurtosis } = shape;
  if (mean === null || deviation === null || skewness === null || excessKurtosis === null) {
    return null;
  }
  return { sharpe: mean / deviation, count, skewness, kurtosis: excessKurtosis + 3 };
}

/** √((1 - γ₃ SR + (γ₄ - 1)/4 SR²) / (n - 1)) (Mertens, 2002); null where that is not above 0. */
export function sharpeStandardError(estimate: SharpeEstimate): number | null {
  const variance = varianceTimesCount(estimate) / (estimate.count - 1);
  return variance > 0 && Number.isFinite(variance) ? Math.sqrt(variance) : null;
}

/** PSR: the probability that the true Sharpe ratio is above `benchmark`, given the estimate. */
export function probabilisticSharpe(estimate: SharpeEstimate, benchmark: number): number | null {
  const error = sharpeStandardError(estimate);
  return error === null ? null : normalCdf((estimate.sharpe - benchmark) / error);
}

/**
 * MinTRL: how many returns it takes for the probabilistic Sharpe ratio to reach `confidence` (0.95), if
 * the estimate stays as it is; null where it is not above the benchmark. Not rounded.
 */
export function minimumTrackRecord(
  estimate: SharpeEstimate,
  benchmark: number,
  confidence: number,
): number | null {
  const variance = varianceTimesCount(estimate);
  if (!(estimate.sharpe > benchmark && variance > 0)) return null;
  const errors = normalQuantile(confidence) / (estimate.sharpe - benchmark);
  return 1 + variance * errors * errors;
}

/**
 * Expected maximum of `trials` independent standard normals: (1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e)),
 * γ Euler's constant; an approximation for large N, 0 for one. `trials` need not be whole.
 */
export function expectedMaximum(trials: number): number {
  if (!(trials > 1)) return 0;
  // By symmetry, as 1 - 1/N loses its digits where N is large.
  const bulk = -normalQuantile(1 / trials);
  const tail = -normalQuantile(1 / (trials * Math.E));
  return Math.max(0, (1 - EULER_GAMMA) * bulk + EULER_GAMMA * tail);
}

/**
 * The Sharpe ratio to be expected of the best of `trials` without skill, whose Sharpe ratios (of one
 * period) have variance `variance`.
 */
export const expectedMaximumSharpe = (trials: number, variance: number): number =>
  Math.sqrt(variance) * expectedMaximum(trials);

/** DSR: the probability that the true Sharpe ratio of the best of `trials` is above what luck gives. */
export const deflatedSharpe = (
  best: SharpeEstimate,
  trials: number,
  variance: number,
): number | null => probabilisticSharpe(best, expectedMaximumSharpe(trials, variance));

/** Independent trials that `trials` with mean correlation ρ are worth: ρ + (1 - ρ) M (2014). */
export const independentTrials = (trials: number, meanCorrelation: number): number =>
  meanCorrelation + (1 - meanCorrelation) * trials;

const varianceTimesCount = ({ sharpe, skewness: skew, kurtosis }: SharpeEstimate): number =>
  1 - skew * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
