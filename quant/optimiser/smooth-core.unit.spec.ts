import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budgetProgram, type Given, gapOf, optimumOf, varianceOf } from "./budget-program.spec.ts";
import type { Outcome, Program } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { leastQuadratic, robustCvarBetween } from "./smooth-oracle.spec.ts";
import { solveProgram } from "./solve-program.ts";
import { marketScenarios, scaled, scenariosOf } from "./testing/hard-scenarios.ts";
import { judge } from "./testing/judged-outcome.spec.ts";
import { randomProgram } from "./testing/random-program.ts";
import { isFarkasProof, isRay } from "./testing/weak-duality.ts";
import { sampleCovariance, twentyStocks } from "./twenty-stocks.spec.ts";

const norm = (weight: number) => [{ kind: "NORM", weight }] as const;
const NOT_BOUND = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

function robust(scenarios: Program["tail"] & object, radius: number, more: Partial<Given> = {}) {
  const set = scenarios.scenarios;
  const given = { assets: set.assets.length, scenarios: set, mass: scenarios.mass };
  return solveSmooth(budgetProgram({ ...given, smooth: norm(radius), ...more }));
}

const tail = (scenarios: ReturnType<typeof scenariosOf>, mass = 0.05) => ({
  weight: 1,
  mass,
  scenarios,
});

describe.skipIf(twentyStocks === null)("twenty stocks", () => {
  // The body of a block that is skipped is run too.
  if (twentyStocks === null) return;
  const { set, covariance, golden } = twentyStocks;

  test("the portfolio of least variance is the known one", () => {
    const smooth = [{ kind: "VARIANCE", weight: 1, covariance }] as const;
    const found = optimumOf(solveSmooth(budgetProgram({ assets: 20, smooth })));
    const { variance_daily, weights } = golden.min_variance;
    expect(Math.abs(found.certificate.upper / variance_daily - 1)).toBeLessThan(1e-12);
    expect(gapOf(found)).toBeLessThan(1e-12);
    set.assets.forEach((name, j) => {
      expect(found.x[j]).toBeCloseTo(weights[name] as number, 9);
    });
  });

  test("with a norm of weight 0 it is the known portfolio of least CVaR", () => {
    const found = optimumOf(robust(tail(set), 0));
    const { objective, weights } = golden.min_cvar_95;
    expect(Math.abs(found.certificate.upper / objective - 1)).toBeLessThan(1e-12);
    expect(gapOf(found)).toBeLessThan(1e-11);
    set.assets.forEach((name, j) => {
      expect(found.x[j]).toBeCloseTo(weights[name] as number, 9);
    });
  });
});

describe("beside HiGHS", () => {
  test.each([0.0003, 0.003, 0.03, 3])(
    "robust CVaR of radius %d lies between cutting planes",
    (radius) => {
      const set = marketScenarios(6, 80, 21, 4);
      const { lower, upper } = robustCvarBetween(set.returns, 6, 80, 0.1, radius);
      const found = optimumOf(robust(tail(set, 0.1), radius)).certificate;
      expect(found.upper).toBeGreaterThanOrEqual(lower - 1e-8 * Math.abs(lower));
      expect(found.upper).toBeLessThanOrEqual(upper + 1e-8 * Math.abs(upper));
      expect(upper - lower).toBeLessThan(1e-7 * Math.abs(upper));
    },
  );

  test.each([0.12, 0.3, 1])("mean and variance with caps of %d", (upper) => {
    const set = marketScenarios(12, 200, 22);
    // HiGHS measures in absolute numbers.
    const covariance = sampleCovariance(set).map((value) => value * 1e4);
    const cost = Float64Array.from({ length: 12 }, (_, j) => -0.1 * ((j * 7) % 5));
    const smooth = [{ kind: "VARIANCE", weight: 0.5, covariance }] as const;
    const found = optimumOf(solveSmooth(budgetProgram({ assets: 12, upper, cost, smooth })));
    const known = leastQuadratic(covariance, cost, upper);
    expect(found.certificate.upper / known.objective).toBeCloseTo(1, 7);
    expect(found.certificate.upper).toBeLessThanOrEqual(known.objective + 1e-9);
    expect(gapOf(found)).toBeLessThan(1e-12);
  });
});

