import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fractionalKellySize,
  integratedSize,
  LEAST_VOLATILITY,
  volatilityTargetSize,
} from "./position-sizing.ts";

const positive = fc.double({ min: 1e-12, max: 1e6, noNaN: true });

describe("volatility target", () => {
  // Moskowitz, Ooi and Pedersen (2012), section 4.1: 40 % over the instrument's own yearly volatility.
  test.each([
    [0.4, 0.2, 2],
    [0.4, 0.4, 1],
    [0.4, 0.8, 0.5],
    [0.1, 0.16, 0.625],
  ])("aims at %d where a year has %d: %d times", (target, yearly, size) => {
    const daily = yearly / Math.sqrt(252);
    expect(volatilityTargetSize(target, daily, 252, 10)).toBeCloseTo(size, 12);
    expect(volatilityTargetSize(target, yearly, 1, 10)).toBeCloseTo(size, 12);
  });

  test("holds nothing of what has no volatility", () => {
    for (const volatility of [0, LEAST_VOLATILITY / 2, Number.NaN]) {
      expect(volatilityTargetSize(0.1, volatility, 252, 3)).toBe(0);
    }
  });

  test("is never beyond the cap, and below it has the volatility asked for", () => {
    fc.assert(
      fc.property(positive, positive, positive, positive, (target, volatility, bars, cap) => {
        const size = volatilityTargetSize(target, volatility, bars, cap);
        expect(size).toBeGreaterThanOrEqual(0);
        expect(size).toBeLessThanOrEqual(cap);
        if (size > 0 && size < cap) {
          const ratio = (size * volatility * Math.sqrt(bars)) / target;
          expect(Math.abs(ratio - 1)).toBeLessThan(1e-12);
        }
      }),
    );
  });
});

describe("fractional Kelly", () => {
  test("is Thorp's example: 11 % a year over 6 %, deviation 15 %", () => {
    // Thorp (2006), section 7.1: f* = 2.2 recurring.
    expect(fractionalKellySize(1, 0.11 - 0.06, 0.15 ** 2, 10)).toBeCloseTo(20 / 9, 12);
    expect(fractionalKellySize(0.5, 0.11 - 0.06, 0.15 ** 2, 10)).toBeCloseTo(10 / 9, 12);
  });

  test("bets the most that grows: no other position of the same bet has a greater growth rate", () => {
    // Growth of a continuous bet f is f m - f² s² / 2 (Thorp, equation 7.2, without the riskless rate).
    const [mean, variance] = [0.0004, 0.01 ** 2];
    const growth = (size: number) => size * mean - (size * size * variance) / 2;
    const best = fractionalKellySize(1, mean, variance, 100);
    for (let size = 0; size < 10; size += 0.01)
      expect(growth(best)).toBeGreaterThan(growth(size) - 1e-15);
    // Half of it keeps three quarters of the growth.
    expect(growth(best / 2) / growth(best)).toBeCloseTo(0.75, 12);
  });

  test("bets nothing without an edge, or on what never varied", () => {
    expect(fractionalKellySize(1, 0, 0.01, 3)).toBe(0);
    expect(fractionalKellySize(1, -0.001, 0.01, 3)).toBe(0);
    expect(fractionalKellySize(1, 0.001, 0, 3)).toBe(0);
    expect(fractionalKellySize(1, Number.NaN, 0.01, 3)).toBe(0);
  });

  test("is never beyond the cap", () => {
    const mean = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(positive, mean, positive, positive, (fraction, m, variance, cap) => {
        const size = fractionalKellySize(fraction, m, variance, cap);
        expect(size).toBeGreaterThanOrEqual(0);
        expect(size).toBeLessThanOrEqual(cap);
      }),
    );
  });
});

describe("the integrated sizer", () => {
  test("is the product, with the root of the strength", () => {
    const full = { strength: 1, confidence: 1, regime: 1, toxicity: 0 };
    expect(integratedSize(full)).toBe(1);
    expect(integratedSize({ ...full, strength: 0.25 })).toBe(0.5);
    expect(
      integratedSize({ strength: 0.64, confidence: 0.5, regime: 0.75, toxicity: 0.2 }),
    ).toBeCloseTo(0.8 * 0.5 * 0.75 * 0.8, 15);
    expect(integratedSize({ ...full, toxicity: 1 })).toBe(0);
    expect(integratedSize({ ...full, regime: 0 })).toBe(0);
  });

  test("stays from 0 to 1, and grows with all but toxicity", () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(part, part, part, part, part, (strength, confidence, regime, toxicity, other) => {
        const size = integratedSize({ strength, confidence, regime, toxicity });
        expect(size).toBeGreaterThanOrEqual(0);
        expect(size).toBeLessThanOrEqual(1);
        const more = Math.max(strength, other);
        expect(
          integratedSize({ strength: more, confidence, regime, toxicity }),
        ).toBeGreaterThanOrEqual(size);
        const cleaner = Math.min(toxicity, other);
        expect(
          integratedSize({ strength, confidence, regime, toxicity: cleaner }),
        ).toBeGreaterThanOrEqual(size);
      }),
    );
  });
});
