import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chiSquaredSurvival } from "./chi-squared.ts";
import { between } from "./evenly-spread.spec.ts";

describe("the chi-squared survival function", () => {
  // The 5 % points that every table prints (to 16 digits), then two by mpmath with 40 digits.
  test.each([
    [3.841458820694124, 1, 0.05],
    [5.991464547107979, 2, 0.05],
    [18.307038053275146, 10, 0.05],
    [124.34211340400407, 100, 0.05],
    [100, 3, 1.554159431389605e-21],
    [0.5, 5, 0.9921232932326296],
  ])("at %d with %d degrees", (x, degrees, expected) => {
    expect(Math.abs(chiSquaredSurvival(x, degrees) / expected - 1)).toBeLessThan(1e-14);
  });

  test("falls with x, rises with the degrees, and starts at 1", () => {
    const places = between(0, 300);
    fc.assert(
      fc.property(places, fc.integer({ min: 1, max: 120 }), (x, degrees) => {
        const here = chiSquaredSurvival(x, degrees);
        expect(here).toBeGreaterThanOrEqual(0);
        expect(here).toBeLessThanOrEqual(1 + 1e-14);
        expect(chiSquaredSurvival(x + 1, degrees)).toBeLessThanOrEqual(here + 1e-14);
        expect(chiSquaredSurvival(x, degrees + 1)).toBeGreaterThanOrEqual(here - 1e-14);
      }),
    );
    expect(chiSquaredSurvival(0, 3)).toBe(1);
    expect(chiSquaredSurvival(-1, 4)).toBe(1);
    expect(chiSquaredSurvival(Infinity, 4)).toBe(0);
    expect(chiSquaredSurvival(Number.NaN, 4)).toBeNaN();
  });

  test("is what the density leaves: one step of the sum more is two degrees more", () => {
    // P(X₍ₖ₊₂₎ > x) - P(X₍ₖ₎ > x) = 2 f₍ₖ₊₂₎(x), with the density from the derivative.
    for (const degrees of [1, 2, 5, 8]) {
      for (const x of [0.3, 2, 9]) {
        const gain = chiSquaredSurvival(x, degrees + 2) - chiSquaredSurvival(x, degrees);
        const near = chiSquaredSurvival(x - 1e-5, degrees + 2);
        const density = (near - chiSquaredSurvival(x + 1e-5, degrees + 2)) / 2e-5;
        expect(Math.abs(gain - 2 * density)).toBeLessThan(1e-9);
      }
    }
  });

  test("refuses degrees that are none", () => {
    for (const degrees of [0, -1, 1.5, 1001]) {
      expect(() => chiSquaredSurvival(1, degrees)).toThrow(RangeError);
    }
  });
});