describe("random programs, most of them degenerate, have their true outcome", () => {
  const KINDS = [
    "NORM_CVAR",
    "VARIANCE",
    "MEAN_VARIANCE",
    "VARIANCE_CVAR",
    "IMPACT_CVAR",
    "IMPACT_VARIANCE",
    "CVAR",
  ] as const;
  test.each(KINDS)("%s", (kind) => {
    const wrong: string[] = [];
    for (let index = 0; index < 60; index++) {
      const wanted = { kinds: [kind], mostAssets: 20, mostScenarios: 300 };
      const { program, about } = randomProgram(17, index, wanted);
      const judged = judge(program, solveSmooth(program));
      if (judged.wrong !== null) wrong.push(`${index} ${about}: ${judged.wrong}`);
    }
    expect(wrong).toEqual([]);
  });
});

// What then moves is the value at risk alone, and by rounding a weight, which had gone on to 1e38.
test.each([3427, 3778, 4185])("scenarios that all tie move no weight (77, %d)", (index) => {
  const { program } = randomProgram(77, index);
  const { x } = optimumOf(solveSmooth(program));
  expect(Math.max(...x)).toBeLessThanOrEqual(1);
});

describe("robust CVaR, where a prototype failed", () => {
  const set = marketScenarios(20, 400, 3);
  const count = set.count;

  /** Each asset twice, the second off by so much of itself. */
  const twice = (off: number) =>
    scenariosOf(40, count, (j, s) => {
      const value = set.returns[(j % 20) * count + s] as number;
      return j < 20 ? value : value * (1 + off * ((s % 7) - 3));
    });
  const threeFactors = scenariosOf(30, count, (j, s) => {
    const factor = (k: number) => set.returns[k * count + s] as number;
    return factor(0) * (1 + (j % 4)) - factor(1) * (j % 3) + factor(2) * ((j % 5) - 2);
  });

  test.each([0, 1e-8, 1, 100])("radius %d", (radius) => {
    expect(gapOf(robust(tail(set), radius))).toBeLessThan(1e-10);
  });

  test("one asset", () => {
    expect(gapOf(robust(tail(marketScenarios(1, 50, 4)), 0.01))).toBeLessThan(1e-12);
  });

  test.each([0, 1e-12, 1e-9])("every asset twice, %d apart", (off) => {
    for (const radius of [0, 1e-8, 0.001]) {
      expect(gapOf(robust(tail(twice(off)), radius))).toBeLessThan(1e-9);
    }
  });

  test("three factors", () => {
    for (const radius of [0, 1e-8, 0.001, 0.1]) {
      expect(gapOf(robust(tail(threeFactors), radius))).toBeLessThan(1e-9);
    }
  });

  test.each([
    [1, 50],
    [2, 50],
    [10, 50],
    [40, 50],
    [100, 200],
  ])("%d scenarios of %d assets", (scenarios, assets) => {
    const few = marketScenarios(assets, scenarios, 5);
    for (const radius of [1e-8, 0.001]) {
      expect(gapOf(robust(tail(few), radius))).toBeLessThan(1e-9);
    }
  });

  test.each([1e-9, 1e-6, 1e6])("returns × %d have the same weights", (factor) => {
    const plain = optimumOf(robust(tail(set), 0.001));
    const found = optimumOf(robust(tail(scaled(set, factor)), 0.001 * factor));
    found.x.forEach((weight, j) => {
      expect(weight).toBeCloseTo(plain.x[j] as number, 9);
    });
  });

  test("constant returns, none at all, equal rows", () => {
    for (const value of [() => 0.01, () => 0, (j: number) => 0.001 * j]) {
      const still = scenariosOf(5, 30, value);
      for (const radius of [0, 0.001]) {
        const { upper, lower } = optimumOf(robust(tail(still), radius)).certificate;
        expect(upper - lower).toBeLessThan(1e-12);
      }
    }
  });

  test("scenarios that cross the value at risk unseen on the way are found at the end", () => {
    for (let seed = 30; seed < 40; seed++) {
      const many = marketScenarios(3, 5000, seed, 2);
      expect(gapOf(robust(tail(many), 0.0001, { lower: -1 }))).toBeLessThan(1e-10);
    }
  });

  test("all of 200 names held under tight caps", () => {
    const wide = marketScenarios(200, 2000, 6);
    const found = optimumOf(robust(tail(wide), 0.001, { upper: 0.006 }));
    expect(gapOf(found)).toBeLessThan(1e-10);
    expect(found.x.filter((weight) => weight > 0).length).toBeGreaterThan(160);
  });
});

