// Is a solution of the optimiser true? Judged from the problem written down plainly, by arithmetic and by HiGHS. Promises:
// null only where portfolio, bounds, infeasibility and the minimality of a conflict all hold.

import { weightedCovariance } from "../../scenarios/weighted-moments.ts";
import { type Limit, limitsOf } from "../limits.ts";
import type { NoPortfolio, Portfolio, Problem, Solution } from "../problem.ts";
import type { Program } from "../program.ts";
import { solveProgram } from "../solve-program.ts";
import { cvar, dot, evaluate, violation } from "./evaluated-objective.ts";
import {
  askHighs,
  isFeasible,
  isFeasibleInside,
  linearised,
  reference,
  verdictDuals,
} from "./judged-outcome.spec.ts";
import {
  expectedReturns,
  linearCosts,
  type PlainTerms,
  plainPoint,
  plainProgram,
} from "./plain-program.ts";
import { FARTHEST, isRay, lowerBound } from "./weak-duality.ts";

const GAP = 1e-8;
/** What HiGHS is asked to keep to (highs-oracle.spec.ts), of a figure of size 1. */
const HIGHS_TOLERANCE = 1e-10;
const NONE: PlainTerms = { expectedReturn: 0, cvar: 0, tailMass: 1, norm: 0, variance: 0 };

/** What is minimised; null: judged by other means. */
function termsOf(problem: Problem): PlainTerms | null {
  const { objective, scenarios, covariance = weightedCovariance(scenarios) } = problem;
  switch (objective.kind) {
    case "MINIMUM_CVAR":
      return { ...NONE, cvar: 1, tailMass: objective.tailMass };
    case "MEAN_CVAR":
      return {
        ...NONE,
        expectedReturn: 1,
        cvar: objective.riskAversion,
        tailMass: objective.tailMass,
      };
    case "ROBUST_CVAR":
      return { ...NONE, cvar: 1, tailMass: objective.tailMass, norm: objective.radius };
    case "MAXIMUM_RETURN":
      return { ...NONE, expectedReturn: 1 };
    case "MINIMUM_VARIANCE":
      return { ...NONE, variance: 1, covariance };
    case "MEAN_VARIANCE":
      return { ...NONE, expectedReturn: 1, variance: objective.riskAversion / 2, covariance };
    default:
      return null;
  }
}

export interface SolutionJudgement {
  readonly wrong: string | null;
  readonly gap: number;
  readonly disagreement: number;
}

const right: SolutionJudgement = { wrong: null, gap: 0, disagreement: 0 };
const wrong = (what: string, gap = 0): SolutionJudgement => ({ ...right, wrong: what, gap });

function cvarOf({ scenarios }: Problem, weights: Float64Array, mass: number): number {
  const losses = new Float64Array(scenarios.count);
  weights.forEach((weight, j) => {
    for (let s = 0; s < scenarios.count; s++) {
      losses[s] =
        (losses[s] as number) - weight * (scenarios.returns[j * scenarios.count + s] as number);
    }
  });
  return cvar(losses, scenarios.probabilities, mass).value;
}

