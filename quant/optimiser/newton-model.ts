// The quadratic that a rounded-off CVaR is like around a point, over the variables that are free to move, and its
// minimum with some of them held. Promises: a minimum always exists: what has no curvature gets a little.

import { MovingFactor } from "./moving-factor.ts";
import { cholesky, solveCholesky } from "./positive-definite.ts";
import type { Holdings } from "./program.ts";
import { dot } from "./smooth-curve.ts";
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
    this.factor = new MovingFactor(curvature, size);
  }

  private readonly factor: MovingFactor;
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
    const { factor } = this;
    if (!factor.cover((i) => Number.isNaN(fixed[i] as number))) return null;
    const { order, held } = factor;
    const over = (values: Float64Array): Float64Array =>
      Float64Array.from(order, (i) => values[i] as number);
    const outside = Float64Array.from(fixed, (value) => (Number.isNaN(value) ? 0 : value));
    for (const i of order) outside[i] = 0;
    const descent = factor.solve(this.slopesOver(order, outside));
    const own = rows.map(over);
    const images = own.map((row) => factor.solve(row));
    for (const place of held) images.push(factor.solveUnit(place));
    const wanted = rows.map(
      (row, k) => (targets[k] as number) - dot(row, outside) + dot(own[k] as Float64Array, descent),
    );
    for (const place of held)
      wanted.push((fixed[order[place] as number] as number) + (descent[place] as number));
    const prices = pricesOf(own, held, images, wanted);
    if (prices === null && held.length > 0) {
      factor.forget();
      return this.minimum(fixed, rows, targets);
    }
    if (prices === null) return null;
    const step = outside;
    order.forEach((i, place) => {
      let value = -(descent[place] as number);
      for (let k = 0; k < images.length; k++)
        value += (prices[k] as number) * ((images[k] as Float64Array)[place] as number);
      step[i] = value;
    });
    for (const place of held) {
      const i = order[place] as number;
      step[i] = fixed[i] as number;
    }
    const ofRows = prices.subarray(0, rows.length);
    return { step, prices: ofRows, slopes: this.slopesAt(step, fixed, rows, ofRows) };
  }

  /** Of the model in these variables at a step. */
  private slopesOver(variables: readonly number[], step: Float64Array): Float64Array {
    const { curvature, gradient } = this;
    const size = step.length;
    const moved = [...step.keys()].filter((k) => step[k] !== 0);
    return Float64Array.from(variables, (i) => {
      let sum = gradient[i] as number;
      for (const k of moved) {
        const entry = curvature[Math.max(i, k) * size + Math.min(i, k)] as number;
        sum += (step[k] as number) * entry;
      }
      return sum;
    });
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

  /** The step of what was eliminated (t) that goes with a step of the free variables. */
  lastStep(step: Float64Array): number {
    if (!(this.own > 0)) return 0;
    let sum = this.lastGradient;
    for (let i = 0; i < step.length; i++) sum += (this.cross[i] as number) * (step[i] as number);
    return -sum / this.own;
  }
}

/** A (H⁻¹ Aᵀ) prices = what rows, and single places after them, still lack. `images`: H⁻¹ Aᵀ. */
function pricesOf(
  rows: readonly Float64Array[],
  places: readonly number[],
  images: readonly Float64Array[],
  wanted: readonly number[],
): Float64Array | null {
  const count = images.length;
  const gram = new Float64Array(count * count);
  for (let k = 0; k < count; k++) {
    for (let l = 0; l <= k; l++) {
      const image = images[l] as Float64Array;
      const place = places[k - rows.length];
      gram[k * count + l] =
        place === undefined ? dot(rows[k] as Float64Array, image) : (image[place] as number);
    }
  }
  const factor = cholesky(gram, count, 1e-12);
  return factor === null ? null : solveCholesky(factor, Float64Array.from(wanted));
}
