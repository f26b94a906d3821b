// Decimals against oracles that work on text and on exact rationals.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divideRounded, formatScaled, parseScaled } from "./decimal.ts";

const safe = fc.maxSafeInteger();
const scale = fc.integer({ min: 0, max: 12 });

/** The same reading, by BigInt and text. */
function oracle(text: string, digits: number): number | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", part = "", exponent = "0"] = match;
  if (whole + part === "") return null;
  let value = BigInt(whole + part);
  let power = digits - part.length + Number(exponent);
  for (; power > 0; power--) value *= 10n;
  for (; power < 0; power++) {
    if (value % 10n !== 0n) return null;
    value /= 10n;
  }
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return Number(sign === "-" && value !== 0n ? -value : value);
}

const decimalText = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    fc.stringMatching(/^\d{0,18}$/),
    fc.constantFrom("", "."),
    fc.stringMatching(/^\d{0,14}$/),
    fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined, freq: 3 }),
  )
  .map(
    ([sign, whole, dot, part, power]) =>
      sign + whole + (dot === "" ? "" : dot + part) + (power === undefined ? "" : `e${power}`),
  );

describe("parseScaled", () => {
  test("reads what the exact oracle reads", () => {
    fc.assert(
      fc.property(decimalText, scale, (text, digits) => {
        expect(parseScaled(text, digits)).toBe(oracle(text, digits));
      }),
      { numRuns: 5_000 },
    );
  });

  test("takes back what formatScaled writes", () => {
    fc.assert(
      fc.property(safe, scale, (value, digits) => {
        expect(parseScaled(formatScaled(value, digits), digits)).toBe(value);
      }),
    );
  });

  test.each([
    ["18.25", 2, 1825],
    ["-0.01", 2, -1],
    ["18.2500", 2, 1825],
    [".5", 1, 5],
    ["7.", 0, 7],
    ["1e-05", 8, 1000],
    ["1.5E3", 0, 1500],
    ["-0", 2, 0],
    ["9007199254740991", 0, 9007199254740991],
    ["-9007199254740991", 0, -9007199254740991],
  ])("%s at scale %i is %i", (text, digits, value) => {
    expect(parseScaled(text, digits)).toBe(value);
  });

  test.each([
    ["18.255", 2],
    ["9007199254740992", 0],
    ["90071992547409.92", 3],
    ["", 2],
    ["-", 2],
    [".", 2],
    ["1.2.3", 2],
    ["1,5", 2],
    [" 1", 2],
    ["NaN", 2],
    ["Infinity", 2],
    ["0x10", 0],
    ["e5", 0],
    ["1e", 0],
    ["1e2.0", 0],
    ["1e1e1", 0],
    ["1e999999999", 0],
    ["１", 0],
  ])("%j at scale %i is refused", (text, digits) => {
    expect(parseScaled(text, digits)).toBeNull();
  });

  test("a cell of nothing but exponents is null, however long", () => {
    expect(parseScaled(`${"1e".repeat(100_000)}1`, 2)).toBeNull();
  });
});

describe("formatScaled", () => {
  test.each([
    [1825, 2, "18.25"],
    [-5, 2, "-0.05"],
    [0, 2, "0.00"],
    [7, 0, "7"],
    [-(2n ** 63n), 2, "-92233720368547758.08"],
  ])("%s at scale %i is %s", (value, digits, text) => {
    expect(formatScaled(value, digits)).toBe(text);
  });
});

describe("divideRounded", () => {
  test("is the nearest integer, and the even one of two", () => {
    const big = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });
    const small = fc.bigInt({ min: -40n, max: 40n });
    const pair = fc.oneof(fc.tuple(big, big), fc.tuple(small, small));
    fc.assert(
      fc.property(pair, ([numerator, denominator]) => {
        fc.pre(denominator !== 0n);
        const rounded = divideRounded(numerator, denominator);
        const abs = (value: bigint) => (value < 0n ? -value : value);
        const miss = 2n * abs(numerator - rounded * denominator);
        expect(miss <= abs(denominator)).toBe(true);
        if (miss === abs(denominator)) expect(rounded % 2n).toBe(0n);
      }),
      { numRuns: 2_000 },
    );
  });
});
