import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { budgetProgram } from "./budget-program.spec.ts";
import { certify, largestViolation, REACH } from "./certificate.ts";
import type { Duals, Program, SmoothTerm } from "./program.ts";
import { solveTail } from "./tail-simplex.ts";

const ASSETS = 5;
const COUNT = 40;

/** Long only, sum 1, a cap, CVaR at 90 % with a little of every smooth term. */
function drawn(seed: number, smooth: boolean): Program {
  const random = new Random(seed);
  const square = Float64Array.from({ length: ASSETS * ASSETS }, () => random.normal());
  const covariance = new Float64Array(ASSETS * ASSETS);
  for (let i = 0; i < ASSETS; i++) {
    for (let j = 0; j < ASSETS; j++) {
      for (let k = 0; k < ASSETS; k++) {
        const product = (square[i * ASSETS + k] as number) * (square[j * ASSETS + k] as number);
        covariance[i * ASSETS + j] = (covariance[i * ASSETS + j] as number) + product;
      }
    }
  }
  const terms: readonly SmoothTerm[] = [
    { kind: "NORM", weight: 0.3 },
    { kind: "VARIANCE", weight: 0.1, covariance },
    { kind: "IMPACT", coefficients: new Float64Array(ASSETS).fill(0.2) },
  ];
  const scenarios = {
    assets: Array.from({ length: ASSETS }, (_, a) => `A${a}`),
    count: COUNT,
    returns: Float64Array.from({ length: ASSETS * COUNT }, () => random.normal()),
    probabilities: new Float64Array(COUNT).fill(1 / COUNT),
  };
  const cost = Float64Array.from({ length: ASSETS }, () => 0.1 * random.normal());
  const given = { assets: ASSETS, upper: 0.7, mass: 0.1, cost, scenarios };
  return budgetProgram({ ...given, smooth: smooth ? terms : [] });
}

/** A feasible point. */
function pointOf(random: Random): Float64Array {
  for (;;) {
    const x = Float64Array.from({ length: ASSETS }, () => random.uniform());
    const sum = x.reduce((total, value) => total + value, 0);
    if (x.every((value) => value / sum <= 0.7)) return x.map((value) => value / sum);
  }
}

function anyDuals(random: Random): Duals {
  const scenarios = Int32Array.from({ length: COUNT }, (_, s) => s);
  return {
    scenarios,
    masses: Float64Array.from(scenarios, () => random.uniform()),
    rows: Float64Array.of(random.normal()),
  };
}

describe("a certificate", () => {
  test("has no lower bound above any feasible point, whatever the duals and the point it is made with", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, smooth) => {
        const program = drawn(seed, smooth);
        const random = new Random(seed + 1);
        const { lower } = certify(program, pointOf(random), anyDuals(random));
        for (let k = 0; k < 20; k++) {
          const other = certify(program, pointOf(random), anyDuals(random));
          expect(lower).toBeLessThanOrEqual(other.upper + 1e-12 * Math.abs(other.upper));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("gives up its bound for masses that cannot be made valid", () => {
    const program = drawn(3, false);
    const x = pointOf(new Random(1));
    const rows = Float64Array.of(0);
    const certified = (scenarios: number[], masses: number[]) =>
      certify(program, x, {
        scenarios: Int32Array.from(scenarios),
        masses: Float64Array.from(masses),
        rows,
      }).lower;
    // One scenario can have a quarter of a tail of four.
    expect(certified([0], [1])).toBe(Number.NEGATIVE_INFINITY);
    expect(certified([0, 0, 1, 2, 3], [0.25, 0.25, 0.25, 0.25, 0.25])).toBe(
      Number.NEGATIVE_INFINITY,
    );
    expect(certified([0, 1, 2, COUNT], [0.25, 0.25, 0.25, 0.25])).toBe(Number.NEGATIVE_INFINITY);
    expect(certified([0, 1, 2, 3], [0.25, 0.25, Number.NaN, 0.25])).toBe(Number.NEGATIVE_INFINITY);
    expect(certified([0, 1, 2, 3], [0.25, 0.25, 0.25, 0.25])).toBeGreaterThan(-10);
  });

  test("spreads the rounding of masses by what they are, not by the room that they have", () => {
    const returns = Float64Array.of(1e6, -1, -3);
    const scenarios = {
      assets: ["A"],
      count: 3,
      returns,
      probabilities: Float64Array.of(0.5, 0.25, 0.25),
    };
    const program: Program = {
      variables: 1,
      cost: Float64Array.of(0),
      lower: Float64Array.of(Number.NEGATIVE_INFINITY),
      upper: Float64Array.of(Number.POSITIVE_INFINITY),
      rows: {
        count: 0,
        coefficients: new Float64Array(0),
        lower: returns.subarray(3),
        upper: returns.subarray(3),
      },
      holdings: { assets: 1, asset: Int32Array.of(0), sign: Float64Array.of(1) },
      tail: { weight: 1, mass: 0.5, scenarios },
    };
    // Under these masses the asset neither gains nor loses.
    const first = 2 / (1e6 + 3);
    const masses = Float64Array.of(first, 0.5, 0.5 - first - 1e-15);
    const duals = { scenarios: Int32Array.of(0, 1, 2), masses, rows: new Float64Array(0) };
    // By the room that they have, the slope would be 1e6 times the rounding: 1e-9.
    const { upper, lower } = certify(program, Float64Array.of(0), duals);
    expect(upper).toBe(0);
    expect(lower).toBeGreaterThan(-1e-12);
  });

  test("measures what is violated", () => {
    const program = drawn(3, false);
    const none: Duals = {
      scenarios: new Int32Array(0),
      masses: new Float64Array(0),
      rows: Float64Array.of(0),
    };
    const violation = (x: number[]) => certify(program, Float64Array.from(x), none).feasibility;
    expect(violation([0.2, 0.2, 0.2, 0.2, 0.2])).toBeLessThan(1e-15);
    expect(violation([0.8, 0.2, 0, 0, 0])).toBeCloseTo(0.1, 12);
    expect(violation([-0.25, 0.65, 0.6, 0, 0])).toBeCloseTo(0.25, 12);
    expect(violation([0.7, 0.6, 0, 0, 0])).toBeCloseTo(0.3, 12);
    expect(violation([Number.NaN, 1, 0, 0, 0])).toBe(Number.POSITIVE_INFINITY);
  });

  test("of an optimum closes", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const outcome = solveTail(drawn(seed, false));
      if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
      const { upper, lower } = outcome.certificate;
      expect(Math.abs(upper - lower)).toBeLessThan(1e-12);
    }
  });
});

