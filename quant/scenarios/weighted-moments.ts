// Mean and covariance of a scenario set. Promises: plain sums in the order of the scenarios, one for each
// pair of assets, so that the bits depend on nothing else; equal values deviate by exactly 0.

import type { ScenarioSet } from "./scenario-set.ts";

/** Probability-weighted mean return of each asset. */
export function weightedMean({ assets, count, returns, probabilities }: ScenarioSet): Float64Array {
  const means = new Float64Array(assets.length);
  for (let j = 0; j < assets.length; j++) {
    const first = returns[j * count] as number;
    let sum = 0;
    for (let s = 0; s < count; s++) {
      // From the first value: a constant asset's mean is that constant to the last bit.
      sum += (probabilities[s] as number) * ((returns[j * count + s] as number) - first);
    }
    means[j] = first + sum;
  }
  return means;
}

/**
 * Σ_s p_s (r_s − mean)(r_s − mean)' / (1 − Σ_s p_s²), assets × assets: the sample covariance (divisor
 * n − 1) where probabilities are equal, and NumPy's `aweights` where they are not; all 0 for one
 * scenario. Merging equal scenarios changes the divisor, by less than 1 / scenarios.
 * Cost: under 1 ns for each pair and scenario.
 */
export function weightedCovariance(set: ScenarioSet): Float64Array {
  const { assets, count, returns, probabilities } = set;
  const n = assets.length;
  const means = weightedMean(set);
  let squares = 0;
  for (let s = 0; s < count; s++) {
    squares += (probabilities[s] as number) * (probabilities[s] as number);
  }
  const divisor = 1 - squares;
  const covariance = new Float64Array(n * n);
  if (!(divisor > 0)) return covariance;
  // √p times the deviation: the matrix of products is then symmetric and its diagonal is not negative.
  const deviations = new Float64Array(n * count);
  const roots = probabilities.map(Math.sqrt);
  for (let j = 0; j < n; j++) {
    const mean = means[j] as number;
    for (let s = 0; s < count; s++) {
      const at = j * count + s;
      deviations[at] = (roots[s] as number) * ((returns[at] as number) - mean);
    }
  }
  crossProducts(deviations, n, count, covariance);
  for (let i = 0; i < covariance.length; i++) covariance[i] = (covariance[i] as number) / divisor;
  return covariance;
}

/** Scenarios that six columns of fit beside each other near the processor. */
const STRETCH = 512;

/**
 * out[i, j] = Σ_s columns[i, s] · columns[j, s]: n × n of n columns of `count`. Each sum is in the order of the
 * scenarios, whatever the stretches. Cost: under 1 ns for each pair and scenario.
 */
export function crossProducts(
  columns: Float64Array,
  n: number,
  count: number,
  out: Float64Array,
): void {
  out.fill(0);
  for (let start = 0; start < count; start += STRETCH) {
    const end = Math.min(count, start + STRETCH);
    for (let i = 0; i < n; i += 2) {
      const pair = i + 1 < n;
      for (let j = i; j < n; j += 4) {
        if (pair && j + 3 < n) eightProducts(columns, i, j, n, count, start, end, out);
        else fewProducts(columns, i, j, n, count, start, end, out);
      }
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[i * n + j] = out[j * n + i] as number;
}

/** Rows i and i + 1 (where there is one) by columns j to j + 3 (those there are): one sum at a time. */
function fewProducts(
  columns: Float64Array,
  i: number,
  j: number,
  n: number,
  count: number,
  start: number,
  end: number,
  out: Float64Array,
): void {
  for (let row = i; row < Math.min(i + 2, n); row++) {
    for (let column = j; column < Math.min(j + 4, n); column++) {
      let sum = out[row * n + column] as number;
      for (let s = start; s < end; s++) {
        sum += (columns[row * count + s] as number) * (columns[column * count + s] as number);
      }
      out[row * n + column] = sum;
    }
  }
}

/** Eight sums at once: each in its own order, no addition waits for the one before, and a value is loaded for several. */
function eightProducts(
  columns: Float64Array,
  i: number,
  j: number,
  n: number,
  count: number,
  start: number,
  end: number,
  out: Float64Array,
): void {
  const upper = i * n + j;
  const lower = upper + n;
  let a0 = out[upper] as number;
  let a1 = out[upper + 1] as number;
  let a2 = out[upper + 2] as number;
  let a3 = out[upper + 3] as number;
  let b0 = out[lower] as number;
  let b1 = out[lower + 1] as number;
  let b2 = out[lower + 2] as number;
  let b3 = out[lower + 3] as number;
  const row = i * count;
  const first = j * count;
  for (let s = start; s < end; s++) {
    const x = columns[row + s] as number;
    const y = columns[row + count + s] as number;
    const p = columns[first + s] as number;
    const q = columns[first + count + s] as number;
    const u = columns[first + 2 * count + s] as number;
    const v = columns[first + 3 * count + s] as number;
    a0 += x * p;
    a1 += x * q;
    a2 += x * u;
    a3 += x * v;
    b0 += y * p;
    b1 += y * q;
    b2 += y * u;
    b3 += y * v;
  }
  out[upper] = a0;
  out[upper + 1] = a1;
  out[upper + 2] = a2;
  out[upper + 3] = a3;
  out[lower] = b0;
  out[lower + 1] = b1;
  out[lower + 2] = b2;
  out[lower + 3] = b3;
}
