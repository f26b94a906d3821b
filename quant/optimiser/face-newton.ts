// The last digits of weights under a variance: Newton's method on the face that they lie on. Promises: nothing about limits
// off that face; whoever calls it measures what came out.
//
// A name that is a million times as risky as the rest is held to 1e-7, and has to be right to nine digits of that: each
// step is solved with a matrix a little too large (so that it has an inverse), and its error is in the next step's
// right-hand side, which is computed anew from the weights (R. Rockafellar's proximal point iteration, SIAM Journal on
// Control and Optimization 14(5), 1976).

import { cholesky, solveCholesky } from "./positive-definite.ts";
import type { Program, SmoothTerm } from "./program.ts";
import { dot } from "./smooth-curve.ts";

const STEPS = 8;
/** And to the matrix of the rows, whose entries are as inexact as the first is near to singular. */
const ROWS = 100;
/** What is to be put on a bound is as near to it as this. */
const NEAR = 1e-6;
/** Rows as near to a limit as this, against their largest coefficient, are on it. */
const ON_LIMIT = 1e-11;

interface OnFace<Duals> {
  readonly x: Float64Array;
  /** Net weights of x, to all their digits. */
  readonly net: Float64Array;
  readonly duals: Duals;
}

/**
 * Weights near those of x. `duals`: rows with a price, and those at a limit, stay at it, and what its reduced cost would take
 * beyond a bound stays there; those that come back are the same. `larger`: what is added to the matrix, as a share of its
 * diagonal. Null where the program is more than costs and one variance. Cost: names³ / 6 for each bound met, and names² for
 * each step.
 */
export function newtonOnFace<Duals extends { readonly rows: Float64Array }>(
  program: Program,
  { x, net, duals }: OnFace<Duals>,
  larger: number,
): OnFace<Duals> | null {
  const { smooth = [], tail, holdings } = program;
  const [term] = smooth;
  if (tail !== undefined || smooth.length !== 1 || term?.kind !== "VARIANCE") return null;
  const prices = duals.rows.slice();
  const at = { x: x.slice(), net: net.slice(), duals };
  const move = (j: number, by: number): void => {
    const a = holdings.asset[j] as number;
    at.x[j] = (at.x[j] as number) + by;
    at.net[a] = (at.net[a] as number) + (holdings.sign[j] as number) * by;
  };
  ontoBounds(program, term, at.x, slopesAt(program, term, at.net, prices), move);
  let face = faceAt(program, term, at.x, prices, larger);
  for (let step = 0, blocked = 0; step < STEPS && blocked <= program.variables; ) {
    if (face === null) break;
    const { free, rows, solve } = face;
    const slopes = slopesAt(program, term, at.net, prices);
    const { moves, rises } = solve(
      free.map((j) => slopes[j] as number),
      rows.map(({ of, limit }) => of.reduce((rest, c, j) => rest - c * (at.x[j] as number), limit)),
    );
    const { share, blocker } = reach(program, at.x, free, rows, moves);
    for (const [k, j] of free.entries()) move(j, share * (moves[k] as number));
    for (const [p, { i }] of rows.entries()) {
      prices[i] = (prices[i] as number) + share * (rises[p] as number);
    }
    if (share === 1) step++;
    else {
      blocked++;
      if (blocker !== undefined) move(blocker.j, blocker.bound - (at.x[blocker.j] as number));
      face = faceAt(program, term, at.x, prices, larger);
    }
  }
  return at.net.every(Number.isFinite) ? at : null;
}

function faceAt(
  program: Program,
  term: Variance,
  x: Float64Array,
  prices: Float64Array,
  larger: number,
) {
  const free = freeParts(program, x);
  const rows = rowsOnFace(program, x, prices);
  const solve = saddle(bendOf(program, term, free), free, rows, larger);
  return solve === null ? null : { free, rows, solve };
}

/** How much of these moves is within bounds and rows, at most all; the variable that is at a bound there. */
function reach(
  { lower, upper, rows: all, variables }: Program,
  x: Float64Array,
  free: readonly number[],
  rows: readonly FaceRow[],
  moves: Float64Array,
) {
  let share = 1;
  let blocker: { readonly j: number; readonly bound: number } | undefined;
  const meet = (room: number, by: number, at?: typeof blocker): void => {
    if (!(by > 0 && room < share * by)) return;
    share = Math.max(0, room / by);
    blocker = at;
  };
  for (const [k, j] of free.entries()) {
    const [by, value] = [moves[k] as number, x[j] as number];
    const bound = (by > 0 ? upper[j] : lower[j]) as number;
    meet(Math.abs(bound - value), Math.abs(by), { j, bound });
  }
  const held = new Set(rows.map(({ i }) => i));
  for (let i = 0; i < all.count; i++) {
    if (held.has(i)) continue;
    const of = all.coefficients.subarray(i * variables, (i + 1) * variables);
    const value = of.reduce((sum, c, j) => sum + c * (x[j] as number), 0);
    const by = free.reduce((sum, j, k) => sum + (of[j] as number) * (moves[k] as number), 0);
    meet((all.upper[i] as number) - value, by);
    meet(value - (all.lower[i] as number), -by);
  }
  return { share, blocker };
}

type Variance = Extract<SmoothTerm, { kind: "VARIANCE" }>;

