import { expect, test } from "vitest";
import { equilibriumReturns } from "./black-litterman.ts";
import { type NamedBeliefs, viewedReturns } from "./viewed-returns.ts";

const assets = ["A", "B", "C"];
const covariance = Float64Array.of(4, 1, 0, 1, 2, 0, 0, 0, 1).map((value) => value / 10_000);
const beliefs: NamedBeliefs = { weights: [0.5, 0.3, 0.2], riskAversion: 3, tau: 0.1, views: [] };

const mean = (changes: Partial<NamedBeliefs>): readonly number[] => {
  const found = viewedReturns(assets, covariance, { ...beliefs, ...changes });
  if (found.status !== "OPTIMAL") throw new Error(found.reasons.join());
  return [...found.mean];
};

test("without a view returns are the equilibrium's", () => {
  expect(mean({})).toEqual([...equilibriumReturns(covariance, beliefs.weights, 3)]);
});

test("a view alone goes its confidence's share of the way, and takes along what moves with it", () => {
  const [a = 0, b = 0, c = 0] = mean({});
  const view = { of: { A: 1, B: -1 }, value: 0.002, confidence: 0.25 };
  const [bentA = 0, bentB = 0, bentC = 0] = mean({ views: [view] });
  expect(bentA - bentB).toBeCloseTo(a - b + 0.25 * (0.002 - (a - b)), 12);
  expect(bentC).toBe(c);
  const [, follows = 0] = mean({ views: [{ of: { A: 1 }, value: a + 0.001, confidence: 1 }] });
  expect(follows - b).toBeCloseTo(0.001 / 4, 12);
});

test("a view of what never moves bends nothing, and hinders no other", () => {
  const still = Float64Array.from(covariance, (value, k) => (k % 3 === 2 || k > 5 ? 0 : value));
  const own = { of: { A: 1 }, value: 0.01, confidence: 0.5 };
  const bent = (views: NamedBeliefs["views"]) =>
    viewedReturns(assets, still, { ...beliefs, views });
  const certain = { of: { C: 2 }, value: 0.3, confidence: 1 };
  expect(bent([own, certain])).toEqual(bent([own]));
  expect(bent([own])).toMatchObject({ status: "OPTIMAL" });
  const both = bent([{ of: { A: 1, C: -1 }, value: 0.01, confidence: 1 }]);
  expect("mean" in both && both.mean[0]).toBeCloseTo(0.01, 12);
});

test.each([
  [{ views: [{ of: { Z: 1 }, value: 0, confidence: 0.5 }] }, "views[0] names Z, no asset here"],
  [{ views: [{ of: {}, value: 0, confidence: 0.5 }] }, "views[0] is of no asset"],
  [{ weights: [1] }, "1 weights of the equilibrium for 3 assets"],
  [
    { views: [{ of: { A: 1 }, value: 0, confidence: 2 }] },
    "views[0].trust.confidence is 2, not above 0 and at most 1",
  ],
])("%j is refused", (changes, reason) => {
  expect(viewedReturns(assets, covariance, { ...beliefs, ...changes })).toEqual({
    status: "REFUSED",
    reasons: [reason],
  });
});
