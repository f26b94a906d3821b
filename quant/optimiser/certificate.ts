// What an answer is worth, computed from the program and nothing that a solver claims beside x and its duals.
// Promises: `upper` is the objective at x; no feasible point has an objective below `lower`, whatever the
// duals are (weak duality): wrong duals only make it smaller. So a lie cannot make an answer look better.
//
// Why: CVaR(x) ≥ Σ q_s loss_s(x) for masses q with 0 ≤ q_s ≤ p_s / mass, Σ q_s = 1 (Rockafellar and Uryasev,
// 2002, dual form); a convex term lies above its tangent at x; and what is then linear is least at the bounds once
// rows are priced (S. Boyd, L. Vandenberghe, Convex Optimization, section 5.1).

import { impliedBounds } from "./implied-bounds.ts";
import type { Certificate, Duals, Program, Tail } from "./program.ts";
import { euclideanNorm, evaluateSmooth, type SmoothValue } from "./smooth-terms.ts";
import { conditionalValueAtRisk, netWeights, scenarioLosses } from "./tail-loss.ts";

/** Reduced costs of variables without a bound are rounding up to this share of their terms: taken at x itself. */
const NOISE = 1e-11;

/** Cost: one pass over the scenarios for `upper`, one over those with mass for `lower`. */
export function certify(program: Program, x: Float64Array, duals: Duals): Certificate {
  const upper = linearCost(program, x) + tailCost(program, x) + evaluateSmooth(program, x).value;
  return {
    upper,
    lower: provenLower(program, x, duals),
    feasibility: largestViolation(program, x),
  };
}

/** The lower bound alone. Cost: one pass over the scenarios with mass. */
export const provenLower = (program: Program, x: Float64Array, duals: Duals): number =>
  lowerBound(program, x, duals, evaluateSmooth(withoutImpact(program), x));

const withoutImpact = (program: Program): Program => ({
  ...program,
  smooth: program.smooth?.filter(({ kind }) => kind !== "IMPACT") ?? [],
});

export const linearCost = ({ cost }: Program, x: Float64Array): number => {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (cost[j] as number) * (x[j] as number);
  return sum;
};

function tailCost({ tail, holdings }: Program, x: Float64Array): number {
  if (tail === undefined) return 0;
  const losses = scenarioLosses(tail.scenarios, netWeights(holdings, x));
  return tail.weight * conditionalValueAtRisk(losses, tail.scenarios.probabilities, tail.mass);
}

function lowerBound(program: Program, x: Float64Array, duals: Duals, smooth: SmoothValue): number {
  const { tail, holdings } = program;
  const worst = tail === undefined ? NO_TAIL : worstCase(tail, duals, holdings.assets);
  if (worst === null) return Number.NEGATIVE_INFINITY;
  const bounds = impliedBounds(program);
  return lowerOf(program, bounds, x, duals.rows, worst, smooth);
}

/** Of each asset under the masses of the worst case: its mean return, and the sum of absolute terms of that. */
export interface WorstCase {
  readonly mean: Float64Array;
  readonly size: Float64Array;
}

const NO_TAIL: WorstCase = { mean: new Float64Array(0), size: new Float64Array(0) };

