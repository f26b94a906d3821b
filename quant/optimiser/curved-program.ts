// Programs with a convex term of any shape: logarithms of weights or of wealth. Promises: the same outcomes and the
// same proof as every other program; the term enters the proof by its tangent, which lies below it.

import { certify } from "./certificate.ts";
import { walkInside } from "./interior-point.ts";
import type { Certificate, Duals, Outcome, Program, Work } from "./program.ts";
import { solveTail } from "./tail-simplex.ts";

/** A convex function of the variables, smooth where it is finite. */
export interface CurvedTerm {
  value(x: Float64Array): number;
  gradient(x: Float64Array): Float64Array;
  /** Adds its second derivatives to a symmetric matrix's lower triangle, row by row, `stride` to a row. */
  addCurvature(x: Float64Array, into: Float64Array, stride: number): void;
  /** The largest k for which it is finite at x + k · direction; Infinity if there is none. */
  reach(x: Float64Array, direction: Float64Array): number;
}

/** Gap that counts as closed, in units of `scale`. */
const CLOSED = 1e-8;
const MEETS = 1e-9;

/**
 * Minimises cost·x + tail + term over bounds and rows; `program.smooth` must be absent. `start` lies where the term is
 * finite; bounds and rows need not hold there. `scale` is the size of differences of the objective that matter.
 * Cost: some 15 to 40 rounds of scenarios · assets² / 2 + variables³ / 6.
 */
export function solveCurved(
  program: Program,
  term: CurvedTerm,
  start: Float64Array,
  scale: number,
  work: Work = {},
): Outcome {
  const { tail: _, ...region } = program;
  const cost = new Float64Array(program.variables);
  const feasible = solveTail({ ...region, cost }, {});
  if (feasible.status === "INFEASIBLE") return feasible;
  const { x, duals, rounds } = walkInside(program, term, start, scale, work);
  for (let j = 0; j < x.length; j++) {
    const value = Math.max(x[j] as number, program.lower[j] as number);
    x[j] = Math.min(value, program.upper[j] as number);
  }
  const certificate = certifyCurved(program, term, x, duals);
  const gap = certificate.upper - certificate.lower;
  const isClosed = gap <= CLOSED * scale && certificate.feasibility <= MEETS;
  return { status: isClosed ? "OPTIMAL" : "FEASIBLE", x, duals, certificate, pivots: rounds };
}

/** As `certify`, with a convex term beside the program's own. */
export function certifyCurved(
  program: Program,
  term: CurvedTerm,
  x: Float64Array,
  duals: Duals,
): Certificate {
  const gradient = term.gradient(x);
  const cost = program.cost.map((c, j) => c + (gradient[j] as number));
  const tangent = certify({ ...program, cost }, x, duals);
  let offset = term.value(x);
  for (let j = 0; j < x.length; j++) offset -= (gradient[j] as number) * (x[j] as number);
  return {
    upper: tangent.upper + offset,
    lower: tangent.lower + offset,
    feasibility: tangent.feasibility,
  };
}
