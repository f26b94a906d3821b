// The largest (expected return − riskFree) / volatility. Promises: bounds stay bounds; the ratio is proven by one
// certificate, through the tangent of the variance.
//
// The portfolio of the largest ratio is the best of return − c · variance where 2c is its own excess return over its
// variance. As c rises the best portfolio's variance falls, and 2c · variance − excess, the miss, rises through 0 once: that
// c is looked for between two that bracket it. A miss of 0 or more proves a ratio that is above the one found by the miss, as
// a share of the excess. Where assets hedge each other out, the best portfolio without risk comes first.

import type { Answer } from "./answer.ts";
import { type Assessment, assess } from "./assess.ts";
import { certify } from "./certificate.ts";
import type { Solve } from "./conflict.ts";
import { type Lowering, pointOf, programOf } from "./lower.ts";
import type { Proof } from "./problem.ts";
import type { Duals } from "./program.ts";
import { type Proven, refined } from "./refined.ts";
import { isGain, noneBeats, RETURN } from "./return-to-cvar.ts";
import { tradingCost, volatilityOf } from "./risk-of-weights.ts";
import { isRiskless, risklessProgram } from "./riskless.ts";
import { netWeights } from "./tail-loss.ts";

const MAXIMUM_STEPS = 60;
/** Share of an excess that it misses by rounding alone. */
const ROUNDING = 1e-12;
/** Misses that are aimed at, as shares of the excess, until rounding leaves the proof whole; and how near is near. */
const AIMS = [1e-11, 1e-10, 1e-9, 5e-9];
const NEAR = 10;
/** Prices so many times apart are searched by their middle as well. */
const FAR = 4;
/** So often in a row may one end stay where it is. */
const SLOW = 3;
/** How often a lower price is tried where several are as good. */
const BACKS = 6;
/** The gap at which no larger miss is tried. */
const PROVEN = 1e-8;
/** Largest violation of what replaces another point. */
const KEPT = 1e-9;
/** What is left open at a price, as a share of what is minimised, before more is done about it. */
const CLOSED = 1e-11;

interface Point {
  readonly status: "FOUND";
  readonly price: number;
  readonly x: Float64Array;
  readonly weights: Float64Array;
  readonly excess: number;
  readonly variance: number;
  /** With the return of each asset. */
  readonly covariances: Float64Array;
  readonly duals: Duals;
  /** How much better than this the best one at the price may be. */
  readonly open: number;
}

/** `near`: a point at another price, from which this one may be found where the solver leaves more open. */
type At = (price: number, near?: Point) => Point | { readonly status: "INFEASIBLE" } | Endless;
type Endless = { readonly status: "UNBOUNDED"; readonly ray: Float64Array };

/** Cost: a solve for each price on the way, about ten. */
export function solveSharpeRatio(
  lowering: Lowering,
  { riskFree = 0 }: { readonly riskFree?: number },
  solve: Solve,
  covariance: Float64Array,
): Answer {
  let pivots = 0;
  const at: At = (price, near) => {
    const program = programOf(lowering, { ...RETURN, variance: price }, covariance);
    const outcome = solve(program, lowering.problem.work);
    pivots += outcome.pivots;
    if (outcome.status === "INFEASIBLE") return { status: "INFEASIBLE" };
    if (outcome.status === "UNBOUNDED") return endless(netWeights(program.holdings, outcome.ray));
    const { upper, lower } = outcome.certificate;
    const point = {
      x: outcome.x,
      net: netWeights(program.holdings, outcome.x),
      duals: outcome.duals,
    };
    const isClosed = upper - lower <= CLOSED * Math.abs(upper);
    if (isClosed) return found(point, upper - lower);
    const openOf = ({ x, net, duals }: Proven): number => {
      const worth = certify(program, x, duals, net);
      return worth.feasibility <= KEPT ? worth.upper - worth.lower : Number.POSITIVE_INFINITY;
    };
    const best = refined(program, point, solve, lowering.problem.work);
    const open = openOf(best);
    if (near === undefined || open <= CLOSED * Math.abs(upper)) return found(best, open);
    const from = { x: near.x, net: near.weights, duals: near.duals };
    const other = refined(program, from, solve, lowering.problem.work);
    const otherOpen = openOf(other);
    return otherOpen < open ? found(other, otherOpen) : found(best, open);

    function found({ x, net, duals }: Proven, gap: number): Point {
      const open = gap / lowering.returnScale;
      return { ...measured(lowering, net, riskFree), price, x, duals, open };
    }
  };
  const first = at(0);
  if (first.status === "INFEASIBLE") return first;
  if (first.status === "FOUND" && !isGain(lowering, first, riskFree)) {
    return noneBeats(riskFree, first.excess + riskFree);
  }
  const free = riskless(lowering, riskFree, solve, covariance);
  if (free !== null) return endless(free);
  const [low, high] = bracketed(first, at);
  if (low.status !== "FOUND") return low;
  const best = high !== undefined && high.excess > 0 ? high : low;
  if (isRiskless(best.weights, lowering, covariance)) return endless(best.weights);
  const proven = (point: Point) => {
    const proof = { duals: point.duals, variancePrice: point.price };
    return { ...assess(lowering, RETURN, point.weights, proof, covariance), proof };
  };
  let answer = sharpest(proven(best), [low, high], at, proven);
  // Prices that cannot be told apart for what is left open at them were taken for too low or too high.
  if (!(answer.gap <= PROVEN)) {
    const [under, over] = bracketed(first, at, true);
    if (under.status === "FOUND" && over !== undefined) {
      const other = proven(over);
      answer = sharpest(other.gap < answer.gap ? other : answer, [under, over], at, proven);
    }
  }
  return { status: "SOLVED", weights: answer.weights, proof: answer.proof, pivots };
}

