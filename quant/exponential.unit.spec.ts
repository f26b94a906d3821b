import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between } from "./evenly-spread.spec.ts";
import { exponential, exponentialMinusOne } from "./exponential.ts";
import { logOnePlus } from "./logarithm.ts";

const ulps = (a: number, b: number): number => Math.abs(a - b) / (Math.abs(b) * 2 ** -52);

describe("e^x", () => {
  // By mpmath with 40 digits, rounded to a double.
  test.each([
    [1, Math.E],
    [-1, 0.36787944117144233],
    [0.5, 1.6487212707001282],
    [20, 485165195.4097903],
    [-0.03125, 0.9692332344763441],
    [-100, 3.720075976020836e-44],
    [700, 1.0142320547350045e304],
  ])("of %d", (x, expected) => {
    expect(ulps(exponential(x), expected)).toBeLessThanOrEqual(1);
  });

  test("is within 1 unit of the engine's, from the smallest to the largest", () => {
    fc.assert(
      fc.property(between(-708, 709), (x) => {
        expect(ulps(exponential(x), Math.exp(x))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 5000 },
    );
  });

  test("is exact at 0, and ends where doubles end", () => {
    expect(exponential(0)).toBe(1);
    expect(exponential(709.782712893384)).toBeLessThan(Infinity);
    expect(exponential(709.783)).toBe(Infinity);
    expect(exponential(-740)).toBe(4.2e-322);
    expect(exponential(-745.1)).toBe(Number.MIN_VALUE);
    expect(exponential(-746)).toBe(0);
    expect(exponential(Infinity)).toBe(Infinity);
    expect(exponential(-Infinity)).toBe(0);
    expect(exponential(Number.NaN)).toBeNaN();
  });
});

describe("e^x - 1 and ln(1 + x)", () => {
  test("keep their digits near 0", () => {
    fc.assert(
      fc.property(between(-30, 2), fc.boolean(), (scale, up) => {
        const x = (up ? 1 : -1) * 10 ** (scale - 1.5);
        fc.pre(x > -0.9);
        expect(ulps(exponentialMinusOne(x), Math.expm1(x))).toBeLessThanOrEqual(2);
        expect(ulps(logOnePlus(x), Math.log1p(x))).toBeLessThanOrEqual(3);
      }),
      { numRuns: 3000 },
    );
  });
});
