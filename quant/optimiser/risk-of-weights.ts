// Risk of weights by a problem's scenarios, and what a unit more of each asset adds to it. Promises: in the units of the
// problem's returns; no matrix is built; one stated order of sums.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { linearCost } from "./feasible-set.ts";
import { CANCELLED } from "./is-closed.ts";
import type { Lowering } from "./lower.ts";
import type { Problem } from "./problem.ts";
import { euclideanNorm } from "./smooth-terms.ts";
import { conditionalValueAtRisk, scenarioLosses, valueAtRisk } from "./tail-loss.ts";
import { impact } from "./weight-parts.ts";

/** CVaR of what is lost by these weights; costs of trades are not in it. Cost: a pass over what is held. */
export function cvarOf(set: ScenarioSet, weights: Float64Array, tailMass: number): number {
  return conditionalValueAtRisk(scenarioLosses(set, weights), set.probabilities, tailMass);
}

/** Of the violation of a limit that counts as none. */
export const MISSED = 1e-9;

/**
 * What a risk near 0 is compared with where a limit on it may be missed by a billionth part: of CVaR, and of variance. A small part of
 * what the weights would risk without a hedge; or of weights that are to be 0 what rounding leaves of those that are held.
 * `sizes`: mean absolute return of each asset.
 */
export function riskUnits(
  { current }: Problem,
  sizes: Float64Array,
  weights: Float64Array,
): { readonly cvar: number; readonly variance: number } {
  let [unhedged, held, largest] = [0, 0, 0];
  for (const [j, weight] of weights.entries()) {
    const size = sizes[j] as number;
    unhedged += Math.abs(weight) * size;
    held += Math.abs(weight) + Math.abs(current?.[j] ?? 0);
    largest = Math.max(largest, size);
  }
  const rounding = weights.length * Number.EPSILON * held * largest;
  return {
    cvar: Math.max(CANCELLED * unhedged, rounding / MISSED),
    variance: Math.max(CANCELLED * unhedged * unhedged, (rounding * rounding) / MISSED),
  };
}

/** What the trades to a point of the program cost: a certain loss. */
export function tradingCost({ problem, set }: Lowering, x: Float64Array): number {
  let cost = 0;
  for (const [j, part] of set.parts.entries()) {
    const traded = x[j] as number;
    if (part.traded === 1) cost += traded * linearCost(problem, part);
    if (part.impact)
      cost += impact(problem, part.asset) * Math.abs(traded) * Math.sqrt(Math.abs(traded));
  }
  return cost;
}

/** ∂CVaR/∂w: the mean loss of each asset over the tail of these weights (a subgradient where several fit). */
export function marginalCvar(
  set: ScenarioSet,
  weights: Float64Array,
  tailMass: number,
): Float64Array {
  const losses = scenarioLosses(set, weights);
  const edge = valueAtRisk(losses, set.probabilities, tailMass);
  let beyond = 0;
  let onEdge = 0;
  for (let s = 0; s < set.count; s++) {
    if ((losses[s] as number) > edge) beyond += set.probabilities[s] as number;
    else if (losses[s] === edge) onEdge += set.probabilities[s] as number;
  }
  const share = onEdge > 0 ? Math.min(1, Math.max(0, (tailMass - beyond) / onEdge)) : 0;
  return Float64Array.from(weights, (_, asset) => {
    let sum = 0;
    for (let s = 0; s < set.count; s++) {
      const loss = losses[s] as number;
      if (loss < edge) continue;
      const mass = (set.probabilities[s] as number) * (loss > edge ? 1 : share);
      sum -= mass * (set.returns[asset * set.count + s] as number);
    }
    return sum / tailMass;
  });
}

/** ∂‖w‖₂/∂w; 0 at 0. */
export function marginalNorm(weights: Float64Array): Float64Array {
  const norm = euclideanNorm(weights);
  return weights.map((weight) => (norm > 0 ? weight / norm : 0));
}

/** Standard deviation of the portfolio's return and ∂/∂w, by the problem's covariance or its scenarios'. */
export function volatilityOf(
  { covariance, scenarios }: Pick<Problem, "covariance" | "scenarios">,
  weights: Float64Array,
): { readonly volatility: number; readonly marginal: Float64Array } {
  const product =
    covariance === undefined ? scenarioProduct(scenarios, weights) : times(covariance, weights);
  let variance = 0;
  for (const [asset, weight] of weights.entries()) variance += weight * (product[asset] as number);
  const volatility = Math.sqrt(Math.max(0, variance));
  return {
    volatility,
    marginal: product.map((value) => (volatility > 0 ? value / volatility : 0)),
  };
}

function times(matrix: Float64Array, weights: Float64Array): Float64Array {
  const n = weights.length;
  return Float64Array.from(weights, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (weights[j] as number);
    return sum;
  });
}

/** C w without C: covariance of each asset with the portfolio. */
function scenarioProduct(set: ScenarioSet, weights: Float64Array): Float64Array {
  const { count, probabilities, returns } = set;
  const losses = scenarioLosses(set, weights);
  let [mean, squares] = [0, 0];
  for (let s = 0; s < count; s++) {
    const chance = probabilities[s] as number;
    mean += chance * (losses[s] as number);
    squares += chance * chance;
  }
  const apart = losses.map((loss, s) => (probabilities[s] as number) * (mean - loss));
  const divisor = 1 - squares;
  return Float64Array.from(weights, (_, asset) => {
    const first = returns[asset * count] as number;
    let sum = 0;
    for (let s = 0; s < count; s++) {
      sum += (apart[s] as number) * ((returns[asset * count + s] as number) - first);
    }
    return divisor > 0 ? sum / divisor : 0;
  });
}