function judgePortfolio(problem: Problem, portfolio: Portfolio): SolutionJudgement {
  const { weights, gap } = portfolio;
  const { constraints = {}, objective } = problem;
  const mean = expectedReturns(problem);
  const x = plainPoint(problem, weights);
  const paid = dot(linearCosts(problem), x.subarray(2 * weights.length));
  let terms = termsOf(problem);
  let offset = 0;
  if (objective.kind === "MAXIMUM_RETURN_TO_CVAR") {
    const excess = dot(mean, weights) - paid - (objective.riskFree ?? 0);
    const risk = cvarOf(problem, weights, objective.tailMass) + paid;
    const ratio = excess / risk;
    terms = { ...NONE, expectedReturn: 1, cvar: ratio, tailMass: objective.tailMass };
    offset = objective.riskFree ?? 0;
    if (!(ratio > 0)) return wrong(`the ratio is ${ratio}`);
  }
  if (objective.kind === "MAXIMUM_SHARPE") return judgeSharpe(problem, portfolio);
  if (terms === null) return right;
  const limit = constraints.maximumCvar;
  if (limit !== undefined) {
    const risk = cvarOf(problem, weights, limit.tailMass) + paid;
    const off = risk - limit.limit;
    if (
      off >
      1e-9 *
        Math.max(
          Math.abs(risk),
          1e-3 * mean.reduce((most, each) => Math.max(most, Math.abs(each)), 0),
        )
    ) {
      return wrong(`CVaR ${risk} is above its limit ${limit.limit}`);
    }
    const price = portfolio.proof?.cvarPrice ?? 0;
    if (terms.cvar > 0 && terms.tailMass !== limit.tailMass) return right;
    terms = { ...terms, cvar: terms.cvar + price, tailMass: limit.tailMass };
    offset -= price * limit.limit;
  }
  const most = constraints.maximumVolatility;
  if (most !== undefined) {
    const { value: volatility } = volatilityOf(problem, weights);
    const { unhedged, rounding } = riskOfParts(problem, weights);
    if (volatility ** 2 > most ** 2 * (1 + 2e-9) + 1e-13 * unhedged + rounding)
      return wrong(`volatility ${volatility} is above ${most}`);
    // Judged by the certificate alone: its price is no part of the proof.
    const off = violation(plainProgram(problem, terms), x);
    return off.size <= 1e-9 ? { ...right, gap } : wrong(`infeasible by ${off.size}: ${off.where}`);
  }
  const program = plainProgram(problem, terms);
  const off = violation(program, x);
  if (!(off.size <= 1e-9)) return wrong(`infeasible by ${off.size}: ${off.where}`);
  const { objective: value, size } = evaluate(program, x);
  const against = reference(program, value, size);
  if (portfolio.status === "OPTIMAL" && !(gap <= GAP))
    return wrong(`OPTIMAL with a gap of ${gap}`, gap);
  // At 0 the norm has many slopes: which one proves it is known to the certificate's prices alone. What is sold to the
  // last bit of what was held is 0 too.
  const held = (problem.current ?? []).reduce((sum, own) => sum + Math.abs(own), 0);
  const isNothing = weights.every((weight) => Math.abs(weight) <= 2 ** -52 * held);
  if (terms.norm > 0 && isNothing) return { ...right, gap };
  const { scenarios, masses } = portfolio.proof?.duals ?? { scenarios: [], masses: [] };
  const flat = linearised(program, x, {
    rows: new Float64Array(program.rows.count),
    scenarios: Int32Array.from(scenarios),
    masses: Float64Array.from(masses),
  });
  let asked = askHighs(flat.program);
  if (asked.verdict.status === "UNBOUNDED") asked = askHighs(within(flat.program, x));
  if (asked.verdict.status !== "OPTIMAL") {
    const { status } = asked.verdict;
    // Its tolerance is a smaller one than what an answer may miss limits by.
    const isEdge = status === "INFEASIBLE" && off.size > 0;
    return isEdge || status === "UNKNOWN" ? { ...right, gap } : wrong(`HiGHS says ${status}`, gap);
  }
  if (!(asked.upper - asked.lower <= GAP * against)) return { ...right, gap };
  const best = asked.verdict.objective + flat.offset;
  const disagreement = (value - best) / against;
  const allowed = portfolio.status === "FEASIBLE" ? gap * 1.01 + 2 * GAP : 2 * GAP;
  if (disagreement > allowed)
    return wrong(`HiGHS has ${best + offset}, better than ${value + offset}`, gap);
  return { wrong: null, gap, disagreement: Math.abs(disagreement) };
}

/** How far from the answer a better one is looked for where nothing else ends it, in units of its largest weight. */
const FAR = 10;
/** Where weights without an end are asked for less than a limit: so far, times that. */
const LARGEST = 1e5;

