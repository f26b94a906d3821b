// An answer brought to its last digits. Promises: nothing but a better pair of point and duals, or the one that came; what it
// is worth is for the certificate to say.
//
// What is between its limits, what binds, and the scenarios at the value at risk are taken from the answer; for these the
// conditions of an optimum are equations, solved by Newton's method (S. Boyd, L. Vandenberghe, Convex Optimization, section
// 10.2). A solver that lost its way among almost dependent constraints is near enough for that.

import { validMasses } from "./certificate.ts";
import { pricesThatCount } from "./prices-that-count.ts";
import type { Duals, Program } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import { curveOf } from "./smooth-curve.ts";
import { evaluateSmooth } from "./smooth-terms.ts";
import { solveAnyhow } from "./solve-anyhow.ts";
import { netWeights, scenarioLosses, valueAtRisk } from "./tail-loss.ts";

export interface Answered {
  readonly x: Float64Array;
  readonly duals: Duals;
}

/** Of the largest weight: what is smaller is rounding of others, or (with impact, which has no second derivative at 0) no trade. */
const NOTHING = 1e-15;
const NO_TRADE = 1e-9;
/** Nearer to a limit than this, a weight is at it; a mass, of its most. */
const AT = 1e-11;
/** Of its terms: a slope that is so much of the wrong sign is no rounding. */
const WRONG = 1e-7;

/** What the equations are about: variables and rows by number, scenarios that are at the value at risk. */
interface Active {
  readonly between: readonly number[];
  readonly rows: readonly number[];
  readonly kinks: readonly number[];
}

/** One step; where `leaves`, what would rather leave a limit may. Cost: (variables + rows + scenarios at the value at risk)³ / 3. */
export function sharpen(program: Program, { x: given, duals }: Answered, leaves = false): Answered {
  const masses = massesOf(program, duals);
  const x = withoutNothing(program, given);
  const active = activeAt(program, x, duals, masses, leaves);
  const { between, rows, kinks } = active;
  const n = between.length;
  const size = n + rows.length + kinks.length + (kinks.length > 0 ? 1 : 0);
  if (size === 0) return { x, duals };
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  writeSlopes(program, x, duals.rows, masses, active, matrix, right);
  writeLimits(program, x, masses, active, matrix, right);
  const step = solveAnyhow(matrix, right);
  if (!step.every(Number.isFinite)) return { x, duals };
  const point = Float64Array.from(x);
  between.forEach((j, k) => {
    const value = moved(x[j] as number, step[k] as number, hasImpact(program, j));
    point[j] = Math.min(Math.max(value, program.lower[j] as number), program.upper[j] as number);
  });
  const stepped = Float64Array.from(duals.rows);
  rows.forEach((i, k) => {
    const price = (stepped[i] as number) - (step[n + k] as number);
    const limit = price > 0 ? program.rows.lower[i] : program.rows.upper[i];
    stepped[i] = Number.isFinite(limit) ? price : 0;
  });
  const prices = pricesThatCount(program, stepped, NOTHING);
  kinks.forEach((s, k) => {
    const mass = (masses[s] as number) - (step[n + rows.length + k] as number);
    masses[s] = Math.min(Math.max(mass, 0), mostMass(program, s));
  });
  // Those that are left without mass stay in the list: what others lack is given where there is room.
  const { scenarios } = duals;
  const listed = Float64Array.from(scenarios, (s) => masses[s] as number);
  const whole = program.tail === undefined ? listed : validMasses(program.tail, scenarios, listed);
  return whole === null
    ? { x, duals }
    : { x: point, duals: { scenarios, masses: whole, rows: prices } };
}

const hasImpact = ({ smooth = [] }: Program, j: number): boolean =>
  smooth.some((term) => term.kind === "IMPACT" && (term.coefficients[j] as number) > 0);

/** Across 0 the slope of impact is a root, on which Newton's method swings to and fro: there its root is moved instead. */
function moved(x: number, step: number, isTraded: boolean): number {
  if (!isTraded || x === 0 || x * (x + step) >= 0) return x + step;
  const root = Math.sign(x) * Math.sqrt(Math.abs(x));
  const next = root + step / (2 * Math.abs(root));
  return next * Math.abs(next);
}

const largestOf = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function withoutNothing({ lower, upper }: Program, x: Float64Array): Float64Array {
  const least = NOTHING * largestOf(x);
  return x.map((value, j) =>
    Math.abs(value) <= least && (lower[j] as number) <= 0 && (upper[j] as number) >= 0 ? 0 : value,
  );
}

function massesOf({ tail }: Program, { scenarios, masses }: Duals): Float64Array {
  const all = new Float64Array(tail?.scenarios.count ?? 0);
  scenarios.forEach((s, k) => {
    all[s] = masses[k] as number;
  });
  return all;
}

const mostMass = ({ tail }: Program, s: number): number =>
  tail === undefined ? 0 : (tail.scenarios.probabilities[s] as number) / tail.mass;

