// What an answer is worth, computed from the program and nothing that a solver claims beside x and its duals.
// Promises: `upper` is the objective at x; no feasible point has an objective below `lower`, whatever the
// duals are (weak duality): wrong duals only make it smaller. So a lie cannot make an answer look better. A variable
// without bounds is followed as far as numbers reach, or ten times the answer's largest if its slope is next to rounding.
//
// Why: CVaR(x) ≥ Σ q_s loss_s(x) for masses q with 0 ≤ q_s ≤ p_s / mass, Σ q_s = 1 (Rockafellar and Uryasev,
// 2002, dual form); a convex term lies above its tangent at x; and what is then linear is least at the bounds once
// rows are priced (S. Boyd, L. Vandenberghe, Convex Optimization, section 5.1).

import { ExactSums, HALF_DIGIT } from "./exact-sums.ts";
import { impliedBounds } from "./implied-bounds.ts";
import type { Certificate, Duals, Program, Tail } from "./program.ts";
import {
  euclideanNorm,
  evaluateSmooth,
  impactCoefficients,
  type SmoothValue,
} from "./smooth-terms.ts";
import {
  conditionalValueAtRisk,
  type MeanReturns,
  meansUnder,
  netWeights,
  scenarioLosses,
} from "./tail-loss.ts";

/** A slope of a smaller share of its terms may be what is left of data that were rounded before they came. */
const NOISE = 1e-11;
/** How far weights without a bound are followed where slopes are noise, in sizes of the answer's largest. */
const FAR = 10;
/** And where they are not: beyond so much, weights of 1 are rounding. */
export const REACH = 2 ** 50;

type Bounds = ReturnType<typeof impliedBounds>;

/**
 * `net`: net weights of x, where they are known to more digits than a sum of parts has: 1e-7 that is left of 0.3 is known
 * to nine. Cost: one pass over the scenarios for `upper`, one over those with mass for `lower`.
 */
export function certify(
  program: Program,
  x: Float64Array,
  duals: Duals,
  net: Float64Array = netWeights(program.holdings, x),
): Certificate {
  const smooth = evaluateSmooth(program, x, net).value;
  return {
    upper: linearCost(program, x) + tailCost(program, net) + smooth,
    lower: provenLower(program, x, duals, net),
    feasibility: largestViolation(program, x),
  };
}

const withoutImpact = (program: Program): Program => ({
  ...program,
  smooth: program.smooth?.filter(({ kind }) => kind !== "IMPACT") ?? [],
});

export const linearCost = ({ cost }: Program, x: Float64Array): number => {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (cost[j] as number) * (x[j] as number);
  return sum;
};

function tailCost({ tail }: Program, net: Float64Array): number {
  if (tail === undefined) return 0;
  const losses = scenarioLosses(tail.scenarios, net);
  return tail.weight * conditionalValueAtRisk(losses, tail.scenarios.probabilities, tail.mass);
}

/** The lower bound alone. Cost: one pass over the scenarios with mass. */
export function provenLower(
  program: Program,
  x: Float64Array,
  duals: Duals,
  net: Float64Array = netWeights(program.holdings, x),
): number {
  const { tail } = program;
  const worst = tail === undefined ? NO_TAIL : worstCase(tail, duals);
  if (worst === null) return Number.NEGATIVE_INFINITY;
  const smooth = evaluateSmooth(withoutImpact(program), x, net);
  return lowerOf(program, impliedBounds(program), { x, net }, duals.rows, worst, smooth);
}

const NO_TAIL: MeanReturns = { mean: new Float64Array(0), size: new Float64Array(0) };

/** The bound that valid masses and prices of rows prove. `bounds`: those of `impliedBounds`; `slopes` is written to. */
export function lowerOf(
  program: Program,
  bounds: Bounds,
  { x, net }: { readonly x: Float64Array; readonly net: Float64Array },
  prices: Float64Array,
  worst: MeanReturns,
  smooth: SmoothValue,
  slopes: ExactSums = new ExactSums(program.variables),
): number {
  const { variables, cost, rows, tail, holdings } = program;
  // Prices of rows that nearly say the same are large and cancel: what is left must not be their rounding.
  slopes.clear();
  const bound = new ExactSums(1);
  // Impact is a term of each variable alone: its least is taken with that of the reduced costs, without a tangent.
  bound.add(0, smooth.value);
  for (let j = 0; j < variables; j++) {
    const slope = smooth.gradient[j] as number;
    slopes.add(j, cost[j] as number);
    if (slope === 0) continue;
    slopes.add(j, slope);
    bound.addProduct(0, -slope, x[j] as number);
  }
  for (let j = 0; j < variables && tail !== undefined; j++) {
    const asset = holdings.asset[j] as number;
    if (asset < 0) continue;
    const weight = -tail.weight * (holdings.sign[j] as number);
    slopes.addProduct(j, weight, worst.mean[asset] as number);
  }
  for (let i = 0; i < rows.count; i++) {
    const price = usedPrice(program, prices, i);
    if (price === 0) continue;
    bound.addProduct(0, price, (price > 0 ? rows.lower[i] : rows.upper[i]) as number);
    for (let j = 0; j < variables; j++) {
      slopes.addProduct(j, -price, rows.coefficients[i * variables + j] as number);
    }
  }
  leanOnNorm(program, x, net, slopes);
  addLeast(
    program,
    bounds,
    x,
    slopes,
    (j) => sizeOfTerms(program, prices, worst, smooth, j),
    bound,
  );
  return bound.value(0);
}