/**
 * The program in a box around the answer. What is better far away is better, by less, on the way there, the objective
 * being convex; a slope that is nothing but the rounding of its sum is worth nothing in the box, and everything without.
 */
function within(program: Program, x: Float64Array): Program {
  const far = FAR * x.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return {
    ...program,
    lower: program.lower.map((low) => Math.max(low, -far)),
    upper: program.upper.map((high) => Math.min(high, far)),
  };
}

/** The standard deviation of the weights' return, and its slopes. */
function volatilityOf(problem: Problem, weights: Float64Array) {
  const { covariance = weightedCovariance(problem.scenarios) } = problem;
  const n = weights.length;
  const slopes = weights.map((_, i) => dot(covariance.subarray(i * n, (i + 1) * n), weights));
  const value = Math.sqrt(Math.max(0, dot(slopes, weights)));
  return { value, slopes: slopes.map((slope) => (value > 0 ? slope / value : 0)) };
}

/**
 * No portfolio has more excess return than the ratio pays for its volatility, taken by its tangent: which lies below it
 * (Cauchy and Schwarz), far below where one name is a thousand times as risky as the rest. So what the tangent at the
 * ratio leaves open is asked again at the bound that the portfolio claims, which may be larger by the gap: if nothing
 * gains there, no ratio is larger than that.
 */
function judgeSharpe(problem: Problem, portfolio: Portfolio): SolutionJudgement {
  const { objective, constraints = {} } = problem;
  const { weights, gap } = portfolio;
  const riskFree = objective.kind === "MAXIMUM_SHARPE" ? (objective.riskFree ?? 0) : 0;
  const x = plainPoint(problem, weights);
  const n = weights.length;
  const isPlain =
    constraints.maximumCvar === undefined && constraints.maximumVolatility === undefined;
  const earned =
    dot(expectedReturns(problem), weights) - dot(linearCosts(problem), x.subarray(2 * n));
  const { value, slopes } = volatilityOf(problem, weights);
  const ratio = (earned - riskFree) / value;
  const program = plainProgram(problem, { ...NONE, expectedReturn: 1 });
  const off = violation(program, x);
  if (!(off.size <= 1e-9)) return wrong(`infeasible by ${off.size}: ${off.where}`);
  if (!isPlain || !Number.isFinite(ratio)) return { ...right, gap };
  if (portfolio.status === "OPTIMAL" && !(gap <= GAP))
    return wrong(`OPTIMAL with a gap of ${gap}`, gap);
  const against = Math.max(Math.abs(earned), Math.abs(riskFree));
  const allowed = portfolio.status === "FEASIBLE" ? gap * 1.01 + 2 * GAP : 2 * GAP;
  const better = (price: number): number | null => {
    const cost = Float64Array.from(program.cost, (own, j) => own + price * (slopes[j] ?? 0));
    const { verdict } = askHighs({ ...program, cost });
    return verdict.status === "OPTIMAL" ? (-riskFree - verdict.objective) / against : null;
  };
  const gain = better(ratio);
  if (gain === null || gain <= allowed) return { wrong: null, gap, disagreement: gain ?? 0 };
  const bound = -portfolio.lower;
  const rest = bound <= ratio * (1 + allowed) ? better(bound) : gain;
  // It keeps to weights within its tolerance, which their slopes may make more of than there is to earn.
  const steepest = slopes.reduce(
    (most, slope, j) =>
      Math.max(most, Math.abs(ratio * slope), Math.abs(program.cost[j] as number)),
    against,
  );
  if (rest === null || rest <= (HIGHS_TOLERANCE * steepest) / against)
    return { wrong: null, gap, disagreement: gap };
  // Two prices so near to each other may not differ in what is gained by as much as that is: then it cannot tell.
  const noise = Math.abs(rest - gain);
  const apart = (Math.abs(bound - ratio) * steepest) / (ratio * against);
  if (noise > apart && noise > gain) return { wrong: null, gap, disagreement: gap };
  return wrong(
    `the ratio ${ratio} can be better by ${gain} of it, and than ${bound} by ${rest}`,
    gap,
  );
}

