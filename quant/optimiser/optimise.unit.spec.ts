// The way from a problem to its solution and back to the check, on small problems whose answers are plain.

import { describe, expect, test } from "vitest";
import { checkSolution } from "./check-solution.ts";
import { optimise } from "./optimise.ts";
import type { Portfolio, Problem } from "./problem.ts";

const TECH = ["AAPL", "MSFT"];

/** Four assets, eight scenarios, no two alike. */
const scenarios = {
  assets: [...TECH, "KO", "XOM"],
  count: 8,
  returns: Float64Array.of(
    ...[0.031, -0.042, 0.017, -0.008, 0.024, -0.019, 0.012, 0.003],
    ...[0.022, -0.033, 0.026, -0.015, 0.011, -0.007, 0.019, -0.004],
    ...[0.004, -0.011, 0.007, 0.002, -0.006, 0.009, 0.003, 0.001],
    ...[-0.012, -0.021, 0.015, 0.028, -0.017, 0.013, -0.003, 0.008],
  ),
  probabilities: new Float64Array(8).fill(1 / 8),
};
const minimumCvar = { scenarios, objective: { kind: "MINIMUM_CVAR", tailMass: 0.25 } } as const;

function solved(problem: Problem): Portfolio {
  const solution = optimise(problem);
  if (solution.status !== "OPTIMAL") throw new Error(JSON.stringify(solution));
  expect(solution.gap).toBeLessThanOrEqual(1e-9);
  expect(solution.feasibility).toBeLessThanOrEqual(1e-12);
  expect(checkSolution(problem, solution)).toEqual([]);
  return solution;
}

describe("the optimiser", () => {
  test("gives the same weights whatever unit the returns are in", () => {
    const { weights } = solved(minimumCvar);
    for (const unit of [1e-9, 1e-6, 1e6]) {
      const returns = scenarios.returns.map((value) => value * unit);
      const other = solved({ ...minimumCvar, scenarios: { ...scenarios, returns } });
      for (const [asset, weight] of weights.entries()) {
        expect(other.weights[asset]).toBeCloseTo(weight, 12);
      }
    }
  });

  test("reaches a limit on CVaR exactly when the return is to be the largest", () => {
    const least = solved(minimumCvar).upper;
    const limit = least * 1.3;
    const problem: Problem = {
      scenarios,
      objective: { kind: "MAXIMUM_RETURN" },
      constraints: { maximumCvar: { tailMass: 0.25, limit } },
    };
    const portfolio = solved(problem);
    const back = solved({
      ...minimumCvar,
      constraints: { minimumReturn: portfolio.expectedReturn },
    });
    expect(back.upper).toBeCloseTo(limit, 12);
    expect(portfolio.shadowPrices.map(({ constraint }) => constraint)).toContain(
      `CVaR at 75 % ≤ ${Number((100 * limit).toPrecision(12))} %`,
    );
  });

  test("has no larger return to CVaR anywhere on the line between return and risk", () => {
    const objective = { kind: "MAXIMUM_RETURN_TO_CVAR", tailMass: 0.25, riskFree: 0.0005 } as const;
    const best = solved({ scenarios, objective });
    for (const riskAversion of [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1, 3]) {
      const { expectedReturn, upper } = solved({
        scenarios,
        objective: { kind: "MEAN_CVAR", tailMass: 0.25, riskAversion },
      });
      const cvar = (upper + expectedReturn) / riskAversion;
      expect((expectedReturn - 0.0005) / cvar).toBeLessThanOrEqual(-best.upper * (1 + 1e-9));
    }
  });

  test("refuses a risk-free return that no portfolio beats", () => {
    const objective = { kind: "MAXIMUM_RETURN_TO_CVAR", tailMass: 0.25, riskFree: 0.1 } as const;
    expect(optimise({ scenarios, objective })).toMatchObject({ status: "REFUSED" });
  });

  test("keeps to turnover, gross exposure and what may not be traded", () => {
    const current = [0.4, 0.3, -0.1, 0.2];
    const { weights } = solved({
      ...minimumCvar,
      current,
      costs: { linear: 0.0005 },
      constraints: {
        lower: -0.3,
        budget: { lower: 0.5, upper: 1 },
        maximumGross: 1.1,
        maximumTurnover: 0.4,
        restrictions: { AAPL: "NO_BUY", MSFT: "NO_TRADE" },
      },
    });
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    expect(sum(weights.map(Math.abs))).toBeLessThanOrEqual(1.1 + 1e-12);
    expect(sum(weights.map((w, j) => Math.abs(w - (current[j] as number))))).toBeLessThanOrEqual(
      0.4 + 1e-12,
    );
    expect(weights[0]).toBeLessThanOrEqual(0.4);
    expect(weights[1]).toBeCloseTo(0.3, 15);
  });
});

describe("a lie", () => {
  const honest = solved(minimumCvar);
  const proof = honest.proof as NonNullable<Portfolio["proof"]>;
  const lies: Record<string, [Problem, Portfolio]> = {
    "perturbed weights": [
      minimumCvar,
      { ...honest, weights: honest.weights.map((w, j) => w + (j < 2 ? 1e-5 * (1 - 2 * j) : 0)) },
    ],
    "weights that do not sum to 1": [
      minimumCvar,
      { ...honest, weights: honest.weights.map((w) => w * 0.99) },
    ],
    "a wrong lower bound": [minimumCvar, { ...honest, lower: honest.lower * (1 + 1e-6) }],
    "a wrong upper bound": [minimumCvar, { ...honest, upper: honest.upper * (1 - 1e-6) }],
    "swapped signs": [minimumCvar, { ...honest, weights: honest.weights.map((w) => -w) }],
    "duals of something else": [
      minimumCvar,
      {
        ...honest,
        proof: {
          duals: { ...proof.duals, scenarios: proof.duals.scenarios.map((s) => (s + 1) % 8) },
        },
      },
    ],
    "a scenario left out": [
      {
        ...minimumCvar,
        scenarios: { ...scenarios, probabilities: Float64Array.of(0, ...Array(7).fill(1 / 7)) },
      },
      honest,
    ],
    "a weight that is not a number": [
      minimumCvar,
      { ...honest, weights: honest.weights.map((w, j) => (j === 0 ? Number.NaN : w)) },
    ],
    "no proof": [minimumCvar, (({ proof: _, ...rest }) => rest)(honest)],
  };
  for (const [name, [problem, portfolio]] of Object.entries(lies)) {
    test(`is seen: ${name}`, () => {
      expect(checkSolution(problem, portfolio)).not.toEqual([]);
    });
  }
});

describe("what cannot be", () => {
  const conflict = (problem: Problem): readonly string[] => {
    const solution = optimise(problem);
    return solution.status === "INFEASIBLE" ? solution.conflict : [JSON.stringify(solution)];
  };

  test("is a conflict in words: caps that sum below 100 %", () => {
    expect(conflict({ ...minimumCvar, constraints: { upper: 0.2 } })).toEqual([
      "every weight ≤ 20 %",
      "weights sum to 100 %",
    ]);
  });

  test("is a conflict in words: a lower limit above an upper one", () => {
    const constraints = { lower: [0.3, 0, 0, 0], upper: [0.2, 1, 1, 1] };
    expect(conflict({ ...minimumCvar, constraints })).toEqual(["AAPL ≥ 30 %", "AAPL ≤ 20 %"]);
  });
});
