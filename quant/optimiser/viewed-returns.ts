// Expected returns from views by asset name: the equilibrium of a portfolio, bent to each view as far as it is trusted
// (black-litterman.ts). Plain data, as a request or a file holds it. Promises: a view of what never moves bends nothing; its
// mean is known.

import { blackLitterman, equilibriumReturns, type Posterior } from "./black-litterman.ts";

export interface NamedBeliefs {
  /** In the order of the assets: the portfolio that is best where there are no views, a market's or one's own. */
  readonly weights: readonly number[];
  /** At which it is best: expected return less riskAversion / 2 · variance. */
  readonly riskAversion: number;
  /** Variance of the prior mean as a share of the returns' own. */
  readonly tau: number;
  readonly views: readonly NamedView[];
}

/** Σ of · return = value, a period. */
export interface NamedView {
  /** Coefficient by asset. */
  readonly of: Readonly<Record<string, number>>;
  readonly value: number;
  /** From above 0 to 1, certain: the share of the way from the equilibrium to the view that this view alone goes. */
  readonly confidence: number;
}

/** REFUSED where a view names no asset, or blackLitterman refuses. `covariance` is the assets', row by row. */
export function viewedReturns(
  assets: readonly string[],
  covariance: Float64Array,
  { weights, riskAversion, tau, views }: NamedBeliefs,
): Posterior {
  const reasons = views.flatMap(({ of }, place) =>
    Object.keys(of)
      .filter((name) => !assets.includes(name))
      .map((name) => `views[${place}] names ${name}, no asset here`),
  );
  if (weights.length !== assets.length) {
    reasons.push(`${weights.length} weights of the equilibrium for ${assets.length} assets`);
  }
  if (reasons.length > 0) return { status: "REFUSED", reasons };
  return blackLitterman({
    covariance,
    prior: equilibriumReturns(covariance, weights, riskAversion),
    tau,
    views: views
      .map(({ of, value, confidence }) => ({
        coefficients: assets.map((asset) => (Object.hasOwn(of, asset) ? (of[asset] as number) : 0)),
        value,
        trust: { confidence },
      }))
      .filter(({ coefficients }) => !isStill(coefficients, covariance)),
  });
}

/** Whether all that it is of has no variance. */
const isStill = (coefficients: readonly number[], covariance: Float64Array): boolean =>
  coefficients.some((c) => c !== 0) &&
  coefficients.every((c, j) => c === 0 || covariance[j * (coefficients.length + 1)] === 0);
