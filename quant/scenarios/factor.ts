// Scenarios from a few factors that move all assets, and what each does by itself. Promises: with factors
// drawn together and residuals each alone, covariance between assets comes from the factors only.

import { Random } from "../random.ts";
import { cholesky } from "./cholesky.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import { sampleCovariance } from "./shrunk-covariance.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

export interface FactorDraw {
  readonly count: number;
  readonly seed: number;
  /** How many principal components of the covariance, or the factors' own history: the same periods. */
  readonly factors: number | ReturnHistory;
}

export interface FactorModel {
  /** Asset by asset: of factor k at [j * factors + k]. */
  readonly loadings: Float64Array;
  readonly factors: number;
  /** Deviations of the factors from their means, factor by factor: of period t at [k * periods + t]. */
  readonly moves: Float64Array;
  /** What the factors leave of each asset's deviations from its mean, asset by asset. */
  readonly residuals: Float64Array;
  readonly means: Float64Array;
}

/**
 * mean + loadings · f + e: f a period's factors drawn evenly, e of each asset from a period of its own.
 * Cost: 10 ns a number and the fit.
 */
export function factorScenarios(history: ReturnHistory, draw: FactorDraw): ScenarioSet {
  const { assets, count: periods } = history;
  const { count } = draw;
  const model = fitFactorModel(history, draw.factors);
  const random = new Random(draw.seed);
  const places = new Int32Array(count);
  for (let s = 0; s < count; s++) places[s] = random.integer(periods);
  const returns = new Float64Array(assets.length * count);
  for (let j = 0; j < assets.length; j++) {
    const target = returns.subarray(j * count, (j + 1) * count);
    target.fill(model.means[j] as number);
    for (let k = 0; k < model.factors; k++) {
      const loading = model.loadings[j * model.factors + k] as number;
      for (let s = 0; s < count; s++) {
        const move = model.moves[k * periods + (places[s] as number)] as number;
        target[s] = (target[s] as number) + loading * move;
      }
    }
    for (let s = 0; s < count; s++) {
      const own = model.residuals[j * periods + random.integer(periods)] as number;
      target[s] = (target[s] as number) + own;
    }
  }
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

/** Least squares of each asset's returns on the factors. A factor that adds nothing new loads 0. */
export function fitFactorModel(
  history: ReturnHistory,
  factors: number | ReturnHistory,
): FactorModel {
  const { count } = history;
  const n = history.assets.length;
  const { means, deviations, covariance } = sampleCovariance(history);
  const given = typeof factors !== "number";
  const size = given ? factors.assets.length : factors;
  const moves = given
    ? sampleCovariance(factors).deviations
    : componentMoves(deviations, covariance, n, factors);
  const products = given ? sampleCovariance(factors).covariance : componentProducts(moves, factors);
  const factor = cholesky(products, size);
  const loadings = new Float64Array(n * size);
  const residuals = deviations.slice();
  for (let j = 0; j < n; j++) {
    const own = loadings.subarray(j * size, (j + 1) * size);
    for (let k = 0; k < size; k++) {
      let sum = 0;
      for (let t = 0; t < count; t++) {
        sum += (deviations[j * count + t] as number) * (moves[k * count + t] as number);
      }
      own[k] = sum / count;
    }
    solveByCholesky(factor, own);
    for (let k = 0; k < size; k++) {
      const loading = own[k] as number;
      for (let t = 0; t < count; t++) {
        const at = j * count + t;
        residuals[at] = (residuals[at] as number) - loading * (moves[k * count + t] as number);
      }
    }
  }
  return { loadings, factors: size, moves, residuals, means };
}

/** The deviations along each of the covariance's largest eigenvectors. */
function componentMoves(
  deviations: Float64Array,
  covariance: Float64Array,
  n: number,
  factors: number,
): Float64Array {
  const { vectors } = symmetricEigen(covariance, n);
  const count = deviations.length / n;
  const moves = new Float64Array(factors * count);
  for (let k = 0; k < factors; k++) {
    for (let j = 0; j < n; j++) {
      const part = vectors[k * n + j] as number;
      for (let t = 0; t < count; t++) {
        const at = k * count + t;
        moves[at] = (moves[at] as number) + part * (deviations[j * count + t] as number);
      }
    }
  }
  return moves;
}

/** Components are uncorrelated: only their variances are not 0. */
function componentProducts(moves: Float64Array, factors: number): Float64Array {
  const count = moves.length / factors;
  const products = new Float64Array(factors * factors);
  for (let k = 0; k < factors; k++) {
    let sum = 0;
    for (let t = k * count; t < (k + 1) * count; t++) {
      sum += (moves[t] as number) * (moves[t] as number);
    }
    products[k * factors + k] = sum / count;
  }
  return products;
}

/** x of L Lᵀ x = b in place of b; 0 where L's pivot is. */
function solveByCholesky(factor: Float64Array, b: Float64Array): void {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    let rest = b[i] as number;
    for (let k = 0; k < i; k++) rest -= (factor[i * n + k] as number) * (b[k] as number);
    const pivot = factor[i * n + i] as number;
    b[i] = pivot > 0 ? rest / pivot : 0;
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = b[i] as number;
    for (let k = i + 1; k < n; k++) rest -= (factor[k * n + i] as number) * (b[k] as number);
    const pivot = factor[i * n + i] as number;
    b[i] = pivot > 0 ? rest / pivot : 0;
  }
}
