// Volatility that comes in clusters: GARCH(1,1), fitted by maximum likelihood. Promises: returns multiplied
// by a constant give the same fit, its variances multiplied by the square; the same bits on every engine.

import { naturalLog } from "./logarithm.ts";
import { nelderMead } from "./nelder-mead.ts";

/** h_t = omega + alpha · e²_{t-1} + beta · h_{t-1}, all at least 0, alpha + beta below 1. */
export interface Garch {
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
  /** Variance of each period, given those before it; the first is the sample's. */
  readonly variances: Float64Array;
  /** Variance of the period after the last. */
  readonly next: number;
  /** Of e_t normal with variance h_t. */
  readonly logLikelihood: number;
}

const LOG_2PI = 1.8378770664093453;
/** Fewer say nothing about clusters: their variance is taken as constant. */
const FEWEST_PERIODS = 50;
const MOST_PERSISTENT = 0.9999;
const starts = [
  [0.05, 0.9],
  [0.1, 0.8],
  [0.02, 0.97],
  [0.2, 0.5],
] as const;

/**
 * Of deviations from a mean, oldest first (T. Bollerslev, Journal of Econometrics 31(3), 1986, 307–327).
 * Where they never move, or are fewer than 50, alpha and beta are 0. Cost: about 350 passes.
 */
export function fitGarch(deviations: Float64Array): Garch {
  const periods = deviations.length;
  let squares = 0;
  for (const deviation of deviations) squares += deviation * deviation;
  const variance = squares / periods;
  const scaled = deviations.map((deviation) => (deviation * deviation) / variance);
  if (!(variance > 0) || periods < FEWEST_PERIODS)
    return withParameters(deviations, variance, [1, 0, 0]);
  const loss = ([omega = 0, alpha = 0, beta = 0]: readonly number[]): number =>
    omega > 0 && alpha >= 0 && beta >= 0 && alpha + beta <= MOST_PERSISTENT
      ? negativeLogLikelihood(scaled, omega, alpha, beta)
      : Number.POSITIVE_INFINITY;
  let best: readonly number[] = [1, 0, 0];
  for (const [alpha, beta] of starts) {
    const from = [1 - alpha - beta, alpha, beta];
    if (loss(from) < loss(best)) best = from;
  }
  // A second search from where the first ended: a simplex may shrink before it arrives.
  for (const share of [0.3, 0.1]) {
    const steps = best.map((x) => share * Math.max(x, 0.05) * (x > 0.5 ? -1 : 1));
    const search = { start: best, steps, tolerance: 1e-10, maxEvaluations: 400 };
    best = nelderMead(loss, search).at;
  }
  return withParameters(deviations, variance, best);
}

function withParameters(
  deviations: Float64Array,
  variance: number,
  [omega = 0, alpha = 0, beta = 0]: readonly number[],
): Garch {
  const variances = new Float64Array(deviations.length);
  let h = variance;
  let sum = 0;
  for (let t = 0; t < deviations.length; t++) {
    variances[t] = h;
    const deviation = deviations[t] as number;
    const square = deviation * deviation;
    sum += LOG_2PI + naturalLog(h) + square / h;
    h = omega * variance + alpha * square + beta * h;
  }
  return { omega: omega * variance, alpha, beta, variances, next: h, logLikelihood: -sum / 2 };
}

/** Of squares with mean 1, but for the constant. Logarithms are taken of the products of eight. */
function negativeLogLikelihood(
  squares: Float64Array,
  omega: number,
  alpha: number,
  beta: number,
): number {
  let h = 1;
  let sum = 0;
  let product = 1;
  for (let t = 0; t < squares.length; t++) {
    const square = squares[t] as number;
    product *= h;
    sum += square / h;
    if ((t & 7) === 7) {
      sum += naturalLog(product);
      product = 1;
    }
    h = omega + alpha * square + beta * h;
  }
  return sum + naturalLog(product);
}
