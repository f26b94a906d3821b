import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  driftOf,
  type HeldPortfolio,
  type RebalancingRules,
  rebalancingCause,
  volatilityOf,
} from "./rebalancing.ts";

const covariance = Float64Array.from([4e-4, 1e-4, 1e-4, 9e-4]);
const held: HeldPortfolio = {
  weights: [0.6, 0.4],
  targets: [0.5, 0.5],
  covariance,
  value: 110,
  last: { periods: 20, value: 100, volatility: 0.02 },
};

describe("the cause to rebalance", () => {
  test("of a portfolio that never was is that it is the first time", () => {
    expect(rebalancingCause({}, { ...held, last: null })).toBe("FIRST");
  });

  test("is none without a rule: what was bought is held", () => {
    expect(rebalancingCause({}, held)).toBeNull();
  });

  // Turnover 10 %; value up 10 %; volatility 0.01833, down 8.3 %.
  const cases: readonly (readonly [string, RebalancingRules, RebalancingRules])[] = [
    ["PERIOD", { period: 20 }, { period: 21 }],
    [
      "DRIFT",
      { drift: { norm: "LARGEST", limit: 0.0999 } },
      { drift: { norm: "LARGEST", limit: 0.1001 } },
    ],
    ["VALUE", { valueChange: 0.0999 }, { valueChange: 0.1001 }],
    ["VOLATILITY", { volatilityChange: 0.08 }, { volatilityChange: 0.09 }],
    [
      "WORTH",
      { worth: { riskAversion: 5, cost: 0.0001, horizon: 1 } },
      { worth: { riskAversion: 5, cost: 0.0002, horizon: 1 } },
    ],
  ];

  test.each(cases)("is %s just where its rule holds", (cause, near, far) => {
    expect(rebalancingCause(near, held)).toBe(cause);
    expect(rebalancingCause(far, held)).toBeNull();
  });

  test("is the first that holds, in the order of the rules", () => {
    for (let i = 0; i < cases.length; i++) {
      const rules = Object.assign({}, ...cases.slice(i).map(([, near]) => near));
      expect(rebalancingCause(rules, held)).toBe(cases[i]?.[0]);
    }
  });

  test("is worth it where the better mean and variance outweigh the cost", () => {
    const share = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.double({ min: 1, max: 10, noNaN: true }), (a, b, gamma) => {
        // Means at which the targets are the best of mean - γ/2 variance.
        const means = [0.5 * 4e-4 + 0.5 * 1e-4, 0.5 * 1e-4 + 0.5 * 9e-4].map((m) => gamma * m);
        const utility = (w: readonly number[]): number =>
          (w[0] as number) * (means[0] as number) +
          (w[1] as number) * (means[1] as number) -
          (gamma / 2) * volatilityOf(covariance, w) ** 2;
        const gain = utility([0.5, 0.5]) - utility([a, b]);
        const traded = Math.abs(a - 0.5) + Math.abs(b - 0.5);
        for (const cost of [(gain / traded) * 0.999, (gain / traded) * 1.001]) {
          fc.pre(gain > 1e-9);
          const worth = { riskAversion: gamma, cost, horizon: 1 };
          const cause = rebalancingCause({ worth }, { ...held, weights: [a, b] });
          expect(cause).toBe(cost * traded < gain ? "WORTH" : null);
        }
      }),
    );
  });
});

test("drift is the largest, what must be sold, or the Euclidean distance", () => {
  expect(driftOf([0.5, 0.1, 0.4], [0.2, 0.5, 0.3], "LARGEST")).toBeCloseTo(0.4, 15);
  expect(driftOf([0.5, 0.1, 0.4], [0.2, 0.5, 0.3], "TURNOVER")).toBeCloseTo(0.4, 15);
  expect(driftOf([0.5, 0.1], [0.2, 0.5], "EUCLIDEAN")).toBeCloseTo(0.5, 15);
});
