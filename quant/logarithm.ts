// The natural logarithm in + − × ÷ alone. Promises: the same bits on every engine, which Math.log does
// not, so that a volatility made from it sizes the same order everywhere; within 1 unit in the last place.

/** ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact. */
export const LN2_HIGH = 2977044471 / 2 ** 32;
export const LN2_LOW = 1.9082149292705877e-10;

/** ln x; NaN below 0, -Infinity at 0. Cost: about 10 ns near 1, and 1 ns more for each power of two. */
export function naturalLog(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
  let mantissa = x;
  let exponent = 0;
  while (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  return exponent * LN2_HIGH + (nearOne(mantissa - 1) + exponent * LN2_LOW);
}

/** ln(1 + x), with all its digits where x is small; NaN below -1. */
export function logOnePlus(x: number): number {
  return x > -0.29 && x < 0.41 ? nearOne(x) : naturalLog(1 + x);
}

/**
 * ln(current / previous) of two positive prices. Prices that are close to each other are subtracted
 * before they are divided, so that a small return keeps all its digits.
 */
export function logReturn(previous: number, current: number): number {
  const change = (current - previous) / previous;
  return change > -0.29 && change < 0.41 ? nearOne(change) : naturalLog(current / previous);
}

/**
 * ln(1 + f) for f in [√½ - 1, √2 - 1]. With s = f / (2 + f), ln(1 + f) is 2 artanh s, and 2s is
 * f - f²/2 + s f²/2: written so, f itself carries no rounding error. Nine terms reach 2^-55.
 */
function nearOne(f: number): number {
  const s = f / (2 + f);
  const z = s * s;
  let series = 1 / 19;
  series = series * z + 1 / 17;
  series = series * z + 1 / 15;
  series = series * z + 1 / 13;
  series = series * z + 1 / 11;
  series = series * z + 1 / 9;
  series = series * z + 1 / 7;
  series = series * z + 1 / 5;
  series = series * z + 1 / 3;
  const half = (f * f) / 2;
  return f - (half - s * (half + 2 * z * series));
}
