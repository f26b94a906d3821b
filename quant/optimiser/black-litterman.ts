// Expected returns that start from what the market's weights imply and bend to views, each as far as it is
// trusted. Promises: the posterior of the normal prior and the views, exact to rounding; no view changes nothing.
//
// F. Black, R. Litterman, "Global portfolio optimization", Financial Analysts Journal 48(5), 1992; the formulas as
// in G. He, R. Litterman, "The intuition behind Black-Litterman model portfolios", Goldman Sachs, 1999.

import { cholesky, solveCholesky } from "./positive-definite.ts";

/** Σ coefficients · return = value, with an error of its own. */
export interface View {
  /** Of each asset. */
  readonly coefficients: readonly number[];
  /** Return over the horizon of the covariance. */
  readonly value: number;
  readonly trust: Trust;
}

export type Trust =
  /** Variance of the view's error, 0: certain. */
  | { readonly variance: number }
  /** From above 0 to 1, certain: the share of the way from the prior to the view that this view alone goes. */
  | { readonly confidence: number };

export interface Beliefs {
  /** Of returns; symmetric, n × n, row by row. */
  readonly covariance: Float64Array;
  /** Expected returns before any view: `equilibriumReturns`, as a rule. */
  readonly prior: ArrayLike<number>;
  /** Variance of the prior mean as a share of the returns' own; 0.05 and 1 / years observed are usual. */
  readonly tau: number;
  readonly views: readonly View[];
}

export type Posterior =
  | {
      readonly status: "OPTIMAL";
      readonly mean: Float64Array;
      /** Of returns, with the uncertainty of the mean: C + the posterior variance of the mean. */
      readonly covariance: Float64Array;
    }
  | { readonly status: "REFUSED"; readonly reasons: readonly string[] };

/** Expected returns at which `weights` are the best of mean - riskAversion / 2 · variance: riskAversion · C w. */
export function equilibriumReturns(
  covariance: Float64Array,
  weights: ArrayLike<number>,
  riskAversion: number,
): Float64Array {
  return product(covariance, weights, weights.length).map((risk) => riskAversion * risk);
}

/**
 * Mean π + τ C Pᵀ (P τ C Pᵀ + Ω)⁻¹ (q - P π), covariance C + τ C - τ C Pᵀ (P τ C Pᵀ + Ω)⁻¹ P τ C. A confidence
 * c stands for Ω = τ p C pᵀ (1 - c) / c (T. Idzorek, "A step-by-step guide to the Black-Litterman model", 2005,
 * in closed form). Cost: views · n².
 */
export function blackLitterman({ covariance, prior, tau, views }: Beliefs): Posterior {
  const n = prior.length;
  const reasons = flaws({ covariance, prior, tau, views }, n);
  if (reasons.length > 0) return { status: "REFUSED", reasons };
  const spread = views.map(({ coefficients }) =>
    product(covariance, coefficients, n).map((v) => tau * v),
  );
  const k = views.length;
  const ofViews = new Float64Array(k * k);
  const surprise = new Float64Array(k);
  views.forEach(({ coefficients, value, trust }, i) => {
    for (let j = 0; j < k; j++)
      ofViews[i * k + j] = dot(coefficients, spread[j] as Float64Array, n);
    const own = ofViews[i * k + i] as number;
    const error =
      "variance" in trust ? trust.variance : (own * (1 - trust.confidence)) / trust.confidence;
    ofViews[i * k + i] = own + error;
    surprise[i] = value - dot(coefficients, prior, n);
  });
  const factor = cholesky(ofViews, k, 1e-14);
  if (factor === null) {
    return {
      status: "REFUSED",
      reasons: ["views that are certain repeat or contradict each other"],
    };
  }
  const mean = Float64Array.from(prior);
  solveCholesky(factor, surprise).forEach((weight, i) => {
    addScaled(mean, 0, spread[i] as Float64Array, weight);
  });
  const posterior = covariance.map((c) => c * (1 + tau));
  for (let row = 0; row < n; row++) {
    const column = Float64Array.from(spread, (of) => of[row] as number);
    solveCholesky(factor, column).forEach((weight, i) => {
      addScaled(posterior, row * n, spread[i] as Float64Array, -weight);
    });
  }
  return { status: "OPTIMAL", mean, covariance: posterior };
}

function flaws({ covariance, tau, prior, views }: Beliefs, n: number): string[] {
  const reasons: string[] = [];
  const check = (place: string, value: number, isFit: boolean, rule: string): void => {
    if (!Number.isFinite(value)) reasons.push(`${place} is ${value}`);
    else if (!isFit) reasons.push(`${place} is ${value}, not ${rule}`);
  };
  if (n < 1 || covariance.length !== n * n) {
    reasons.push(`covariance has ${covariance.length} numbers for ${n} assets`);
  }
  covariance.forEach((c, k) => {
    if (!Number.isFinite(c)) check(`covariance[${Math.floor(k / n)}, ${k % n}]`, c, true, "");
  });
  check("tau", tau, tau > 0, "above 0");
  for (let i = 0; i < n; i++) check(`prior[${i}]`, prior[i] as number, true, "");
  views.forEach(({ coefficients, value, trust }, v) => {
    const place = `views[${v}]`;
    check(`${place}.value`, value, true, "");
    if (coefficients.length !== n) {
      reasons.push(`${place} has ${coefficients.length} coefficients for ${n} assets`);
    }
    coefficients.forEach((c, i) => {
      check(`${place}.coefficients[${i}]`, c, true, "");
    });
    if (coefficients.every((c) => c === 0)) reasons.push(`${place} is of no asset`);
    if ("variance" in trust) {
      check(`${place}.trust.variance`, trust.variance, trust.variance >= 0, "0 or more");
    } else {
      const { confidence } = trust;
      check(
        `${place}.trust.confidence`,
        confidence,
        confidence > 0 && confidence <= 1,
        "above 0 and at most 1",
      );
    }
  });
  return reasons;
}

function product(matrix: Float64Array, vector: ArrayLike<number>, n: number): Float64Array {
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (vector[j] as number);
    result[i] = sum;
  }
  return result;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function addScaled(target: Float64Array, from: number, source: Float64Array, factor: number): void {
  for (let i = 0; i < source.length; i++) {
    target[from + i] = (target[from + i] as number) + factor * (source[i] as number);
  }
}
