// A plan for some periods ahead, from a problem of one: what trading now saves later. Promises: one convex program of all
// periods with its bounds (quant/optimiser/multi-period.ts); what a plan takes no account of is refused, not passed over.

import { type HorizonRisk, planAhead } from "../../quant/optimiser/multi-period.ts";
import { optimise } from "../../quant/optimiser/optimise.ts";
import type { NoPortfolio, Problem } from "../../quant/optimiser/problem.ts";
import { solveProgram } from "../../quant/optimiser/solve-program.ts";
import type { ReturnHistory } from "../../quant/scenarios/return-history.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { weightedCovariance, weightedMean } from "../../quant/scenarios/weighted-moments.ts";
import { TapedeckError } from "../../schemas/errors.ts";

export interface Planned {
  readonly status: "OPTIMAL" | "FEASIBLE";
  /** Of each step; the first is to be traded to now. */
  readonly steps: readonly Float64Array[];
  /** Σ over steps of costs and risk less expected return, and what no plan is below. */
  readonly upper: number;
  readonly lower: number;
  readonly feasibility: number;
}

/** Limits that a plan knows. */
const KNOWN = ["lower", "upper", "budget", "maximumTurnover"];

export type NoPlan = Pick<NoPortfolio, "status" | "conflict">;

/** Throws OPTIMISE_OPTION_INVALID. Cost: a program of steps × assets. */
export function planOf(problem: Problem, steps: number, history: ReturnHistory): Planned | NoPlan {
  const { scenarios, constraints = {}, costs = {}, work = {} } = problem;
  const { assets } = scenarios;
  for (const [name, value] of Object.entries(constraints)) {
    if (value !== undefined && !KNOWN.includes(name)) {
      throw invalid(`--steps takes no account of ${name}: leave it out, or plan one period`);
    }
  }
  const { budget = 1, maximumTurnover } = constraints;
  const range = typeof budget === "number" ? { lower: budget, upper: budget } : budget;
  const expectedReturns = problem.expectedReturns ?? [...weightedMean(scenarios)];
  const all = (given: number | readonly number[] | undefined, other: number): readonly number[] =>
    typeof given === "object" ? given : assets.map(() => given ?? other);
  const plan = planAhead(
    {
      current: problem.current ?? assets.map(() => 0),
      steps: Array.from({ length: steps }, () => ({ expectedReturns })),
      lower: all(constraints.lower, 0),
      upper: all(constraints.upper, Number.POSITIVE_INFINITY),
      budget: { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY, ...range },
      risk: riskOf(problem, steps, history),
      ...(costs.linear === undefined ? {} : { linearCost: all(costs.linear, 0) }),
      ...(costs.impact === undefined ? {} : { impact: all(costs.impact, 0) }),
      ...(maximumTurnover === undefined ? {} : { maximumTurnover }),
    },
    solveProgram,
    work,
  );
  if (plan.status === "INFEASIBLE" || plan.status === "UNBOUNDED") {
    return without(problem, plan.status);
  }
  const { upper, lower, feasibility } = plan.outcome.certificate;
  return { status: plan.status, steps: plan.weights, upper, lower, feasibility };
}

function riskOf(
  { objective, covariance, scenarios }: Problem,
  steps: number,
  history: ReturnHistory,
): HorizonRisk {
  if (objective.kind === "MEAN_VARIANCE") {
    return {
      kind: "VARIANCE",
      aversion: objective.riskAversion,
      covariance: covariance ?? weightedCovariance(scenarios),
    };
  }
  if (objective.kind !== "MEAN_CVAR") {
    throw invalid(`--steps plans mean-variance and mean-cvar, not ${objective.kind}`);
  }
  if (history.count <= steps) {
    throw invalid(`--steps ${steps} needs more than ${history.count} periods of returns`);
  }
  const { riskAversion: aversion, tailMass } = objective;
  const paths = Array.from({ length: steps }, (_, step) => fromPeriod(history, step, steps));
  return { kind: "CVAR", aversion, tailMass, paths };
}

/** Of each run of `steps` periods in the history the period at this place: paths as they happened, equally likely. */
function fromPeriod(
  { assets, count, returns }: ReturnHistory,
  step: number,
  steps: number,
): ScenarioSet {
  const paths = count - steps + 1;
  const own = new Float64Array(assets.length * paths);
  for (let j = 0; j < assets.length; j++) {
    own.set(returns.subarray(j * count + step, j * count + step + paths), j * paths);
  }
  const probabilities = new Float64Array(paths).fill(1 / paths);
  return { assets, count: paths, returns: own, probabilities };
}

/** Who stands still keeps to every limit: a plan is infeasible where its first step is, and for the same reason. */
function without(problem: Problem, status: "INFEASIBLE" | "UNBOUNDED"): NoPlan {
  const one = status === "INFEASIBLE" ? optimise(problem) : null;
  return { status, conflict: one !== null && "conflict" in one ? one.conflict : [] };
}

const invalid = (message: string): TapedeckError =>
  new TapedeckError("OPTIMISE_OPTION_INVALID", message);
