// The quadratic that a rounded-off CVaR is like around a point, over the variables that are free to move, and its
// minimum with some of them held. Promises: a minimum always exists: what has no curvature gets a little.

import { cholesky, solveCholesky } from "./positive-definite.ts";
import type { Holdings } from "./program.ts";
import type { TailCurvature } from "./tail-curvature.ts";

/** Curvature, as a share of the mean one, that every direction is given. */
const REGULAR = 1e-6;

export interface ModelMinimum {
  readonly step: Float64Array;
  /** Of rows. */
  readonly prices: Float64Array;
  /** Of the model in each fixed variable at the step; 0 of the others. */
  readonly slopes: Float64Array;
}

export class NewtonModel {
  /** Variables of the model, in its order. */
  readonly free: readonly number[];
  private readonly curvature: Float64Array;
  private readonly gradient: Float64Array;

  /** Over variables by their assets, at a width; `gradient` of all variables. */
  constructor(
    free: readonly number[],
    { asset, sign }: Holdings,
    sums: TailCurvature,
    h: number,
    gradient: Float64Array,
    lastGradient: number,
  ) {
    const size = free.length;
    this.free = free;
    this.lastGradient = lastGradient;
    this.curvature = new Float64Array(size * size);
    this.gradient = Float64Array.from(free, (j) => gradient[j] as number);
    this.own = sums.at(-1, -1) / (2 * h);
    const hasT = this.own > 0;
    this.cross = Float64Array.from(free, (j) => {
      const a = asset[j] as number;
      return a < 0 ? 0 : ((sign[j] as number) * sums.at(a, -1)) / (2 * h);
    });
    const { curvature, cross, own } = this;
    let trace = 0;
    for (let i = 0; i < size; i++) {
      const a = asset[free[i] as number] as number;
      const factor = (sign[free[i] as number] as number) / (2 * h);
      const share = hasT ? (cross[i] as number) / own : 0;
      for (let j = 0; j <= i; j++) {
        const b = asset[free[j] as number] as number;
        if (a < 0 || b < 0) continue;
        const value = factor * (sign[free[j] as number] as number) * sums.at(a, b);
        curvature[i * size + j] = value - share * (cross[j] as number);
      }
      trace += curvature[i * size + i] as number;
      this.gradient[i] = (this.gradient[i] as number) - share * lastGradient;
    }
    const floor = size > 0 ? (REGULAR * Math.max(trace, Number.MIN_VALUE)) / size : 0;
    for (let i = 0; i < size; i++) {
      curvature[i * size + i] = (curvature[i * size + i] as number) + floor;
    }
  }

  private readonly cross: Float64Array;
  private readonly own: number;
  private readonly lastGradient: number;

  /**
   * The step with least model value where `fixed[i]` (not NaN) is the step of free variable i, and each row is
   * moved by its `targets`. `rows`: coefficients of the free variables, row by row. Null if no step does that.
   */
  minimum(
    fixed: Float64Array,
    rows: readonly Float64Array[],
    targets: readonly number[],
  ): ModelMinimum | null {
    const { free, curvature, gradient } = this;
    const size = free.length;
    const moving: number[] = [];
    for (let i = 0; i < size; i++) if (Number.isNaN(fixed[i] as number)) moving.push(i);
    const count = moving.length;
    const matrix = new Float64Array(count * count);
    const slope = new Float64Array(count);
    for (let a = 0; a < count; a++) {
      const i = moving[a] as number;
      for (let b = 0; b <= a; b++)
        matrix[a * count + b] = curvature[i * size + (moving[b] as number)] as number;
      let sum = gradient[i] as number;
      for (let k = 0; k < size; k++) {
        const step = fixed[k] as number;
        if (Number.isNaN(step) || step === 0) continue;
        sum += step * (curvature[Math.max(i, k) * size + Math.min(i, k)] as number);
      }
      slope[a] = sum;
    }
    const factor = cholesky(matrix, count, 1e-12);
    if (factor === null) return null;
    const descent = solveCholesky(factor, slope);
    const images = rows.map((row) =>
      solveCholesky(
        factor,
        Float64Array.from(moving, (i) => row[i] as number),
      ),
    );
    const wanted = rows.map((row, k) => {
      let rest = targets[k] as number;
      for (let i = 0; i < size; i++)
        if (!Number.isNaN(fixed[i] as number)) rest -= (row[i] as number) * (fixed[i] as number);
      moving.forEach((i, a) => {
        rest += (row[i] as number) * (descent[a] as number);
      });
      return rest;
    });
    const prices = this.rowPrices(rows, images, moving, wanted);
    if (prices === null) return null;
    const step = Float64Array.from(fixed, (value) => (Number.isNaN(value) ? 0 : value));
    moving.forEach((i, a) => {
      let value = -(descent[a] as number);
      images.forEach((image, k) => {
        value += (prices[k] as number) * (image[a] as number);
      });
      step[i] = value;
    });
    return { step, prices, slopes: this.slopesAt(step, fixed, rows, prices) };
  }

  /** Of the model at a step, less what rows bear, in what is fixed: what letting go of it would change. */
  private slopesAt(
    step: Float64Array,
    fixed: Float64Array,
    rows: readonly Float64Array[],
    prices: Float64Array,
  ): Float64Array {
    const { curvature, gradient } = this;
    const size = step.length;
    const slopes = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      if (Number.isNaN(fixed[i] as number)) continue;
      let sum = gradient[i] as number;
      for (let k = 0; k < size; k++) {
        const entry = curvature[Math.max(i, k) * size + Math.min(i, k)] as number;
        sum += entry * (step[k] as number);
      }
      rows.forEach((row, k) => {
        sum -= (prices[k] as number) * (row[i] as number);
      });
      slopes[i] = sum;
    }
    return slopes;
  }

  /** A (H⁻¹ Aᵀ) prices = what the rows still lack. */
  private rowPrices(
    rows: readonly Float64Array[],
    images: readonly Float64Array[],
    moving: readonly number[],
    wanted: readonly number[],
  ): Float64Array | null {
    const count = rows.length;
    if (count === 0) return new Float64Array(0);
    const gram = new Float64Array(count * count);
    for (let k = 0; k < count; k++) {
      for (let l = 0; l <= k; l++) {
        let sum = 0;
        moving.forEach((i, a) => {
          sum +=
            ((rows[k] as Float64Array)[i] as number) * ((images[l] as Float64Array)[a] as number);
        });
        gram[k * count + l] = sum;
      }
    }
    const factor = cholesky(gram, count, 1e-12);
    return factor === null ? null : solveCholesky(factor, Float64Array.from(wanted));
  }

  /** The step of what was eliminated (t) that goes with a step of the free variables. */
  lastStep(step: Float64Array): number {
    if (!(this.own > 0)) return 0;
    let sum = this.lastGradient;
    for (let i = 0; i < step.length; i++) sum += (this.cross[i] as number) * (step[i] as number);
    return -sum / this.own;
  }
}
