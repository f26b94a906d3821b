// The way to the optimum through the inside of the bounds. Promises: a point near the optimum and prices for it,
// whose worth the caller proves; the same steps for the same program.
//
// Primal-dual, with predictor and corrector: S. Mehrotra, "On the implementation of a primal-dual interior point
// method", SIAM Journal on Optimization 2, 1992. Scenarios' excess losses are eliminated, so that a round solves
// equations in the variables, the value at risk and the prices of equalities alone.

import type { CurvedTerm } from "./curved-program.ts";
import { InsideRows } from "./inside-rows.ts";
import { InsideTail } from "./inside-tail.ts";
import { cholesky } from "./positive-definite.ts";
import type { Duals, Program, Work } from "./program.ts";

const MOST_ROUNDS = 200;
/** Of the way to the nearest limit. */
const NEAR = 0.995;
/** Of the way to where the term ends, which curves on the way. */
const TERM_NEAR = 0.9;
const DONE = 1e-14;
/** Of each diagonal entry. */
const HELD = [1e-14, 1e-13, 1e-12, 1e-10, 1e-8];
/** Rounds that may still go into what is not yet met once the products are done. */
const MOST_EXTRA = 3;

export interface Inside {
  readonly x: Float64Array;
  readonly duals: Duals;
  readonly rounds: number;
}

export function walkInside(
  program: Program,
  term: CurvedTerm,
  start: Float64Array,
  scale: number,
  { maxPivots = MOST_ROUNDS, expired }: Work,
): Inside {
  const walk = new InsideWalk(program, term, start, scale);
  let rounds = 0;
  while (rounds < maxPivots && expired?.() !== true && walk.round()) rounds++;
  return { x: walk.x, duals: walk.duals(), rounds };
}

class InsideWalk {
  readonly x: Float64Array;
  private readonly program: Program;
  private readonly term: CurvedTerm;
  private readonly scale: number;
  private readonly rows: InsideRows;
  private readonly tail: InsideTail | undefined;
  /** Variables, and the value at risk where there is a tail. */
  private readonly size: number;
  private extra = 0;

  constructor(program: Program, term: CurvedTerm, start: Float64Array, scale: number) {
    this.program = program;
    this.term = term;
    this.scale = scale;
    this.rows = new InsideRows(program, start, scale);
    this.x = this.rows.x;
    this.tail = program.tail && new InsideTail(program.tail, program.holdings, this.x, scale);
    this.size = program.variables + (this.tail === undefined ? 0 : 1);
  }

  /** False when there is no more to gain. */
  round(): boolean {
    const { rows, tail, size, x } = this;
    const pairs = rows.pairs + (tail?.pairs ?? 0);
    const product = rows.product() + (tail?.product() ?? 0);
    const residual = this.residual();
    const far = Math.max(largest(residual) / this.scale, rows.largestMiss());
    if (!(product > DONE * this.scale) && (far <= 1e-11 || ++this.extra > MOST_EXTRA)) return false;
    const matrix = new Float64Array(size * size);
    this.term.addCurvature(x, matrix, size);
    rows.addCurvature(matrix, size);
    tail?.addCurvature(matrix, size);
    rows.holdFixed(matrix, size);
    const factor = heldFactor(matrix, size);
    if (factor === null) return false;
    const mean = pairs === 0 ? 0 : product / pairs;
    if (!this.direct(factor, residual, 0, false)) return false;
    const affine = Math.min(1, rows.reach(), tail?.reach() ?? 1);
    const left = rows.productAfter(affine) + (tail?.productAfter(affine) ?? 0);
    const ratio = product > 0 ? left / product : 0;
    return this.direct(factor, residual, ratio * ratio * ratio * mean, true) && this.step();
  }

  private step(): boolean {
    const { rows, tail, term, x } = this;
    const limits = NEAR * Math.min(rows.reach(), tail?.reach() ?? Number.POSITIVE_INFINITY);
    const length = Math.min(1, limits, TERM_NEAR * term.reach(x, rows.direction));
    if (!(length > 1e-10)) return false;
    rows.advance(length);
    tail?.advance(length);
    return true;
  }

  /** Stationarity in the variables and the value at risk. */
  private residual(): Float64Array {
    const { program, rows, tail, term, x, size } = this;
    const residual = new Float64Array(size);
    const gradient = term.gradient(x);
    for (let j = 0; j < program.variables; j++) {
      residual[j] = (program.cost[j] as number) + (gradient[j] as number);
    }
    rows.addPrices(residual);
    tail?.addMasses(residual);
    rows.clearFixed(residual);
    return residual;
  }

  /** Newton's direction towards products of `target`, with or without the last direction's; false: none. */
  private direct(
    factor: Float64Array,
    residual: Float64Array,
    target: number,
    isCorrected: boolean,
  ): boolean {
    const { rows, tail, program } = this;
    const right = residual.map((value) => -value);
    rows.aim(target, isCorrected, right);
    tail?.aim(target, isCorrected, right);
    rows.clearFixed(right);
    const step = rows.solveWithEqualities(factor, right);
    if (!step.every(Number.isFinite)) return false;
    rows.direct(step.subarray(0, program.variables));
    tail?.direct(rows.direction, step[program.variables] as number);
    return true;
  }

  duals(): Duals {
    const rows = this.rows.prices();
    const { scenarios, masses } = this.tail?.masses() ?? {
      scenarios: new Int32Array(0),
      masses: new Float64Array(0),
    };
    return { scenarios, masses, rows };
  }
}

/** What nothing bends is held a little, and more where rounding asks for it: that slows the walk and changes no answer. */
function heldFactor(matrix: Float64Array, size: number): Float64Array | null {
  for (const share of HELD) {
    const held = matrix.slice();
    for (let i = 0; i < size; i++) {
      held[i * size + i] = (matrix[i * size + i] as number) * (1 + share) + 1e-200;
    }
    const factor = cholesky(held, size, 0);
    if (factor !== null) return factor;
  }
  return null;
}

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
