import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { solveNames } from "./cardinality.ts";
import type { NameChoice } from "./name-states.ts";
import type { Program } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { netWeights } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";
import { namesByHighs } from "./testing/highs-names.spec.ts";

function market(n: number, count: number, seed: number, noise = 0.02): ScenarioSet {
  const random = new Random(seed);
  const common = Array.from({ length: count }, () => 0.01 * random.normal());
  const drift = Array.from({ length: n }, () => 0.002 * random.normal());
  const returns = Float64Array.from({ length: n * count }, (_, k) => {
    const j = Math.floor(k / count);
    return (drift[j] as number) + (common[k % count] as number) + noise * random.normal();
  });
  const assets = Array.from({ length: n }, (_, j) => `A${j}`);
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

interface Shape {
  readonly upper?: number;
  readonly isShort?: boolean;
  readonly cost?: (asset: number) => number;
}

/** Minimum CVaR less a return; a short part of each asset, on top of a budget of 1, where `isShort`. */
function program(set: ScenarioSet, { upper = 1, isShort = false, cost = () => 0 }: Shape): Program {
  const n = set.assets.length;
  const sides = isShort ? 2 : 1;
  const variables = n * sides;
  const sign = Float64Array.from({ length: variables }, (_, j) => (j < n ? 1 : -1));
  return {
    variables,
    cost: sign.map((s, j) => s * cost(j % n)),
    lower: new Float64Array(variables),
    upper: new Float64Array(variables).fill(upper),
    rows: { count: 1, coefficients: sign, lower: Float64Array.of(1), upper: Float64Array.of(1) },
    holdings: { assets: n, asset: Int32Array.from(sign, (_, j) => j % n), sign },
    tail: { weight: 1, mass: 0.2, scenarios: set },
  };
}

/** The least over every set of names and sides, each solved by itself. */
function leastByTrying(
  given: Program,
  { minimumPosition, maximumNames }: NameChoice,
  smooth: boolean,
): number {
  const n = given.holdings.assets;
  const isShort = given.variables > n;
  let least = Number.POSITIVE_INFINITY;
  const visit = (name: number, lower: Float64Array, upper: Float64Array, held: number): void => {
    if (held > maximumNames) return;
    if (name === n) {
      const outcome = (smooth ? solveSmooth : solveTail)({ ...given, lower, upper });
      if (outcome.status === "OPTIMAL") least = Math.min(least, outcome.certificate.upper);
      return;
    }
    for (const side of isShort ? [-1, 0, 1] : [0, 1]) {
      const low = lower.slice();
      const high = upper.slice();
      const own = side < 0 ? name + n : name;
      for (const j of isShort ? [name, name + n] : [name]) high[j] = 0;
      if (side !== 0) {
        high[own] = given.upper[own] as number;
        low[own] = minimumPosition;
      }
      visit(name + 1, low, high, held + Math.abs(side));
    }
  };
  visit(0, given.lower, given.upper, 0);
  return least;
}

const choices = fc.record({
  minimumPosition: fc.constantFrom(0, 0.05, 0.15, 0.3, 0.45),
  maximumNames: fc.integer({ min: 1, max: 6 }),
});

const shapes = fc.record({
  upper: fc.constantFrom(1, 0.6, 0.35),
  isShort: fc.boolean(),
  n: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(9999),
});

describe("portfolios of few names", () => {
  test("are the best of all sets of names, tried one by one", () => {
    fc.assert(
      fc.property(shapes, choices, ({ n, seed, ...shape }, choice) => {
        const random = new Random(seed);
        const costs = Array.from({ length: n }, () => 0.003 * random.normal());
        const stated = program(market(n, 60, seed), { ...shape, cost: (a) => costs[a] as number });
        const least = leastByTrying(stated, choice, false);
        const outcome = solveNames(stated, choice, solveTail);
        if (outcome.status === "INFEASIBLE") {
          expect(least).toBe(Number.POSITIVE_INFINITY);
          return;
        }
        if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
        expect(Math.abs(outcome.certificate.upper - least)).toBeLessThan(1e-10);
        expect(outcome.certificate.lower).toBeLessThanOrEqual(outcome.certificate.upper + 1e-12);
        expect(outcome.certificate.feasibility).toBeLessThan(1e-9);
        const net = netWeights(stated.holdings, outcome.x).filter((w) => Math.abs(w) > 1e-10);
        expect(net.length).toBeLessThanOrEqual(choice.maximumNames);
        for (const w of net) {
          expect(Math.abs(w)).toBeGreaterThanOrEqual(choice.minimumPosition - 1e-10);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("are the best where prices leave names out, on more names", () => {
    // Markets in which the first portfolios found are not the best.
    for (const [seed, minimumPosition] of [
      [3, 0.15],
      [7, 0.3],
      [24, 0.22],
      [39, 0.3],
      [89, 0.3],
    ] as const) {
      const stated = program(market(9, 40, seed), {});
      const choice = { minimumPosition, maximumNames: 9 };
      const outcome = solveNames(stated, choice, solveTail);
      if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
      const most = Math.floor(1 / minimumPosition);
      const least = leastByTrying(stated, { ...choice, maximumNames: most }, false);
      expect(Math.abs(outcome.certificate.upper - least)).toBeLessThan(1e-10);
    }
  });

  test("of least variance are the best of all sets too", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const n = 5;
      const { tail: _, ...rest } = program(market(n, 10, seed), {});
      const random = new Random(seed);
      const factors = Array.from({ length: 3 * n }, () => random.normal());
      const covariance = Float64Array.from({ length: n * n }, (_, k) => {
        const [i, j] = [Math.floor(k / n), k % n];
        const common = [0, 1, 2].reduce(
          (sum, f) => sum + (factors[3 * i + f] as number) * (factors[3 * j + f] as number),
          0,
        );
        return common + (i === j ? 0.5 : 0);
      });
      const stated: Program = { ...rest, smooth: [{ kind: "VARIANCE", weight: 1, covariance }] };
      for (const choice of [
        { minimumPosition: 0, maximumNames: 2 },
        { minimumPosition: 0.3, maximumNames: 5 },
      ]) {
        const outcome = solveNames(stated, choice, solveSmooth);
        if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
        expect(outcome.certificate.upper).toBeCloseTo(leastByTrying(stated, choice, true), 8);
      }
    }
  });

  test("count what is held through what is bought and sold", () => {
    // Asset 0 is held at 0.5; weight = 0.5 + bought - sold. One name may be left.
    for (let seed = 1; seed <= 8; seed++) {
      const set = market(3, 50, seed);
      const stated: Program = {
        variables: 5,
        cost: Float64Array.of(0, 0, 0, 0, 0),
        lower: Float64Array.of(0.5, 0, 0, 0, 0),
        upper: Float64Array.of(0.5, 0.5, 0.5, 1, 1),
        rows: {
          count: 1,
          coefficients: Float64Array.of(1, 1, -1, 1, 1),
          lower: Float64Array.of(1),
          upper: Float64Array.of(1),
        },
        holdings: {
          assets: 3,
          asset: Int32Array.of(0, 0, 0, 1, 2),
          sign: Float64Array.of(1, 1, -1, 1, 1),
        },
        tail: { weight: 1, mass: 0.2, scenarios: set },
      };
      const outcome = solveNames(stated, { minimumPosition: 0, maximumNames: 1 }, solveTail);
      if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
      const alone = [0, 1, 2].map((name) => {
        const upper = new Float64Array(3);
        upper[name] = 1;
        const one = solveTail({ ...program(set, {}), upper });
        return one.status === "OPTIMAL" ? one.certificate.upper : Number.NaN;
      });
      expect(outcome.certificate.upper).toBeCloseTo(Math.min(...alone), 12);

      const large = solveNames(stated, { minimumPosition: 0.4, maximumNames: 3 }, solveTail);
      if (large.status !== "OPTIMAL") throw new Error(large.status);
      const weights = [...netWeights(stated.holdings, large.x)].filter((w) => w > 1e-10);
      for (const w of weights) expect(w).toBeGreaterThanOrEqual(0.4 - 1e-10);
      const least = leastByTrying(
        program(set, {}),
        { minimumPosition: 0.4, maximumNames: 3 },
        false,
      );
      expect(large.certificate.upper).toBeCloseTo(least, 12);
    }
  });

  test("say what they know where work runs out: a portfolio and a bound that holds", () => {
    const set = market(12, 200, 3);
    const stated = program(set, {});
    const choice = { minimumPosition: 0, maximumNames: 3 };
    const whole = solveNames(stated, choice, solveTail);
    if (whole.status !== "OPTIMAL") throw new Error(whole.status);
    const early = solveNames(stated, choice, solveTail, { maxPrograms: 3 });
    if (early.status !== "FEASIBLE") throw new Error(early.status);
    expect(early.certificate.lower).toBeLessThanOrEqual(whole.certificate.upper + 1e-12);
    expect(early.certificate.upper).toBeGreaterThanOrEqual(whole.certificate.upper - 1e-12);
    expect(early.certificate.lower).toBeLessThan(early.certificate.upper);
  });

  test("are undecided where work ends before any is found", () => {
    const stated = program(market(8, 30, 1), { upper: 0.45 });
    const large = { minimumPosition: 0.4, maximumNames: 8 };
    const outcome = solveNames(stated, large, solveTail, { expired: () => true });
    expect(outcome.status).toBe("UNDECIDED");
  });

  test("10 of 40 are as HiGHS finds and proves them", () => {
    for (const [seed, count, noise, maximumNames] of [
      [1, 200, 0.01, 10],
      [2, 120, 0.02, 10],
    ] as const) {
      const scenarios = market(40, count, seed, noise);
      const stated: Program = {
        ...program(scenarios, {}),
        tail: { weight: 1, mass: 0.05, scenarios },
      };
      const choice = { minimumPosition: 0.02, maximumNames };
      const judged = namesByHighs(stated, choice, { seconds: 60, gap: 0 });
      const outcome = solveNames(stated, choice, solveTail);
      if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
      const { upper, lower } = outcome.certificate;
      expect(judged.upper - judged.lower).toBeLessThan(1e-7);
      expect(Math.abs(upper - judged.upper)).toBeLessThan(1e-7);
      expect(upper - lower).toBeLessThan(1e-8 * upper);
    }
  });

  test("that cannot be are infeasible: too few names under caps, too large positions", () => {
    const set = market(8, 30, 1);
    const few = { minimumPosition: 0, maximumNames: 3 };
    expect(solveNames(program(set, { upper: 0.3 }), few, solveTail).status).toBe("INFEASIBLE");
    const large = { minimumPosition: 0.4, maximumNames: 8 };
    expect(solveNames(program(set, { upper: 0.45 }), large, solveTail).status).toBe("INFEASIBLE");
  });
});
