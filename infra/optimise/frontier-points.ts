// The efficient frontier: for each expected return the portfolio of least risk. Promises: from the least risk
// there is to the largest return there is, each point with a bound of its own.

import {
  efficientFrontier,
  type FrontierPoint as WalkedPoint,
} from "../../quant/optimiser/efficient-frontier.ts";
import { optimise } from "../../quant/optimiser/optimise.ts";
import { OPTIMAL_GAP } from "../../quant/optimiser/optimise-with.ts";
import type { Objective, Portfolio, Problem, Solution } from "../../quant/optimiser/problem.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { type Measures, measuresOf } from "./optimised.ts";

export interface FrontierPoint extends Measures {
  readonly status: Portfolio["status"];
  readonly weights: Float64Array;
  readonly upper: number;
  readonly lower: number;
  readonly gap: number;
}

export interface Frontier {
  readonly points: readonly FrontierPoint[];
  /** What the points have least of. */
  readonly risk: "cvar" | "volatility";
}

export const ALL = "all";

/** `count` points, evenly spaced by expected return (one where least risk has the largest), or all breakpoints. */
export function frontierOf(
  problem: Problem,
  count: number | typeof ALL,
  onPoint: (done: number, total: number) => void,
): Frontier | Exclude<Solution, Portfolio> {
  const { objective, risk } = riskObjective(problem.objective);
  if (count === ALL) {
    const walked = efficientFrontier({ ...problem, objective });
    return "points" in walked ? { points: pointsOf(problem, walked.points), risk } : walked;
  }
  const sampled = sampledPoints(problem, objective, count);
  if (sampled === null) return solvedPoints(problem, objective, risk, count, onPoint);
  onPoint(sampled.length, sampled.length);
  return { points: sampled, risk };
}

/** Points of one walk, where that can be walked and all of them are proved; their return is before costs. */
function sampledPoints(
  problem: Problem,
  objective: Objective,
  count: number,
): readonly FrontierPoint[] | null {
  if (count < 2 || problem.costs !== undefined) return null;
  const { minimumReturn: _, ...constraints } = problem.constraints ?? {};
  const walked = efficientFrontier({ ...problem, objective, constraints }, count);
  return walked.status === "OPTIMAL" ? pointsOf(problem, walked.points) : null;
}

function pointsOf(problem: Problem, walked: readonly WalkedPoint[]): readonly FrontierPoint[] {
  return walked.map(({ weights, cvar, gap }) => {
    const status = gap <= OPTIMAL_GAP ? "OPTIMAL" : "FEASIBLE";
    const lower = cvar - gap * Math.abs(cvar);
    return { ...measuresOf(problem, weights), status, weights, upper: cvar, lower, gap };
  });
}

function solvedPoints(
  problem: Problem,
  objective: Objective,
  risk: Frontier["risk"],
  count: number,
  onPoint: (done: number, total: number) => void,
): Frontier | Exclude<Solution, Portfolio> {
  const { minimumReturn: _, ...constraints } = problem.constraints ?? {};
  const safest = optimise({ ...problem, objective, constraints });
  if (!("weights" in safest)) return safest;
  const richest = optimise({ ...problem, objective: { kind: "MAXIMUM_RETURN" }, constraints });
  if (!("weights" in richest)) return richest;
  const low = safest.expectedReturn;
  const high = richest.expectedReturn;
  const points = [pointOf(problem, safest)];
  onPoint(1, count);
  const steps = high > low ? count - 1 : 0;
  for (let k = 1; k <= steps; k++) {
    const minimumReturn = k === steps ? high : low + ((high - low) * k) / steps;
    const found = optimise({
      ...problem,
      objective,
      constraints: { ...constraints, minimumReturn },
    });
    // Rounding may put the largest return a hair out of reach.
    const reached = k === steps && !("weights" in found) ? richest : found;
    if (!("weights" in reached)) return reached;
    points.push(pointOf(problem, reached));
    onPoint(k + 1, count);
  }
  return { points, risk };
}

function riskObjective(objective: Objective): {
  readonly objective: Objective;
  readonly risk: Frontier["risk"];
} {
  switch (objective.kind) {
    case "MINIMUM_CVAR":
    case "ROBUST_CVAR":
      return { objective, risk: "cvar" };
    case "MEAN_CVAR":
    case "MAXIMUM_RETURN_TO_CVAR": {
      const { tailMass } = objective;
      return { objective: { kind: "MINIMUM_CVAR", tailMass }, risk: "cvar" };
    }
    case "MINIMUM_VARIANCE":
    case "MEAN_VARIANCE":
    case "MAXIMUM_SHARPE":
      return { objective: { kind: "MINIMUM_VARIANCE" }, risk: "volatility" };
    default:
      throw new TapedeckError(
        "OPTIMISE_OPTION_INVALID",
        `--frontier needs a problem of CVaR or variance, such as minimum-cvar; not ${objective.kind}`,
        { objective: objective.kind },
      );
  }
}

function pointOf(problem: Problem, found: Portfolio): FrontierPoint {
  const { status, weights, upper, lower, gap } = found;
  return { ...measuresOf(problem, weights), status, weights, upper, lower, gap };
}
