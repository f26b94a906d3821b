// The bounds and rows of an interior-point round. Promises: variables stay within their bounds and every price of a
// limit above 0; rows are met at the end, not on the way.

import { cholesky, solveCholesky } from "./positive-definite.ts";
import type { Program } from "./program.ts";

/** One side of a bound or row: slack = sign · (value - limit), at least 0. */
interface Side {
  /** Variable, or row. */
  readonly of: number;
  readonly isRow: boolean;
  readonly sign: 1 | -1;
  readonly limit: number;
}

export class InsideRows {
  readonly x: Float64Array;
  readonly direction: Float64Array;
  readonly pairs: number;
  private readonly program: Program;
  private readonly fixed: Uint8Array;
  private readonly equalities: readonly number[];
  private readonly equalityPrices: Float64Array;
  private equalitySteps: Float64Array;
  private readonly sides: readonly Side[];
  private readonly slack: Float64Array;
  private readonly price: Float64Array;
  private readonly dSlack: Float64Array;
  private readonly dPrice: Float64Array;
  private correction: Float64Array;
  private aimed = { target: 0, isCorrected: false };

  constructor(program: Program, start: Float64Array, scale: number) {
    const { variables, lower, upper, rows } = program;
    this.program = program;
    this.x = inside(start, lower, upper);
    this.direction = new Float64Array(variables);
    this.fixed = Uint8Array.from(lower, (low, j) => (low === upper[j] ? 1 : 0));
    const all = Array.from({ length: rows.count }, (_, i) => i);
    this.equalities = all.filter((i) => rows.lower[i] === rows.upper[i]);
    this.equalityPrices = new Float64Array(this.equalities.length);
    this.equalitySteps = new Float64Array(this.equalities.length);
    this.sides = sidesOf(program, this.fixed);
    this.pairs = this.sides.length;
    this.slack = Float64Array.from(this.sides, (side) => {
      const value = side.sign * (this.valueOf(side, this.x) - side.limit);
      return side.isRow ? Math.max(value, 1e-2 * Math.max(1, Math.abs(side.limit))) : value;
    });
    this.price = this.slack.map((s) => (0.1 * scale) / Math.max(s, 1e-3));
    this.dSlack = new Float64Array(this.pairs);
    this.dPrice = new Float64Array(this.pairs);
    this.correction = new Float64Array(this.pairs);
  }

  private valueOf({ of, isRow }: Side, x: Float64Array): number {
    return isRow ? this.rowValue(of, x) : (x[of] as number);
  }

  private rowValue(row: number, x: Float64Array): number {
    const { rows, variables } = this.program;
    let sum = 0;
    for (let j = 0; j < variables; j++) {
      sum += (rows.coefficients[row * variables + j] as number) * (x[j] as number);
    }
    return sum;
  }

  product(): number {
    return this.slack.reduce((sum, s, k) => sum + s * (this.price[k] as number), 0);
  }

  productAfter(length: number): number {
    let sum = 0;
    for (let k = 0; k < this.pairs; k++) {
      const slack = (this.slack[k] as number) + length * (this.dSlack[k] as number);
      sum += slack * ((this.price[k] as number) + length * (this.dPrice[k] as number));
    }
    return sum;
  }

  /** By how much a row fails to be met, relative to its limit or 1. */
  largestMiss(): number {
    const { rows } = this.program;
    let most = 0;
    for (const i of this.equalities) {
      const limit = rows.lower[i] as number;
      most = Math.max(
        most,
        Math.abs(this.rowValue(i, this.x) - limit) / Math.max(1, Math.abs(limit)),
      );
    }
    this.sides.forEach((side, k) => {
      if (side.isRow)
        most = Math.max(most, Math.abs(this.miss(side, k)) / Math.max(1, Math.abs(side.limit)));
    });
    return most;
  }

  /** Of a row: what its slack lacks. A bound's slack is exact. */
  private miss(side: Side, k: number): number {
    if (!side.isRow) return 0;
    return side.sign * (this.valueOf(side, this.x) - side.limit) - (this.slack[k] as number);
  }

  /** residual -= prices · coefficients. */
  addPrices(residual: Float64Array): void {
    this.equalities.forEach((row, e) => {
      this.addRow(residual, row, -(this.equalityPrices[e] as number));
    });
    this.sides.forEach((side, k) => {
      this.addSide(residual, side, -(this.price[k] as number));
    });
  }

  private addSide(into: Float64Array, { of, isRow, sign }: Side, factor: number): void {
    if (isRow) this.addRow(into, of, sign * factor);
    else into[of] = (into[of] as number) + sign * factor;
  }

  private addRow(into: Float64Array, row: number, factor: number): void {
    const { rows, variables } = this.program;
    for (let j = 0; j < variables; j++) {
      into[j] = (into[j] as number) + factor * (rows.coefficients[row * variables + j] as number);
    }
  }

  addCurvature(into: Float64Array, stride: number): void {
    const { rows, variables } = this.program;
    this.sides.forEach(({ of, isRow }, k) => {
      const bend = (this.price[k] as number) / (this.slack[k] as number);
      if (!isRow) {
        into[of * stride + of] = (into[of * stride + of] as number) + bend;
        return;
      }
      for (let i = 0; i < variables; i++) {
        const factor = bend * (rows.coefficients[of * variables + i] as number);
        if (factor === 0) continue;
        for (let j = 0; j <= i; j++) {
          const add = factor * (rows.coefficients[of * variables + j] as number);
          into[i * stride + j] = (into[i * stride + j] as number) + add;
        }
      }
    });
  }

