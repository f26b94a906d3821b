// Portfolios by a rule, or by an objective of a shape of its own: risk parity, hierarchical risk parity, Kelly's bet.
// Promises: the plain rule where it breaks no limit of the problem; beyond it what the method's own page of constraints
// allows; a limit that a method takes no account of is refused with its words, never bent.

import { weightedCovariance } from "../scenarios/weighted-moments.ts";
import { brokenLimits } from "./broken-limits.ts";
import { parityWithin } from "./constrained-parity.ts";
import { linearCost } from "./feasible-set.ts";
import { hierarchicalRiskParity } from "./hierarchical-risk-parity.ts";
import { solveKelly } from "./kelly.ts";
import { percent } from "./limit-words.ts";
import { covarianceOf, type Lowering, NOTHING, programOf } from "./lower.ts";
import type { Objective, Portfolio, Problem, Refusal } from "./problem.ts";
import type { Outcome } from "./program.ts";
import { marginalCvar, volatilityOf } from "./risk-of-weights.ts";
import { type Parity, varianceParity } from "./risk-parity.ts";
import { netWeights } from "./tail-loss.ts";
import { cvarParity } from "./tail-parity.ts";

/** As everywhere (optimise-with.ts). */
const OPTIMAL_GAP = 1e-8;
/** Weights may miss a limit by so much: they were not made with it in mind, but may lie on it. */
const TOLERANCE = 1e-9;

type Found = Pick<Portfolio, "status" | "weights" | "upper" | "lower" | "gap" | "pivots">;
type Ruled = Found | Refusal | { readonly status: "INFEASIBLE" };

/** What the rule of the problem gives; null where its objective is no rule. */
export function solveRule(
  lowering: Lowering,
): Portfolio | Refusal | { readonly status: "INFEASIBLE" } | null {
  const { problem, limits, means } = lowering;
  const ruled = ruledWeights(lowering);
  if (ruled === null || ruled.status === "REFUSED" || ruled.status === "INFEASIBLE") return ruled;
  const { objective } = problem;
  const [broken] = brokenLimits(problem, limits, means, ruled.weights, TOLERANCE);
  if (broken !== undefined) {
    const { limit, measured } = broken;
    const value = limit.measured.kind === "NAMES" ? measured : percent(+measured.toPrecision(4));
    return refused(`${objective.kind} gives ${value} and takes no limit: ${limit.words}`);
  }
  const bet = objective.kind === "KELLY" ? (objective.fraction ?? 1) : 1;
  const weights = bet === 1 ? ruled.weights : ruled.weights.map((weight) => bet * weight);
  let [cash, expectedReturn] = [1, 0];
  for (const [asset, weight] of weights.entries()) {
    cash -= weight;
    expectedReturn += (means[asset] as number) * weight;
  }
  const tail = objective.kind === "RISK_PARITY" && objective.measure === "CVAR";
  return {
    ...ruled,
    weights,
    cash: Math.abs(cash) < 1e-14 ? 0 : cash,
    expectedReturn,
    feasibility: 0,
    shadowPrices: [],
    marginalRisk: tail
      ? marginalCvar(problem.scenarios, weights, objective.tailMass ?? 1)
      : volatilityOf(problem, weights).marginal,
  };
}

const refused = (...reasons: string[]): Refusal => ({ status: "REFUSED", reasons });

function ruledWeights(lowering: Lowering): Ruled | null {
  const { objective } = lowering.problem;
  switch (objective.kind) {
    case "RISK_PARITY":
      return parity(lowering, objective);
    case "HIERARCHICAL_RISK_PARITY":
      return hierarchy(lowering.problem, objective);
    case "KELLY":
      return kelly(lowering);
    default:
      return null;
  }
}

