// Losses of a portfolio over scenarios, and the tail among them. Promises: one stated order of every sum, so the
// same bytes anywhere; ties and fractional tails exact.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Holdings } from "./program.ts";

/** Net weights y of assets: y[a] = Σ sign · x over the variables of asset a. */
export function netWeights(holdings: Holdings, x: Float64Array): Float64Array {
  const net = new Float64Array(holdings.assets);
  for (let j = 0; j < x.length; j++) {
    const asset = holdings.asset[j] as number;
    if (asset >= 0)
      net[asset] = (net[asset] as number) + (holdings.sign[j] as number) * (x[j] as number);
  }
  return net;
}

/** Loss of net weights in each scenario: -Σ y[a] r[a, s]. Cost: a multiplication per held asset and scenario. */
export function scenarioLosses(set: ScenarioSet, net: Float64Array): Float64Array {
  const losses = new Float64Array(set.count);
  const held = new Int32Array(net.length);
  const factors = new Float64Array(net.length);
  let terms = 0;
  for (let a = 0; a < net.length; a++) {
    if (net[a] === 0) continue;
    held[terms] = a;
    factors[terms++] = -(net[a] as number);
  }
  addProducts(losses, set.count, set.returns, set.count, held, factors, terms);
  return losses;
}

/**
 * target[s] += Σ_k factors[k] · matrix[rows[k] * stride + s], of the first `count` s and `terms` k. Rows are added by
 * fours, what is left one by one; up to eight rows with one load and store of the target.
 */
export function addProducts(
  target: Float64Array,
  count: number,
  matrix: Float64Array,
  stride: number,
  rows: Int32Array,
  factors: Float64Array,
  terms: number,
): void {
  let k = 0;
  for (; k + 8 <= terms; k += 8) addEight(target, count, matrix, stride, rows, factors, k);
  if (k + 4 <= terms) {
    addFour(target, count, matrix, stride, rows, factors, k);
    k += 4;
  }
  if (k < terms) addRest(target, count, matrix, stride, rows, factors, k, terms);
}

function addEight(
  target: Float64Array,
  count: number,
  matrix: Float64Array,
  stride: number,
  rows: Int32Array,
  factors: Float64Array,
  k: number,
): void {
  const r0 = (rows[k] as number) * stride;
  const r1 = (rows[k + 1] as number) * stride;
  const r2 = (rows[k + 2] as number) * stride;
  const r3 = (rows[k + 3] as number) * stride;
  const r4 = (rows[k + 4] as number) * stride;
  const r5 = (rows[k + 5] as number) * stride;
  const r6 = (rows[k + 6] as number) * stride;
  const r7 = (rows[k + 7] as number) * stride;
  const f0 = factors[k] as number;
  const f1 = factors[k + 1] as number;
  const f2 = factors[k + 2] as number;
  const f3 = factors[k + 3] as number;
  const f4 = factors[k + 4] as number;
  const f5 = factors[k + 5] as number;
  const f6 = factors[k + 6] as number;
  const f7 = factors[k + 7] as number;
  for (let s = 0; s < count; s++) {
    const four =
      (target[s] as number) +
      (f0 * (matrix[r0 + s] as number) + f1 * (matrix[r1 + s] as number)) +
      (f2 * (matrix[r2 + s] as number) + f3 * (matrix[r3 + s] as number));
    target[s] =
      four +
      (f4 * (matrix[r4 + s] as number) + f5 * (matrix[r5 + s] as number)) +
      (f6 * (matrix[r6 + s] as number) + f7 * (matrix[r7 + s] as number));
  }
}

function addFour(
  target: Float64Array,
  count: number,
  matrix: Float64Array,
  stride: number,
  rows: Int32Array,
  factors: Float64Array,
  k: number,
): void {
  const r0 = (rows[k] as number) * stride;
  const r1 = (rows[k + 1] as number) * stride;
  const r2 = (rows[k + 2] as number) * stride;
  const r3 = (rows[k + 3] as number) * stride;
  const f0 = factors[k] as number;
  const f1 = factors[k + 1] as number;
  const f2 = factors[k + 2] as number;
  const f3 = factors[k + 3] as number;
  for (let s = 0; s < count; s++) {
    target[s] =
      (target[s] as number) +
      (f0 * (matrix[r0 + s] as number) + f1 * (matrix[r1 + s] as number)) +
      (f2 * (matrix[r2 + s] as number) + f3 * (matrix[r3 + s] as number));
  }
}

/** One to three rows. */
function addRest(
  target: Float64Array,
  count: number,
  matrix: Float64Array,
  stride: number,
  rows: Int32Array,
  factors: Float64Array,
  k: number,
  terms: number,
): void {
  const r0 = (rows[k] as number) * stride;
  const f0 = factors[k] as number;
  if (k + 1 === terms) {
    for (let s = 0; s < count; s++) {
      target[s] = (target[s] as number) + f0 * (matrix[r0 + s] as number);
    }
    return;
  }
  const r1 = (rows[k + 1] as number) * stride;
  const f1 = factors[k + 1] as number;
  if (k + 2 === terms) {
    for (let s = 0; s < count; s++) {
      target[s] =
        (target[s] as number) + f0 * (matrix[r0 + s] as number) + f1 * (matrix[r1 + s] as number);
    }
    return;
  }
  const r2 = (rows[k + 2] as number) * stride;
  const f2 = factors[k + 2] as number;
  for (let s = 0; s < count; s++) {
    target[s] =
      (target[s] as number) +
      f0 * (matrix[r0 + s] as number) +
      f1 * (matrix[r1 + s] as number) +
      f2 * (matrix[r2 + s] as number);
  }
}

