// An optimised portfolio as what --json prints: plain data, weights by name, infinities left out.

import type { Problem, Solution } from "../../quant/optimiser/problem.ts";
import { conditionalValueAtRisk, scenarioLosses } from "../../quant/optimiser/tail-loss.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { DEFAULT_TAIL } from "./named-problems.ts";

export interface Holding {
  readonly asset: string;
  readonly weight: number;
  /** Change of the risk measure per unit of the asset. */
  readonly marginalRisk: number;
}

export interface Measures {
  readonly expectedReturn: number;
  readonly volatility: number;
  readonly cvar: number;
  readonly tailMass: number;
}

/**
 * Expected return before costs; volatility with the sample's divisor, 1 − Σ p² (as problems of variance have it);
 * CVaR of what the weights lose: by the scenarios, but for expectations and a covariance that the problem gives.
 */
export function measuresOf(problem: Problem, weights: Float64Array): Measures {
  const { scenarios, objective, constraints } = problem;
  const { probabilities } = scenarios;
  const losses = scenarioLosses(scenarios, weights);
  const inProblem = "tailMass" in objective ? objective.tailMass : undefined;
  const tailMass = inProblem ?? constraints?.maximumCvar?.tailMass ?? DEFAULT_TAIL;
  let loss = 0;
  let squares = 0;
  for (let s = 0; s < losses.length; s++) {
    const probability = probabilities[s] as number;
    loss += probability * (losses[s] as number);
    squares += probability * probability;
  }
  let variance = 0;
  for (let s = 0; s < losses.length; s++) {
    variance += (probabilities[s] as number) * ((losses[s] as number) - loss) ** 2;
  }
  return {
    expectedReturn: expectedReturn(problem, weights) ?? -loss,
    volatility:
      byCovariance(problem, weights) ?? (squares < 1 ? Math.sqrt(variance / (1 - squares)) : 0),
    cvar: conditionalValueAtRisk(losses, probabilities, tailMass),
    tailMass,
  };
}

/** √(w'Cw) where the problem gives C. */
function byCovariance({ covariance }: Problem, weights: Float64Array): number | null {
  if (covariance === undefined) return null;
  const n = weights.length;
  let variance = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      variance +=
        (weights[i] as number) * (covariance[i * n + j] as number) * (weights[j] as number);
    }
  }
  return Math.sqrt(Math.max(variance, 0));
}

/** By the expectations that the problem gives; null where it gives none. */
function expectedReturn({ expectedReturns }: Problem, weights: Float64Array): number | null {
  if (expectedReturns === undefined) return null;
  return expectedReturns.reduce((sum, mean, j) => sum + mean * (weights[j] as number), 0);
}

export function holdingsOf(
  { assets }: ScenarioSet,
  { weights, marginalRisk }: Extract<Solution, { readonly weights: Float64Array }>,
): readonly Holding[] {
  return assets.map((asset, j) => ({
    asset,
    weight: weights[j] as number,
    marginalRisk: marginalRisk[j] as number,
  }));
}
