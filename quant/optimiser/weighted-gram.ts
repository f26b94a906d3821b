// Products of returns summed over scenarios with a weight for each: what second derivatives over scenarios are made
// of. Promises: one stated order of every sum.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";

/** Scenarios with less than this share of the largest weight are left out. */
const NEGLIGIBLE = 1e-14;

/**
 * Σ_s weights[s] r_i,s r_j,s, lower triangle row by row, of (assets + 1) columns: the last is 1 in every scenario, so
 * that the last row holds Σ weights r_j and Σ weights. Weights are at least 0. Cost: scenarios with weight · assets² / 2.
 */
export function weightedGram(
  { assets, count, returns }: ScenarioSet,
  weights: Float64Array,
): Float64Array {
  const n = assets.length;
  const size = n + 1;
  const kept = keptScenarios(weights);
  const columns = new Float64Array(size * kept.length);
  for (let k = 0; k < kept.length; k++) {
    const s = kept[k] as number;
    const root = Math.sqrt(weights[s] as number);
    for (let i = 0; i < n; i++) {
      columns[i * kept.length + k] = root * (returns[i * count + s] as number);
    }
    columns[n * kept.length + k] = root;
  }
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      gram[i * size + j] = columnDot(columns, i * kept.length, j * kept.length, kept.length);
    }
  }
  return gram;
}

function keptScenarios(weights: Float64Array): Int32Array {
  let largest = 0;
  for (const weight of weights) if (weight > largest) largest = weight;
  const least = largest * NEGLIGIBLE;
  const kept = new Int32Array(weights.length);
  let count = 0;
  for (let s = 0; s < weights.length; s++) if ((weights[s] as number) > least) kept[count++] = s;
  return kept.subarray(0, count);
}

/** In four sums. */
function columnDot(values: Float64Array, a: number, b: number, count: number): number {
  const fours = count - (count % 4);
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
  for (let k = 0; k < fours; k += 4) {
    p += (values[a + k] as number) * (values[b + k] as number);
    q += (values[a + k + 1] as number) * (values[b + k + 1] as number);
    r += (values[a + k + 2] as number) * (values[b + k + 2] as number);
    s += (values[a + k + 3] as number) * (values[b + k + 3] as number);
  }
  for (let k = fours; k < count; k++) p += (values[a + k] as number) * (values[b + k] as number);
  return p + q + (r + s);
}

/** Σ_s factors[s] r_j,s of each asset. Cost: scenarios · assets. */
export function weightedReturns(
  { assets, count, returns }: ScenarioSet,
  factors: Float64Array,
): Float64Array {
  return Float64Array.from({ length: assets.length }, (_, i) => {
    let sum = 0;
    for (let s = 0; s < count; s++) {
      sum += (factors[s] as number) * (returns[i * count + s] as number);
    }
    return sum;
  });
}
