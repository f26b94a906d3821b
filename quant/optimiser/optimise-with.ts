// From a problem to its solution, whatever the solvers are. Promises: every answer has a status; OPTIMAL only where the
// certificate, computed here from the problem alone, closes the gap and no limit is violated; where there is no
// portfolio, why.

import type { Answer } from "./answer.ts";
import { assess } from "./assess.ts";
import { solveNames } from "./cardinality.ts";
import { checkProblem } from "./check-problem.ts";
import { closeProblemGap } from "./close-problem-gap.ts";
import { conflictOf, type Solve } from "./conflict.ts";
import { isOfNames, isOfRisk, type Limit, limitsOf } from "./limits.ts";
import {
  covarianceOf,
  type Lowering,
  lowerProblem,
  objectiveScale,
  programOf,
  type Terms,
  termsOf,
} from "./lower.ts";
import { nameChoice } from "./name-limits.ts";
import { riskLimitsOf } from "./priced-risk.ts";
import type { Problem, Refusal, Solution } from "./problem.ts";
import { RETURN, solveReturnToCvar } from "./return-to-cvar.ts";
import { solveRiskLimit } from "./risk-limit.ts";
import { solveRule } from "./rules.ts";
import { solveSharpeRatio } from "./sharpe-ratio.ts";
import { netWeights } from "./tail-loss.ts";

/** Largest gap, relative to the objective, and violation of what is called OPTIMAL. */
export const OPTIMAL_GAP = 1e-8;
export const OPTIMAL_VIOLATION = 1e-9;

const refused = (...reasons: string[]): Refusal => ({ status: "REFUSED", reasons });

export function optimiseWith(problem: Problem, solve: Solve): Solution {
  const reasons = checkProblem(problem);
  if (reasons.length > 0) return { status: "REFUSED", reasons };
  const limits = limitsOf(problem);
  const lowering = lowerProblem(problem, limits);
  if ("contradiction" in lowering) return withoutPortfolio(problem, limits, solve);
  const ruled = solveRule(lowering);
  if (ruled?.status === "INFEASIBLE") return withoutPortfolio(problem, limits, solve);
  if (ruled !== null) return ruled;
  const terms = minimisedTerms(problem);
  if (terms === null) return refused(`objective ${problem.objective.kind} is not solved yet`);
  const combination = unsolved(lowering, terms.cvar > 0 ? terms.tailMass : undefined);
  if (combination !== null) return refused(combination);
  const covariance = covarianceIfUsed(lowering, terms);
  const answer = answerOf(lowering, terms, solve, covariance);
  if (answer.status === "REFUSED") return answer;
  if (answer.status === "UNBOUNDED") return { ...answer, conflict: [] };
  if (answer.status === "INFEASIBLE") return withoutPortfolio(problem, limits, solve);
  const weights = soldOut(problem, answer.weights);
  const found = {
    ...answer,
    assessment: assess(lowering, terms, weights, answer.proof, covariance),
  };
  const closed = closeProblemGap(lowering, terms, found, OPTIMAL_GAP, solve, covariance);
  const { assessment, proof, pivots } = closed;
  if (!(assessment.feasibility <= OPTIMAL_VIOLATION)) {
    return withoutPortfolio(problem, limits, solve);
  }
  const status = assessment.gap <= OPTIMAL_GAP ? "OPTIMAL" : "FEASIBLE";
  return { status, ...assessment, pivots, proof };
}

/** What is left of a position beyond the digits of what was held is nothing. */
const soldOut = ({ current }: Problem, weights: Float64Array): Float64Array =>
  weights.map((weight, asset) => {
    const held = Math.abs(current?.[asset] ?? 0);
    return Math.abs(weight) <= Number.EPSILON * held ? 0 : weight;
  });

/** What is minimised before a limit or a ratio is priced; null where a method without a proof answers. */
export const minimisedTerms = (problem: Problem): Terms | null =>
  problem.objective.kind === "MAXIMUM_RETURN_TO_CVAR" || problem.objective.kind === "MAXIMUM_SHARPE"
    ? RETURN
    : termsOf(problem);

