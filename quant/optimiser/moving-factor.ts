// The Cholesky factor of a symmetric matrix over those of its rows that move, where few begin or stop to move from one time
// to the next. Promises: what moves is in the factor; the few that were in it and move no more stay, to be held by rows
// of their own, until making it anew is cheaper.

import { eliminateRow, solveCholesky } from "./positive-definite.ts";

/** Of what is in the factor, at most so many do not move: to hold one costs a solution, n² of the n³ / 6 of a factor. */
const IDLE = 1 / 10;
const NOISE = 1e-12;

export class MovingFactor {
  /** Rows of the matrix in the order in which they are in the factor. */
  order: number[] = [];
  /** Of those in the order that do not move the places. */
  held: number[] = [];
  private readonly matrix: Float64Array;
  private readonly size: number;
  private readonly factor: Float64Array;
  /** Solutions for single places, as long as the factor is the same. */
  private units = new Map<number, Float64Array>();

  /** Of a matrix of `size` rows, of which the lower triangle is read. */
  constructor(matrix: Float64Array, size: number) {
    this.matrix = matrix;
    this.size = size;
    this.factor = new Float64Array(size * size);
  }

  /** Brings the order and what is held up to date. False: the matrix is not positive definite. */
  cover(isMoving: (i: number) => boolean): boolean {
    this.held = [...this.order.keys()].filter((p) => !isMoving(this.order[p] as number));
    if (this.held.length > IDLE * this.order.length) this.forget();
    const isIn = new Set(this.order);
    for (let i = 0; i < this.size; i++) {
      if (isMoving(i) && !isIn.has(i) && !this.append(i)) return false;
    }
    return true;
  }

  /** Makes it anew next time. */
  forget(): void {
    this.order = [];
    this.held = [];
    this.units.clear();
  }

  private append(i: number): boolean {
    const { matrix, size, factor, order } = this;
    const own = order.length * size;
    order.push(i);
    order.forEach((k, p) => {
      factor[own + p] = matrix[Math.max(i, k) * size + Math.min(i, k)] as number;
    });
    this.units.clear();
    return eliminateRow(factor, size, order.length - 1, NOISE);
  }

  /** x of matrix · x = right, in the order of the factor. */
  solve(right: Float64Array): Float64Array {
    return solveCholesky(this.factor, right, this.size);
  }

  /** The same of 1 at one place and 0 elsewhere. */
  solveUnit(place: number): Float64Array {
    const known = this.units.get(place);
    if (known !== undefined) return known;
    const right = new Float64Array(this.order.length);
    right[place] = 1;
    const found = solveCholesky(this.factor, right, this.size, place);
    this.units.set(place, found);
    return found;
  }
}
