// The best portfolio under a limit on risk: CVaR, or volatility. Promises: exact where all is linear: the best value as a
// function of a limit on CVaR is then convex and piecewise linear, and the answer lies on the edge between two vertices;
// certified elsewhere.
//
// With price k the best of objective + k · risk is a point of that curve whose slope is −k. Of a point on either side of
// the limit, the slope between them is the next price (M. Eisner, D. Severance, Journal of the ACM 23(4), 1976).

import type { Answer } from "./answer.ts";
import { assess } from "./assess.ts";
import type { Solve } from "./conflict.ts";
import { covarianceOf, type Lowering, programOf, type Terms } from "./lower.ts";
import type { RiskLimit } from "./priced-risk.ts";
import type { Proof } from "./problem.ts";
import type { Basis, Duals } from "./program.ts";
import { refined } from "./refined.ts";
import { isRiskless, risklessProgram } from "./riskless.ts";
import { netWeights } from "./tail-loss.ts";

const MAXIMUM_STEPS = 60;
/** The gap that ends the search, and the one that does once it takes long: a limit at the least risk has no finite price. */
const CLOSED_GAP = 1e-11;
const LONG = { steps: 15, gap: 1e-9 };
/** How far a way is followed, in units of its ray, before its risk is taken to stay within the limit. */
const LONGEST = 2 ** 60;
/** The gap of a portfolio that may be among several best. */
const NEARLY = 1e-5;
/** Prices that differ by a smaller share are one. */
const SAME = 1e-14;
/** The next price where one turned out to have no end by rounding alone. */
const STEEPER = 1e-10;

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
  /** It lies on this way, which goes on, from the point on the other side of the limit. */
  readonly way?: Way;
}

/** A way without end along which what was minimised falls. */
interface Way {
  readonly ray: Float64Array;
}

type At = (price: number, start?: Basis) => Point | "INFEASIBLE" | Way;

/** `terms`: the problem's. Cost: a solve for each price on the way, usually below ten, on curves below twenty. */
export function solveRiskLimit(
  lowering: Lowering,
  terms: Terms,
  limit: RiskLimit,
  solve: Solve,
  covariance?: Float64Array,
): Answer {
  const { most } = limit;
  if (limit.kind === "VOLATILITY" && most === 0) {
    return solveRiskless(lowering, terms, solve, covariance ?? covarianceOf(lowering));
  }
  const NOTHING = { ...terms, expectedReturn: 0, cvar: 0, norm: 0, variance: 0 };
  const run = (minimised: Terms, price: number, start?: Basis) => {
    const priced = limit.priced(minimised, price);
    return solveAt(lowering, terms, priced, limit, solve, start, covariance);
  };
  const at: At = (price, start) => {
    const found = run(terms, price, start);
    return found === "INFEASIBLE" || "ray" in found ? found : { ...found, price };
  };
  const best = at(0);
  if (best === "INFEASIBLE") return { status: "INFEASIBLE" };
  if (!("ray" in best) && best.risk <= most) {
    const { weights, duals, pivots } = best;
    return { status: "SOLVED", weights, proof: { duals }, pivots };
  }
  const least = run(NOTHING, 1);
  if (least === "INFEASIBLE") return { status: "INFEASIBLE" };
  // A limit that is exactly the least risk is missed by rounding, which the violation shows.
  if (!("ray" in least)) {
    const rounding = 1e-12 * Math.max(Math.abs(most), limit.sizeOf(least.weights));
    if (least.risk - most > rounding) return { status: "INFEASIBLE" };
  }
  const safest = "ray" in least ? least : { ...least, price: Number.POSITIVE_INFINITY };
  const isFlat = ({ ray }: Way): boolean =>
    limit.kind === "VOLATILITY" && isRiskless(ray, lowering, covariance ?? covarianceOf(lowering));
  const search: Search = {
    limit,
    curved: limit.kind === "VOLATILITY" || terms.variance > 0 || terms.norm > 0,
    at,
    along: (from, way, price) =>
      isFlat(way)
        ? null
        : along(from, way, price, limit, (weights) => {
            const proof = { duals: from.duals };
            return assess(lowering, terms, weights, proof, covariance).upper;
          }),
    gapOf: (weights, proof) => assess(lowering, terms, weights, proof, covariance).gap,
  };
  const ends = bothSides(best, safest, search);
  if ("ray" in ends) return { status: "UNBOUNDED", ray: ends.ray };
  const answer = narrow(ends.over, ends.under, search);
  if ("ray" in answer) return { status: "UNBOUNDED", ray: answer.ray };
  return {
    status: "SOLVED",
    ...answer,
    pivots: ends.over.pivots + ends.under.pivots + answer.pivots,
  };
}

interface Search {
  readonly limit: RiskLimit;
  /** Not all is linear. */
  readonly curved: boolean;
  readonly at: At;
  /** The first point from one on the way that is on the other side of the limit; null if none is. */
  readonly along: (from: Point, way: Way, price: number) => Point | null;
  readonly gapOf: (weights: Float64Array, proof: Proof) => number;
}

interface Ends {
  readonly over: Point;
  readonly under: Point;
}

function along(
  from: Point,
  way: Way,
  price: number,
  limit: RiskLimit,
  worth: (weights: Float64Array) => number,
): Point | null {
  const isUnder = from.risk <= limit.most;
  for (let step = 1; step < LONGEST; step *= 2) {
    const weights = from.weights.map((own, asset) => own + step * (way.ray[asset] as number));
    const risk = limit.measure(weights);
    if (isUnder === risk <= limit.most) continue;
    return { ...from, price, weights, risk, objective: worth(weights), basis: undefined, way };
  }
  return null;
}

