import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  alpha,
  beta,
  captureRatio,
  correlation,
  informationRatio,
  relativeTo,
  trackingError,
} from "./benchmark-relative.ts";
import { RandomState } from "./numpy-random.spec.ts";

// empyrical's test_stats, daily. Its mixed series starts with a nan, left out with the benchmark's first.
const percent = (values: readonly number[]): number[] => values.map((value) => value / 100);
const mixed = percent([1, 10, -4, 2, 3, 2, 1, -10]);
const positive = percent([2, 1, 1, 1, 1, 1, 1, 1]);
const negative = percent([-6, -7, -1, -9, -2, -6, -8, -5]);
const inverse = mixed.map((value) => -value);

describe("the measures agree with empyrical's published tables", () => {
  test("alpha and beta", () => {
    expect(alpha(mixed, negative, 252)).toBeCloseTo(-0.9997853834885004, 12);
    expect(beta(mixed, negative)).toBeCloseTo(-0.7129629629629631, 12);
    expect([alpha(mixed, mixed, 252), beta(mixed, mixed)]).toEqual([0, 1]);
    expect([alpha(mixed, inverse, 252), beta(mixed, inverse)]).toEqual([0, -1]);
  });

  test("information ratio, not annualised there", () => {
    const flat = new Array<number>(mixed.length).fill(0);
    const lifted = new Array<number>(mixed.length).fill(0.01);
    expect(informationRatio(mixed, flat, 1)).toBeCloseTo(0.10859306069076737, 12);
    expect(informationRatio(mixed, lifted, 1)).toBeCloseTo(-0.06515583641446039, 12);
  });

  test("capture in rising and falling periods", () => {
    expect(captureRatio(mixed, mixed, "up", 252)).toBe(1);
    expect(captureRatio(mixed, mixed, "down", 252)).toBe(1);
    expect(captureRatio(positive, mixed, "up", 252)).toBeCloseTo(0.0076167762, 10);
    expect(captureRatio(positive, mixed, "down", 252)).toBeCloseTo(-11.27400221, 8);
    expect(captureRatio(negative, mixed, "up", 252)).toBeCloseTo(-0.0004336328, 9);
    expect(captureRatio(negative, mixed, "down", 252)).toBeCloseTo(0.9995602570379863, 12);
  });
});

test("periods in which the benchmark stands still are neither up nor down", () => {
  const benchmark = [0.01, 0, -0.01];
  expect(captureRatio([0.02, 0.5, -0.03], benchmark, "up", 1)).toBeCloseTo(2, 12);
  expect(captureRatio([0.02, 0.5, -0.03], benchmark, "down", 1)).toBeCloseTo(3, 12);
});

describe("the regression", () => {
  test("finds the line that the returns lie on", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -300, max: 300 }), (seed, percentage) => {
        const random = new RandomState(seed >>> 0);
        const benchmark = Array.from({ length: 60 }, () => random.normal() / 100);
        const slope = percentage / 100;
        const returns = benchmark.map((value) => slope * value + 0.0004);
        expect(beta(returns, benchmark)).toBeCloseTo(slope, 9);
        expect(alpha(returns, benchmark, 252)).toBeCloseTo(1.0004 ** 252 - 1, 9);
        if (slope !== 0) expect(correlation(returns, benchmark)).toBeCloseTo(Math.sign(slope), 9);
      }),
    );
  });

  test("leaves a residual that the benchmark does not explain", () => {
    const slope = beta(mixed, negative) ?? 0;
    const residual = mixed.map((value, i) => value - slope * (negative[i] ?? 0));
    expect(correlation(residual, negative)).toBeCloseTo(0, 12);
  });
});

test("tracking error is the deviation of the difference, by the square root of time", () => {
  expect(trackingError([0.03, 0.01, 0.02], [0.02, 0.01, 0.03], 4)).toBeCloseTo(0.02, 15);
});

test("what the data does not define is null; other lengths are refused", () => {
  const flat = [0.1, 0.1, 0.1];
  const some = [0.1, 0.2, -0.1];
  expect([beta(some, flat), alpha(some, flat, 252), correlation(some, flat)]).toEqual([
    null,
    null,
    null,
  ]);
  expect(correlation(flat, some)).toBeNull();
  expect(informationRatio(some, some, 252)).toBeNull();
  expect(trackingError([0.1], [0.1], 252)).toBeNull();
  expect(captureRatio(some, flat, "down", 252)).toBeNull();
  expect(beta([], [])).toBeNull();
  expect(() => beta(some, [0.1])).toThrow(RangeError);
  expect(() => captureRatio(some, [0.1], "up", 252)).toThrow(RangeError);
});

describe("all measures at once", () => {
  const pair = fc.record({
    r: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    b: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
  });

  test("are what each gives by itself", () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 30 }), (pairs) => {
        const r = pairs.map((one) => one.r);
        const b = pairs.map((one) => one.b);
        const all = relativeTo(r, b, 252);
        const each = {
          alpha: alpha(r, b, 252),
          beta: beta(r, b),
          correlation: correlation(r, b),
          trackingError: trackingError(r, b, 252),
          informationRatio: informationRatio(r, b, 252),
          upCapture: captureRatio(r, b, "up", 252),
          downCapture: captureRatio(r, b, "down", 252),
        };
        for (const [name, value] of Object.entries(each)) {
          const found = all[name as keyof typeof all];
          if (value === null || found === null) expect([name, found]).toEqual([name, value]);
          else expect(Math.abs(found - value)).toBeLessThanOrEqual(1e-9 * Math.abs(value) + 1e-12);
        }
      }),
    );
  });
});