/** Of each variable, once rows have their prices. */
function slopesAt(
  { cost, holdings, rows, variables }: Program,
  { weight, covariance }: Variance,
  net: Float64Array,
  prices: Float64Array,
): Float64Array {
  const n = net.length;
  const ofNet = net.map((_, a) => {
    let sum = 0;
    for (let b = 0; b < n; b++) sum += (covariance[a * n + b] as number) * (net[b] as number);
    return 2 * weight * sum;
  });
  return cost.map((own, j) => {
    const a = holdings.asset[j] as number;
    let slope = own + (a < 0 ? 0 : (holdings.sign[j] as number) * (ofNet[a] as number));
    for (let i = 0; i < rows.count; i++) {
      slope -= (prices[i] as number) * (rows.coefficients[i * variables + j] as number);
    }
    return slope;
  });
}

/** Moves what is nearer to a bound than its slope, by its own curvature, would take it: as a way through the inside ends. */
function ontoBounds(
  { lower, upper, holdings }: Program,
  { weight, covariance }: Variance,
  x: Float64Array,
  slopes: Float64Array,
  move: (j: number, by: number) => void,
): void {
  for (const [j, slope] of slopes.entries()) {
    const a = holdings.asset[j] as number;
    if (a < 0) continue;
    const bend = 2 * weight * (covariance[a * (holdings.assets + 1)] as number);
    const down = (x[j] as number) - (lower[j] as number);
    const up = (upper[j] as number) - (x[j] as number);
    const isNear = (room: number): boolean => room > 0 && room <= NEAR;
    if (isNear(down) && down * bend < slope) move(j, -down);
    else if (isNear(up) && up * bend < -slope) move(j, up);
  }
}

/** Of each asset the part that is between its bounds, the smaller if several are. */
function freeParts({ lower, upper, holdings }: Program, x: Float64Array): readonly number[] {
  const free = new Map<number, number>();
  for (const [j, value] of x.entries()) {
    const a = holdings.asset[j] as number;
    if (a < 0 || !(value > (lower[j] as number) && value < (upper[j] as number))) continue;
    const other = free.get(a);
    if (other === undefined || Math.abs(value) < Math.abs(x[other] as number)) free.set(a, j);
  }
  return [...free.values()].sort((a, b) => a - b);
}

/** Second derivatives among the free variables, row by row. */
function bendOf(
  { holdings: { assets, asset, sign } }: Program,
  { weight, covariance }: Variance,
  free: readonly number[],
): Float64Array {
  const bends = free.flatMap((i) =>
    free.map((j) => {
      const own = covariance[(asset[i] as number) * assets + (asset[j] as number)] as number;
      return 2 * weight * (sign[i] as number) * (sign[j] as number) * own;
    }),
  );
  return Float64Array.from(bends);
}

interface FaceRow {
  readonly i: number;
  readonly of: Float64Array;
  readonly limit: number;
}

function rowsOnFace(
  { rows, variables }: Program,
  x: Float64Array,
  prices: Float64Array,
): FaceRow[] {
  const found: FaceRow[] = [];
  for (let i = 0; i < rows.count; i++) {
    const of = rows.coefficients.subarray(i * variables, (i + 1) * variables);
    const [least, most] = [rows.lower[i] as number, rows.upper[i] as number];
    const value = of.reduce((sum, c, j) => sum + c * (x[j] as number), 0);
    const near = ON_LIMIT * of.reduce((largest, c) => Math.max(largest, Math.abs(c)), 0);
    const price = prices[i] as number;
    if ((price > 0 || value - least <= near) && Number.isFinite(least))
      found.push({ i, of, limit: least });
    else if ((price < 0 || most - value <= near) && Number.isFinite(most))
      found.push({ i, of, limit: most });
  }
  return found;
}

/** Solves H m − A' p = −slopes, A m = missing for moves m and rises p of the prices. */
function saddle(
  matrix: Float64Array,
  free: readonly number[],
  rows: readonly FaceRow[],
  larger: number,
) {
  const m = free.length;
  let mean = 0;
  for (let k = 0; k < m; k++) mean += (matrix[k * m + k] as number) / m;
  if (!(mean > 0)) return null;
  for (let k = 0; k < m; k++) {
    const own = matrix[k * m + k] as number;
    matrix[k * m + k] = own + larger * own + larger * larger * mean;
  }
  const factor = cholesky(matrix, m, 0);
  if (factor === null) return null;
  const columns = rows.map(({ of }) => Float64Array.from(free, (j) => of[j] as number));
  const solved = columns.map((column) => solveCholesky(factor, column));
  const count = rows.length;
  const schur = new Float64Array(count * count);
  columns.forEach((column, p) => {
    solved.forEach((other, q) => {
      schur[p * count + q] = dot(column, other) * (p === q ? 1 + ROWS * larger : 1);
    });
  });
  const reduced = cholesky(schur, count, 0);
  if (reduced === null) return null;
  return (slopes: readonly number[], missing: readonly number[]) => {
    const moves = solveCholesky(
      factor,
      Float64Array.from(slopes, (slope) => -slope),
    );
    const right = Float64Array.from(
      missing,
      (rest, p) => rest - dot(columns[p] as Float64Array, moves),
    );
    const rises = solveCholesky(reduced, right);
    rises.forEach((rise, p) => {
      (solved[p] as Float64Array).forEach((value, k) => {
        moves[k] = (moves[k] as number) + rise * value;
      });
    });
    return { moves, rises };
  };
}