/** Where a variance is minimised, limited, or the denominator of a ratio. */
export function covarianceIfUsed(lowering: Lowering, terms: Terms): Float64Array | undefined {
  const { problem, limits } = lowering;
  const limited = limits.some(({ measured }) => measured.kind === "VOLATILITY");
  const used = terms.variance > 0 || limited || problem.objective.kind === "MAXIMUM_SHARPE";
  return used ? covarianceOf(lowering) : undefined;
}

function withoutPortfolio(problem: Problem, limits: readonly Limit[], solve: Solve): Solution {
  const conflict = conflictOf(problem, limits, solve);
  if (conflict.length > 0) return infeasible(conflict);
  return refused("the limits can only just be kept: rounding decides whether they can");
}

const infeasible = (limits: readonly Limit[]): Solution => ({
  status: "INFEASIBLE",
  conflict: limits.map(({ words }) => words),
});

function answerOf(
  lowering: Lowering,
  terms: Terms,
  solve: Solve,
  covariance: Float64Array | undefined,
): Answer {
  const { objective, work } = lowering.problem;
  if (objective.kind === "MAXIMUM_RETURN_TO_CVAR") {
    return solveReturnToCvar(lowering, objective, solve);
  }
  if (objective.kind === "MAXIMUM_SHARPE") {
    return solveSharpeRatio(lowering, objective, solve, covariance ?? covarianceOf(lowering));
  }
  const [limit] = riskLimitsOf(lowering);
  if (limit !== undefined) return solveRiskLimit(lowering, terms, limit, solve, covariance);
  const program = programOf(lowering, terms, covariance);
  const choice = nameChoice(lowering.limits);
  const outcome =
    choice === null ? solve(program, work) : solveNames(program, choice, solve, nameWork(work));
  if (outcome.status === "INFEASIBLE") return { status: "INFEASIBLE" };
  if (outcome.status === "UNDECIDED") {
    return refused(
      "work ended before any portfolio of so few names, or so large positions, was found",
    );
  }
  const net = (x: Float64Array): Float64Array => netWeights(program.holdings, x);
  if (outcome.status === "UNBOUNDED") return { status: "UNBOUNDED", ray: net(outcome.ray) };
  const { x, duals, pivots } = outcome;
  if (choice === null) return { status: "SOLVED", weights: net(x), proof: { duals }, pivots };
  const searched = outcome.certificate.lower / objectiveScale(lowering, terms);
  return { status: "SOLVED", weights: net(x), proof: { duals, searched }, pivots };
}

/** A search goes by programs, each with as many pivots as it takes: the same on every machine. */
const nameWork = (work: Problem["work"]) => ({
  ...(work?.expired === undefined ? {} : { expired: work.expired }),
});

/** What the problem combines that no method here solves; null if nothing. */
function unsolved({ problem, limits }: Lowering, tailMass: number | undefined): string | null {
  const { objective } = problem;
  const isRatio = ["MAXIMUM_RETURN_TO_CVAR", "MAXIMUM_SHARPE"].includes(objective.kind);
  let risks = 0;
  for (const { words, measured } of limits) {
    const { kind } = measured;
    if (isOfNames(measured)) {
      if (!isRatio && !limits.some((limit) => isOfRisk(limit.measured))) continue;
      return `objective ${objective.kind} with ${words} and a risk that is limited is not solved`;
    }
    if (kind !== "CVAR" && kind !== "VOLATILITY") continue;
    if (isRatio) {
      return `objective ${objective.kind} with ${words} is not solved: limit one of them`;
    }
    if (++risks > 1) return `${words} with another limit on risk is not solved`;
    if (kind !== "CVAR") continue;
    if (tailMass !== undefined && tailMass !== measured.tailMass) {
      return `objective of tail mass ${tailMass} with ${words} is not solved: two tails`;
    }
  }
  return null;
}