/** The bound that valid masses and prices of rows prove. `bounds`: those of `impliedBounds`; `reduced` is written to. */
export function lowerOf(
  program: Program,
  bounds: { readonly lower: Float64Array; readonly upper: Float64Array },
  x: Float64Array,
  prices: Float64Array,
  worst: WorstCase,
  smooth: SmoothValue,
  reduced: Float64Array = new Float64Array(program.variables),
): number {
  const { variables, cost, rows, tail, holdings } = program;
  // Impact is a term of each variable alone: its least is taken with that of the reduced costs, without a tangent.
  let bound = smooth.value;
  for (let j = 0; j < variables; j++) {
    const slope = smooth.gradient[j] as number;
    reduced[j] = (cost[j] as number) + slope;
    bound -= slope * (x[j] as number);
  }
  for (let j = 0; j < variables && tail !== undefined; j++) {
    const asset = holdings.asset[j] as number;
    if (asset < 0) continue;
    const term = tail.weight * (holdings.sign[j] as number) * (worst.mean[asset] as number);
    reduced[j] = (reduced[j] as number) - term;
  }
  for (let i = 0; i < rows.count; i++) {
    const price = usedPrice(program, prices, i);
    if (price === 0) continue;
    bound += price * ((price > 0 ? rows.lower[i] : rows.upper[i]) as number);
    for (let j = 0; j < variables; j++) {
      reduced[j] =
        (reduced[j] as number) - price * (rows.coefficients[i * variables + j] as number);
    }
  }
  leanOnNorm(program, x, reduced);
  const sizeOf = (j: number): number => sizeOfTerms(program, prices, worst, smooth, j);
  return bound + leastOverBounds(program, bounds, x, reduced, sizeOf);
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
  worst: WorstCase,
  smooth: SmoothValue,
  j: number,
): number {
  const { variables, cost, rows, tail, holdings } = program;
  let size = Math.abs(cost[j] as number) + (smooth.size[j] as number);
  const asset = holdings.asset[j] as number;
  if (tail !== undefined && asset >= 0) {
    size += tail.weight * (Math.abs(worst.mean[asset] as number) + (worst.size[asset] as number));
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
  reduced: Float64Array,
): void {
  let weight = 0;
  for (const term of smooth) if (term.kind === "NORM") weight += term.weight;
  if (!(weight > 0) || netWeights(holdings, x).some((net) => net !== 0)) return;
  const least = new Float64Array(holdings.assets).fill(Number.NEGATIVE_INFINITY);
  const most = new Float64Array(holdings.assets).fill(Number.POSITIVE_INFINITY);
  for (let j = 0; j < x.length; j++) {
    const a = holdings.asset[j] as number;
    if (a < 0) continue;
    const sign = holdings.sign[j] as number;
    const slope = -sign * (reduced[j] as number);
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
    const slope = (holdings.sign[j] as number) * share * (slopes[a] as number);
    reduced[j] = (reduced[j] as number) + slope;
  }
}

function impactCoefficients({ smooth = [], variables }: Program): Float64Array | null {
  let sum: Float64Array | null = null;
  for (const term of smooth) {
    if (term.kind !== "IMPACT") continue;
    sum ??= new Float64Array(variables);
    for (let j = 0; j < variables; j++) {
      sum[j] = (sum[j] as number) + (term.coefficients[j] as number);
    }
  }
  return sum;
}

/** The least of slope · x + impact · |x|^1.5 between two bounds: where its derivative is 0, or the bound before that. */
function leastWithImpact(slope: number, impact: number, lower: number, upper: number): number {
  const root = slope / (1.5 * impact);
  const far = root * root;
  const x = Math.min(Math.max(slope > 0 ? -far : far, lower), upper);
  const size = Math.abs(x);
  return slope * x + impact * size * Math.sqrt(size);
}

function leastOverBounds(
  program: Program,
  { lower, upper }: { readonly lower: Float64Array; readonly upper: Float64Array },
  x: Float64Array,
  reduced: Float64Array,
  sizeOf: (j: number) => number,
): number {
  const impact = impactCoefficients(program);
  let least = 0;
  for (let j = 0; j < reduced.length; j++) {
    const slope = reduced[j] as number;
    if (impact !== null && (impact[j] as number) > 0) {
      least += leastWithImpact(slope, impact[j] as number, lower[j] as number, upper[j] as number);
      continue;
    }
    if (slope === 0) continue;
    const at = (slope > 0 ? lower[j] : upper[j]) as number;
    if (Number.isFinite(at)) least += slope * at;
    else if (Math.abs(slope) <= NOISE * sizeOf(j)) least += slope * (x[j] as number);
    else return Number.NEGATIVE_INFINITY;
  }
  return least;
}

/** Mean return of each asset under the masses, made valid; null if they cannot be. `size`: of absolute terms. */
function worstCase(tail: Tail, { scenarios, masses }: Duals, assets: number): WorstCase | null {
  const { count, returns } = tail.scenarios;
  const valid = validMasses(tail, scenarios, masses);
  if (valid === null) return null;
  const mean = new Float64Array(assets);
  const size = new Float64Array(assets);
  for (let a = 0; a < assets; a++) {
    let sum = 0;
    let absolute = 0;
    for (let k = 0; k < scenarios.length; k++) {
      const term = (valid[k] as number) * (returns[a * count + (scenarios[k] as number)] as number);
      sum += term;
      absolute += Math.abs(term);
    }
    mean[a] = sum;
    size[a] = absolute;
  }
  return { mean, size };
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
  for (let k = 0; k < valid.length; k++) {
    const given = valid[k] as number;
    const most = (probabilities[scenarios[k] as number] as number) / mass;
    if (lack < 0) valid[k] = given / sum;
    else if (room > 0) valid[k] = Math.min(most, given + ((most - given) * lack) / room);
  }
  return valid;
}

/** Of bounds, against 1, and of rows, against their largest coefficient; or against the limit if that is larger. */
export function largestViolation(program: Program, x: Float64Array): number {
  const { variables, lower, upper, rows } = program;
  let worst = 0;
  const meet = (value: number, least: number, most: number, size: number): void => {
    if (Number.isNaN(value)) worst = Number.POSITIVE_INFINITY;
    if (value < least) worst = Math.max(worst, (least - value) / Math.max(size, Math.abs(least)));
    if (value > most) worst = Math.max(worst, (value - most) / Math.max(size, Math.abs(most)));
  };
  for (let j = 0; j < variables; j++) {
    meet(x[j] as number, lower[j] as number, upper[j] as number, 1);
  }
  for (let i = 0; i < rows.count; i++) {
    let sum = 0;
    let largest = 0;
    for (let j = 0; j < variables; j++) {
      const coefficient = rows.coefficients[i * variables + j] as number;
      sum += coefficient * (x[j] as number);
      largest = Math.max(largest, Math.abs(coefficient));
    }
    meet(sum, rows.lower[i] as number, rows.upper[i] as number, largest);
  }
  return worst;
}