/**
 * A point that HiGHS, which takes 1e-12 for rounding, may not see: long and short of two assets that are nearly one, a million
 * million times. Whoever found it, that it keeps to the limits is arithmetic.
 */
function witnessOf(program: Program): Float64Array | null {
  const outcome = solveProgram(program);
  if (!("x" in outcome)) return null;
  return violation(program, outcome.x).size <= 1e-9 ? outcome.x : null;
}

/** Smallest by HiGHS: no point with all members, one without any one of them. */
function judgeConflict(problem: Problem, { conflict }: NoPortfolio): string | null {
  const limits = limitsOf(problem);
  const members = limits.filter(({ words }) => conflict.includes(words));
  if (members.length !== conflict.length) return "INFEASIBLE: a member of the conflict is no limit";
  const isRisk = members.some(
    ({ measured }) => measured.kind === "CVAR" || measured.kind === "VOLATILITY",
  );
  if (isRisk) return judgeRiskConflict(problem, members);
  if (members.some((member) => isOfRounding(problem, member))) return null;
  const whole = plainProgram(problem, NONE, members);
  if (isFeasible(whole) && isFeasibleInside(whole))
    return "INFEASIBLE: HiGHS keeps to the whole conflict";
  for (const member of members) {
    const fewer = members.filter((other) => other !== member);
    const rest = plainProgram(problem, NONE, fewer);
    if (!isFeasible(rest) && witnessOf(rest) === null) {
      return `INFEASIBLE: the conflict is not smallest, ${member.words} is not needed`;
    }
  }
  return null;
}

/** Whether a return is asked for that is less than the rounding of the sums which means are. */
function isOfRounding({ scenarios }: Problem, { measured, value }: Limit): boolean {
  if (measured.kind !== "RETURN" || value === 0) return false;
  const size = scenarios.returns.reduce((sum, own) => sum + Math.abs(own), 0);
  return Math.abs(value) <= (CANCELLED * size) / scenarios.returns.length;
}

function judgeRiskConflict(problem: Problem, members: ReturnType<typeof limitsOf>): string | null {
  const limit = members.find(({ measured }) => measured.kind === "CVAR");
  if (limit?.measured.kind !== "CVAR") return null;
  const { tailMass } = limit.measured;
  /** The least risk lies between these: of a point that HiGHS found, and of what its duals prove. */
  const least = (among: ReturnType<typeof limitsOf>): { upper: number; lower: number } => {
    const program = plainProgram(problem, { ...NONE, cvar: 1, tailMass }, among);
    const { verdict } = askHighs(program);
    const [none, any] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    if (verdict.status === "INFEASIBLE") return { upper: none, lower: none };
    if (verdict.status !== "OPTIMAL") return { upper: any, lower: any };
    // Of whatever leverage: long and short of two assets that are nearly one may risk less a million million times over.
    const lower = lowerBound(program, verdict.x, verdictDuals(program, verdict), FARTHEST);
    // But weights of a million and more keep to a limit by the rounding of returns that are nearly the same.
    const near = askHighs(within(program, Float64Array.of(LARGEST)));
    const upper = near.verdict.status === "OPTIMAL" ? near.upper : none;
    return { upper, lower };
  };
  const slack = 1e-8 * Math.abs(limit.value);
  if (least(members).upper < limit.value - slack)
    return "INFEASIBLE: HiGHS keeps to the limit on CVaR";
  for (const member of members) {
    if (member === limit) continue;
    if (least(members.filter((other) => other !== member)).lower > limit.value + slack) {
      return `INFEASIBLE: the conflict is not smallest, ${member.words} is not needed`;
    }
  }
  return null;
}

/** Share of the variance of its parts that one which cancels may be by rounding: what it is the sum of is known to so much. */
const CANCELLED = 1e-14;

