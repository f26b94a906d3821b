// The chi-squared distribution with whole degrees of freedom, as tests of hypotheses need it. Promises:
// sums of positive terms alone, so the smallest tail keeps its digits; the same bits on every engine.

import { exponential } from "./exponential.ts";
import { normalCdf } from "./normal.ts";

const SQRT_2_OVER_PI = 0.7978845608028654;

/**
 * P(X > x), by the finite sums of Abramowitz and Stegun, Handbook of Mathematical Functions (1964),
 * 26.4.4 and 26.4.5. `degrees` is an integer from 1 to 1000, or RangeError. Cost: O(degrees). Beyond
 * x = 1490 the answer, less than 1e-20, is given as 0 (but for odd degrees: its first term alone).
 */
export function chiSquaredSurvival(x: number, degrees: number): number {
  if (!(Number.isInteger(degrees) && degrees >= 1 && degrees <= 1000)) {
    throw new RangeError(`${degrees} is not a whole number of degrees from 1 to 1000`);
  }
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const odd = degrees % 2 === 1;
  const root = Math.sqrt(x);
  let term = exponential(-x / 2) * (odd ? SQRT_2_OVER_PI * root : 1);
  let sum = odd ? 2 * normalCdf(-root) : 0;
  for (let k = odd ? 1 : 0; k < degrees - 1; k += 2) {
    sum += term;
    term *= x / (k + 2);
  }
  return sum;
}
