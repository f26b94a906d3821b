// Decimals against the language's own, and the texts that are nobody's.

import fc from "fast-check";
import { expect, test } from "vitest";
import { digitCount, readDecimal, writeDecimal } from "./decimal-text.ts";

const number = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc
    .integer({ min: 0, max: 15 })
    .chain((digits) => fc.constantFrom(10 ** digits, 10 ** digits - 1)),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 32, 1e9 - 1, 1e9),
);

test("a number is written as the language writes it, and read back", () => {
  fc.assert(
    fc.property(number, (value) => {
      const bytes = new Uint8Array(20);
      const end = writeDecimal(bytes, 2, value);
      expect(Buffer.from(bytes.subarray(2, end)).toString()).toBe(String(value));
      expect(digitCount(value)).toBe(end - 2);
      expect(readDecimal(bytes, 2, end)).toBe(value);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  "",
  "-1",
  "+1",
  "01",
  "00",
  "1 ",
  " 1",
  "1e3",
  "0x1",
  "1.0",
  "9007199254740992",
  "１",
  "99999999999999999",
  "1\u0000",
])("%j is no number", (text) => {
  const bytes = Buffer.from(text);
  expect(readDecimal(bytes, 0, bytes.length)).toBe(-1);
});
