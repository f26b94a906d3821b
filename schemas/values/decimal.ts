// Decimal text to scaled integers and back, and exact division. Promises: nothing is ever rounded
// on the way in or out; what cannot be held exactly is null; only divideRounded rounds, half to even.

/** A non-negative decimal number as text: "100", "0.25". */
export type DecimalText = string;

const ZERO = 48;
const NINE = 57;
const LARGEST_EXPONENT = 400;

/**
 * "18.25" at scale 2 is 1825. Takes a sign, digits with one dot, and an exponent (1e-05). Null when it
 * is not a finite decimal, has non-zero digits beyond the scale, or leaves ±(2^53 - 1).
 */
export function parseScaled(text: string, scale: number): number | null {
  const sign = text.charCodeAt(0);
  let value = 0;
  let digits = 0;
  let fraction = -1;
  let held = true;
  for (let i = sign === 45 || sign === 43 ? 1 : 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 46 && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (unit < ZERO || unit > NINE) {
      return (unit === 101 || unit === 69) && digits > 0
        ? parseExponent(text.slice(0, i), text.slice(i + 1), scale)
        : null;
    }
    digits++;
    if (fraction === scale) {
      if (unit !== ZERO) held = false;
      continue;
    }
    if (fraction >= 0) fraction++;
    value = value * 10 + (unit - ZERO);
    // Past 2^53 rounding moves a value only within what is refused, so the test is exact.
    if (value > Number.MAX_SAFE_INTEGER) {
      held = false;
      value = 0;
    }
  }
  if (digits === 0 || !held) return null;
  for (let i = Math.max(fraction, 0); i < scale; i++) {
    value *= 10;
    if (value > Number.MAX_SAFE_INTEGER) return null;
  }
  return sign === 45 && value !== 0 ? -value : value;
}

/** Moves the dot of `mantissa` and reads the plain decimal that gives. */
function parseExponent(mantissa: string, exponent: string, scale: number): number | null {
  const power = /^[+-]?\d+$/.test(exponent) ? parseScaled(exponent, 0) : null;
  if (power === null || Math.abs(power) > LARGEST_EXPONENT) return null;
  const negative = mantissa.startsWith("-");
  const [whole = "", part = ""] = mantissa.replace(/^[+-]/, "").split(".");
  const padding = "0".repeat(Math.abs(power));
  const digits = power < 0 ? padding + whole + part : whole + part + padding;
  const point = power < 0 ? whole.length : whole.length + power;
  const plain = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return parseScaled(negative ? `-${plain}` : plain, scale);
}

/** 1825 at scale 2 is "18.25": every digit of the scale is written. A number must be a safe integer. */
export function formatScaled(value: number | bigint, scale: number): string {
  const negative = value < 0;
  const digits = String(negative ? -value : value);
  const sign = negative ? "-" : "";
  if (scale === 0) return sign + digits;
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** numerator / denominator, ties to the even neighbour. A denominator of 0 throws RangeError. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n) return quotient;
  const twice = 2n * (remainder < 0n ? -remainder : remainder);
  const whole = denominator < 0n ? -denominator : denominator;
  if (twice < whole || (twice === whole && quotient % 2n === 0n)) return quotient;
  return numerator < 0n === denominator < 0n ? quotient + 1n : quotient - 1n;
}
