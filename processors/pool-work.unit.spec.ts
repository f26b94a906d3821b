import { expect, test } from "vitest";
import { equilibriumReturns } from "../quant/optimiser/black-litterman.ts";
import { Random } from "../quant/random.ts";
import { shrunkCovariance } from "../quant/scenarios/shrunk-covariance.ts";
import { type AskedProblem, answerTo, poolRequest, workOf } from "./pool-work.ts";

const assets = ["A", "B", "C"];
const periods = 50;
const random = new Random(2);
const returns = Float64Array.from({ length: 3 * periods }, () => 0.01 * random.normal());
const weights = [0.5, 0.3, 0.2];
const view = { of: { A: 1 }, value: 0.01, confidence: 1 };

const request = (views: NonNullable<AskedProblem["beliefs"]>["views"], horizon = 1) =>
  poolRequest(
    {
      objective: { kind: "MEAN_VARIANCE", riskAversion: 3 },
      beliefs: { weights, riskAversion: 3, tau: 0.1, views },
    },
    { kind: "BOOTSTRAP", count: 100, seed: 1, horizon },
    { assets, periods, returns },
    { portfolio: "main", number: 1 },
  );

const expectedOf = (...of: Parameters<typeof request>): number[] =>
  (workOf(request(...of)).problem.expectedReturns ?? []).map((mean) => +mean.toPrecision(12));

test("beliefs come to expected returns by the covariance of the request's returns, of its horizon", () => {
  const history = { assets, count: periods, returns };
  const { covariance } = shrunkCovariance(history, "CONSTANT_CORRELATION");
  const prior = [...equilibriumReturns(covariance, weights, 3)];
  expect(expectedOf([])).toEqual(prior.map((mean) => +mean.toPrecision(12)));
  expect(expectedOf([], 4)).toEqual(prior.map((mean) => +(4 * mean).toPrecision(12)));
  const [bent = 0, follows = 0] = expectedOf([view]);
  expect(bent).toBeCloseTo(0.01, 12);
  const [own = 0, , ,] = covariance;
  const way = 0.01 - (prior[0] ?? 0);
  expect(follows).toBeCloseTo((prior[1] ?? 0) + (way * (covariance[1] ?? 0)) / own, 12);
});

test("beliefs are part of what is hashed, and no part of what a device is given", () => {
  expect(request([view]).inputHash).not.toBe(request([]).inputHash);
  expect(workOf(request([view])).problem).not.toHaveProperty("beliefs");
});

test("views that contradict each other with certainty are refused in words", () => {
  const { status, reasons } = answerTo(request([view, { ...view, value: 0.02 }]), 1);
  expect([status, reasons]).toEqual([
    "REFUSED",
    ["views that are certain repeat or contradict each other"],
  ]);
});
