// The efficient frontier of a problem: every portfolio at which its mix changes, from the least CVaR to the largest return.
// Promises: exact; on a straight line between two points weights, return and CVaR are those of the frontier too.

import { gapUnit } from "./assess.ts";
import { checkProblem } from "./check-problem.ts";
import { linearCost } from "./feasible-set.ts";
import { cvarFrontier } from "./frontier.ts";
import { certifyVertices } from "./frontier-proof.ts";
import { evenlySpaced } from "./frontier-samples.ts";
import { limitsOf } from "./limits.ts";
import { lowerProblem, programOf, termsOf } from "./lower.ts";
import { optimise } from "./optimise.ts";
import { OPTIMAL_GAP } from "./optimise-with.ts";
import type { NoPortfolio, Problem, Refusal } from "./problem.ts";
import type { Certificate } from "./program.ts";
import { netWeights } from "./tail-loss.ts";

export interface FrontierPoint {
  readonly weights: Float64Array;
  /** Less linear costs. */
  readonly expectedReturn: number;
  /** With linear costs. */
  readonly cvar: number;
  /** CVaR that a unit more return costs from here on; Infinity at the last point. */
  readonly price: number;
  /** (upper − lower) relative to CVaR, of CVaR less the price so far times the return. */
  readonly gap: number;
}

export type Frontier =
  | {
      /** FEASIBLE: work or time ran out before the largest return, or a point is not proven (`gap`). */
      readonly status: "OPTIMAL" | "FEASIBLE";
      readonly points: readonly FrontierPoint[];
      readonly pivots: number;
    }
  | NoPortfolio
  | Refusal;

const refused = (...reasons: string[]): Refusal => ({ status: "REFUSED", reasons });

/**
 * The objective is MINIMUM_CVAR. `minimumReturn` starts the frontier there; a limit on risk, a minimum position or a number
 * of names, and impact costs are refused. `count`, at least 2: so many points, evenly spaced by return, in place of every
 * vertex. UNBOUNDED: the return has no end. Cost: a walk over the vertices, and a proof of each point (docs/performance.md).
 */
export function efficientFrontier(problem: Problem, count?: number): Frontier {
  const reasons = checkProblem(problem);
  if (reasons.length > 0) return refused(...reasons);
  if (count !== undefined && !(Number.isInteger(count) && count >= 2)) {
    return refused(`a frontier has at least 2 points, not ${count}`);
  }
  const { objective, costs } = problem;
  if (objective.kind !== "MINIMUM_CVAR") {
    return refused(`a frontier of ${objective.kind} is not walked: ask for MINIMUM_CVAR`);
  }
  const limits = limitsOf(problem);
  const other = limits.find(({ measured }) => !LINEAR.includes(measured.kind));
  if (other !== undefined) return refused(`a frontier with ${other.words} is not walked`);
  if (costs?.impact !== undefined) return refused("a frontier with costs.impact is not walked");
  const lowering = lowerProblem(problem, limits);
  const terms = termsOf(problem);
  if ("contradiction" in lowering || terms === null) return without(problem);
  const { set, means, returnScale } = lowering;
  const program = programOf(lowering, terms);
  const gains = Float64Array.from(set.parts, (part) => {
    const earned = part.sign * (means[part.asset] as number);
    return returnScale * (earned - part.traded * linearCost(problem, part));
  });
  const outcome = cvarFrontier(program, gains, problem.work);
  if (outcome.status === "INFEASIBLE") return without(problem);
  if (outcome.status === "UNBOUNDED") {
    return { status: "UNBOUNDED", conflict: [], ray: netWeights(program.holdings, outcome.ray) };
  }
  const vertices = count === undefined ? outcome.vertices : evenlySpaced(outcome.vertices, count);
  const proofs = certifyVertices(program, gains, vertices);
  const points = vertices.map((vertex, k): FrontierPoint => {
    const { upper, lower } = proofs[k] as Certificate;
    const weights = netWeights(program.holdings, vertex.x);
    const size = gapUnit(lowering, terms, weights);
    const cvar = vertex.risk / returnScale;
    return {
      weights,
      expectedReturn: vertex.gain / returnScale,
      cvar,
      price: vertex.price,
      gap: Math.max(0, upper - lower) / returnScale / Math.max(Math.abs(cvar), size) || 0,
    };
  });
  const [first] = points;
  if (first !== undefined && !(first.gap <= OPTIMAL_GAP)) {
    // Where several worst cases fit the first vertex the walk may hold one that proves nothing.
    const least = optimise(problem);
    const size = Math.max(Math.abs(first.cvar), gapUnit(lowering, terms, first.weights));
    if (least.status === "OPTIMAL" && size > 0) {
      points[0] = { ...first, gap: Math.max(0, first.cvar - least.lower) / size };
    }
  }
  const proven = points.every(({ gap }) => gap <= OPTIMAL_GAP);
  return { status: proven ? outcome.status : "FEASIBLE", points, pivots: outcome.pivots };
}

const LINEAR = ["WEIGHTS", "SUM", "GROSS", "TURNOVER", "RETURN"];

/** There is no portfolio at all: in the words of the optimiser. */
function without(problem: Problem): NoPortfolio | Refusal {
  const solution = optimise(problem);
  if (solution.status === "INFEASIBLE" || solution.status === "REFUSED") return solution;
  return refused("the limits can only just be kept: rounding decides whether they can");
}