/** What has no least, of objective or of risk, is followed from what has until it is beyond the limit. */
function bothSides(best: Point | Way, safest: Point | Way, search: Search): Ends | Way {
  let [over, under] = [best, safest];
  for (let price = 1; "ray" in over && "ray" in under && price < 1e12; price *= 8) {
    const middle = search.at(price);
    if (middle === "INFEASIBLE" || "ray" in middle) continue;
    if (middle.risk <= search.limit.most) under = middle;
    else over = middle;
  }
  if ("ray" in over) {
    const found = "ray" in under ? null : search.along(under, over, 0);
    if (found === null) return over;
    over = found;
  }
  if ("ray" in under) {
    const found = search.along(over, under, Number.POSITIVE_INFINITY);
    if (found === null) return under;
    under = found;
  }
  return { over, under };
}

/** Of portfolios without any risk, which are linear rows; a price of variance that proves the best of them has no end. */
function solveRiskless(
  lowering: Lowering,
  terms: Terms,
  solve: Solve,
  covariance: Float64Array,
): Answer {
  const free = programOf(lowering, { ...terms, variance: 0 }, covariance);
  const { program, hedge } = risklessProgram(free, covariance);
  const outcome = solve(program, lowering.problem.work);
  if (outcome.status === "INFEASIBLE") return { status: "INFEASIBLE" };
  if (outcome.status === "UNBOUNDED") {
    return { status: "UNBOUNDED", ray: netWeights(program.holdings, outcome.ray) };
  }
  const { x, duals, pivots } = outcome;
  const proof = {
    duals: { ...duals, rows: duals.rows.slice(0, free.rows.count) },
    hedge: hedge(duals.rows),
  };
  return { status: "SOLVED", weights: netWeights(program.holdings, x), proof, pivots };
}

/** From a point on either side of the limit to the answer. */
function narrow(
  best: Point,
  safest: Point,
  { limit, curved, at, along, gapOf }: Search,
): { readonly weights: Float64Array; readonly proof: Proof; readonly pivots: number } | Way {
  let [over, under] = [best, safest];
  let answer = { weights: between(over, under, limit.most), proof: { duals: over.duals } as Proof };
  let gap = gapOf(answer.weights, answer.proof);
  let pivots = 0;
  for (let step = 0; step < MAXIMUM_STEPS && gap > CLOSED_GAP; step++) {
    const price = nextPrice(over, under, limit.most, curved && step % 2 === 1);
    if (!(price > 0 && Number.isFinite(price))) break;
    if (under.price - over.price <= SAME * over.price) break;
    const next = at(price, under.basis ?? over.basis);
    if (next === "INFEASIBLE") break;
    if ("ray" in next) {
      const [above, below] = [along(under, next, price), along(over, next, price)];
      if (above === null && below === null) return next;
      over = above ?? over;
      under = below ?? under;
      continue;
    }
    pivots += next.pivots;
    if (next.risk > limit.most) over = next;
    else if (next.price < under.price) under = next;
    if (over.way !== undefined) over = along(under, over.way, over.price) ?? over;
    if (under.way !== undefined) under = along(over, under.way, under.price) ?? under;
    const weights = between(over, under, limit.most);
    const proof = { duals: next.duals, ...limit.proof(price) };
    const left = gapOf(weights, proof);
    // A price without end loses the digits of the proof: the best of all is kept.
    if (left <= gap) {
      answer = { weights, proof };
      gap = left;
    }
    if (gap <= (step < LONG.steps ? CLOSED_GAP : LONG.gap)) break;
    if (next !== over && next !== under && over.way === undefined && under.way === undefined) break;
  }
  // Of several that are best without the limit, one may keep to it: without a price its proof can still be made closer.
  const free = { weights: under.weights, proof: { duals: best.duals } };
  const mayBeFree = gap > LONG.gap && best.price === 0 && best.way === undefined;
  if (mayBeFree && gapOf(free.weights, free.proof) <= NEARLY) return { ...free, pivots };
  return { ...answer, pivots };
}

/**
 * The slope between the points ends at a vertex. On a curve risk is continuous in the price: every second step looks for
 * the price at which it is the limit, and so does one where the slope is lost to rounding.
 */
function nextPrice(over: Point, under: Point, most: number, curved: boolean): number {
  const slope = (under.objective - over.objective) / (over.risk - under.risk);
  if (under.price === Number.POSITIVE_INFINITY) {
    // The price of a way without end is where it has one, but for rounding.
    return Math.max(slope, over.price * (1 + STEEPER));
  }
  const within = slope > over.price && slope < under.price;
  if (within && !curved) return slope;
  const share = (over.risk - most) / (over.risk - under.risk);
  return over.price + Math.min(0.9, Math.max(0.1, share)) * (under.price - over.price);
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
): Omit<Point, "price"> | "INFEASIBLE" | Way {
  const { work } = lowering.problem;
  const program = programOf(lowering, priced, covariance);
  const outcome = solve(program, { ...work, ...(start === undefined ? {} : { start }) });
  if (outcome.status === "INFEASIBLE") return "INFEASIBLE";
  if (outcome.status === "UNBOUNDED") return { ray: netWeights(program.holdings, outcome.ray) };
  const { x, certificate, pivots, basis } = outcome;
  const found = { x, net: netWeights(program.holdings, x), duals: outcome.duals };
  const isOpen = certificate.upper - certificate.lower > CLOSED_GAP * Math.abs(certificate.upper);
  const isCurved = program.smooth !== undefined;
  const { net: weights, duals } = isOpen && isCurved ? refined(program, found, solve, work) : found;
  return {
    weights,
    objective: assess(lowering, terms, weights, { duals }, covariance).upper,
    risk: limit.measure(weights),
    duals,
    basis,
    pivots,
  };
}
