// What a portfolio is worth by its problem, computed again by who does not believe the figures that came with it. Promises:
// every figure follows from the problem, the weights and the duals; no solver is asked.

import { type Assessment, assess } from "./assess.ts";
import { checkProblem } from "./check-problem.ts";
import { limitsOf } from "./limits.ts";
import { covarianceOf, lowerProblem } from "./lower.ts";
import { minimisedTerms } from "./optimise-with.ts";
import type { Problem, Proof } from "./problem.ts";
import { RETURN } from "./return-to-cvar.ts";

export interface Reassessment extends Pick<Assessment, "upper" | "lower" | "gap" | "feasibility"> {
  /** False for a method that is a rule, not an optimum: only `feasibility` says something then. */
  readonly proven: boolean;
}

/** The figures, or why none can be computed. Cost: a pass over the scenarios, a certificate. */
export function reassess(
  problem: Problem,
  weights: Float64Array,
  proof: Proof,
): Reassessment | { readonly reasons: readonly string[] } {
  const reasons = checkProblem(problem);
  if (reasons.length > 0) return { reasons };
  const { assets } = problem.scenarios;
  if (weights.length !== assets.length || !weights.every(Number.isFinite)) {
    return {
      reasons: [`${weights.length} weights for ${assets.length} assets, or not all finite`],
    };
  }
  const lowering = lowerProblem(problem, limitsOf(problem));
  if ("contradiction" in lowering) return { reasons: ["the limits contradict each other"] };
  const own = minimisedTerms(problem);
  const terms = own ?? RETURN;
  const { rows } = lowering.set;
  const { duals } = proof;
  const fits = duals.rows.length === rows.count && duals.scenarios.length === duals.masses.length;
  if (own !== null && !fits) return { reasons: ["the proof is of another problem"] };
  const nothing = {
    scenarios: new Int32Array(0),
    masses: new Float64Array(0),
    rows: new Float64Array(rows.count),
  };
  const covariance = terms.variance > 0 ? covarianceOf(lowering) : undefined;
  const used = own === null ? { duals: nothing } : proof;
  return { ...assess(lowering, terms, weights, used, covariance), proven: own !== null };
}
