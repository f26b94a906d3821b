// What prices, masses and rays prove, by weak duality and Farkas' lemma, written again for the tests: no code of a
// solver or of its certificate is used. Plain floats: rounding is allowed for where it is said.

import type { Duals, Program } from "../program.ts";
import { dot, evaluate, netWeights, rowOf } from "./evaluated-objective.ts";
import { ExactSum } from "./exact-sum.ts";

/** A variable without limit is taken to be within so many times the answer's largest. */
const FAR = 10;
/** A sum that is smaller than this share of its terms is nothing but their rounding. */
const ROUNDING = 1e-11;
/** A sum of some thousand products is rounded by no more, of their size: a variance that is hedged to less is none. */
const BEND = 1e-12;
/** Where a weight is so large, its last digit is more than 0.1: nothing adds up to 1 beside it, and no bend is reached. */
export const FARTHEST = 2 ** 50;

/** Bounds of the variables that the rows imply where they have none of their own; two rounds. */
function impliedBounds(program: Program): { lower: Float64Array; upper: Float64Array } {
  const [lower, upper] = [Float64Array.from(program.lower), Float64Array.from(program.upper)];
  const tighten = (row: Float64Array, most: number): void => {
    if (!Number.isFinite(most)) return;
    for (let k = 0; k < row.length; k++) {
      const own = row[k] as number;
      if (own === 0 || Number.isFinite(own > 0 ? upper[k] : lower[k])) continue;
      let left = most;
      row.forEach((value, j) => {
        if (j !== k && value !== 0) left -= value * ((value > 0 ? lower[j] : upper[j]) as number);
      });
      if (!Number.isFinite(left)) continue;
      if (own > 0) upper[k] = left / own;
      else lower[k] = left / own;
    }
  };
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < program.rows.count; i++) {
      const row = rowOf(program, i);
      tighten(row, program.rows.upper[i] as number);
      tighten(
        row.map((value) => -value),
        -(program.rows.lower[i] as number),
      );
    }
  }
  return { lower, upper };
}

/** What |x|^1.5 of each variable costs. */
export function impactOf({ smooth = [], variables }: Program): Float64Array {
  const sum = new Float64Array(variables);
  for (const term of smooth) {
    if (term.kind !== "IMPACT") continue;
    term.coefficients.forEach((coefficient, j) => {
      sum[j] = (sum[j] as number) + coefficient;
    });
  }
  return sum;
}

/** Least of slope · x + impact · |x|^1.5: at a bound, at 0, or where both slopes cancel. */
function leastOfTrade(slope: number, impact: number, lower: number, upper: number): number {
  const cancels = (slope * slope) / (2.25 * impact * impact);
  const inside = [0, cancels, -cancels].filter((x) => x >= lower && x <= upper);
  // Bounds that rows imply may cross by rounding: then either is the only place.
  return [...[lower, upper].filter(Number.isFinite), ...inside].reduce(
    (least, x) => Math.min(least, slope * x + impact * Math.abs(x) ** 1.5),
    Infinity,
  );
}

/** Least of slope · x, and of impact, within the bounds; a slope that is rounding alone does not count far out. */
function leastWithin(
  program: Program,
  slopes: Float64Array,
  sizes: Float64Array,
  x: Float64Array,
  followed: number,
) {
  const { lower, upper } = impliedBounds(program);
  const far = followed * x.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const impact = impactOf(program);
  const sum = new ExactSum();
  // A sum of n parts is known to n · 2^-53 of their sizes: within that a slope may as well be 0.
  const parts = program.variables + program.rows.count + (program.tail?.scenarios.count ?? 0);
  const unknown = parts * 2 ** -53;
  slopes.forEach((slope, j) => {
    const own = impact[j] as number;
    if (own > 0) {
      sum.add(leastOfTrade(slope, own, lower[j] as number, upper[j] as number));
      return;
    }
    let limit = (slope > 0 ? lower[j] : upper[j]) as number;
    const isRounding = Math.abs(slope) <= ROUNDING * (sizes[j] as number);
    if (!Number.isFinite(limit)) {
      const isUnknown = Math.abs(slope) <= unknown * (sizes[j] as number);
      const end = isRounding ? far : FARTHEST;
      limit = isUnknown ? (x[j] as number) : slope > 0 ? -end : end;
    }
    if (slope !== 0) sum.addProduct(slope, limit);
  });
  return Number.isFinite(sum.value) ? sum.value : Number.NEGATIVE_INFINITY;
}

/** What the rows' prices are worth; a price on a limit that is not there counts for nothing. */
function pricedRows(program: Program, prices: Float64Array) {
  const used = Float64Array.from(prices, (price, i) => {
    const limit = (price > 0 ? program.rows.lower[i] : program.rows.upper[i]) as number;
    return Number.isFinite(limit) ? price : 0;
  });
  const worth = new ExactSum();
  used.forEach((price, i) => {
    const limit = (price > 0 ? program.rows.lower[i] : program.rows.upper[i]) as number;
    if (price !== 0) worth.addProduct(price, limit);
  });
  return { used, worth: worth.value };
}

