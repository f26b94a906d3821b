// A problem put into the one form that solvers minimise (program.ts). Promises: the program's objective at a point is
// the problem's at its net weights, times a power of two; a problem whose returns are all scaled gives the same program.
//
// Linear and impact costs are a certain loss: they lower the return and raise CVaR by the same amount (CVaR moves with
// what is certain). Returns far from the usual size are scaled by a power of two, which is exact.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { weightedCovariance } from "../scenarios/weighted-moments.ts";
import { type Contradiction, type FeasibleSet, feasibleSet, linearCost } from "./feasible-set.ts";
import { type Limit, limitsOf } from "./limits.ts";
import type { Problem } from "./problem.ts";
import type { Program, SmoothTerm } from "./program.ts";
import { surveyScenarios } from "./scenario-survey.ts";
import { impact, type Part } from "./weight-parts.ts";

/** What is minimised, per unit of return: −expectedReturn · E + cvar · CVaR + norm · ‖w‖ + variance · w'Cw. */
export interface Terms {
  readonly expectedReturn: number;
  /** Of losses less what is certain; 0: no tail. */
  readonly cvar: number;
  readonly tailMass: number;
  readonly norm: number;
  readonly variance: number;
  /** Of these weights, what their covariance with the portfolio adds, in the units of the program. */
  readonly hedge?: Float64Array;
}

export interface Lowering {
  readonly problem: Problem;
  readonly limits: readonly Limit[];
  readonly set: FeasibleSet;
  readonly means: Float64Array;
  /** The problem's scenarios, every return times `returnScale`. */
  readonly scenarios: ScenarioSet;
  readonly returnScale: number;
  /** Mean absolute return of each asset, and of all together, in the problem's scenarios. */
  readonly sizes: Float64Array;
  readonly size: number;
}

/** Where returns are of such a size on average nothing is scaled: from a tick's to a decade's. */
const USUAL = { least: 2 ** -16, most: 2 };

/** The lowering of a checked problem under these limits (all that it states if left out). */
export function lowerProblem(
  problem: Problem,
  limits: readonly Limit[] = limitsOf(problem),
): Lowering | Contradiction {
  const { means, sizes } = surveyScenarios(problem.scenarios);
  const size = sizes.reduce((sum, value) => sum + value, 0) / Math.max(1, sizes.length);
  const expected = Float64Array.from(problem.expectedReturns ?? means);
  const set = feasibleSet(problem, limits, expected);
  if ("contradiction" in set) return set;
  const returnScale = scaleOf(size);
  const { scenarios } = problem;
  const scaled =
    returnScale === 1 ? scenarios : { ...scenarios, returns: times(scenarios.returns) };
  function times(values: Float64Array): Float64Array {
    return values.map((value) => value * returnScale);
  }
  return { problem, limits, set, means: expected, scenarios: scaled, returnScale, sizes, size };
}

function scaleOf(size: number): number {
  let scale = 1;
  if (!(size > 0 && Number.isFinite(size)) || (size >= USUAL.least && size <= USUAL.most)) return 1;
  while (size * scale > 0.015625) scale /= 2;
  while (size * scale < 0.0078125) scale *= 2;
  return scale;
}

export const NOTHING: Terms = { expectedReturn: 0, cvar: 0, tailMass: 1, norm: 0, variance: 0 };

/** What a problem minimises; null where that is not a sum of such terms. */
export function termsOf({ objective }: Problem): Terms | null {
  switch (objective.kind) {
    case "MINIMUM_CVAR":
      return { ...NOTHING, cvar: 1, tailMass: objective.tailMass };
    case "MEAN_CVAR": {
      const { riskAversion, tailMass } = objective;
      return { ...NOTHING, expectedReturn: 1, cvar: riskAversion, tailMass };
    }
    case "MAXIMUM_RETURN":
      return { ...NOTHING, expectedReturn: 1 };
    case "ROBUST_CVAR":
      return { ...NOTHING, cvar: 1, tailMass: objective.tailMass, norm: objective.radius };
    case "MINIMUM_VARIANCE":
      return { ...NOTHING, variance: 1 };
    case "MEAN_VARIANCE":
      return { ...NOTHING, expectedReturn: 1, variance: objective.riskAversion / 2 };
    default:
      return null;
  }
}

/** What the program's objective is of the problem's. A variance alone goes by squares. */
export function objectiveScale({ returnScale }: Lowering, terms: Terms): number {
  const linear = terms.expectedReturn !== 0 || terms.cvar !== 0 || terms.norm !== 0;
  return linear || terms.variance === 0 ? returnScale : returnScale * returnScale;
}

