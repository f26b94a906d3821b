// The best portfolio under a limit on risk: CVaR, or volatility. Promises: exact where all is linear: the best value as a
// function of a limit on CVaR is then convex and piecewise linear, and the answer lies on the edge between two vertices;
// certified elsewhere.
//
// With price k the best of objective + k · risk is a point of that curve whose slope is −k. Of a point on either side of
// the limit, the slope between them is the next price (M. Eisner, D. Severance, Journal of the ACM 23(4), 1976).

import type { Answer } from "./answer.ts";
import { assess } from "./assess.ts";
import type { Solve } from "./conflict.ts";
import { type Lowering, programOf, type Terms } from "./lower.ts";
import type { RiskLimit } from "./priced-risk.ts";
import type { Proof } from "./problem.ts";
import type { Basis, Duals } from "./program.ts";
import { netWeights } from "./tail-loss.ts";

const MAXIMUM_STEPS = 60;
/** The gap that ends the search, and the one that does once it takes long: a limit at the least risk has no finite price. */
const CLOSED_GAP = 1e-11;
const LONG = { steps: 15, gap: 1e-9 };

interface Point {
  /** Of risk, beside what the objective has of it; Infinity: nothing else was minimised. */
  readonly price: number;
  readonly weights: Float64Array;
  /** The objective without the price. */
  readonly objective: number;
  readonly risk: number;
  readonly duals: Duals;
  readonly basis: Basis | undefined;
  readonly pivots: number;
}

type At = (price: number, start?: Basis) => Point | "INFEASIBLE" | "UNBOUNDED";

/** `terms`: the problem's. Cost: a solve for each price on the way, usually below ten, on curves below twenty. */
export function solveRiskLimit(
  lowering: Lowering,
  terms: Terms,
  limit: RiskLimit,
  solve: Solve,
  covariance?: Float64Array,
): Answer {
  const { most } = limit;
  const NOTHING = { ...terms, expectedReturn: 0, cvar: 0, norm: 0, variance: 0 };
  const run = (minimised: Terms, price: number, start?: Basis) => {
    const priced = limit.priced(minimised, price);
    return solveAt(lowering, terms, priced, limit, solve, start, covariance);
  };
  const at: At = (price, start) => {
    const found = run(terms, price, start);
    return typeof found === "string" ? found : { ...found, price };
  };
  const least = run(NOTHING, 1);
  if (least === "INFEASIBLE") return { status: "INFEASIBLE" };
  const best = firstPoint(at);
  if (best === "INFEASIBLE") return { status: "INFEASIBLE" };
  const safest =
    least === "UNBOUNDED" ? firstUnder(at, most) : { ...least, price: Number.POSITIVE_INFINITY };
  if (best === "UNBOUNDED" || safest === null) {
    const gone = solve(programOf(lowering, limit.priced(NOTHING, 1), covariance));
    const way = gone.status === "UNBOUNDED" ? netWeights(lowering.set.holdings, gone.ray) : null;
    return { status: "UNBOUNDED", ray: way ?? safest?.weights ?? new Float64Array() };
  }
  const pivots = safest.pivots + best.pivots;
  if (best.risk <= most) {
    return { status: "SOLVED", weights: best.weights, proof: { duals: best.duals }, pivots };
  }
  // A limit that is exactly the least risk is missed by rounding, which the violation shows.
  if (safest.risk - most > 1e-12 * Math.max(Math.abs(most), limit.size)) {
    return { status: "INFEASIBLE" };
  }
  const curved = limit.kind === "VOLATILITY" || terms.variance > 0 || terms.norm > 0;
  const judge = (weights: Float64Array, proof: Proof): number =>
    assess(lowering, terms, weights, proof, covariance).gap;
  const answer = narrow(best, safest, limit, curved, at, judge);
  return { status: "SOLVED", ...answer, pivots: pivots + answer.pivots };
}

/** From a point on either side of the limit to the answer. */
function narrow(
  best: Point,
  safest: Point,
  limit: RiskLimit,
  curved: boolean,
  at: At,
  gapOf: (weights: Float64Array, proof: Proof) => number,
): { readonly weights: Float64Array; readonly proof: Proof; readonly pivots: number } {
  let [over, under] = [best, safest];
  let answer = { weights: between(over, under, limit.most), proof: { duals: over.duals } as Proof };
  let gap = Number.POSITIVE_INFINITY;
  let pivots = 0;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    const price = nextPrice(over, under, limit.most, curved && step % 2 === 1);
    if (!(price > 0 && Number.isFinite(price))) break;
    const next = at(price, under.basis ?? over.basis);
    if (typeof next === "string") break;
    pivots += next.pivots;
    if (next.risk > limit.most) over = next;
    else if (next.price < under.price) under = next;
    const weights = between(over, under, limit.most);
    const proof = { duals: next.duals, ...limit.proof(price) };
    const left = gapOf(weights, proof);
    // A price without end loses the digits of the proof: the best of all is kept.
    if (left <= gap) {
      answer = { weights, proof };
      gap = left;
    }
    if (gap <= (step < LONG.steps ? CLOSED_GAP : LONG.gap)) break;
    if (next !== over && next !== under) break;
  }
  return { ...answer, pivots };
}

/**
 * The slope between the points ends at a vertex. On a curve risk is continuous in the price: every second step looks for
 * the price at which it is the limit, and so does one where the slope is lost to rounding.
 */
function nextPrice(over: Point, under: Point, most: number, curved: boolean): number {
  const slope = (under.objective - over.objective) / (over.risk - under.risk);
  if (under.price === Number.POSITIVE_INFINITY) return slope;
  const within = slope > over.price && slope < under.price;
  if (within && !curved) return slope;
  const share = (over.risk - most) / (over.risk - under.risk);
  return over.price + Math.min(0.9, Math.max(0.1, share)) * (under.price - over.price);
}

/** Unbounded without a price: with one that is large enough it may not be. */
function firstPoint(at: At): ReturnType<At> {
  let found = at(0);
  for (let price = 1; found === "UNBOUNDED" && price < 1e9; price *= 8) found = at(price);
  return found;
}

/** Where risk has no least, a price at which it is within the limit. */
function firstUnder(at: At, most: number): Point | null {
  for (let price = 1; price < 1e12; price *= 8) {
    const found = at(price);
    if (typeof found !== "string" && found.risk <= most) return found;
  }
  return null;
}

function between(over: Point, under: Point, limit: number): Float64Array {
  const share = Math.min(1, Math.max(0, (limit - under.risk) / (over.risk - under.risk)));
  if (!(share > 0)) return under.weights;
  return under.weights.map(
    (weight, asset) => weight + share * ((over.weights[asset] as number) - weight),
  );
}

function solveAt(
  lowering: Lowering,
  terms: Terms,
  priced: Terms,
  limit: RiskLimit,
  solve: Solve,
  start: Basis | undefined,
  covariance: Float64Array | undefined,
): Omit<Point, "price"> | "INFEASIBLE" | "UNBOUNDED" {
  const { work } = lowering.problem;
  const program = programOf(lowering, priced, covariance);
  const outcome = solve(program, { ...work, ...(start === undefined ? {} : { start }) });
  if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return outcome.status;
  const weights = netWeights(program.holdings, outcome.x);
  return {
    weights,
    objective: assess(lowering, terms, weights, { duals: outcome.duals }, covariance).upper,
    risk: limit.measure(weights),
    duals: outcome.duals,
    basis: outcome.basis,
    pivots: outcome.pivots,
  };
}
