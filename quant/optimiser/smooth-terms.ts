// The smooth terms of a program: their value and a gradient. Where a norm has none (at 0) the answer is a
// subgradient, 0.

import type { Program, SmoothTerm } from "./program.ts";
import { netWeights } from "./tail-loss.ts";

export interface SmoothValue {
  readonly value: number;
  readonly gradient: Float64Array;
  /** Of each entry of the gradient: the sum of its terms' sizes, of which a part may have cancelled. */
  readonly size: Float64Array;
}

/**
 * Value of all smooth terms at x, and their gradient in x. `net`: its net weights, where they are known to more digits than
 * a sum of parts has. Cost: assets² where there is a variance.
 */
export function evaluateSmooth(
  program: Program,
  x: Float64Array,
  net: Float64Array = netWeights(program.holdings, x),
): SmoothValue {
  const gradient = new Float64Array(program.variables);
  const size = new Float64Array(program.variables);
  const ofNet = new Float64Array(net.length);
  const sizes = new Float64Array(net.length);
  let value = 0;
  for (const term of program.smooth ?? []) {
    value +=
      term.kind === "IMPACT" ? impact(term, x, gradient) : ofWeights(term, net, ofNet, sizes);
  }
  const { asset, sign } = program.holdings;
  for (let j = 0; j < x.length; j++) {
    size[j] = Math.abs(gradient[j] as number);
    const a = asset[j] as number;
    if (a >= 0) size[j] = (size[j] as number) + (sizes[a] as number);
    if (a >= 0) gradient[j] = (gradient[j] as number) + (sign[j] as number) * (ofNet[a] as number);
  }
  return { value, gradient, size };
}

function ofWeights(
  term: Exclude<SmoothTerm, { kind: "IMPACT" }>,
  net: Float64Array,
  gradient: Float64Array,
  sizes: Float64Array,
): number {
  if (term.kind === "VARIANCE") return variance(term, net, gradient, sizes);
  const norm = euclideanNorm(net);
  if (norm > 0) {
    for (let a = 0; a < net.length; a++) {
      const slope = (term.weight * (net[a] as number)) / norm;
      gradient[a] = (gradient[a] as number) + slope;
      sizes[a] = (sizes[a] as number) + Math.abs(slope);
    }
  }
  return term.weight * norm;
}

function variance(
  { covariance, weight }: Extract<SmoothTerm, { kind: "VARIANCE" }>,
  net: Float64Array,
  gradient: Float64Array,
  sizes: Float64Array,
): number {
  let value = 0;
  for (let a = 0; a < net.length; a++) {
    let product = 0;
    let size = 0;
    for (let b = 0; b < net.length; b++) {
      const term = (covariance[a * net.length + b] as number) * (net[b] as number);
      product += term;
      size += Math.abs(term);
    }
    value += (net[a] as number) * product;
    gradient[a] = (gradient[a] as number) + 2 * weight * product;
    sizes[a] = (sizes[a] as number) + 2 * weight * size;
  }
  return weight * value;
}

function impact(
  term: Extract<SmoothTerm, { kind: "IMPACT" }>,
  x: Float64Array,
  gradient: Float64Array,
): number {
  let value = 0;
  for (let j = 0; j < x.length; j++) {
    const size = Math.abs(x[j] as number);
    const slope = (term.coefficients[j] as number) * Math.sqrt(size);
    value += slope * size;
    gradient[j] = (gradient[j] as number) + 1.5 * slope * Math.sign(x[j] as number);
  }
  return value;
}

/** ‖y‖₂ without overflow or underflow of the squares. */
export function euclideanNorm(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 0;
  let sum = 0;
  for (const value of values) sum += (value / largest) * (value / largest);
  return largest * Math.sqrt(sum);
}

/** What |x|^1.5 of each variable costs; null where nothing does. */
export function impactCoefficients({ smooth = [], variables }: Program): Float64Array | null {
  let sum: Float64Array | null = null;
  for (const term of smooth) {
    if (term.kind !== "IMPACT") continue;
    sum ??= new Float64Array(variables);
    for (let j = 0; j < variables; j++) {
      sum[j] = (sum[j] as number) + (term.coefficients[j] as number);
    }
  }
  return sum;
}
