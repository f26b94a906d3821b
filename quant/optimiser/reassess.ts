// What a portfolio is worth by its problem, computed again by who does not believe the figures that came with it. Promises:
// every figure follows from the problem, the weights and the duals; no solver is asked, but where nothing less can say: a
// rule is followed again, and the bound of a search over names is searched for again.

import { type Assessment, assess } from "./assess.ts";
import { checkProblem } from "./check-problem.ts";
import { limitsOf } from "./limits.ts";
import { type Lowering, lowerProblem, NOTHING } from "./lower.ts";
import { nameChoice } from "./name-limits.ts";
import { optimise } from "./optimise.ts";
import { covarianceIfUsed, minimisedTerms } from "./optimise-with.ts";
import type { Problem, Proof } from "./problem.ts";
import { solveRule } from "./rules.ts";

export interface Reassessment extends Pick<Assessment, "upper" | "lower" | "gap" | "feasibility"> {
  /** Of a rule: the furthest that a weight is from what the rule gives; 0 for an optimum. */
  readonly astray: number;
}

type Reasons = { readonly reasons: readonly string[] };

/** The figures, or why none can be computed. Cost: a pass over the scenarios, a certificate; a rule or a search again. */
export function reassess(
  problem: Problem,
  weights: Float64Array,
  proof: Proof,
): Reassessment | Reasons {
  const reasons = checkProblem(problem);
  if (reasons.length > 0) return { reasons };
  const { assets } = problem.scenarios;
  if (weights.length !== assets.length || !weights.every(Number.isFinite)) {
    return {
      reasons: [`${weights.length} weights for ${assets.length} assets, or not all finite`],
    };
  }
  const limits = limitsOf(problem);
  const lowering = lowerProblem(problem, limits);
  if ("contradiction" in lowering) return { reasons: ["the limits contradict each other"] };
  const terms = minimisedTerms(problem);
  if (terms === null) return followed(lowering, weights);
  const { rows } = lowering.set;
  const { duals } = proof;
  const fits = duals.rows.length === rows.count && duals.scenarios.length === duals.masses.length;
  if (!fits) return { reasons: ["the proof is of another problem"] };
  const covariance = covarianceIfUsed(lowering, terms);
  const { searched: _, ...priced } = proof;
  const searched = nameChoice(limits) === null ? undefined : searchedFor(problem);
  const used = searched === undefined ? priced : { ...priced, searched };
  return { ...assess(lowering, terms, weights, used, covariance), astray: 0 };
}

function searchedFor(problem: Problem): number | undefined {
  const again = optimise(problem);
  return "weights" in again ? again.proof?.searched : undefined;
}

/** What the rule says of the problem; how the weights keep to the limits is their own. */
function followed(lowering: Lowering, weights: Float64Array): Reassessment | Reasons {
  const ruled = solveRule(lowering);
  if (ruled === null || !("weights" in ruled)) return { reasons: ["the rule gives no portfolio"] };
  const nothing = {
    scenarios: new Int32Array(0),
    masses: new Float64Array(0),
    rows: new Float64Array(lowering.set.rows.count),
  };
  const { feasibility } = assess(lowering, NOTHING, weights, { duals: nothing });
  const { upper, lower, gap } = ruled;
  let astray = 0;
  for (const [asset, weight] of ruled.weights.entries()) {
    astray = Math.max(astray, Math.abs(weight - (weights[asset] as number)));
  }
  return { upper, lower, gap, feasibility, astray };
}