/** The variance of weights if none hedged another, and that of the rounding of weights that are to be 0, or sold out. */
function riskOfParts(problem: Problem, weights: Float64Array) {
  const { covariance = weightedCovariance(problem.scenarios) } = problem;
  let [deviation, largest, held] = [0, 0, 0];
  weights.forEach((own, j) => {
    const variance = covariance[j * (weights.length + 1)] as number;
    deviation += Math.abs(own) * Math.sqrt(variance);
    largest = Math.max(largest, variance);
    held += Math.abs(own) + Math.abs(problem.current?.[j] ?? 0);
  });
  return { unhedged: deviation ** 2, rounding: (weights.length * 2 ** -52 * held) ** 2 * largest };
}

/**
 * A ratio has no end where something is earned at no risk, be it by a portfolio or along a way without end; or no best where
 * such a way has a ratio that no portfolio has.
 */
function judgeEndlessRatio(problem: Problem, { ray }: NoPortfolio): SolutionJudgement {
  const { objective } = problem;
  if (ray === undefined) return wrong("UNBOUNDED without a ray");
  const isTail = objective.kind === "MAXIMUM_RETURN_TO_CVAR";
  const tailMass = isTail ? objective.tailMass : 1;
  const riskFree = "riskFree" in objective ? (objective.riskFree ?? 0) : 0;
  const mean = expectedReturns(problem);
  const worth = (x: Float64Array) => {
    const paid = dot(linearCosts(problem), x.subarray(2 * ray.length));
    const risk = isTail ? cvarOf(problem, ray, tailMass) + paid : volatilityOf(problem, ray).value;
    return { earned: dot(mean, ray) - paid, risk };
  };
  const { unhedged, rounding } = riskOfParts(problem, ray);
  const isFree = (risk: number): boolean => risk <= Math.sqrt(CANCELLED * unhedged + rounding);
  const bare = plainProgram(problem, { ...NONE, expectedReturn: 1 });
  const point = plainPoint(problem, ray);
  const here = worth(point);
  if (violation(bare, point).size <= 1e-9 && here.earned > riskFree && isFree(here.risk))
    return right;
  const sizes = ray.map(Math.abs);
  const way = Float64Array.from([...ray, ...sizes, ...sizes]);
  const { earned, risk } = worth(way);
  if (!isTail && !isFree(risk)) return wrong(`UNBOUNDED: the ray's volatility is ${risk}`);
  const terms = (price: number): PlainTerms => ({
    ...NONE,
    expectedReturn: 1,
    ...(isTail ? { cvar: price, tailMass } : {}),
  });
  const ratio = isFree(risk) ? 1 : earned / risk;
  const flaw = isRay(plainProgram(problem, terms(ratio * (1 - 1e-6))), way);
  if (flaw !== null) return wrong(`UNBOUNDED: ${flaw}`);
  if (isFree(risk)) return right;
  const { verdict, upper } = askHighs(plainProgram(problem, terms(ratio * (1 + 2 * GAP))));
  return verdict.status === "OPTIMAL" && -upper > riskFree + GAP * Math.abs(earned)
    ? wrong(`UNBOUNDED: HiGHS has a portfolio of a larger ratio than ${ratio}`)
    : right;
}

/** Cost: some solves by HiGHS. A refusal is for the caller to judge. */
export function judgeSolution(problem: Problem, solution: Solution): SolutionJudgement {
  switch (solution.status) {
    case "REFUSED":
      return right;
    case "INFEASIBLE": {
      const found = judgeConflict(problem, solution);
      return found === null ? right : wrong(found);
    }
    case "UNBOUNDED": {
      const terms = termsOf(problem);
      if (terms === null) return judgeEndlessRatio(problem, solution);
      const { verdict } = askHighs(plainProgram(problem, terms));
      return verdict.status === "UNBOUNDED"
        ? right
        : wrong(`UNBOUNDED, but HiGHS says ${verdict.status}`);
    }
    default:
      return judgePortfolio(problem, solution);
  }
}
