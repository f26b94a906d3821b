// Whole numbers as decimal ASCII, in bytes both ways. Promises: one text for a number and no other: no
// sign, no leading zero, nothing beyond 2^53 is read.

const ZERO = 0x30;
const SPLIT = 1e9;
/** Digits of the greatest safe integer. */
const DIGITS_MAX = 16;

/** Digits of a safe integer of 0 or more. */
export function digitCount(value: number): number {
  let size = 1;
  for (let bound = 10; size < DIGITS_MAX && value >= bound; bound *= 10) size++;
  return size;
}

/** Writes a safe integer of 0 or more from `at` on; gives the end. */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  const end = at + digitCount(value);
  let place = end;
  let low = value;
  if (value >= SPLIT) {
    // Integer division by a constant is cheap within 32 bits only.
    const high = Math.floor(value / SPLIT);
    low = value - high * SPLIT;
    for (let i = 0; i < 9; i++) {
      const rest = (low / 10) | 0;
      bytes[--place] = ZERO + low - rest * 10;
      low = rest;
    }
    low = high;
  }
  low |= 0;
  while (place > at) {
    const rest = (low / 10) | 0;
    bytes[--place] = ZERO + low - rest * 10;
    low = rest;
  }
  return end;
}

/** The number that the bytes spell; -1 if they are not its one text. */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  const first = bytes[start] as number;
  if (size < 1 || size > DIGITS_MAX || (first === ZERO && size > 1)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