function parity(
  lowering: Lowering,
  { measure, tailMass = 1, budgets }: Extract<Objective, { kind: "RISK_PARITY" }>,
): Ruled {
  const { problem, limits, means, scenarios } = lowering;
  const n = scenarios.assets.length;
  const shares = budgets ?? new Array<number>(n).fill(1 / n);
  const tail = measure === "CVAR";
  const covariance = tail ? new Float64Array(n * n) : covarianceOf(lowering);
  const plain: Parity = tail
    ? cvarParity(scenarios, tailMass, shares, problem.work)
    : varianceParity(covariance, shares);
  if (plain.status === "REFUSED") return plain;
  if (plain.status === "UNBOUNDED") {
    return refused("some portfolio of long positions has no risk, so no shares of it");
  }
  const { status, weights, certificate, deviation, pivots } = plain;
  if (brokenLimits(problem, limits, means, weights, TOLERANCE).length === 0) {
    const { upper, lower } = certificate;
    return { status, weights, upper, lower, gap: deviation, pivots };
  }
  const region = programOf(lowering, tail ? { ...NOTHING, cvar: 1, tailMass } : NOTHING);
  const { budget = 1 } = problem.constraints ?? {};
  const size = typeof budget === "number" ? budget : 1;
  if (!(size > 0) || region.smooth !== undefined)
    return refused("RISK_PARITY needs a budget above 0");
  const within = parityWithin(region, covariance, shares, size, problem.work);
  return within.status === "REFUSED" ? within : found(lowering, within, 0);
}

/** The logarithm of a wealth near 1 is known to about so much times 1e-8. */
const GROWTH = 1e-7;

/** Of a program's outcome; the gap is relative to the objective, or to `least` if that is larger. */
function found({ set }: Lowering, outcome: Outcome, least: number): Ruled {
  if (outcome.status === "INFEASIBLE") return outcome;
  if (outcome.status === "UNBOUNDED") return refused("what is to be shared or staked has no end");
  const { upper, lower } = outcome.certificate;
  const { x, pivots } = outcome;
  const gap = upper > lower ? (upper - lower) / Math.max(Math.abs(upper), least) : 0;
  const status = gap <= OPTIMAL_GAP ? "OPTIMAL" : "FEASIBLE";
  return { status, weights: netWeights(set.holdings, x), upper, lower, gap, pivots };
}

/** The tree is cut within bounds of its own, and shares out the budget, where that is one number; nothing is minimised. */
function hierarchy(
  problem: Problem,
  { linkage, optimalLeafOrder = false }: Extract<Objective, { kind: "HIERARCHICAL_RISK_PARITY" }>,
): Ruled {
  const { scenarios, constraints = {} } = problem;
  const { assets } = scenarios;
  const bounds = (given: number | readonly number[] = [], other: number): number[] =>
    assets.map((_, asset) => (typeof given === "number" ? given : (given[asset] ?? other)));
  const { budget } = constraints;
  const size = typeof budget === "number" && budget > 0 ? budget : 1;
  const lower = bounds(constraints.lower, 0).map((least) => least / size);
  const upper = bounds(constraints.upper, size).map((most) => most / size);
  const covariance = problem.covariance ?? weightedCovariance(scenarios);
  const asked = { covariance, linkage, optimalLeafOrder, lower, upper };
  const answer = hierarchicalRiskParity(asked, assets.length);
  if (answer.status !== "OPTIMAL") return answer;
  const weights = answer.weights.map((weight) => size * weight);
  return { status: "OPTIMAL", weights, upper: 0, lower: 0, gap: 0, pivots: 0 };
}

/** The whole bet within the limits; `fraction` of it is what is held. */
function kelly(lowering: Lowering): Ruled {
  const { problem, set } = lowering;
  const program = programOf(lowering, NOTHING);
  if (problem.costs?.impact !== undefined) return refused("KELLY with costs.impact is not solved");
  const cost = Float64Array.from(set.parts, (part) => part.traded * linearCost(problem, part));
  const outcome = solveKelly({ ...program, cost }, problem.scenarios, problem.work);
  const lost = outcome.status === "INFEASIBLE" && outcome.rows.every((price) => price === 0);
  return lost
    ? refused("KELLY: whatever is held may lose everything")
    : found(lowering, outcome, GROWTH);
}