/** Masses by scenario: clipped to what they may be; what is missing where there is room, the first first. */
function validMasses({ tail }: Program, duals: Duals): Float64Array | null {
  if (tail === undefined) return new Float64Array(0);
  const most = tail.scenarios.probabilities.map((probability) => probability / tail.mass);
  const masses = new Float64Array(most.length);
  let total = 0;
  duals.scenarios.forEach((s, k) => {
    const mass = Math.min(Math.max(0, duals.masses[k] as number), most[s] as number);
    total += mass - (masses[s] as number);
    masses[s] = mass;
  });
  // What only rounding lacks is nobody's: given to one scenario, an outlier, it would move every slope.
  for (let s = 0; s < masses.length && total < 1 - 1e-12; s++) {
    const more = Math.min((most[s] as number) - (masses[s] as number), 1 - total);
    masses[s] = (masses[s] as number) + more;
    total += more;
  }
  return total < 1 - 1e-9 ? null : masses.map((mass) => mass / total);
}

interface Slopes {
  readonly slopes: Float64Array;
  /** Sums of the absolute values of what each is made of. */
  readonly sizes: Float64Array;
}

/** Of everything that is linear once rows and scenarios have their prices. */
function linearSlopes(program: Program, prices: Float64Array, masses: Float64Array): Slopes {
  const { tail, holdings } = program;
  const sizes = program.cost.map(Math.abs);
  // Prices of rows that nearly say the same are large, and cancel.
  const slopes = program.cost.map((cost, j) => {
    const sum = new ExactSum();
    sum.add(cost);
    prices.forEach((price, i) => {
      const coefficient = program.rows.coefficients[i * program.variables + j] as number;
      sum.addProduct(-price, coefficient);
      sizes[j] = (sizes[j] as number) + Math.abs(price * coefficient);
    });
    return sum.value;
  });
  if (tail === undefined) return { slopes, sizes };
  const { returns, count } = tail.scenarios;
  for (let j = 0; j < slopes.length; j++) {
    const asset = holdings.asset[j] as number;
    if (asset < 0) continue;
    let [mean, size] = [0, 0];
    for (let s = 0; s < count; s++) {
      const part = (masses[s] as number) * (returns[asset * count + s] as number);
      mean += part;
      size += Math.abs(part);
    }
    slopes[j] = (slopes[j] as number) - tail.weight * (holdings.sign[j] as number) * mean;
    sizes[j] = (sizes[j] as number) + tail.weight * size;
  }
  return { slopes, sizes };
}

/**
 * The gradient of the smooth terms at x; where the norm has none, at 0, the one of its slopes that answers best to the
 * linear part: any vector as long as the norm's weight, or shorter.
 */
export function tangent(program: Program, x: Float64Array, duals: Duals): Float64Array {
  const { smoothGradient: gradient } = evaluate(program, x);
  const { holdings } = program;
  const norm = program.smooth?.find((term) => term.kind === "NORM");
  const masses = validMasses(program, duals);
  if (norm === undefined || masses === null || !netWeights(program, x).every((w) => w === 0)) {
    return gradient;
  }
  const { slopes } = linearSlopes(program, pricedRows(program, duals.rows).used, masses);
  const from = new Float64Array(holdings.assets).fill(Number.NEGATIVE_INFINITY);
  const to = new Float64Array(holdings.assets).fill(Number.POSITIVE_INFINITY);
  holdings.asset.forEach((asset, j) => {
    if (asset < 0) return;
    const slope = (slopes[j] as number) + (gradient[j] as number);
    const isLong = (holdings.sign[j] as number) > 0;
    const still = isLong ? -slope : slope;
    const [canRise, canFall] = [x[j] !== program.upper[j], x[j] !== program.lower[j]];
    if (isLong ? canRise : canFall) from[asset] = Math.max(from[asset] as number, still);
    if (isLong ? canFall : canRise) to[asset] = Math.min(to[asset] as number, still);
  });
  const wanted = from.map((low, asset) => Math.max(low, Math.min(0, to[asset] as number)));
  const length = Math.hypot(...wanted);
  const share = length > norm.weight ? norm.weight / length : 1;
  return gradient.map((slope, j) => {
    const asset = holdings.asset[j] as number;
    return asset < 0
      ? slope
      : slope + (holdings.sign[j] as number) * share * (wanted[asset] as number);
  });
}

/**
 * `tangent`, but with impact between its bounds as steep as the rest of the slopes asks: near 0 a trade too small for the
 * rounding of weights changes how steep it is.
 */
