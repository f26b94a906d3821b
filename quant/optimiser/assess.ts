// What weights are worth by a problem, and what duals prove about them: the figures of a Portfolio. Promises: computed
// from the problem, the weights and the duals alone, so that optimise() and its check give the same figures.

import { brokenLimits } from "./broken-limits.ts";
import { certify } from "./certificate.ts";
import { CANCELLED, USUAL } from "./is-closed.ts";
import { isOfNames } from "./limits.ts";
import { type Lowering, objectiveScale, pointOf, programOf, type Terms } from "./lower.ts";
import { riskLimitsOf } from "./priced-risk.ts";
import type { Portfolio, Proof } from "./problem.ts";
import type { Program } from "./program.ts";
import { boundRounding, reducedCosts, worstReturns } from "./reduced-costs.ts";
import {
  cvarOf,
  marginalCvar,
  marginalNorm,
  tradingCost,
  volatilityOf,
} from "./risk-of-weights.ts";
import { shadowPrices } from "./shadow-prices.ts";

export type Assessment = Omit<Portfolio, "status" | "pivots" | "proof">;

/**
 * `terms`: what the problem minimises, before a limit on CVaR or a ratio is priced. Cost: a certificate, and a product
 * with each scenario of the tail.
 */
export function assess(
  lowering: Lowering,
  terms: Terms,
  weights: Float64Array,
  proof: Proof,
  covariance?: Float64Array,
): Assessment {
  const { means } = lowering;
  const priced = pricedTerms(lowering, terms, proof);
  const program = programOf(lowering, priced, covariance);
  const x = pointOf(lowering, weights);
  const scale = objectiveScale(lowering, priced);
  const certificate = certify(program, x, proof.duals, weights);
  const worth = {
    ...certificate,
    upper: certificate.upper / scale,
    lower: certificate.lower / scale,
  };
  const reduced = reducedCosts(program, x, proof.duals, weights);
  // What the rounding of its own sums may have taken from the bound is no gap: it is seen where the objective is next to 0.
  const rounding = boundRounding(program, x, reduced) / scale;
  const judged = judge(lowering, priced, { ...worth, rounding }, weights, proof);
  let [cash, expectedReturn] = [1, 0];
  for (const [asset, weight] of weights.entries()) {
    cash -= weight;
    expectedReturn += (means[asset] as number) * weight;
  }
  const { kind } = lowering.problem.objective;
  const isRatio = kind === "MAXIMUM_RETURN_TO_CVAR" || kind === "MAXIMUM_SHARPE";
  const difference = judged.upper - judged.lower - (isRatio ? 0 : rounding);
  // Of a return less a risk, which may cancel, the size is that of the return.
  const size = Math.max(
    Math.abs(judged.upper),
    isRatio ? 0 : terms.expectedReturn * Math.abs(expectedReturn),
    isRatio ? 0 : gapUnit(lowering, terms, weights),
  );
  return {
    weights,
    cash: Math.abs(cash) < 1e-15 ? 0 : cash,
    expectedReturn,
    upper: judged.upper,
    lower: judged.lower,
    gap: difference <= 0 ? 0 : difference / size,
    feasibility: judged.feasibility,
    shadowPrices: shadowPrices(lowering, x, reduced, proof, scale),
    marginalRisk: marginalRisk(lowering, priced, program, weights, proof),
  };
}

/**
 * What a gap is measured by where the objective cancels, as is-closed.ts says: a part of its terms, or of what a weight of 1
 * in the smallest asset that moves comes to.
 */
export function gapUnit(
  { means, sizes }: Lowering,
  { expectedReturn, cvar, norm, variance }: Terms,
  weights: Float64Array,
): number {
  let [earned, lost, held] = [0, 0, 0];
  for (const [asset, weight] of weights.entries()) {
    earned += Math.abs(weight * (means[asset] as number));
    lost += Math.abs(weight) * (sizes[asset] as number);
    held += Math.abs(weight);
  }
  const terms = expectedReturn * earned + cvar * lost + norm * held + variance * lost * lost;
  const least = sizes.reduce(
    (smallest, size) => (size > 0 ? Math.min(smallest, size) : smallest),
    Number.POSITIVE_INFINITY,
  );
  const one = Number.isFinite(least) ? least : 0;
  const usual = (expectedReturn + cvar + variance * one) * one + norm;
  return Math.max(CANCELLED * terms, USUAL * usual);
}

interface Worth {
  readonly upper: number;
  readonly lower: number;
  readonly feasibility: number;
}

interface Bounded extends Worth {
  /** What may be missing from `lower` by nothing but rounding. */
  readonly rounding: number;
}

