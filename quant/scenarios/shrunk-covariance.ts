// A covariance from few periods, drawn towards a simpler one by as much as the data themselves ask for.
// Promises: the papers' formulas; scaling returns by a power of two scales the answer and nothing else.

import type { ReturnHistory } from "./return-history.ts";
import { crossProducts } from "./weighted-moments.ts";

/**
 * CONSTANT_CORRELATION: each pair the mean correlation (O. Ledoit, M. Wolf, "Honey, I shrunk the sample
 * covariance matrix", Journal of Portfolio Management 30(4), 2004, 110–119). IDENTITY: equal variances, no
 * correlation (the same, "A well-conditioned estimator for large-dimensional covariance matrices",
 * Journal of Multivariate Analysis 88(2), 2004, 365–411). NONE: the sample covariance.
 */
export type ShrinkageTarget = "CONSTANT_CORRELATION" | "IDENTITY" | "NONE";

export interface ShrunkCovariance {
  /** Of each asset. */
  readonly means: Float64Array;
  /** assets × assets, divisor: the number of periods, as in both papers. */
  readonly covariance: Float64Array;
  /** Share of the target in it, from 0 to 1. */
  readonly intensity: number;
}

/** Cost: 0.5 ns for each pair and period; the intensities themselves take no pass over pairs. */
export function shrunkCovariance(
  history: ReturnHistory,
  target: ShrinkageTarget,
): ShrunkCovariance {
  const n = history.assets.length;
  const { means, deviations, covariance } = sampleCovariance(history);
  if (target === "NONE") return { means, covariance, intensity: 0 };
  const aim =
    target === "IDENTITY" ? scaledIdentity(covariance, n) : constantCorrelation(covariance, n);
  let distance = 0;
  for (let i = 0; i < aim.length; i++) {
    const way = (covariance[i] as number) - (aim[i] as number);
    distance += way * way;
  }
  const noise =
    target === "IDENTITY"
      ? noiseOfSample(deviations, covariance, n)
      : noiseOfSample(deviations, covariance, n) - noiseOfTarget(deviations, covariance, n);
  const wanted = distance > 0 ? noise / history.count / distance : 0;
  const intensity = Math.min(Math.max(wanted, 0), 1);
  for (let i = 0; i < aim.length; i++) {
    covariance[i] = intensity * (aim[i] as number) + (1 - intensity) * (covariance[i] as number);
  }
  return { means, covariance, intensity };
}

/** Deviations from the mean, asset by asset, and their mean products (divisor: periods). */
export function sampleCovariance({ assets, count, returns }: ReturnHistory) {
  const n = assets.length;
  const deviations = new Float64Array(n * count);
  const means = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const first = returns[j * count] as number;
    let sum = 0;
    for (let t = 0; t < count; t++) sum += (returns[j * count + t] as number) - first;
    const mean = first + sum / count;
    means[j] = mean;
    for (let t = 0; t < count; t++) {
      deviations[j * count + t] = (returns[j * count + t] as number) - mean;
    }
  }
  const covariance = new Float64Array(n * n);
  crossProducts(deviations, n, count, covariance);
  for (let i = 0; i < n * n; i++) covariance[i] = (covariance[i] as number) / count;
  return { means, deviations, covariance };
}

function scaledIdentity(covariance: Float64Array, n: number): Float64Array {
  let trace = 0;
  for (let j = 0; j < n; j++) trace += covariance[j * n + j] as number;
  const aim = new Float64Array(n * n);
  for (let j = 0; j < n; j++) aim[j * n + j] = trace / n;
  return aim;
}

/** Own variances, and between each pair the mean of the correlations. Assets that never move have none. */
function constantCorrelation(covariance: Float64Array, n: number): Float64Array {
  const deviation = deviationsOf(covariance, n);
  const mean = meanCorrelation(covariance, deviation);
  const aim = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      aim[i * n + j] =
        i === j
          ? (covariance[i * n + i] as number)
          : mean * (deviation[i] as number) * (deviation[j] as number);
    }
  }
  return aim;
}

const deviationsOf = (covariance: Float64Array, n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, j) => Math.sqrt(covariance[j * n + j] as number));

function meanCorrelation(covariance: Float64Array, deviation: Float64Array): number {
  const n = deviation.length;
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const size = (deviation[i] as number) * (deviation[j] as number);
      if (!(size > 0)) continue;
      sum += (covariance[i * n + j] as number) / size;
      pairs++;
    }
  }
  return pairs === 0 ? 0 : sum / pairs;
}

/** π: Σ_ij of the mean of (x_i x_j − s_ij)², which is the mean of (Σ_i x_i²)² less Σ_ij s_ij². */
function noiseOfSample(deviations: Float64Array, covariance: Float64Array, n: number): number {
  const count = deviations.length / n;
  let sum = 0;
  for (let t = 0; t < count; t++) {
    let square = 0;
    for (let j = 0; j < n; j++) {
      const x = deviations[j * count + t] as number;
      square += x * x;
    }
    sum += square * square;
  }
  let known = 0;
  for (let i = 0; i < n * n; i++) known += (covariance[i] as number) * (covariance[i] as number);
  return sum / count - known;
}

/**
 * ρ: how the target's noise goes with the sample's. Its double sum over pairs of √(s_jj / s_ii) times the
 * mean of x_i³ x_j parts into two single sums for each period.
 */
function noiseOfTarget(deviations: Float64Array, covariance: Float64Array, n: number): number {
  const count = deviations.length / n;
  const size = deviationsOf(covariance, n);
  const correlation = meanCorrelation(covariance, size);
  let diagonal = 0;
  let pairs = 0;
  for (let t = 0; t < count; t++) {
    let cubes = 0;
    let scaled = 0;
    let fourths = 0;
    for (let j = 0; j < n; j++) {
      const deviation = size[j] as number;
      if (!(deviation > 0)) continue;
      const x = deviations[j * count + t] as number;
      const square = x * x;
      cubes += (square * x) / deviation;
      scaled += x * deviation;
      fourths += square * square;
    }
    diagonal += fourths;
    pairs += cubes * scaled - fourths;
  }
  diagonal /= count;
  pairs /= count;
  for (let i = 0; i < n; i++) {
    const variance = covariance[i * n + i] as number;
    diagonal -= variance * variance;
    for (let j = 0; j < n; j++) {
      if (i === j || !(variance > 0)) continue;
      const ratio = (size[j] as number) / (size[i] as number);
      pairs -= ratio * variance * (covariance[i * n + j] as number);
    }
  }
  return diagonal + correlation * pairs;
}