describe("the norm at 0", () => {
  const set = marketScenarios(8, 200, 9);
  const free = { lower: -1, upper: 1, budget: 0 };

  test("with shorts and nothing to gain nothing is held, and that is proven", () => {
    const { x, certificate } = optimumOf(robust(tail(set), 0.02, free));
    expect(Math.max(...x.map(Math.abs))).toBe(0);
    expect(certificate).toEqual({ upper: 0, lower: 0, feasibility: 0 });
  });

  test("where there is more to gain than the norm costs the weights are not 0", () => {
    const cost = Float64Array.from({ length: 8 }, (_, j) => 0.02 * (j - 3.5));
    const found = optimumOf(robust(tail(set), 0.001, { ...free, cost }));
    expect(found.certificate.upper).toBeLessThan(-0.01);
    expect(gapOf(found)).toBeLessThan(1e-10);
  });
});

describe("where there is no optimum", () => {
  const set = marketScenarios(4, 50, 10);
  const rowsProve = (program: Program, outcome: Outcome): boolean =>
    outcome.status === "INFEASIBLE" && isFarkasProof(program, outcome.rows);

  test("caps that sum below the budget are infeasible, by prices that prove it", () => {
    const program = budgetProgram({ assets: 4, scenarios: set, upper: 0.2, smooth: norm(0.01) });
    expect(rowsProve(program, solveSmooth(program))).toBe(true);
  });

  test("a gain without risk has no end, and the ray says how", () => {
    const covariance = new Float64Array(16).fill(1e-4);
    const smooth = [{ kind: "VARIANCE", weight: 1, covariance }] as const;
    const cost = Float64Array.of(-0.01, 0, 0, 0);
    const program = budgetProgram({ assets: 4, ...NOT_BOUND, cost, smooth });
    const outcome = solveSmooth(program);
    if (outcome.status !== "UNBOUNDED") throw new Error(`the outcome is ${outcome.status}`);
    expect(isRay(program, outcome.ray)).toBeNull();
  });

  test("work that runs out leaves a feasible answer and what it proves", () => {
    const given = { assets: 20, scenarios: marketScenarios(20, 400, 3), smooth: norm(0.001) };
    const outcome = solveSmooth(budgetProgram(given), { maxPivots: 10 });
    if (!("x" in outcome)) throw new Error(`the outcome is ${outcome.status}`);
    expect(outcome.status).toBe("FEASIBLE");
    expect(outcome.certificate.feasibility).toBeLessThan(1e-12);
    expect(outcome.certificate.upper).toBeGreaterThan(outcome.certificate.lower);
  });
});

test("nothing within the constraints has less variance than what is found", () => {
  const weight = fc.double({ min: 0, max: 1, noNaN: true });
  const none: [number, number, number] = [0, 0, 0];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(weight, weight, weight), { minLength: 4, maxLength: 4 }),
      fc.array(weight, { minLength: 4, maxLength: 4 }),
      (factors, raw) => {
        const sum = raw.reduce((total, value) => total + value, 0);
        fc.pre(sum > 0.01);
        const covariance = Float64Array.from({ length: 16 }, (_, at) => {
          const [a, b] = [factors[at >> 2], factors[at & 3]];
          return (a ?? []).reduce((total, value, k) => total + value * (b?.[k] ?? 0), 0);
        });
        const smooth = [{ kind: "VARIANCE", weight: 1, covariance }] as const;
        // By all solvers, and proven or not: beside a variance of 1, others may be of 1e-40 here.
        const outcome = solveProgram(budgetProgram({ assets: 4, smooth }));
        if (!("x" in outcome)) throw new Error(outcome.status);
        const { x } = outcome;
        const other = Float64Array.from(raw, (value) => value / sum);
        expect(varianceOf(covariance, x)).toBeLessThanOrEqual(
          varianceOf(covariance, other) + 1e-12,
        );
      },
    ),
    {
      examples: [
        [
          [none, none, [0, 0, 1.4e-62], [0, 1.6e-162, 0]],
          [0.01, 0, 0, 0],
        ],
        [
          [none, none, [0, 0, 1.5717277847026288e-162], none],
          [0.010000000000000002, 0, 0, 0],
        ],
      ],
    },
  );
});
