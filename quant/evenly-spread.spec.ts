// Numbers for property tests that fill a range evenly. fast-check's doubles are spread evenly over the bit
// patterns instead: of 0 to 1, nearly all are tiny.

import fc from "fast-check";

export const between = (low: number, high: number): fc.Arbitrary<number> =>
  fc
    .integer({ min: 0, max: 2 ** 31 - 1 })
    .map((part) => low + ((high - low) * part) / (2 ** 31 - 1));
