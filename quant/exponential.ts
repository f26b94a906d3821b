// e^x in + − × ÷ alone. Promises: the same bits on every engine, which Math.exp does not, so that a
// probability or a schedule made from it is the same everywhere; within 1 unit in the last place.

import { LN2_HIGH, LN2_LOW } from "./logarithm.ts";

/** Above it e^x is Infinity; below the second it is 0. */
const LARGEST = 709.782712893384;
const SMALLEST = -745.1332191019412;
const HALF_LN2 = Math.LN2 / 2;

/** e^x; 0 and Infinity beyond the range of a double. Cost: about 15 ns. */
export function exponential(x: number): number {
  if (!(x <= LARGEST)) return x > LARGEST ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x < SMALLEST) return 0;
  const exponent = Math.round(x / Math.LN2);
  const high = x - exponent * LN2_HIGH;
  const low = exponent * LN2_LOW;
  return scaled(1 - (low - correction(high - low) - high), exponent);
}

/** e^x - 1, with all its digits where x is small. */
export function exponentialMinusOne(x: number): number {
  return Math.abs(x) <= HALF_LN2 ? x + correction(x) : exponential(x) - 1;
}

/**
 * e^r - 1 - r for |r| ≤ ½ ln 2. As r coth(r/2) = Σ 2 B₂ₙ r²ⁿ / (2n)! is even, it needs half of the
 * terms of e^r: with c = r + 2 - r coth(r/2), e^r - 1 - r = r c / (2 - c). Six terms reach 2^-55.
 */
function correction(r: number): number {
  const t = r * r;
  let series = -691 / 653837184000;
  series = series * t + 1 / 23950080;
  series = series * t - 1 / 604800;
  series = series * t + 1 / 15120;
  series = series * t - 1 / 360;
  series = series * t + 1 / 6;
  const c = r - t * series;
  return (r * c) / (2 - c);
}

/** value × 2^exponent, rounded once even where the result is subnormal. */
function scaled(value: number, exponent: number): number {
  if (exponent > 1000) return value * powerOfTwo(1000) * powerOfTwo(exponent - 1000);
  if (exponent < -1000) return value * powerOfTwo(exponent + 1000) * powerOfTwo(-1000);
  return value * powerOfTwo(exponent);
}

/** By squaring, which is exact. |exponent| ≤ 1000. */
function powerOfTwo(exponent: number): number {
  let power = 1;
  let base = exponent < 0 ? 0.5 : 2;
  for (let left = Math.abs(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power *= base;
    base *= base;
  }
  return power;
}