/** The price of a row, where there is a limit that it can price. */
function usedPrice({ rows }: Program, prices: Float64Array, i: number): number {
  const given = prices[i] as number;
  const limit = (given > 0 ? rows.lower[i] : rows.upper[i]) as number;
  return Number.isFinite(given) && Number.isFinite(limit) ? given : 0;
}

/** Of a reduced cost: the sum of the sizes of its terms, of which most may have cancelled. */
function sizeOfTerms(
  program: Program,
  prices: Float64Array,
  worst: MeanReturns,
  smooth: SmoothValue,
  j: number,
): number {
  const { variables, cost, rows, tail, holdings } = program;
  let size = Math.abs(cost[j] as number) + (smooth.size[j] as number);
  const asset = holdings.asset[j] as number;
  if (tail !== undefined && asset >= 0) {
    size += tail.weight * (worst.size[asset] as number);
  }
  for (let i = 0; i < rows.count; i++) {
    const coefficient = rows.coefficients[i * variables + j] as number;
    size += Math.abs(usedPrice(program, prices, i) * coefficient);
  }
  return size;
}

/**
 * Where the net weights are 0 a norm has no tangent, but every vector of at most its weight is a slope below it. Of
 * those the shortest that leaves no variable a reason to move is added to the reduced costs; shortened if it is too long.
 */
function leanOnNorm(
  { holdings, smooth = [], lower, upper }: Program,
  x: Float64Array,
  net: Float64Array,
  reduced: ExactSums,
): void {
  let weight = 0;
  for (const term of smooth) if (term.kind === "NORM") weight += term.weight;
  if (!(weight > 0) || net.some((own) => own !== 0)) return;
  const least = new Float64Array(holdings.assets).fill(Number.NEGATIVE_INFINITY);
  const most = new Float64Array(holdings.assets).fill(Number.POSITIVE_INFINITY);
  for (let j = 0; j < x.length; j++) {
    const a = holdings.asset[j] as number;
    if (a < 0) continue;
    const sign = holdings.sign[j] as number;
    const slope = -sign * reduced.value(j);
    const mayRise = (x[j] as number) < (upper[j] as number);
    const mayFall = (x[j] as number) > (lower[j] as number);
    if (sign > 0 ? mayRise : mayFall) least[a] = Math.max(least[a] as number, slope);
    if (sign > 0 ? mayFall : mayRise) most[a] = Math.min(most[a] as number, slope);
  }
  const slopes = least.map((from, a) => Math.max(from, Math.min(most[a] as number, 0)));
  const length = euclideanNorm(slopes);
  const share = length > weight ? weight / length : 1;
  for (let j = 0; j < x.length; j++) {
    const a = holdings.asset[j] as number;
    if (a < 0) continue;
    reduced.add(j, (holdings.sign[j] as number) * share * (slopes[a] as number));
  }
}

/** The least of slope · x + impact · |x|^1.5 between two bounds: where its derivative is 0, or the bound before that. */
function leastWithImpact(slope: number, impact: number, lower: number, upper: number): number {
  const root = slope / (1.5 * impact);
  const far = root * root;
  const x = Math.min(Math.max(slope > 0 ? -far : far, lower), upper);
  const size = Math.abs(x);
  return slope * x + impact * size * Math.sqrt(size);
}

