import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { varianceParity } from "./risk-parity.ts";
import { twentyStocks } from "./twenty-stocks.spec.ts";

/** One market and noise: betas and deviations drawn from the seed. */
function market(n: number, seed: number): Float64Array {
  const random = new Random(seed);
  const betas = Array.from({ length: n }, () => 0.2 + 1.5 * random.uniform());
  const noise = Array.from({ length: n }, () => 0.005 + 0.03 * random.uniform());
  return Float64Array.from({ length: n * n }, (_, k) => {
    const i = Math.floor(k / n);
    const j = k % n;
    const own = i === j ? (noise[i] as number) ** 2 : 0;
    return 1e-4 * (betas[i] as number) * (betas[j] as number) + own;
  });
}

const shares = (covariance: Float64Array, weights: Float64Array): number[] => {
  const n = weights.length;
  const each = [...weights].map((w, i) =>
    weights.reduce((sum, v, j) => sum + w * v * (covariance[i * n + j] as number), 0),
  );
  const risk = each.reduce((a, b) => a + b, 0);
  return each.map((share) => share / risk);
};

const solved = (covariance: Float64Array, budgets: readonly number[]) => {
  const answer = varianceParity(covariance, budgets);
  if (answer.status !== "OPTIMAL") throw new Error(answer.status);
  return answer;
};

describe("variance risk parity", () => {
  test.skipIf(twentyStocks === null)("of 20 stocks has the weights known", () => {
    if (twentyStocks === null) return;
    const { set, covariance, golden } = twentyStocks;
    const { weights } = solved(
      covariance,
      set.assets.map(() => 1),
    );
    set.assets.forEach((asset, i) => {
      const known = golden.risk_parity.weights[asset] as number;
      expect(Math.abs((weights[i] as number) - known)).toBeLessThan(1e-10);
    });
  });

  test("gives each asset the share of risk that was asked for, with a gap of nothing", () => {
    const budget = fc.double({ min: 0.01, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(budget, { minLength: 1, maxLength: 30 }),
        fc.nat(99),
        (budgets, seed) => {
          const covariance = market(budgets.length, seed);
          const { weights, certificate, deviation } = solved(covariance, budgets);
          const total = budgets.reduce((a, b) => a + b, 0);
          shares(covariance, weights).forEach((share, i) => {
            expect(Math.abs(share - (budgets[i] as number) / total)).toBeLessThan(1e-10);
          });
          expect(deviation).toBeLessThan(1e-10);
          expect(certificate.upper - certificate.lower).toBeGreaterThanOrEqual(0);
          expect(certificate.upper - certificate.lower).toBeLessThan(1e-12);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 13);
        },
      ),
    );
  });

  test("holds assets that do not correlate in inverse proportion to their deviation", () => {
    const { weights } = solved(Float64Array.from([1, 0, 0, 9]), [1, 1]);
    expect(weights[0]).toBeCloseTo(0.75, 14);
  });

  test("of two assets does not depend on how they correlate", () => {
    for (const rho of [-0.99, -0.5, 0, 0.5, 0.999]) {
      const { weights } = solved(Float64Array.from([1, 3 * rho, 3 * rho, 9]), [1, 1]);
      expect(weights[0]).toBeCloseTo(0.75, 10);
    }
  });

  test("is the same weights at any scale of returns", () => {
    const covariance = market(12, 5);
    const plain = solved(covariance, new Array(12).fill(1)).weights;
    for (const scale of [1e-18, 1e-12, 1e12]) {
      const scaled = solved(
        covariance.map((c) => c * scale),
        new Array(12).fill(1),
      ).weights;
      scaled.forEach((w, i) => {
        expect(w).toBeCloseTo(plain[i] as number, 12);
      });
    }
  });

  test("bounds the convex form from below at any y, and says where work ran out", () => {
    const covariance = market(12, 6);
    const budgets = new Array(12).fill(1);
    const best = solved(covariance, budgets).certificate;
    for (const sweeps of [1, 2, 3]) {
      const early = varianceParity(covariance, budgets, sweeps);
      if (early.status !== "FEASIBLE") throw new Error(early.status);
      expect(early.certificate.lower).toBeLessThanOrEqual(best.upper);
      expect(early.certificate.upper).toBeGreaterThan(best.upper);
      expect(early.deviation).toBeGreaterThan(0);
    }
  });

  test("names the portfolio that has no risk at all", () => {
    const answer = varianceParity(Float64Array.from([1, -2, -2, 4]), [1, 1]);
    if (answer.status !== "UNBOUNDED") throw new Error(answer.status);
    const [a = 0, b = 0] = answer.ray;
    expect(a - 2 * b).toBeCloseTo(0, 10);
  });

  test("refuses what it cannot compute with, and says where", () => {
    const refuse = (covariance: number[], budgets: number[]): readonly string[] => {
      const answer = varianceParity(Float64Array.from(covariance), budgets);
      return answer.status === "REFUSED" ? answer.reasons : [];
    };
    expect(refuse([], [])).toEqual(["there is no budget, so no asset"]);
    expect(refuse([1], [0])).toEqual(["budgets[0] is 0, not above 0"]);
    expect(refuse([1, 0, 0, 0], [1, 1])).toEqual(["covariance[1, 1] is 0, not a variance above 0"]);
    expect(refuse([1, 0, Number.NaN, 1], [1, 1])).toEqual(["covariance[1, 0] is NaN"]);
    expect(refuse([1, 0], [1, 1])).toEqual(["covariance has 2 numbers for 2 assets"]);
  });
});
