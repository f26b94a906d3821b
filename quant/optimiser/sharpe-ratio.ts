// The largest (expected return − riskFree) / volatility. Promises: bounds stay bounds; the ratio is proven by one
// certificate, through the tangent of the variance.
//
// The portfolio of the largest ratio is the best of return − c · variance where 2c is its own excess return over its
// variance. As c rises the best portfolio's variance falls, and 2c · variance − excess rises through 0 once: that c is
// looked for between two that bracket it.

import type { Answer } from "./answer.ts";
import { assess } from "./assess.ts";
import type { Solve } from "./conflict.ts";
import { type Lowering, pointOf, programOf } from "./lower.ts";
import type { Duals } from "./program.ts";
import { noneBeats, RETURN } from "./return-to-cvar.ts";
import { tradingCost, volatilityOf } from "./risk-of-weights.ts";
import { netWeights } from "./tail-loss.ts";

const MAXIMUM_STEPS = 60;
/** The ratio is flat at its top: half the digits of the price are enough for all of its own. */
const CLOSE = 1e-9;
/** Share of the risk of its parts that a portfolio without risk has by rounding. */
const RISKLESS = 3e-8;
/** How far the proven ratio is above the one found, so that rounding cannot undo the proof. */
const MARGINS = [0, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8];

interface Point {
  readonly status: "FOUND";
  readonly price: number;
  readonly weights: Float64Array;
  readonly excess: number;
  readonly variance: number;
  readonly duals: Duals;
}

/** Cost: a solve for each price on the way, about ten. */
export function solveSharpeRatio(
  lowering: Lowering,
  { riskFree = 0 }: { readonly riskFree?: number },
  solve: Solve,
  covariance: Float64Array | undefined,
): Answer {
  let pivots = 0;
  const at = (price: number) => {
    const program = programOf(lowering, { ...RETURN, variance: price }, covariance);
    const outcome = solve(program, lowering.problem.work);
    pivots += outcome.pivots;
    if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return outcome;
    return found(lowering, price, outcome.x, outcome.duals, riskFree);
  };
  const first = at(0);
  if (first.status === "INFEASIBLE") return { status: "INFEASIBLE" };
  const largest = first.status === "UNBOUNDED" ? at(1) : first;
  if (largest.status === "INFEASIBLE") return { status: "INFEASIBLE" };
  if (largest.status === "UNBOUNDED") {
    return { status: "UNBOUNDED", ray: netWeights(lowering.set.holdings, largest.ray) };
  }
  if (!(largest.excess > 0)) return noneBeats(riskFree, largest.excess + riskFree);
  let best = bracketed(largest, at);
  if (isRiskless(best, lowering)) return { status: "UNBOUNDED", ray: best.weights };
  // The answer is the point that its duals belong to: the tangent there proves the most.
  const answer = ({ weights, duals, price }: Point) => ({
    weights,
    proof: { duals, variancePrice: price },
  });
  for (const margin of MARGINS) {
    const next = at(ownPrice(best) * (1 + margin));
    if (next.status !== "FOUND" || !(ratioOf(next) >= ratioOf(best) * (1 - CLOSE))) break;
    best = next;
    const { weights, proof } = answer(best);
    if (assess(lowering, RETURN, weights, proof, covariance).gap <= 1e-10) break;
  }
  return { status: "SOLVED", ...answer(best), pivots };
}

function found(
  lowering: Lowering,
  price: number,
  x: Float64Array,
  duals: Duals,
  riskFree: number,
): Point {
  const weights = netWeights(lowering.set.holdings, x);
  const paid = tradingCost(lowering, pointOf(lowering, weights));
  const earned = weights.reduce((sum, w, asset) => sum + w * (lowering.means[asset] as number), 0);
  const { volatility } = volatilityOf(lowering.problem, weights);
  const variance = volatility * volatility;
  return { status: "FOUND", price, weights, excess: earned - paid - riskFree, variance, duals };
}

const ratioOf = ({ excess, variance }: Point): number => excess / Math.sqrt(variance);
const missOf = ({ price, excess, variance }: Point): number => 2 * price * variance - excess;
/** The price at which a portfolio of the largest ratio is the best one. */
const ownPrice = ({ excess, variance }: Point): number => excess / variance / 2;

/** Whether what is left of the risk of the parts is rounding: then the ratio has no end. */
function isRiskless({ weights, variance }: Point, { sizes }: Lowering): boolean {
  const parts = weights.reduce((sum, w, asset) => sum + Math.abs(w) * (sizes[asset] as number), 0);
  return !(Math.sqrt(variance) > RISKLESS * parts);
}

/** From the largest return, where the price is too low, up until it is too high; then between the two. */
function bracketed(
  largest: Point,
  at: (price: number) => Point | { readonly status: "INFEASIBLE" | "UNBOUNDED" },
): Point {
  let [low, high]: [Point, Point | undefined] = [largest, undefined];
  let best = largest;
  for (let step = 0; step < MAXIMUM_STEPS && best.variance > 0; step++) {
    const price = nextPrice(low, high, ownPrice(best), step);
    const next = at(price);
    if (next.status !== "FOUND") break;
    if (missOf(next) < 0) low = next;
    else high = next;
    if (!(next.variance > 0) || ratioOf(next) >= ratioOf(best)) best = next;
    const settled = Math.abs(missOf(next)) <= CLOSE * next.excess;
    if (settled || (high !== undefined && high.price - low.price <= CLOSE * price)) break;
  }
  return best;
}

/** Above the best ratio's own price until it is too high; then where the miss would be 0 on a line, or the middle. */
function nextPrice(low: Point, high: Point | undefined, own: number, step: number): number {
  if (high === undefined)
    return Math.max(own, low.price) * (step === 0 ? 1 : 2 ** (step - 1) * 1.25);
  const share = missOf(low) / (missOf(low) - missOf(high));
  const line = low.price + share * (high.price - low.price);
  if (step % 3 !== 2 && line > low.price && line < high.price) return line;
  return low.price > 0 ? Math.sqrt(low.price) * Math.sqrt(high.price) : high.price / 8;
}