type Proved = Assessment & { readonly proof: Proof };

/** Prices between two for larger and larger misses, while the proof is not whole. */
function sharpest(
  first: Proved,
  [low, high]: readonly [low: Point, high: Point | undefined],
  at: At,
  proven: (point: Point) => Proved,
): Proved {
  let answer = first;
  let [under, over] = [low, high];
  for (const aim of AIMS) {
    if (answer.gap <= PROVEN / NEAR || over === undefined) break;
    for (let step = 0; step < AIMS.length; step++) {
      const next = at(priceBetween(under, over, aim), surer(under, over));
      if (next.status !== "FOUND") break;
      const found = proven(next);
      if (!(found.gap >= answer.gap)) answer = found;
      if (missOf(next) < 0) under = next;
      else over = next;
      if (missOf(next) >= 0) break;
    }
  }
  return answer;
}

const endless = (ray: Float64Array): Endless => ({ status: "UNBOUNDED", ray });

/** A portfolio, or a direction, that earns more than is certain and risks nothing; null where there is none. */
function riskless(
  lowering: Lowering,
  riskFree: number,
  solve: Solve,
  covariance: Float64Array,
): Float64Array | null {
  const { program, risks } = risklessProgram(programOf(lowering, RETURN), covariance);
  if (risks === lowering.means.length) return null;
  const outcome = solve(program, lowering.problem.work);
  if (outcome.status === "INFEASIBLE") return null;
  const found = outcome.status === "UNBOUNDED" ? outcome.ray : outcome.x;
  const weights = netWeights(program.holdings, found);
  if (!isRiskless(weights, lowering, covariance)) return null;
  if (outcome.status === "UNBOUNDED") return weights;
  return isGain(lowering, measured(lowering, weights, riskFree), riskFree) ? weights : null;
}

function measured(lowering: Lowering, weights: Float64Array, riskFree: number) {
  const paid = tradingCost(lowering, pointOf(lowering, weights));
  const earned = weights.reduce((sum, w, asset) => sum + w * (lowering.means[asset] as number), 0);
  const { volatility, marginal } = volatilityOf(lowering.problem, weights);
  const excess = earned - paid - riskFree;
  const variance = volatility * volatility;
  const covariances = marginal.map((own) => own * volatility);
  return { status: "FOUND", weights, excess, variance, covariances } as const;
}

const missOf = ({ price, excess, variance }: Point): number => 2 * price * variance - excess;
const surer = (one: Point, other: Point | undefined): Point =>
  other !== undefined && other.open / other.excess < one.open / one.excess ? other : one;
/** The price at which a portfolio of the largest ratio is the best one. */
const ownPrice = ({ excess, variance }: Point): number => excess / variance / 2;

/**
 * Two prices about the one sought, as near as the first aim asks; no upper one where there is none. `isLoose`: or as what is
 * left open at a price may hide.
 */
