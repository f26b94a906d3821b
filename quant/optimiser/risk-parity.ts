// Weights whose shares of the portfolio's variance are given. Promises: long only, sum 1, unique; solved in its
// convex form, whose duality gap comes with the answer, as does the largest miss of a share.

import { logOnePlus, naturalLog } from "../logarithm.ts";
import type { Certificate } from "./program.ts";

/** Largest miss of a share that ends the sweeps, relative to the largest budget. */
const TOLERANCE = 1e-12;
const MOST_SWEEPS = 10_000;
/** Of the variance that the holdings would have without any hedge: a smaller share is none. */
const NO_RISK = 1e-13;

export type Parity =
  | {
      /** FEASIBLE: work ran out before each share was met. */
      readonly status: "OPTIMAL" | "FEASIBLE";
      readonly weights: Float64Array;
      /** Of the convex form that was solved: ½ yᵀ C y - Σ b ln y, y being the weights at unit risk. */
      readonly certificate: Certificate;
      /** Largest |share of risk - budget|. */
      readonly deviation: number;
      readonly pivots: number;
    }
  /** A portfolio of nothing but long positions has no risk at all. */
  | { readonly status: "UNBOUNDED"; readonly ray: Float64Array; readonly pivots: number }
  | { readonly status: "REFUSED"; readonly reasons: readonly string[] };

/**
 * Σ_j w_i C_ij w_j = b_i wᵀ C w: the minimiser of ½ yᵀ C y - Σ b_i ln y_i, scaled to sum 1 (F. Spinu, "An
 * algorithm for computing risk parity weights", 2013). By cyclical coordinate descent (T. Griveau-Billion, J.-C.
 * Richard, T. Roncalli, "A fast algorithm for computing high-dimensional risk parity portfolios", 2013), and after
 * each sweep the best multiple of y, without which positive correlations make it slow.
 *
 * `covariance` is symmetric, n × n, variances above 0; `budgets` above 0 are taken relative to their sum. Cost:
 * n² a sweep, 10 to 30 sweeps.
 */
export function varianceParity(
  covariance: Float64Array,
  budgets: readonly number[],
  maxSweeps: number = MOST_SWEEPS,
): Parity {
  const n = budgets.length;
  const reasons = [...budgetFlaws(budgets), ...covarianceFlaws(covariance, n)];
  if (reasons.length > 0) return { status: "REFUSED", reasons };
  const total = budgets.reduce((sum, b) => sum + b, 0);
  const shares = Float64Array.from(budgets, (b) => b / total);
  const deviations = Float64Array.from({ length: n }, (_, i) =>
    Math.sqrt(covariance[i * n + i] as number),
  );
  const correlation = correlationOf(covariance, deviations);
  const y = Float64Array.from(shares, Math.sqrt);
  const goal = TOLERANCE * shares.reduce((a, b) => Math.max(a, b), 0);
  let sweeps = 0;
  let missed = Number.POSITIVE_INFINITY;
  while (missed > goal && sweeps < maxSweeps) {
    if (!rescale(correlation, y)) {
      const ray = y.map((v, i) => v / (deviations[i] as number));
      return { status: "UNBOUNDED", ray, pivots: sweeps };
    }
    missed = sweep(correlation, shares, y);
    sweeps++;
  }
  const { certificate, deviation } = proof(correlation, shares, y, deviations);
  const status = deviation <= 4 * goal + n * Number.EPSILON ? "OPTIMAL" : "FEASIBLE";
  const weights = y.map((v, i) => v / (deviations[i] as number));
  return { status, weights: unitSum(weights), certificate, deviation, pivots: sweeps };
}

export function budgetFlaws(budgets: readonly number[]): string[] {
  if (budgets.length === 0) return ["there is no budget, so no asset"];
  return budgets.flatMap((b, i) =>
    b > 0 && b < Number.POSITIVE_INFINITY ? [] : [`budgets[${i}] is ${b}, not above 0`],
  );
}