/** `covariance` is asked for only where there is a variance: it is the dearest part. */
export function programOf(lowering: Lowering, terms: Terms, covariance?: Float64Array): Program {
  const { problem, set, means, scenarios, returnScale } = lowering;
  const scale = objectiveScale(lowering, terms);
  const paid = terms.expectedReturn + terms.cvar;
  const hedged = terms.hedge && covarianceWith(terms.hedge, covariance ?? covarianceOf(lowering));
  const cost = Float64Array.from(set.parts, (part) => {
    if (part.totalOf !== undefined) return 0;
    const earned = terms.expectedReturn * part.sign * (means[part.asset] as number);
    const own = scale * (paid * part.traded * linearCost(problem, part) - earned);
    return own + (hedged === undefined ? 0 : part.sign * (hedged[part.asset] as number));
  });
  const smooth: SmoothTerm[] = [];
  const toReturns = scale / returnScale;
  if (terms.norm > 0) smooth.push({ kind: "NORM", weight: terms.norm * scale });
  if (terms.variance > 0) {
    const weight = (terms.variance * toReturns) / returnScale;
    smooth.push({ kind: "VARIANCE", weight, covariance: covariance ?? covarianceOf(lowering) });
  }
  const coefficients = Float64Array.from(set.parts, (part) =>
    part.impact ? scale * paid * impact(problem, part.asset) : 0,
  );
  if (coefficients.some((value) => value > 0)) smooth.push({ kind: "IMPACT", coefficients });
  const tail = { weight: terms.cvar * toReturns, mass: terms.tailMass, scenarios };
  return {
    variables: set.parts.length,
    cost,
    lower: set.lower,
    upper: set.upper,
    rows: set.rows,
    holdings: set.holdings,
    ...(terms.cvar > 0 ? { tail } : {}),
    ...(smooth.length > 0 ? { smooth } : {}),
  };
}

/** C h */
const covarianceWith = (hedge: Float64Array, covariance: Float64Array): Float64Array =>
  hedge.map((_, i) => {
    let sum = 0;
    for (const [j, own] of hedge.entries()) {
      sum += (covariance[i * hedge.length + j] as number) * own;
    }
    return sum;
  });

/** Of the scaled returns. */
export function covarianceOf({ problem, scenarios, returnScale }: Lowering): Float64Array {
  if (problem.covariance === undefined) return weightedCovariance(scenarios);
  const factor = returnScale * returnScale;
  return factor === 1 ? problem.covariance : problem.covariance.map((value) => value * factor);
}

/** The point of the program whose net weights are these, nothing bought and sold at once. */
export function pointOf({ set }: Pick<Lowering, "set">, weights: Float64Array): Float64Array {
  const { parts } = set;
  const x = Float64Array.from(parts, (part) => (part.totalOf === undefined ? part.lower : 0));
  const left = Float64Array.from(weights);
  for (const [j, { asset, sign, totalOf }] of parts.entries()) {
    if (totalOf === undefined) left[asset] = (left[asset] as number) - sign * (x[j] as number);
  }
  const last = new Int32Array(weights.length).fill(-1);
  const ofAsset = new Int32Array(weights.length);
  for (const [j, part] of parts.entries()) {
    ofAsset[part.asset] = (ofAsset[part.asset] as number) + 1;
    const rest = (left[part.asset] as number) * part.sign;
    if (part.totalOf !== undefined) continue;
    if (last[part.asset] === -1) last[part.asset] = j;
    if (!(rest > 0)) continue;
    const step = Math.min(rest, part.upper - part.lower);
    x[j] = (x[j] as number) + step;
    left[part.asset] = part.sign * (rest - step);
    if (step > 0) last[part.asset] = j;
  }
  // What fits nowhere is a violation, and must show as one; what is one part is that part to the last bit.
  for (const [asset, j] of last.entries()) {
    const rest = left[asset] as number;
    const { sign } = parts[j] as Part;
    if (ofAsset[asset] === 1) x[j] = sign * (weights[asset] as number);
    else if (rest !== 0) x[j] = (x[j] as number) + rest * sign;
  }
  for (const [j, { totalOf }] of parts.entries()) {
    for (const part of totalOf ?? []) x[j] = (x[j] as number) + (x[parts.indexOf(part)] as number);
  }
  return x;
}