/** From the priced program to the problem: takes prices of risk out again, or makes a ratio of them. */
function judge(
  lowering: Lowering,
  priced: Terms,
  worth: Bounded,
  w: Float64Array,
  proof: Proof,
): Worth {
  const { objective, scenarios } = lowering.problem;
  if (objective.kind === "MAXIMUM_RETURN_TO_CVAR") {
    const cost = tradingCost(lowering, pointOf(lowering, w));
    const cvar = cvarOf(scenarios, w, objective.tailMass) + cost;
    return ratio(worth, { riskFree: 0, ...objective }, priced.cvar * cvar, cvar, priced.cvar);
  }
  if (objective.kind === "MAXIMUM_SHARPE") {
    const { volatility } = volatilityOf(lowering.problem, w);
    // By the tangent of the variance at w, return − riskFree ≤ 2 · price · w'C v ≤ 2 · price · volatility(w) · volatility(v).
    const least = worth.lower + priced.variance * volatility * volatility;
    const proven = { ...worth, lower: least };
    const inObjective = priced.variance * volatility * volatility;
    const most = 2 * priced.variance * volatility;
    return ratio(proven, { riskFree: 0, ...objective }, inObjective, volatility, most);
  }
  let { upper, lower, feasibility } = worth;
  const names = lowering.limits.filter(({ measured }) => isOfNames(measured));
  for (const { violation } of brokenLimits(lowering.problem, names, lowering.means, w, 0)) {
    feasibility = Math.max(feasibility, violation);
  }
  lower = Math.max(lower, Math.min(proof.searched ?? lower, upper));
  for (const limit of riskLimitsOf(lowering)) {
    const price = limit.priceIn(proof);
    const risk = limit.measure(w);
    upper -= price * risk;
    lower -= price * limit.most;
    if (limit.kind === "VOLATILITY" && priced.hedge !== undefined) {
      const unit = hedgeUnit(lowering, priced);
      const { volatility, marginal } = volatilityOf(lowering.problem, priced.hedge);
      const along = w.reduce((sum, own, j) => sum + own * (marginal[j] as number), 0);
      upper -= unit * volatility * along;
      lower -= unit * volatility * Math.sqrt(limit.most);
    }
    const over = (risk - limit.most) / Math.max(Math.abs(limit.most), limit.sizeOf(w));
    if (risk > limit.most) feasibility = Math.max(feasibility, over);
  }
  return { upper, lower, feasibility };
}

/** What a unit of covariance is of the problem's objective, in the units of a hedge. */
export const hedgeUnit = (lowering: Lowering, terms: Terms): number =>
  (lowering.returnScale * lowering.returnScale) / objectiveScale(lowering, terms);

/**
 * Share of an excess return that may be missing from the proof of a ratio; where hedges leave an excess of 1e-9 of what they earn,
 * what the rounding of its sums is, up to a larger share. It is added to the bound, for portfolios of this risk: one of a
 * hundredth of it may be above the bound by a hundred times as much.
 */
const MISSING = 1e-10;
const ROUNDED = 1e-8;

/** `priced`: what the risk adds to the objective. Nothing has a larger ratio than `most` if no return beats that. */
function ratio(
  { upper, lower, feasibility, rounding }: Bounded,
  { riskFree }: { readonly riskFree: number },
  priced: number,
  risk: number,
  most: number,
): Worth {
  const excess = priced - upper - riskFree;
  const missing = Math.max(0, -riskFree - lower);
  const size = Math.abs(excess);
  const proven = missing <= Math.max(MISSING * size, Math.min(rounding, ROUNDED * size));
  const bound = proven ? -(most + missing / risk) : Number.NEGATIVE_INFINITY;
  return { upper: -excess / risk, lower: bound, feasibility };
}

/** The terms with what risk costs by the proof: where it is limited, or the denominator of a ratio. */
export function pricedTerms(lowering: Lowering, terms: Terms, proof: Proof): Terms {
  const { objective } = lowering.problem;
  const { cvarPrice = 0, variancePrice = 0, hedge } = proof;
  if (objective.kind === "MAXIMUM_RETURN_TO_CVAR") {
    return { ...terms, cvar: cvarPrice, tailMass: objective.tailMass };
  }
  if (objective.kind === "MAXIMUM_SHARPE") return { ...terms, variance: variancePrice };
  let priced = hedge === undefined ? terms : { ...terms, hedge };
  for (const limit of riskLimitsOf(lowering)) priced = limit.priced(priced, limit.priceIn(proof));
  return priced;
}

/** Of CVaR, with its norm in a ball, where the problem knows a tail; else of volatility. */
function marginalRisk(
  { problem, limits, returnScale }: Lowering,
  priced: Terms,
  program: Program,
  weights: Float64Array,
  { duals }: Proof,
): Float64Array {
  if (priced.cvar > 0 && duals.scenarios.length > 0) {
    const norm = marginalNorm(weights);
    const { mean: worst } = worstReturns(program, duals);
    return worst.map((mean, asset) => priced.norm * (norm[asset] as number) - mean / returnScale);
  }
  for (const { measured } of limits) {
    if (measured.kind === "CVAR")
      return marginalCvar(problem.scenarios, weights, measured.tailMass);
  }
  return volatilityOf(problem, weights).marginal;
}