  /** Variables whose bounds are equal do not move. */
  holdFixed(matrix: Float64Array, stride: number): void {
    this.fixed.forEach((isFixed, f) => {
      if (isFixed === 0) return;
      for (let i = 0; i < stride; i++) {
        matrix[f * stride + i] = 0;
        matrix[i * stride + f] = 0;
      }
      matrix[f * stride + f] = 1;
    });
  }

  clearFixed(vector: Float64Array): void {
    this.fixed.forEach((isFixed, j) => {
      if (isFixed === 1) vector[j] = 0;
    });
  }

  /** What price k is to change by where its slack does not. */
  private lack(side: Side, k: number): number {
    const { target, isCorrected } = this.aimed;
    const slack = this.slack[k] as number;
    const price = this.price[k] as number;
    const corrected = isCorrected ? (this.correction[k] as number) : 0;
    return (target - corrected - slack * price - price * this.miss(side, k)) / slack;
  }

  aim(target: number, isCorrected: boolean, right: Float64Array): void {
    this.aimed = { target, isCorrected };
    this.sides.forEach((side, k) => {
      this.addSide(right, side, this.lack(side, k));
    });
  }

  /** The step of a round: meets the equalities, whose price steps are kept. `right` without them. */
  solveWithEqualities(factor: Float64Array, right: Float64Array): Float64Array {
    const { equalities, program } = this;
    const free = solveCholesky(factor, right);
    const count = equalities.length;
    if (count === 0) return free;
    const columns = equalities.map((row) => {
      const column = new Float64Array(right.length);
      this.addRow(column, row, 1);
      this.clearFixed(column);
      return solveCholesky(factor, column);
    });
    const matrix = new Float64Array(count * count);
    const lack = new Float64Array(count);
    equalities.forEach((row, e) => {
      const now = this.rowValue(row, this.x) + this.rowValue(row, free);
      lack[e] = (program.rows.lower[row] as number) - now;
      columns.forEach((column, f) => {
        matrix[e * count + f] = this.rowValue(row, column);
      });
      matrix[e * count + e] = (matrix[e * count + e] as number) * (1 + 1e-14) + 1e-300;
    });
    const small = cholesky(matrix, count, 0);
    this.equalitySteps = small === null ? new Float64Array(count) : solveCholesky(small, lack);
    this.equalitySteps.forEach((step, e) => {
      const column = columns[e] as Float64Array;
      for (let j = 0; j < free.length; j++)
        free[j] = (free[j] as number) + step * (column[j] as number);
    });
    return free;
  }

  direct(direction: Float64Array): void {
    this.direction.set(direction);
    this.sides.forEach((side, k) => {
      const moved = side.sign * this.valueOf(side, direction);
      this.dSlack[k] = moved + this.miss(side, k);
      this.dPrice[k] =
        this.lack(side, k) - ((this.price[k] as number) * moved) / (this.slack[k] as number);
    });
    if (!this.aimed.isCorrected) {
      this.correction = this.dSlack.map((ds, k) => ds * (this.dPrice[k] as number));
    }
  }

  reach(): number {
    let most = Number.POSITIVE_INFINITY;
    for (let k = 0; k < this.pairs; k++) {
      const ds = this.dSlack[k] as number;
      const dp = this.dPrice[k] as number;
      if (ds < 0) most = Math.min(most, -(this.slack[k] as number) / ds);
      if (dp < 0) most = Math.min(most, -(this.price[k] as number) / dp);
    }
    return most;
  }

  advance(length: number): void {
    for (let j = 0; j < this.x.length; j++) {
      this.x[j] = (this.x[j] as number) + length * (this.direction[j] as number);
    }
    for (let k = 0; k < this.pairs; k++) {
      this.slack[k] = (this.slack[k] as number) + length * (this.dSlack[k] as number);
      this.price[k] = (this.price[k] as number) + length * (this.dPrice[k] as number);
    }
    for (let e = 0; e < this.equalityPrices.length; e++) {
      this.equalityPrices[e] =
        (this.equalityPrices[e] as number) + length * (this.equalitySteps[e] as number);
    }
  }

  /** Of each row: above 0 where its lower limit binds. */
  prices(): Float64Array {
    const prices = new Float64Array(this.program.rows.count);
    this.equalities.forEach((row, e) => {
      prices[row] = this.equalityPrices[e] as number;
    });
    this.sides.forEach(({ of, isRow, sign }, k) => {
      if (isRow) prices[of] = (prices[of] as number) + sign * (this.price[k] as number);
    });
    return prices;
  }
}

function sidesOf({ variables, lower, upper, rows }: Program, fixed: Uint8Array): Side[] {
  const sides: Side[] = [];
  const add = (of: number, isRow: boolean, low: number, high: number): void => {
    if (Number.isFinite(low)) sides.push({ of, isRow, sign: 1, limit: low });
    if (Number.isFinite(high)) sides.push({ of, isRow, sign: -1, limit: high });
  };
  for (let j = 0; j < variables; j++) {
    if (fixed[j] === 0) add(j, false, lower[j] as number, upper[j] as number);
  }
  for (let i = 0; i < rows.count; i++) {
    const low = rows.lower[i] as number;
    const high = rows.upper[i] as number;
    if (low !== high) add(i, true, low, high);
  }
  return sides;
}

/** Away from the bounds by a tenth of an equal share of what lies between them, or of 1 where that is more. */
function inside(start: Float64Array, lower: Float64Array, upper: Float64Array): Float64Array {
  return start.map((value, j) => {
    const low = lower[j] as number;
    const high = upper[j] as number;
    const room = (0.1 * Math.min(1, high - low)) / start.length;
    return Math.max(low + room, Math.min(high - room, value));
  });
}