export interface MeanReturns {
  readonly mean: Float64Array;
  /** Sums of absolute terms. */
  readonly size: Float64Array;
}

/**
 * Σ_k masses[k] · return of each asset in scenarios[k], added in their order. Four scenarios at a time, one asset after the
 * other: of a set that no cache holds, four reads are then under way at once at the least.
 */
export function meansUnder(
  { returns, count, assets }: ScenarioSet,
  scenarios: Int32Array,
  masses: Float64Array,
): MeanReturns {
  const mean = new Float64Array(assets.length);
  const size = new Float64Array(assets.length);
  let k = 0;
  for (; k + 4 <= scenarios.length; k += 4) {
    const [s0, s1] = [scenarios[k] as number, scenarios[k + 1] as number];
    const [s2, s3] = [scenarios[k + 2] as number, scenarios[k + 3] as number];
    const [m0, m1] = [masses[k] as number, masses[k + 1] as number];
    const [m2, m3] = [masses[k + 2] as number, masses[k + 3] as number];
    for (let a = 0, row = 0; a < mean.length; a++, row += count) {
      const term0 = m0 * (returns[row + s0] as number);
      const term1 = m1 * (returns[row + s1] as number);
      const term2 = m2 * (returns[row + s2] as number);
      const term3 = m3 * (returns[row + s3] as number);
      mean[a] = (mean[a] as number) + term0 + term1 + term2 + term3;
      const sizes = (size[a] as number) + Math.abs(term0) + Math.abs(term1);
      size[a] = sizes + Math.abs(term2) + Math.abs(term3);
    }
  }
  for (; k < scenarios.length; k++) {
    const [s, mass] = [scenarios[k] as number, masses[k] as number];
    for (let a = 0; a < mean.length; a++) {
      const term = mass * (returns[a * count + s] as number);
      mean[a] = (mean[a] as number) + term;
      size[a] = (size[a] as number) + Math.abs(term);
    }
  }
  return { mean, size };
}

/** What probabilities are counted in: sums of whole numbers below 2^53 are exact, so no order can change them. */
const UNIT = 2 ** -52;
/** Share of the mass that rounding to units may hide, for up to a hundred thousand scenarios. */
const HIDDEN = 1e-11;

/**
 * Value at risk: the largest t such that losses of t or more have at least probability `mass`. It follows from
 * the tail alone: losses below it, and the order of all, cannot move it. Cost: O(count) by selection on weights.
 */
export function valueAtRisk(
  losses: Float64Array,
  probabilities: Float64Array,
  mass: number,
): number {
  const order = new Int32Array(losses.length);
  let count = 0;
  for (let s = 0; s < losses.length; s++) if ((probabilities[s] as number) > 0) order[count++] = s;
  let from = 0;
  let to = count;
  let above = 0;
  const needed = (mass * (1 - HIDDEN)) / UNIT;
  let found = Number.NEGATIVE_INFINITY;
  while (from < to) {
    const pivot = middleOf(losses, order, from, to);
    // In three parts: larger | equal | smaller.
    let larger = from;
    let smaller = to;
    let i = from;
    let massLarger = 0;
    let massEqual = 0;
    while (i < smaller) {
      const s = order[i] as number;
      const loss = losses[s] as number;
      if (loss > pivot) {
        massLarger += Math.round((probabilities[s] as number) / UNIT);
        order[i++] = order[larger] as number;
        order[larger++] = s;
      } else if (loss < pivot) {
        order[i] = order[--smaller] as number;
        order[smaller] = s;
      } else {
        massEqual += Math.round((probabilities[s] as number) / UNIT);
        i++;
      }
    }
    found = pivot;
    if (larger > from && above + massLarger >= needed) to = larger;
    else if (above + massLarger + massEqual >= needed || smaller >= to) return pivot;
    else {
      above += massLarger + massEqual;
      from = smaller;
    }
  }
  return found;
}

function middleOf(values: Float64Array, order: Int32Array, from: number, to: number): number {
  const a = values[order[from] as number] as number;
  const b = values[order[(from + to) >>> 1] as number] as number;
  const c = values[order[to - 1] as number] as number;
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** Scenarios that tell about where a quantile is, where there are more. */
const ROUGH_SAMPLE = 2500;

/** The value at risk of every few scenarios: where a walk may begin, not where it ends. One of the losses. */
export function roughValueAtRisk(
  losses: Float64Array,
  probabilities: Float64Array,
  mass: number,
): number {
  const each = Math.floor(losses.length / ROUGH_SAMPLE);
  if (each < 2) return valueAtRisk(losses, probabilities, mass);
  const count = Math.ceil(losses.length / each);
  const some = new Float64Array(count);
  const chances = new Float64Array(count);
  let total = 0;
  for (let k = 0; k < count; k++) {
    some[k] = losses[k * each] as number;
    chances[k] = probabilities[k * each] as number;
    total += chances[k] as number;
  }
  const rough = total > 0 ? valueAtRisk(some, chances, mass * total) : Number.NEGATIVE_INFINITY;
  return Number.isFinite(rough) ? rough : valueAtRisk(losses, probabilities, mass);
}

/** Mean of the worst `mass` of losses, a scenario across its edge counted in part. */
export function conditionalValueAtRisk(
  losses: Float64Array,
  probabilities: Float64Array,
  mass: number,
): number {
  const threshold = valueAtRisk(losses, probabilities, mass);
  let excess = 0;
  for (let s = 0; s < losses.length; s++) {
    const over = (losses[s] as number) - threshold;
    if (over > 0) excess += (probabilities[s] as number) * over;
  }
  return threshold + excess / mass;
}
