// The smooth terms of a program as a solver moves over them: gradient at a point, curvature, slope along a line.
// Promises: the slope along a line is exact (no differences of values), so that a line search can end on its root.

import type { Program } from "./program.ts";

/** Where a part of a cost of power 3/2 is smaller than this, its curvature (without limit at 0) is taken from here. */
const LEAST_TRADE = 1e-24;

/** A direction in which less than this share of the variance is left by hedges is straight. */
const FLAT = 1e-13;
/** So is one that hardly touches what varies. */
const TINY = 1e-18;

export interface Curve {
  /** NORM: identity less one rank on free variables of different assets. */
  readonly shape: "NONE" | "NORM" | "GENERAL";
  /** From now on the norm is √(‖y‖² + radius²): smooth where y is 0 too. */
  soften(radius: number): void;
  /** Must precede the others: the point that they speak of. */
  moveTo(x: Float64Array): void;
  value(): number;
  /** Adds to the gradient, and to `size` the sizes of what it is made of. */
  addGradient(gradient: Float64Array, size: Float64Array): void;
  /** Weight of the norm over the norm, and the unit vector of the net weights, by variable. */
  norm(): { readonly curvature: number; readonly unit: Float64Array };
  /** Adds second derivatives between the variables at `places`: the lower triangle, row by row. */
  addCurvature(places: readonly number[], matrix: Float64Array, stride: number): void;
  /** Slope at `step` from here along `direction`. */
  alongLine(direction: Float64Array): Line;
}

export interface Line {
  slope(step: number): number;
  /** Of the slope as the step grows without end. */
  readonly limit: number;
  /** Sum of the sizes of what the limit is made of. */
  readonly size: number;
}