function bracketed(
  first: Point | Endless,
  at: At,
  isLoose = false,
): readonly [low: Point | Exclude<ReturnType<At>, Point>, high: Point | undefined] {
  let low: Point | undefined;
  let high: Point | undefined;
  if (first.status === "FOUND") low = first;
  for (let price = 1; low === undefined; price /= 8) {
    const next = at(price);
    if (next.status !== "FOUND") return [next, undefined];
    // Where portfolios of any size have the same ratio, the first price is as good as any.
    if (missOf(next) < ROUNDING * next.excess || price < Number.EPSILON) low = next;
    else high = next;
  }
  const aim = AIMS[0] as number;
  const stays = { low: 0, high: 0 };
  for (let step = 0, backs = 0; step < MAXIMUM_STEPS && low.variance > 0; step++) {
    const isFlat = backs > 0 && high !== undefined;
    const price: number = isFlat
      ? middleOf(low, high as Point)
      : high === undefined
        ? priceAbove(low, step)
        : nextPrice(low, high, stays, step);
    if (!(price > low.price && price < (high?.price ?? Number.POSITIVE_INFINITY))) break;
    const next = at(price, surer(low, high));
    if (next.status !== "FOUND") break;
    const miss = missOf(next) / next.excess;
    const open = isLoose ? next.open / next.excess : 0;
    const isNear = miss >= -Math.max(ROUNDING, open) && miss <= Math.max(NEAR * aim, open);
    const isHigh = isNear || missOf(next) >= 0;
    if (isHigh) high = next;
    else low = next;
    stays.low = isHigh ? stays.low + 1 : 0;
    stays.high = isHigh ? 0 : stays.high + 1;
    // Where a smaller portfolio has the same ratio, as with cash, a whole range of prices misses by nothing but rounding:
    // the lowest of them is that of the largest portfolio, and rounding the least of it.
    if (isNear || isFlat) backs++;
    if (backs > BACKS || (backs > 0 && (high as Point).price <= 2 * low.price)) break;
  }
  return [low, high];
}

/** Where no price is too high yet: that of the ratio, and faster and faster above it. */
const priceAbove = (low: Point, step: number): number =>
  Math.max(ownPrice(low), low.price) * (step === 0 ? 1 : 2 ** (step - 1) * 1.25);

interface Stays {
  readonly low: number;
  readonly high: number;
}

/** Where the miss would be what is aimed at; the middle where that keeps moving one end alone. */
function nextPrice(low: Point, high: Point, stays: Stays, step: number): number {
  const line = priceBetween(low, high, AIMS[0] as number, stays);
  const isFar = high.price > FAR * low.price && step % 3 === 2;
  const isSlow = Math.max(stays.low, stays.high) > SLOW;
  return !isFar && !isSlow && line > low.price && line < high.price ? line : middleOf(low, high);
}

const middleOf = (low: Point, high: Point): number =>
  low.price > 0 ? Math.sqrt(low.price) * Math.sqrt(high.price) : high.price / 8;

/**
 * The price at which the portfolio of the largest ratio between two of them would be the best one, and the miss what is aimed
 * at. Where both hold the same names and meet the same limits, so does the one that is looked for, and it is between them.
 * Elsewhere a secant, on which the miss of an end that stays counts half each time (the Illinois method: M. Dowell and
 * P. Jarratt, BIT 11, 1971).
 */
function priceBetween(low: Point, high: Point, aim: number, stays: Stays = NONE): number {
  const [under, over] = [missOf(low), missOf(high)];
  const aimed = aim * Math.max(low.excess, high.excess);
  const gain = high.excess - low.excess;
  const both = low.weights.reduce((sum, w, a) => sum + w * (high.covariances[a] as number), 0);
  const turn = both - low.variance;
  const bend = high.variance - both - turn;
  const share = (gain * low.variance - low.excess * turn) / (low.excess * bend - gain * turn);
  const variance = low.variance + share * (2 * turn + share * bend);
  const apart = high.price - low.price;
  const price = (low.excess + share * gain) / variance / 2 + (aimed * apart) / (over - under);
  if (share > 0 && share < 1 && price > low.price && price < high.price) return price;
  const [least, most] = [under * halved(stays.low), over * halved(stays.high)];
  return low.price + ((aimed - least) / (most - least)) * apart;
}

const NONE: Stays = { low: 0, high: 0 };

/** The first time that an end stays is no reason. */
const halved = (stays: number): number => 0.5 ** Math.max(0, stays - 1);