test("what a row misses by the rounding of its own sum is no violation, and more is one", () => {
  const free = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  const program = budgetProgram({ assets: 3, ...free });
  const violation = (x: number[]) => largestViolation(program, Float64Array.from(x));
  // Next to 1e9 numbers are 1e-7 apart.
  expect(violation([1e9, -1e9 + 2 ** -23, 1])).toBe(0);
  expect(violation([1e9, -1e9 + 1e-5, 1])).toBeGreaterThan(9e-6);
  expect(violation([0.5, 0.5, 2 ** -23])).toBeGreaterThan(1e-7);
});

describe("a weight without a bound", () => {
  const pair = (costs: number[]) =>
    budgetProgram({
      assets: 2,
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
      cost: Float64Array.from(costs),
    });
  const lowerOf = (costs: number[], price: number): number =>
    certify(pair(costs), Float64Array.of(0.5, 0.5), {
      scenarios: new Int32Array(0),
      masses: new Float64Array(0),
      rows: Float64Array.of(price),
    }).lower;

  test("has a bound only as far as numbers reach where its slope is not 0", () => {
    expect(lowerOf([1, 1], 1)).toBe(1);
    expect(lowerOf([1, 1.5], 1)).toBe(1 - 0.5 * REACH);
  });

  test("is followed ten times as far as it is where its slope is next to rounding, and no step where it is rounding", () => {
    expect(lowerOf([1, 1 + 2 ** -40], 1)).toBeCloseTo(1 - 10 * 2 ** -40, 15);
    expect(lowerOf([1, 1 + 2 ** -52], 1)).toBeCloseTo(1, 15);
  });
});

test("prices of 1e8 that cancel leave the digits of what is left", () => {
  const program = {
    ...budgetProgram({ assets: 1, cost: Float64Array.of(0.3) }),
    rows: {
      count: 2,
      coefficients: Float64Array.of(1, 1 + 2 ** -30),
      lower: Float64Array.of(0.7, Number.NEGATIVE_INFINITY),
      upper: Float64Array.of(Number.POSITIVE_INFINITY, 0.7),
    },
  };
  const price = 123456789.125;
  const { lower } = certify(program, Float64Array.of(0.7), {
    scenarios: new Int32Array(0),
    masses: new Float64Array(0),
    rows: Float64Array.of(price, -price),
  });
  // Slope 0.3 + price · 2^-30, above 0: the least is at the lower bound, 0; the limits of both rows cancel.
  expect(lower).toBe(0);
});
