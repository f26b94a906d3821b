// Losses in single precision, and how far they may be from those in double. Promises: `bound` holds for every
// scenario, whatever the order of the sum, whether products and sums are fused, whether what is too small to be
// normal becomes 0: all that WGSL leaves open.
//
// Returns of an asset are scaled by a power of two to at most 1, weights by what undoes it and a common power, so
// that neither 1e-9 nor 1e6 leaves the range of a float. Standard error analysis (N. Higham, Accuracy and
// Stability of Numerical Algorithms, 2002, section 3.1) with u = 2^-23: WGSL lets an operation round to either
// neighbour. With R_j ≤ 1 the largest scaled return of asset j and v_j its scaled weight: of n products and n
// sums each loses a factor of at most 1 + u, conversion of both factors 1 + 2^-24 each, and the double sum that
// is compared with less than one u more; each of these steps may also lose 2^-126 to what is not normal.
//   |single - double| ≤ 1.01 (n + 2) u Σ_j R_j |v_j| + n 2^-120

import type { ScenarioSet } from "../../../quant/scenarios/scenario-set.ts";

/** Beyond these the powers of two themselves could leave the range of a double. */
const LARGEST_EXPONENT = 300;
/** The analysis takes n u to be small. */
const LARGEST_COUNT = 50_000;

/** What the returns of a set are divided by: 2^exponent, asset by asset. */
export interface Scaling {
  readonly exponents: Int32Array;
  /** Largest scaled return in size, in [0.5, 1]; 0 where all are 0. */
  readonly largest: Float64Array;
}

/** Exact for whole exponents within the range of normal doubles. */
export function powerOfTwo(exponent: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, (exponent + 1023) << 20);
  return bits.getFloat64(0);
}

/** The least e with |value| ≤ 2^e, for values of a normal size. */
export function exponentOf(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const high = bits.getUint32(0);
  return (high >>> 20) - 1023 + ((high & 0xfffff) === 0 && bits.getUint32(4) === 0 ? 0 : 1);
}

/** The largest return of an asset in size; NaN where one is not a number. */
export function largestReturn({ count, returns }: ScenarioSet, asset: number): number {
  let largest = 0;
  for (let i = asset * count; i < (asset + 1) * count; i++) {
    const size = Math.abs(returns[i] as number);
    if (size > largest) largest = size;
    else if (Number.isNaN(size)) return size;
  }
  return largest;
}

/** null where single precision cannot hold them: not finite, of no normal size, too many. */
export function scalingOf(largestReturns: Float64Array): Scaling | null {
  if (largestReturns.length > LARGEST_COUNT) return null;
  const exponents = new Int32Array(largestReturns.length);
  const largest = new Float64Array(largestReturns.length);
  for (const [asset, size] of largestReturns.entries()) {
    if (size === 0) continue;
    const exponent = exponentOf(size);
    if (!(Math.abs(exponent) <= LARGEST_EXPONENT)) return null;
    exponents[asset] = exponent;
    largest[asset] = size * powerOfTwo(-exponent);
  }
  return { exponents, largest };
}

export interface ScaledWeights {
  readonly weights: Float32Array;
  /** Losses are these times the scaled ones. */
  readonly unit: number;
  /** How far a scaled loss may be from the double one over `unit`. */
  readonly bound: number;
}

/** null where single precision cannot tell losses apart: weights not finite, or of no normal size. */
export function scaleWeights(weights: Float64Array, scaling: Scaling): ScaledWeights | null {
  const scaled = new Float64Array(weights.length);
  let common = Number.NEGATIVE_INFINITY;
  for (const [asset, weight] of weights.entries()) {
    if (weight === 0 || scaling.largest[asset] === 0) continue;
    const exponent = exponentOf(weight);
    if (!(Math.abs(exponent) <= LARGEST_EXPONENT)) return null;
    const whole = scaling.exponents[asset] as number;
    scaled[asset] = weight * powerOfTwo(whole);
    common = Math.max(common, exponent + whole);
  }
  // Nothing is held, or nothing that moves.
  if (common === Number.NEGATIVE_INFINITY) return null;
  const down = powerOfTwo(-common);
  let size = 0;
  for (let asset = 0; asset < scaled.length; asset++) {
    scaled[asset] = (scaled[asset] as number) * down;
    size += (scaling.largest[asset] as number) * Math.abs(scaled[asset] as number);
  }
  const terms = weights.length;
  return {
    weights: Float32Array.from(scaled),
    unit: powerOfTwo(common),
    bound: 1.01 * (terms + 2) * 2 ** -23 * size + terms * 2 ** -120,
  };
}
