// The standard normal distribution. Promises: the same bits on every engine; the distribution function
// within 2e-15 relative down to -37, both tails, and the quantile within 1e-15 relative.

import { exponential } from "./exponential.ts";
import { naturalLog } from "./logarithm.ts";

const ONE_OVER_SQRT_2PI = 0.3989422804014327;
const SQRT_32 = 5.656854249492381;

export const normalDensity = (x: number): number => ONE_OVER_SQRT_2PI * gaussian(x);

/**
 * P(Z ≤ x). For the upper tail ask for normalCdf(-x): 1 - normalCdf(x) loses its digits. Rational
 * approximations in three ranges: W. J. Cody, Mathematics of Computation 23(107), 1969, 631–637.
 */
export function normalCdf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(size)) return Number.NaN;
  if (size <= 0.67448975) {
    const square = size > 1e-16 ? x * x : 0;
    return 0.5 + (x * horner(CENTER_TOP, square)) / horner(CENTER_BOTTOM, square);
  }
  const tail = gaussian(size) * (size <= SQRT_32 ? middle(size) : far(size));
  return x > 0 ? 1 - tail : tail;
}

/**
 * x with P(Z ≤ x) = p; -Infinity at 0, Infinity at 1, NaN outside. Algorithm AS 241 (PPND16):
 * M. J. Wichura, Applied Statistics 37(3), 1988, 477–484.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) {
    return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  }
  const fromHalf = p - 0.5;
  if (Math.abs(fromHalf) <= 0.425) {
    const r = 0.180625 - fromHalf * fromHalf;
    return (fromHalf * horner(NEAR_TOP, r)) / horner(NEAR_BOTTOM, r);
  }
  const r = Math.sqrt(-naturalLog(fromHalf < 0 ? p : 1 - p));
  const size =
    r <= 5
      ? horner(TAIL_TOP, r - 1.6) / horner(TAIL_BOTTOM, r - 1.6)
      : horner(FAR_TOP, r - 5) / horner(FAR_BOTTOM, r - 5);
  return fromHalf < 0 ? -size : size;
}

/** e^(-x²/2). x is cut to sixteenths first, whose square is exact: large x keep their digits. */
function gaussian(x: number): number {
  const size = Math.min(Math.abs(x), 40);
  const cut = Math.floor(size * 16) / 16;
  return exponential((-cut * cut) / 2) * exponential((-(size - cut) * (size + cut)) / 2);
}

const middle = (size: number): number => horner(MIDDLE_TOP, size) / horner(MIDDLE_BOTTOM, size);

function far(size: number): number {
  const inverse = 1 / (size * size);
  const rest = (inverse * horner(END_TOP, inverse)) / horner(END_BOTTOM, inverse);
  return (ONE_OVER_SQRT_2PI - rest) / size;
}

/** Highest power first. */
function horner(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

// Cody's coefficients, for the normal distribution instead of the error function.
const CENTER_TOP = [
  0.06568233791820745, 2.2352520354606837, 161.02823106855587, 1067.689485460371, 18154.98125334356,
];
const CENTER_BOTTOM = [
  1, 47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673,
];
const MIDDLE_TOP = [
  1.0765576773720192e-8, 0.39894151208813466, 8.883149794388377, 93.50665613217785,
  597.2702763948002, 2494.5375852903726, 6848.190450536283, 11602.65143764735, 9842.714838383978,
];
const MIDDLE_BOTTOM = [
  1, 22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761,
  18615.571640885097, 34900.95272114598, 38912.00328609327, 19685.429676859992,
];
const END_TOP = [
  0.02307344176494017, 0.215898534057957, 0.12740116116024736, 0.022235277870649807,
  0.0014216191932278936, 2.9112874951168793e-5,
];
const END_BOTTOM = [
  1, 1.284260096144911, 0.4682382124808651, 0.06598813786892856, 0.0037823963320275824,
  7.297515550839662e-5,
];

// Wichura's coefficients.
const NEAR_TOP = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
  1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
const NEAR_BOTTOM = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const TAIL_TOP = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
  3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496837,
];
const TAIL_BOTTOM = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
  0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
];
const FAR_TOP = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
  0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501104,
];
const FAR_BOTTOM = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133,
  0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
];