/** All values are divided by `scale`. */
export function curveOf(program: Program, scale: number): Curve {
  const { variables, holdings } = program;
  const { assets, asset, sign } = holdings;
  let normWeight = 0;
  const variances: { readonly weight: number; readonly covariance: Float64Array }[] = [];
  const impact = new Float64Array(variables);
  let impacted = false;
  for (const term of program.smooth ?? []) {
    if (term.kind === "NORM") normWeight += term.weight / scale;
    else if (term.kind === "VARIANCE") {
      if (term.weight > 0)
        variances.push({ weight: term.weight / scale, covariance: term.covariance });
    } else {
      for (let j = 0; j < variables; j++) {
        impact[j] = (impact[j] as number) + (term.coefficients[j] as number) / scale;
        if ((impact[j] as number) > 0) impacted = true;
      }
    }
  }
  let steepest = 0;
  for (const { weight, covariance } of variances) {
    for (let a = 0; a < assets; a++) {
      steepest = Math.max(steepest, 2 * weight * (covariance[a * assets + a] as number));
    }
  }
  const net = new Float64Array(assets);
  const product = new Float64Array(assets);
  const sizes = new Float64Array(assets);
  const unit = new Float64Array(variables);
  const move = new Float64Array(assets);
  const turned = new Float64Array(assets);
  const turnedSizes = new Float64Array(assets);
  let at = new Float64Array(variables);
  let size = 0;
  let soft = 0;

  const netOf = (x: Float64Array, target: Float64Array): void => {
    target.fill(0);
    for (let j = 0; j < variables; j++) {
      const a = asset[j] as number;
      if (a >= 0) target[a] = (target[a] as number) + (sign[j] as number) * (x[j] as number);
    }
  };
  const multiply = (y: Float64Array, target: Float64Array, sizes?: Float64Array): void => {
    target.fill(0);
    sizes?.fill(0);
    for (const { weight, covariance } of variances) {
      for (let b = 0; b < assets; b++) {
        const factor = weight * (y[b] as number);
        if (factor === 0) continue;
        const row = b * assets;
        for (let a = 0; a < assets; a++) {
          const term = factor * (covariance[row + a] as number);
          target[a] = (target[a] as number) + term;
          if (sizes !== undefined) sizes[a] = (sizes[a] as number) + Math.abs(term);
        }
      }
    }
  };
  const impactSlope = (direction: Float64Array, step: number): number => {
    let sum = 0;
    for (let j = 0; j < variables; j++) {
      const k = impact[j] as number;
      const d = direction[j] as number;
      if (k === 0 || d === 0) continue;
      const x = (at[j] as number) + step * d;
      sum += 1.5 * k * d * (x < 0 ? -Math.sqrt(-x) : Math.sqrt(x));
    }
    return sum;
  };
  const addNormCurvature = (
    places: readonly number[],
    matrix: Float64Array,
    stride: number,
  ): void => {
    for (let p = 0; p < places.length; p++) {
      const i = places[p] as number;
      for (let q = 0; q <= p; q++) {
        const j = places[q] as number;
        const isOwn = asset[i] === asset[j] && (asset[i] as number) >= 0;
        const own = isOwn ? (sign[i] as number) * (sign[j] as number) : 0;
        const bent = own - (unit[i] as number) * (unit[j] as number);
        matrix[p * stride + q] = (matrix[p * stride + q] as number) + (normWeight / size) * bent;
      }
    }
  };
  return {
    shape: variances.length > 0 || impacted ? "GENERAL" : normWeight > 0 ? "NORM" : "NONE",
    soften(radius) {
      soft = radius * radius;
    },
    moveTo(x) {
      at = x as Float64Array<ArrayBuffer>;
      netOf(x, net);
      size = Math.sqrt(dot(net, net) + soft);
      if (variances.length > 0) multiply(net, product, sizes);
      for (let j = 0; j < variables; j++) {
        const a = asset[j] as number;
        unit[j] = a < 0 || size === 0 ? 0 : ((sign[j] as number) * (net[a] as number)) / size;
      }
    },
    value() {
      let sum = normWeight * size + dot(net, product);
      for (let j = 0; impacted && j < variables; j++) {
        const x = Math.abs(at[j] as number);
        sum += (impact[j] as number) * x * Math.sqrt(x);
      }
      return sum;
    },
    addGradient(gradient, size) {
      for (let j = 0; j < variables; j++) {
        const a = asset[j] as number;
        const k = impact[j] as number;
        let slope = normWeight * (unit[j] as number);
        if (k > 0) {
          const x = at[j] as number;
          slope += 1.5 * k * (x < 0 ? -Math.sqrt(-x) : Math.sqrt(x));
        }
        size[j] = (size[j] as number) + Math.abs(slope);
        if (a >= 0 && variances.length > 0) {
          slope += 2 * (sign[j] as number) * (product[a] as number);
          size[j] = (size[j] as number) + 2 * (sizes[a] as number);
        }
        gradient[j] = (gradient[j] as number) + slope;
      }
    },
    norm: () => ({ curvature: normWeight / Math.max(size, Number.MIN_VALUE), unit }),
    addCurvature(places, matrix, stride) {
      for (const { weight, covariance } of variances) {
        for (let p = 0; p < places.length; p++) {
          const a = asset[places[p] as number] as number;
          if (a < 0) continue;
          const factor = 2 * weight * (sign[places[p] as number] as number);
          for (let q = 0; q <= p; q++) {
            const b = asset[places[q] as number] as number;
            if (b < 0) continue;
            const entry = factor * (sign[places[q] as number] as number);
            matrix[p * stride + q] =
              (matrix[p * stride + q] as number) + entry * (covariance[a * assets + b] as number);
          }
        }
      }
      for (let p = 0; impacted && p < places.length; p++) {
        const k = impact[places[p] as number] as number;
        const x = Math.max(Math.abs(at[places[p] as number] as number), LEAST_TRADE);
        matrix[p * stride + p] = (matrix[p * stride + p] as number) + (0.75 * k) / Math.sqrt(x);
      }
      if (normWeight > 0 && size > 0) addNormCurvature(places, matrix, stride);
    },
    alongLine(direction) {
      netOf(direction, move);
      const start = dot(net, net) + soft;
      const cross = dot(net, move);
      const square = dot(move, move);
      let linear = 0;
      let quadratic = 0;
      let unhedged = 0;
      let terms = normWeight * Math.sqrt(square);
      if (variances.length > 0) {
        multiply(move, turned, turnedSizes);
        for (let a = 0; a < assets; a++) {
          unhedged += 2 * (turnedSizes[a] as number) * Math.abs(move[a] as number);
        }
        linear = 2 * dot(product, move);
        for (let a = 0; a < assets; a++) {
          terms += 2 * (sizes[a] as number) * Math.abs(move[a] as number);
        }
        quadratic = 2 * Math.max(0, dot(turned, move));
      }
      const moved = impacted && impactSlope(direction, 1) !== impactSlope(direction, 0);
      return {
        slope(step) {
          let sum = linear + step * quadratic;
          if (normWeight > 0 && square > 0) {
            const here = start + step * (2 * cross + step * square);
            const along = cross + step * square;
            // By Cauchy and Schwarz the slope of the norm is at most the length of the direction.
            const most = Math.sqrt(square);
            const slope = here > 0 ? along / Math.sqrt(here) : most;
            sum += normWeight * Math.max(-most, Math.min(most, slope));
          }
          return impacted ? sum + impactSlope(direction, step) : sum;
        },
        size: terms,
        limit:
          moved || quadratic > Math.max(FLAT * unhedged, TINY * steepest * square)
            ? Number.POSITIVE_INFINITY
            : linear + normWeight * Math.sqrt(square),
      };
    },
  };
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
