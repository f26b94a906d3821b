// Whether a portfolio is what it says. Promises: every figure is computed again from the problem, the weights and the
// duals; none of the solvers is asked or believed. Wrong duals can only make a bound worse, so a lie shows.

import { type Assessment, assess } from "./assess.ts";
import { brokenLimits } from "./broken-limits.ts";
import { checkProblem } from "./check-problem.ts";
import { limitsOf } from "./limits.ts";
import { lowerProblem } from "./lower.ts";
import {
  covarianceIfUsed,
  minimisedTerms,
  OPTIMAL_GAP,
  OPTIMAL_VIOLATION,
} from "./optimise-with.ts";
import type { Portfolio, Problem } from "./problem.ts";
import { solveRule } from "./rules.ts";

/** Figures agree that differ by less than this share of their size. */
const AGREES = 1e-9;

/**
 * Why the portfolio is not what it says; empty where it is. What its gap and violation may be is for the caller to judge
 * (`gap`, `feasibility`): they are true when this is empty. A portfolio without a proof is refused. Cost: a pass over the
 * scenarios, a certificate.
 */
export function checkSolution(problem: Problem, portfolio: Portfolio): readonly string[] {
  const reasons = [...checkProblem(problem)];
  if (reasons.length > 0) return reasons;
  const { assets } = problem.scenarios;
  const { weights, proof, status } = portfolio;
  if (weights.length !== assets.length) {
    return [`${weights.length} weights for ${assets.length} assets`];
  }
  for (const [asset, weight] of weights.entries()) {
    if (!Number.isFinite(weight)) reasons.push(`weight of ${assets[asset]} is ${weight}`);
  }
  if (reasons.length > 0) return reasons;
  const limits = limitsOf(problem);
  const lowering = lowerProblem(problem, limits);
  if ("contradiction" in lowering) return ["the limits contradict each other"];
  const ruled = solveRule(lowering);
  if (ruled !== null) return ruledReasons(portfolio, ruled, assets);
  const terms = minimisedTerms(problem);
  if (terms === null || proof === undefined) return ["there is no proof to check"];
  const { rows, scenarios, masses } = proof.duals;
  if (rows.length !== lowering.set.rows.count || scenarios.length !== masses.length) {
    return ["the proof is of another problem"];
  }
  const covariance = covarianceIfUsed(lowering, terms);
  const found = assess(lowering, terms, weights, proof, covariance);
  reasons.push(...differences(portfolio, found, lowering.size));
  if (status === "OPTIMAL" && !(found.gap <= OPTIMAL_GAP)) {
    reasons.push(`called OPTIMAL with a gap of ${found.gap}`);
  }
  const broken = brokenLimits(problem, limits, lowering.means, weights, OPTIMAL_VIOLATION);
  for (const { limit, measured } of broken) reasons.push(`${limit.words}, but is ${measured}`);
  if (broken.length === 0 && !(found.feasibility <= OPTIMAL_VIOLATION)) {
    reasons.push(`a limit is violated by ${found.feasibility}`);
  }
  return reasons;
}

/** A rule has no proof: it is followed again. */
function ruledReasons(
  said: Portfolio,
  ruled: Exclude<ReturnType<typeof solveRule>, null>,
  assets: readonly string[],
): readonly string[] {
  if (ruled.status === "REFUSED") return ruled.reasons;
  if (ruled.status === "INFEASIBLE") return ["no portfolio keeps to the limits"];
  const reasons = [...differences(said, ruled, 1)];
  for (const [asset, weight] of ruled.weights.entries()) {
    const given = said.weights[asset] as number;
    if (Math.abs(given - weight) <= AGREES) continue;
    reasons.push(`weight of ${assets[asset]} is said to be ${given}, and is ${weight}`);
  }
  return reasons;
}

/** Gap and violation are small differences: they are compared as such, not by their own size. */
function differences(said: Portfolio, found: Assessment, size: number): readonly string[] {
  const reasons: string[] = [];
  const compare = (name: string, a: number, b: number, scale: number): void => {
    const same = a === b || Math.abs(a - b) <= AGREES * scale;
    if (!same) reasons.push(`${name} is said to be ${a}, and is ${b}`);
  };
  const objective = Math.max(Math.abs(found.upper), Math.abs(found.expectedReturn), size * AGREES);
  compare("upper", said.upper, found.upper, objective);
  compare("lower", said.lower, found.lower, objective);
  compare("expectedReturn", said.expectedReturn, found.expectedReturn, Math.max(objective, size));
  compare("cash", said.cash, found.cash, Math.max(1, Math.abs(found.cash)));
  compare("gap", said.gap, found.gap, 1);
  compare("feasibility", said.feasibility, found.feasibility, 1);
  return reasons;
}
