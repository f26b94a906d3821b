// Weights from a tree of likeness, without inverting a covariance. Promises: the order and weights of the
// published bisection; weights sum to 1 and stay within bounds where bounds allow it; nothing is optimised,
// so there is no gap.
//
// M. López de Prado, "Building diversified portfolios that outperform out of sample", Journal of Portfolio
// Management 42(4), 2016: distance √((1 - ρ) / 2), clusters, halves of the row of leaves, inverse variance.

import { leafOrder, optimalLeafOrder } from "./leaf-order.ts";
import { type Linkage, linkage } from "./linkage.ts";

export interface HierarchyProblem {
  /** Symmetric, n × n, row by row; variances above 0. */
  readonly covariance: Float64Array;
  readonly linkage: Linkage;
  readonly optimalLeafOrder?: boolean;
  /** Of each asset; 0 and 1 if left out. Shares move to the nearest that the bounds of a half allow. */
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
}

export type Hierarchy =
  | {
      readonly status: "OPTIMAL";
      readonly weights: Float64Array;
      /** Assets as the tree's leaves stand in a row. */
      readonly order: readonly number[];
    }
  /** The lower bounds sum to more than 1, or the upper ones to less. */
  | { readonly status: "INFEASIBLE" }
  | { readonly status: "REFUSED"; readonly reasons: readonly string[] };

/** Cost: O(n²), or O(n³) with the optimal order of leaves. */
export function hierarchicalRiskParity(problem: HierarchyProblem, n: number): Hierarchy {
  const { covariance, lower, upper } = problem;
  const reasons = flaws(covariance, n);
  if (reasons.length > 0) return { status: "REFUSED", reasons };
  const least = Float64Array.from({ length: n }, (_, i) => lower?.[i] ?? 0);
  const most = Float64Array.from({ length: n }, (_, i) => upper?.[i] ?? 1);
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const rounding = n * Number.EPSILON;
  if (
    sum(least) > 1 + rounding ||
    sum(most) < 1 - rounding ||
    least.some((l, i) => l > (most[i] as number))
  ) {
    return { status: "INFEASIBLE" };
  }
  const distances = correlationDistances(covariance, n);
  const merges = linkage(distances, n, problem.linkage);
  const order =
    problem.optimalLeafOrder === true
      ? optimalLeafOrder(distances, merges, n)
      : leafOrder(merges, n);
  return { status: "OPTIMAL", weights: bisect(covariance, order, least, most), order };
}

function flaws(covariance: Float64Array, n: number): string[] {
  if (n < 1 || covariance.length !== n * n) {
    return [`covariance has ${covariance.length} numbers for ${n} assets`];
  }
  const reasons: string[] = [];
  for (let i = 0; i < n; i++) {
    const variance = covariance[i * n + i] as number;
    if (!(variance > 0 && variance < Number.POSITIVE_INFINITY)) {
      reasons.push(`covariance[${i}, ${i}] is ${variance}, not a variance above 0`);
    }
    for (let j = 0; j < n; j++) {
      const value = covariance[i * n + j] as number;
      if (!Number.isFinite(value)) reasons.push(`covariance[${i}, ${j}] is ${value}`);
    }
  }
  return reasons;
}

/** √((1 - ρ) / 2), n × n. */
export function correlationDistances(covariance: Float64Array, n: number): Float64Array {
  const distances = new Float64Array(n * n);
  const deviation = Float64Array.from({ length: n }, (_, i) =>
    Math.sqrt(covariance[i * n + i] as number),
  );
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const rho =
        (covariance[i * n + j] as number) / ((deviation[i] as number) * (deviation[j] as number));
      const distance = Math.sqrt(Math.min(1, Math.max(0, (1 - rho) / 2)));
      distances[i * n + j] = distance;
      distances[j * n + i] = distance;
    }
  }
  return distances;
}

/** Each half of the row gets a share of its parent's weight inverse to its variance. */
function bisect(
  covariance: Float64Array,
  order: readonly number[],
  lower: Float64Array,
  upper: Float64Array,
): Float64Array {
  const n = order.length;
  const weights = new Float64Array(n);
  const share = (from: number, to: number, weight: number): void => {
    if (to - from === 1) {
      weights[order[from] as number] = weight;
      return;
    }
    const middle = from + Math.floor((to - from) / 2);
    const left = order.slice(from, middle);
    const right = order.slice(middle, to);
    const a = inverseVarianceRisk(covariance, left, n);
    const b = inverseVarianceRisk(covariance, right, n);
    const total = (of: readonly number[], values: Float64Array): number =>
      of.reduce((sum, i) => sum + (values[i] as number), 0);
    const least = Math.max(total(left, lower), weight - total(right, upper));
    const most = Math.min(total(left, upper), weight - total(right, lower));
    const given = Math.max(least, Math.min(most, weight * (1 - a / (a + b))));
    share(from, middle, given);
    share(middle, to, weight - given);
  };
  share(0, n, 1);
  return weights;
}

/** Variance of the assets held in inverse proportion to theirs. */
function inverseVarianceRisk(
  covariance: Float64Array,
  assets: readonly number[],
  n: number,
): number {
  let sum = 0;
  let risk = 0;
  for (const i of assets) {
    const inverse = 1 / (covariance[i * n + i] as number);
    sum += inverse;
    for (const j of assets) {
      risk += (inverse * (covariance[i * n + j] as number)) / (covariance[j * n + j] as number);
    }
  }
  return risk / (sum * sum);
}