/** Adds the least of all slopes over the bounds to `bound`. `sizeOf`: of the terms of a slope, in absolute value. */
function addLeast(
  program: Program,
  { lower, upper }: Bounds,
  x: Float64Array,
  slopes: ExactSums,
  sizeOf: (j: number) => number,
  bound: ExactSums,
): void {
  const impact = impactCoefficients(program);
  const terms = program.variables + program.rows.count + (program.tail?.scenarios.count ?? 0);
  const unknown = HALF_DIGIT * terms;
  for (let j = 0; j < x.length; j++) {
    const slope = slopes.value(j);
    const [least, most] = [lower[j] as number, upper[j] as number];
    if (impact !== null && (impact[j] as number) > 0) {
      bound.add(0, leastWithImpact(slope, impact[j] as number, least, most));
      continue;
    }
    if (slope === 0) continue;
    const at = slope > 0 ? least : most;
    if (at === 0) continue;
    if (Number.isFinite(at)) slopes.addTo(bound, j, at);
    else if (Math.abs(slope) <= unknown * sizeOf(j)) slopes.addTo(bound, j, x[j] as number);
    else bound.add(0, -Math.abs(slope) * reachOf(Math.abs(slope) <= NOISE * sizeOf(j), x));
  }
}

const reachOf = (isNoise: boolean, x: Float64Array): number =>
  isNoise ? FAR * x.reduce((most, value) => Math.max(most, Math.abs(value)), 1) : REACH;

/** Mean return of each asset under the masses, made valid; null if they cannot be. `size`: of absolute terms. */
function worstCase(tail: Tail, { scenarios, masses }: Duals): MeanReturns | null {
  const valid = validMasses(tail, scenarios, masses);
  return valid === null ? null : meansUnder(tail.scenarios, scenarios, valid);
}

/** Within [0, p_s / mass], sum 1: clipped; too much is scaled down, too little is given where there is room. */
export function validMasses(
  { mass, scenarios: { count, probabilities } }: Tail,
  scenarios: Int32Array,
  masses: Float64Array,
): Float64Array | null {
  const valid = new Float64Array(scenarios.length);
  const seen = new Set<number>();
  let sum = 0;
  let room = 0;
  for (let k = 0; k < scenarios.length; k++) {
    const s = scenarios[k] as number;
    if (!(s >= 0 && s < count) || seen.has(s)) return null;
    seen.add(s);
    const most = (probabilities[s] as number) / mass;
    const given = Math.min(Math.max(masses[k] as number, 0), most);
    if (Number.isNaN(given)) return null;
    valid[k] = given;
    sum += given;
    room += most - given;
  }
  const lack = 1 - sum;
  if (lack > room * (1 + 1e-9) + 1e-12) return null;
  if (lack < 0) return valid.map((given) => given / sum);
  const rooms = valid.map(
    (given, k) => (probabilities[scenarios[k] as number] as number) / mass - given,
  );
  // Rounding is shared by what masses are: given to one near 0 it may be all of it, and its return a million others'.
  const partial = valid.map((given, k) => ((rooms[k] as number) > 0 ? given : 0));
  const left = shareOut(lack, partial, valid, rooms);
  shareOut(left, Float64Array.from(rooms), valid, rooms);
  return valid;
}

/** Adds `lack` to `valid` in these shares, to none more than its room. What is left. */
function shareOut(
  lack: number,
  shares: Float64Array,
  valid: Float64Array,
  rooms: Float64Array,
): number {
  const all = shares.reduce((sum, share) => sum + share, 0);
  if (!(all > 0 && lack > 0)) return lack;
  let left = lack;
  for (let k = 0; k < valid.length; k++) {
    const room = rooms[k] as number;
    const more = Math.min(room, ((shares[k] as number) * lack) / all);
    valid[k] = (valid[k] as number) + more;
    rooms[k] = room - more;
    left -= more;
  }
  return left;
}

/**
 * Of bounds, against 1, and of rows, against their largest coefficient; or against the limit if that is larger. What the
 * rounding of a row's own sum may be is no violation: weights of 1e9 that are to sum to 1 cannot do so to 1e-9.
 */
export function largestViolation(program: Program, x: Float64Array): number {
  const { variables, lower, upper, rows } = program;
  let worst = 0;
  const meet = (value: number, least: number, most: number, size: number, known: number): void => {
    if (Number.isNaN(value)) worst = Number.POSITIVE_INFINITY;
    const missed = Math.max(least - value, value - most) - known;
    const limit = Math.abs(value < least ? least : most);
    if (missed > 0) worst = Math.max(worst, missed / Math.max(size, limit));
  };
  for (let j = 0; j < variables; j++) {
    meet(x[j] as number, lower[j] as number, upper[j] as number, 1, 0);
  }
  for (let i = 0; i < rows.count; i++) {
    let [sum, terms, largest] = [0, 0, 0];
    for (let j = 0; j < variables; j++) {
      const coefficient = rows.coefficients[i * variables + j] as number;
      sum += coefficient * (x[j] as number);
      terms += Math.abs(coefficient * (x[j] as number));
      largest = Math.max(largest, Math.abs(coefficient));
    }
    const known = HALF_DIGIT * variables * terms;
    meet(sum, rows.lower[i] as number, rows.upper[i] as number, largest, known);
  }
  return worst;
}
