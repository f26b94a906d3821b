import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logReturn, naturalLog } from "./logarithm.ts";

const BITS = 240n;
const ONE = 1n << BITS;

/** ln(a / b) × 2^240 by the series of artanh, on a fraction halved until it is near 1. */
function slowLog(a: bigint, b: bigint): bigint {
  let twos = 0n;
  while (3n * a > 4n * b) [b, twos] = [2n * b, twos + 1n];
  while (3n * a < 2n * b) [a, twos] = [2n * a, twos - 1n];
  return series(a, b) + twos * series(4n, 3n) + twos * series(3n, 2n);
}

function series(a: bigint, b: bigint): bigint {
  const s = ((a - b) * ONE) / (a + b);
  let power = s;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (((power * s) / ONE) * s) / ONE;
  }
  return 2n * sum;
}

/** Distance from the exact value, in units of the double's last place. */
function errorInUnits(value: number, exact: bigint): number {
  const scaled = (toFixedPoint(value) - exact) * 1_000n;
  return Number(scaled / toFixedPoint(unitOf(value))) / 1_000;
}

const unitOf = (value: number): number => 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);

function toFixedPoint(value: number): bigint {
  let mantissa = value;
  let shift = 0n;
  while (!Number.isInteger(mantissa)) [mantissa, shift] = [mantissa * 2, shift + 1n];
  return (BigInt(mantissa) << BITS) >> shift;
}

describe("natural logarithm", () => {
  test("is the published constants' where there are any", () => {
    expect(naturalLog(2)).toBe(Math.LN2);
    expect(naturalLog(10)).toBe(Math.LN10);
    expect(naturalLog(1)).toBe(0);
    expect(naturalLog(0)).toBe(-Infinity);
    expect(naturalLog(-1)).toBeNaN();
    expect(naturalLog(Number.NaN)).toBeNaN();
    expect(naturalLog(Infinity)).toBe(Infinity);
  });

  test("is within 2 units in the last place of the engine's, for any double", () => {
    fc.assert(
      fc.property(fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true }), (x) => {
        const theirs = Math.log(x); // itself within 1
        expect(Math.abs(naturalLog(x) - theirs)).toBeLessThanOrEqual(
          x === 1 ? 0 : 2 * unitOf(theirs),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test("of a return is within 2 units of the exact value, and 2^-53 where the price jumps", () => {
    const price = fc.integer({ min: 1, max: 10_000_000 });
    const near = fc
      .tuple(fc.integer({ min: 1_000, max: 10_000_000 }), fc.integer({ min: -100, max: 100 }))
      .map(([a, change]): [number, number] => [a, a + change]);
    fc.assert(
      fc.property(fc.oneof(near, fc.tuple(price, price)), ([previous, current]) => {
        const value = logReturn(previous, current);
        if (previous === current) expect(value).toBe(0);
        else {
          // The quotient is rounded once: 2^-53 of it, which is 2^-53 added to its logarithm.
          const exact = slowLog(BigInt(current), BigInt(previous));
          const ratio = current / previous;
          const rounded = ratio > 0.72 && ratio < 1.4 ? 0 : 2 ** -53;
          expect(Math.abs(errorInUnits(value, exact))).toBeLessThan(2 + rounded / unitOf(value));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