function covarianceFlaws(covariance: Float64Array, n: number): string[] {
  if (covariance.length !== n * n) {
    return [`covariance has ${covariance.length} numbers for ${n} assets`];
  }
  const reasons: string[] = [];
  for (let i = 0; i < n; i++) {
    const variance = covariance[i * n + i] as number;
    if (!(variance > 0))
      reasons.push(`covariance[${i}, ${i}] is ${variance}, not a variance above 0`);
    for (let j = 0; j < n; j++) {
      const value = covariance[i * n + j] as number;
      if (!Number.isFinite(value)) reasons.push(`covariance[${i}, ${j}] is ${value}`);
    }
  }
  return reasons;
}

function correlationOf(covariance: Float64Array, deviations: Float64Array): Float64Array {
  const n = deviations.length;
  const correlation = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const scale = 1 / (deviations[i] as number);
    for (let j = 0; j < n; j++) {
      correlation[i * n + j] =
        ((covariance[i * n + j] as number) * scale) / (deviations[j] as number);
    }
  }
  return correlation;
}

/** To yᵀ C y = 1, where the best multiple of y lies; false where y has no risk. */
function rescale(correlation: Float64Array, y: Float64Array): boolean {
  let risk = 0;
  let gross = 0;
  for (let i = 0; i < y.length; i++) {
    risk += (y[i] as number) * rowProduct(correlation, i, y);
    gross += y[i] as number;
  }
  if (!(risk > NO_RISK * gross * gross)) return false;
  const scale = 1 / Math.sqrt(risk);
  for (let i = 0; i < y.length; i++) y[i] = (y[i] as number) * scale;
  return true;
}

/** Each coordinate to its best in turn; the largest miss of a share that was met on the way. */
function sweep(correlation: Float64Array, shares: Float64Array, y: Float64Array): number {
  let missed = 0;
  for (let i = 0; i < y.length; i++) {
    const own = y[i] as number;
    const slope = rowProduct(correlation, i, y);
    const share = shares[i] as number;
    missed = Math.max(missed, Math.abs(own * slope - share));
    const others = slope - own;
    const root = Math.sqrt(others * others + 4 * share);
    // The same root either way; this one without cancellation.
    y[i] = others > 0 ? (2 * share) / (others + root) : (root - others) / 2;
  }
  return missed;
}

/** (C y)_i, in four sums. */
function rowProduct(matrix: Float64Array, row: number, y: Float64Array): number {
  const n = y.length;
  const at = row * n;
  const fours = n - (n % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let j = 0; j < fours; j += 4) {
    a += (matrix[at + j] as number) * (y[j] as number);
    b += (matrix[at + j + 1] as number) * (y[j + 1] as number);
    c += (matrix[at + j + 2] as number) * (y[j + 2] as number);
    d += (matrix[at + j + 3] as number) * (y[j + 3] as number);
  }
  for (let j = fours; j < n; j++) a += (matrix[at + j] as number) * (y[j] as number);
  return a + b + (c + d);
}

/**
 * With g = C y: ½ zᵀ C z ≥ gᵀ z - ½ yᵀ g for every z, and gᵀ z - Σ b ln z is least at z = b / g. So the gap is
 * yᵀ g - 1 + Σ b ln(b / (y g)), a sum of squares of misses to first order.
 */
function proof(
  correlation: Float64Array,
  shares: Float64Array,
  y: Float64Array,
  deviations: Float64Array,
): { readonly certificate: Certificate; readonly deviation: number } {
  let risk = 0;
  let gap = 0;
  let logs = 0;
  const contributions = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const share = shares[i] as number;
    const contribution = (y[i] as number) * rowProduct(correlation, i, y);
    contributions[i] = contribution;
    risk += contribution;
    const miss = (contribution - share) / share;
    gap += share * (miss - logOnePlus(miss));
    logs += share * naturalLog((y[i] as number) / (deviations[i] as number));
  }
  const upper = risk / 2 - logs;
  const deviation = contributions.reduce(
    (most, contribution, i) =>
      Math.max(most, Math.abs(contribution / risk - (shares[i] as number))),
    0,
  );
  const lower = Number.isNaN(gap) ? Number.NEGATIVE_INFINITY : upper - gap;
  return { certificate: { upper, lower, feasibility: 0 }, deviation };
}

export function unitSum(values: Float64Array): Float64Array {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}
