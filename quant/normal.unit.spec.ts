import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between } from "./evenly-spread.spec.ts";
import { normalCdf, normalDensity, normalQuantile } from "./normal.ts";

const relative = (a: number, b: number): number => Math.abs(a / b - 1);

describe("the distribution function", () => {
  // Abramowitz and Stegun (1964), table 26.1, 15 decimals.
  test.each([
    [0, 0.5],
    [0.5, 0.691462461274013],
    [1, 0.841344746068543],
    [1.5, 0.933192798731142],
    [2, 0.977249868051821],
    [3, 0.99865010196837],
  ])("at %d is the table's", (x, expected) => {
    expect(Math.abs(normalCdf(x) - expected)).toBeLessThan(6e-16);
    expect(Math.abs(normalCdf(-x) - (1 - expected))).toBeLessThan(6e-16);
  });

  // By mpmath with 40 digits.
  test.each([
    [-0.1, 0.460172162722971],
    [-0.67448975, 0.25000000006231016],
    [-4.5, 3.3976731247300603e-6],
    [-5.656854249492381, 7.708628950139992e-9],
    [-5.7, 5.990371401063528e-9],
    [-8, 6.220960574271784e-16],
    [-20, 2.7536241186062337e-89],
    [-30.3, 5.731723503315496e-202],
    [-37, 5.725571222524577e-300],
    [-37.1, 1.4047119663106221e-301],
  ])("in the tail at %d keeps its digits", (x, expected) => {
    expect(relative(normalCdf(x), expected)).toBeLessThan(2e-15);
  });

  test("rises, is symmetric, and its slope is the density", () => {
    fc.assert(
      fc.property(between(-6, 6), (x) => {
        expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 15);
        const slope = (normalCdf(x + 1e-5) - normalCdf(x - 1e-5)) / 2e-5;
        expect(Math.abs(slope - normalDensity(x))).toBeLessThan(1e-10);
        expect(normalCdf(x + 1e-3)).toBeGreaterThanOrEqual(normalCdf(x));
      }),
    );
  });

  test("ends at 0 and 1", () => {
    expect(normalCdf(-Infinity)).toBe(0);
    expect(normalCdf(Infinity)).toBe(1);
    expect(normalCdf(Number.NaN)).toBeNaN();
  });
});

describe("the quantile", () => {
  // The test values that Wichura prints with AS 241.
  test.each([
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167814],
    [1e-20, -9.262340089798409],
  ])("at %d is the algorithm's own", (p, expected) => {
    expect(relative(normalQuantile(p), expected)).toBeLessThan(1e-15);
  });

  test("undoes the distribution function, in each of its ranges", () => {
    fc.assert(
      fc.property(between(-37, 5), (x) => {
        const back = normalQuantile(normalCdf(x));
        // Near 1 a probability has few digits left to say where it came from.
        const lost = x > 0 ? 2 ** -53 / normalDensity(x) : 0;
        // Else the two promises: 1e-15 of the quantile, and 2e-15 of a probability, over its slope.
        expect(Math.abs(back - x)).toBeLessThan(1e-15 * Math.abs(x) + 2.6e-15 + 2 * lost);
      }),
      { numRuns: 2000 },
    );
  });

  test("is infinite at the ends and undefined beyond", () => {
    expect(normalQuantile(0)).toBe(-Infinity);
    expect(normalQuantile(1)).toBe(Infinity);
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(-0.1)).toBeNaN();
    expect(normalQuantile(1.1)).toBeNaN();
  });
});
