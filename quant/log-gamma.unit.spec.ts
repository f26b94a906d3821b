import { describe, expect, test } from "vitest";
import { logGamma } from "./log-gamma.ts";

describe("ln Γ", () => {
  test("of whole numbers is the logarithm of a factorial", () => {
    let factorial = 1;
    for (let n = 1; n <= 25; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 12);
      factorial *= n;
    }
  });

  test("at a half is ln √π, and halves follow by Γ(x + 1) = x Γ(x)", () => {
    let value = Math.log(Math.sqrt(Math.PI));
    for (let x = 0.5; x < 40; x++) {
      expect(Math.abs(logGamma(x) - value)).toBeLessThan(1e-14 * Math.max(1, Math.abs(value)) * 20);
      value += Math.log(x);
    }
  });

  test("keeps the law of duplication of Legendre", () => {
    for (const x of [0.1, 0.7, 3.3, 12.25, 80.5]) {
      const right = (1 - 2 * x) * Math.LN2 + Math.log(Math.PI) / 2 + logGamma(2 * x);
      expect(logGamma(x) + logGamma(x + 0.5)).toBeCloseTo(right, 11);
    }
  });

  test("is not a number up to 0", () => {
    expect([logGamma(0), logGamma(-1.5), logGamma(Number.NaN)]).toEqual([NaN, NaN, NaN]);
  });
});
