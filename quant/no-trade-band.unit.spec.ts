import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearestInBand, noTradeHalfWidth } from "./no-trade-band.ts";

const target = fc.double({ min: -3, max: 3, noNaN: true });
const cost = fc.double({ min: 1e-6, max: 0.05, noNaN: true });
const riskAversion = fc.double({ min: 0.5, max: 20, noNaN: true });

/**
 * What a band of half width `h` costs a year, to leading order: the weight, let go, moves with volatility
 * σ π (1 - π) and is spread evenly over the band, so it lies h² / 3 (mean square) from its target, which
 * costs γ σ² / 2 times that; it is pushed back at either edge at the rate (σ π (1 - π))² / (4 h). In units of σ².
 */
const loss = (h: number, pi: number, lambda: number, gamma: number): number =>
  (gamma * h * h) / 6 + (2 * lambda * (pi * (1 - pi)) ** 2) / (4 * h);

describe("the no-trade band", () => {
  test("has the half width that the displacement and the trading together cost least at", () => {
    fc.assert(
      fc.property(target, cost, riskAversion, (pi, lambda, gamma) => {
        fc.pre(Math.abs(pi * (1 - pi)) > 1e-3);
        const h = noTradeHalfWidth(pi, lambda, gamma);
        const least = loss(h, pi, lambda, gamma);
        for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2]) {
          expect(loss(h * factor, pi, lambda, gamma)).toBeGreaterThan(least);
        }
      }),
    );
  });

  test("is the printed formula's, by the engine's own cube root", () => {
    fc.assert(
      fc.property(target, cost, riskAversion, (pi, lambda, gamma) => {
        // Nearer to 0 or 1 the square leaves the range of a double.
        fc.pre(Math.abs(pi * (1 - pi)) > 1e-100);
        const printed = Math.cbrt((3 / (2 * gamma)) * pi ** 2 * (1 - pi) ** 2) * Math.cbrt(lambda);
        const h = noTradeHalfWidth(pi, lambda, gamma);
        expect(Math.abs(h - printed)).toBeLessThanOrEqual(1e-13 * printed);
      }),
    );
  });

  test("is 0.0435 wide each way for a target of 62.5 %, γ = 5, and a spread of 1 %", () => {
    // Market of Gerhold et al. (2014): μ = 8 %, σ = 16 %, γ = 5, ε = 1 %, so π = μ / γσ² = 0.625.
    const epsilon = 0.01;
    const theirs = ((3 / (4 * 5)) * 0.625 ** 2 * 0.375 ** 2) ** (1 / 3) * epsilon ** (1 / 3);
    expect(noTradeHalfWidth(0.625, epsilon / 2, 5)).toBeCloseTo(theirs, 14);
    expect(noTradeHalfWidth(0.625, epsilon / 2, 5)).toBeCloseTo(0.0435, 3);
  });

  test("doubles where the cost is eight times as high", () => {
    const once = noTradeHalfWidth(0.5, 0.001, 1);
    expect(noTradeHalfWidth(0.5, 0.008, 1) / once).toBeCloseTo(2, 12);
    expect(noTradeHalfWidth(0.5, 0.001, 8) / once).toBeCloseTo(0.5, 12);
  });

  test("is nothing at a target that does not move, and without a cost", () => {
    for (const still of [0, 1]) expect(noTradeHalfWidth(still, 0.01, 1)).toBe(0);
    expect(noTradeHalfWidth(0.5, 0, 1)).toBe(0);
  });

  test("leaves what lies inside, and takes the rest to the nearer edge", () => {
    expect(nearestInBand(0.45, 0.5, 0.1)).toBe(0.45);
    expect(nearestInBand(0.6, 0.5, 0.1)).toBe(0.6);
    expect(nearestInBand(0.7, 0.5, 0.1)).toBe(0.6);
    expect(nearestInBand(0.1, 0.5, 0.1)).toBe(0.4);
    expect(nearestInBand(0.1, 0.5, 0)).toBe(0.5);
  });
});