function activeAt(
  program: Program,
  x: Float64Array,
  duals: Duals,
  masses: Float64Array,
  leaves: boolean,
): Active {
  const { variables, lower, upper, rows } = program;
  const between: number[] = [];
  const trade = NO_TRADE * largestOf(x);
  const isTraded = (j: number): boolean =>
    !hasImpact(program, j) || Math.abs(x[j] as number) > trade;
  const { slope, size } = reducedCosts(program, x, duals);
  for (let j = 0; j < variables; j++) {
    const at = x[j] as number;
    const near = AT * Math.max(1, Math.abs(at));
    const share = (slope[j] as number) / ((size[j] as number) || 1);
    // At a limit that it would rather leave it is between them too.
    const isLow = at - (lower[j] as number) <= near && !(leaves && share < -WRONG);
    const isHigh = (upper[j] as number) - at <= near && !(leaves && share > WRONG);
    if (!isLow && !isHigh && isTraded(j) && lower[j] !== upper[j]) between.push(j);
  }
  const binding: number[] = [];
  for (let i = 0; i < rows.count; i++) {
    if (rows.lower[i] === rows.upper[i] || duals.rows[i] !== 0) binding.push(i);
  }
  return { between, rows: binding, kinks: kinksAt(program, masses, between.length + 1) };
}

/** Scenarios with a part of their mass, the most divided first: no more of them than equations there are for. */
function kinksAt(program: Program, masses: Float64Array, most: number): number[] {
  const parts = masses.map((mass, s) => {
    const whole = mostMass(program, s);
    return whole > 0 ? Math.min(mass, whole - mass) / whole : 0;
  });
  const kinks = [...parts.keys()].filter((s) => (parts[s] as number) > AT);
  kinks.sort((a, b) => (parts[b] as number) - (parts[a] as number) || a - b);
  for (const s of kinks.slice(most)) {
    const whole = mostMass(program, s);
    masses[s] = (masses[s] as number) > whole / 2 ? whole : 0;
  }
  return kinks.slice(0, most);
}

/** Slopes of what is between its limits are 0: their second derivatives, and what prices and masses add. */
function writeSlopes(
  program: Program,
  x: Float64Array,
  prices: Float64Array,
  masses: Float64Array,
  { between, rows, kinks }: Active,
  matrix: Float64Array,
  right: Float64Array,
): void {
  const stride = right.length;
  const n = between.length;
  const { gradient } = evaluateSmooth(program, x);
  const { holdings, variables, tail } = program;
  const curve = curveOf(program, 1);
  curve.moveTo(x);
  curve.addCurvature(between, matrix, stride);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < k; i++) matrix[i * stride + k] = matrix[k * stride + i] as number;
  }
  const worst = meanReturns(program, masses);
  between.forEach((j, k) => {
    const a = holdings.asset[j] as number;
    const sign = holdings.sign[j] as number;
    let slope = (program.cost[j] as number) + (gradient[j] as number);
    if (a >= 0 && tail !== undefined) slope -= tail.weight * sign * (worst[a] as number);
    for (let i = 0; i < program.rows.count; i++) {
      const coefficient = program.rows.coefficients[i * variables + j] as number;
      slope -= (prices[i] as number) * coefficient;
    }
    right[k] = -slope;
    rows.forEach((i, r) => {
      matrix[k * stride + n + r] = program.rows.coefficients[i * variables + j] as number;
    });
    kinks.forEach((s, r) => {
      const column = n + rows.length + r;
      matrix[k * stride + column] = -lossSlope(program, j, s) * (tail?.weight ?? 0);
    });
  });
}

function lossSlope({ holdings, tail }: Program, j: number, s: number): number {
  const a = holdings.asset[j] as number;
  if (a < 0 || tail === undefined) return 0;
  const { count, returns } = tail.scenarios;
  return -(holdings.sign[j] as number) * (returns[a * count + s] as number);
}

function meanReturns({ tail, holdings }: Program, masses: Float64Array): Float64Array {
  const mean = new Float64Array(holdings.assets);
  if (tail === undefined) return mean;
  const { count, returns } = tail.scenarios;
  for (let a = 0; a < mean.length; a++) {
    let sum = 0;
    for (let s = 0; s < count; s++) {
      const mass = masses[s] as number;
      if (mass !== 0) sum += mass * (returns[a * count + s] as number);
    }
    mean[a] = sum;
  }
  return mean;
}

/** Rows at their limits, kinks at the value at risk, masses that sum to 1. */
function writeLimits(
  program: Program,
  x: Float64Array,
  masses: Float64Array,
  { between, rows, kinks }: Active,
  matrix: Float64Array,
  right: Float64Array,
): void {
  const stride = right.length;
  const n = between.length;
  const { variables, tail } = program;
  rows.forEach((i, r) => {
    const own = program.rows.coefficients.subarray(i * variables, (i + 1) * variables);
    const value = own.reduce((sum, coefficient, j) => sum + coefficient * (x[j] as number), 0);
    const [least, most] = [program.rows.lower[i] as number, program.rows.upper[i] as number];
    const isLow = Math.abs(value - least) <= Math.abs(most - value);
    right[n + r] = (isLow ? least : most) - value;
    between.forEach((j, k) => {
      matrix[(n + r) * stride + k] = own[j] as number;
    });
  });
  if (tail === undefined || kinks.length === 0) return;
  const losses = scenarioLosses(tail.scenarios, netWeights(program.holdings, x));
  const threshold = valueAtRisk(losses, tail.scenarios.probabilities, tail.mass);
  const last = stride - 1;
  kinks.forEach((s, r) => {
    const at = n + rows.length + r;
    right[at] = threshold - (losses[s] as number);
    matrix[at * stride + last] = -1;
    between.forEach((j, k) => {
      matrix[at * stride + k] = lossSlope(program, j, s);
    });
    matrix[last * stride + at] = -1;
  });
  right[last] = 1 - masses.reduce((sum, mass) => sum + mass, 0);
}