export function supportingSlopes(program: Program, x: Float64Array, duals: Duals): Float64Array {
  const gradient = tangent(program, x, duals);
  const masses = validMasses(program, duals);
  const impact = impactOf(program);
  if (masses === null || impact.every((own) => own === 0)) return gradient;
  const { slopes } = linearSlopes(program, pricedRows(program, duals.rows).used, masses);
  return gradient.map((slope, j) => {
    const at = x[j] as number;
    const isBetween = at > (program.lower[j] as number) && at < (program.upper[j] as number);
    return (impact[j] as number) > 0 && isBetween ? -(slopes[j] as number) : slope;
  });
}

/**
 * No feasible point has a smaller objective: weak duality, smooth terms by their tangent at x. `followed`: how far a weight
 * without a limit is where its slope may be rounding, in sizes of the answer's largest.
 */
export function lowerBound(
  program: Program,
  x: Float64Array,
  duals: Duals,
  followed: number = FAR,
): number {
  const masses = validMasses(program, duals);
  if (masses === null) return Number.NEGATIVE_INFINITY;
  const withoutImpact = {
    ...program,
    smooth: program.smooth?.filter(({ kind }) => kind !== "IMPACT") ?? [],
  };
  const gradient = tangent(withoutImpact, x, duals);
  const { smooth, smoothSizes } = evaluate(withoutImpact, x);
  const { used, worth } = pricedRows(program, duals.rows);
  const { slopes, sizes } = linearSlopes(program, used, masses);
  gradient.forEach((slope, j) => {
    slopes[j] = (slopes[j] as number) + slope;
    sizes[j] = (sizes[j] as number) + Math.max(Math.abs(slope), smoothSizes[j] as number);
  });
  const least = leastWithin(program, slopes, sizes, x, followed);
  const sum = new ExactSum();
  for (const term of [worth, least, smooth]) sum.add(term);
  gradient.forEach((slope, j) => {
    sum.addProduct(-slope, x[j] as number);
  });
  return sum.value;
}

/** Prices under which no point within its bounds satisfies the rows: Farkas' lemma. `rounding` 0: nothing is forgiven. */
export function isFarkasProof(
  program: Program,
  prices: Float64Array,
  rounding = ROUNDING,
): boolean {
  const { used, worth } = pricedRows(program, prices);
  let [most, size] = [0, Math.abs(worth)];
  for (let j = 0; j < program.variables; j++) {
    let [slope, sizes] = [0, 0];
    used.forEach((price, i) => {
      const part = price * (program.rows.coefficients[i * program.variables + j] as number);
      slope += part;
      sizes += Math.abs(part);
    });
    const limit = (slope > 0 ? program.upper[j] : program.lower[j]) as number;
    if (Math.abs(slope) <= rounding * sizes && !Number.isFinite(limit)) continue;
    if (slope === 0) continue;
    most += slope * limit;
    size += Math.abs(slope * limit);
  }
  return worth > most + 1e-14 * size;
}

/** What a ray's variance would be if no asset hedged another. */
function largestBend(
  program: Program,
  { weight, covariance }: { readonly weight: number; readonly covariance: Float64Array },
  ray: Float64Array,
): number {
  const net = netWeights(program, ray);
  return net.reduce(
    (sum, own, j) => sum + weight * (covariance[j * (net.length + 1)] as number) * own * own,
    0,
  );
}

/** Feasible for ever and better for ever, as far as numbers go. */
export function isRay(program: Program, ray: Float64Array): string | null {
  const far = ray.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(far > 0 && Number.isFinite(far))) return "the ray is 0 or not finite";
  const small = 1e-9 * far;
  for (let j = 0; j < ray.length; j++) {
    const step = ray[j] as number;
    if (step < -small && Number.isFinite(program.lower[j])) return `the ray leaves at bound ${j}`;
    if (step > small && Number.isFinite(program.upper[j])) return `the ray leaves at bound ${j}`;
  }
  for (let i = 0; i < program.rows.count; i++) {
    const row = rowOf(program, i);
    const step = dot(row, ray) / Math.max(1, dot(row.map(Math.abs), ray.map(Math.abs)));
    if (step < -1e-9 && Number.isFinite(program.rows.lower[i])) return `the ray leaves row ${i}`;
    if (step > 1e-9 && Number.isFinite(program.rows.upper[i])) return `the ray leaves row ${i}`;
  }
  const { smooth, ...rest } = program;
  const norms = (smooth ?? []).filter((term) => term.kind === "NORM");
  const others = (smooth ?? []).filter((term) => term.kind !== "NORM");
  const { objective, size } = evaluate({ ...rest, smooth: norms }, ray);
  let uphill = 0;
  for (const term of others) {
    const { smooth: bend } = evaluate({ ...rest, smooth: [term] }, ray);
    if (term.kind === "IMPACT") uphill += 1.5 * bend * Math.sqrt(FARTHEST / far);
    else if (bend > BEND * largestBend(program, term, ray)) uphill += (2 * bend * FARTHEST) / far;
  }
  if (objective + uphill >= 0 && uphill > 0) return "the ray bends upwards";
  return objective < -1e-13 * size ? null : `the ray does not gain: ${objective}`;
}
