// Limits on risk and ratios, against other ways to the same answer: the least variance at a return, and the frontier
// of CVaR.

import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { checkSolution } from "./check-solution.ts";
import { efficientFrontier } from "./efficient-frontier.ts";
import { optimise } from "./optimise.ts";
import type { Portfolio, Problem } from "./problem.ts";
import { randomReturns } from "./testing/random-scenarios.ts";

const constraints = { upper: 0.5, lower: -0.1, maximumGross: 1.2 };

function drawn(seed: number): Problem["scenarios"] {
  const random = new Random(seed);
  const assets = Array.from({ length: 5 }, (_, j) => `A${j}`);
  const returns = randomReturns(random, "NORMAL", 5, 60);
  return { assets, count: 60, returns, probabilities: new Float64Array(60).fill(1 / 60) };
}

function solved(problem: Problem): Portfolio {
  const solution = optimise(problem);
  if (solution.status !== "OPTIMAL") throw new Error(JSON.stringify(solution));
  expect(solution.gap).toBeLessThanOrEqual(1e-8);
  expect(checkSolution(problem, solution)).toEqual([]);
  return solution;
}

/** The least volatility with at least a return. */
function leastVolatility(scenarios: Problem["scenarios"], minimumReturn: number): number {
  const objective = { kind: "MINIMUM_VARIANCE" } as const;
  const { upper } = solved({
    scenarios,
    objective,
    constraints: { ...constraints, minimumReturn },
  });
  return Math.sqrt(upper);
}

describe("a limit on risk", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const scenarios = drawn(seed);

    test(`of volatility gives a return that needs just that volatility (${seed})`, () => {
      const least = Math.sqrt(
        solved({ scenarios, constraints, objective: { kind: "MINIMUM_VARIANCE" } }).upper,
      );
      const limit = 1.2 * least;
      const { expectedReturn } = solved({
        scenarios,
        objective: { kind: "MAXIMUM_RETURN" },
        constraints: { ...constraints, maximumVolatility: limit },
      });
      expect(leastVolatility(scenarios, expectedReturn * (1 - 1e-9)) / limit).toBeCloseTo(1, 7);
    });

    test(`of CVaR lies on the frontier (${seed})`, () => {
      const objective = { kind: "MINIMUM_CVAR", tailMass: 0.1 } as const;
      const frontier = efficientFrontier({ scenarios, objective, constraints });
      if (!("points" in frontier)) throw new Error(frontier.status);
      const [a, b] = frontier.points.slice(Math.floor(frontier.points.length / 2) - 1);
      if (a === undefined || b === undefined) throw new Error("it has points");
      const limit = (a.cvar + b.cvar) / 2;
      const { expectedReturn } = solved({
        scenarios,
        objective: { kind: "MAXIMUM_RETURN" },
        constraints: { ...constraints, maximumCvar: { tailMass: 0.1, limit } },
      });
      const between = (a.expectedReturn + b.expectedReturn) / 2;
      expect(Math.abs(expectedReturn - between)).toBeLessThanOrEqual(1e-9 * Math.abs(limit));
    });

    test(`as a ratio is the best that any return reaches with its least volatility (${seed})`, () => {
      const { upper, expectedReturn } = solved({
        scenarios,
        constraints,
        objective: { kind: "MAXIMUM_SHARPE" },
      });
      const best = -upper;
      const reached = [0.7, 0.9, 0.99, 1, 1.01, 1.1].map((share) => {
        const target = share * expectedReturn;
        const problem: Problem = {
          scenarios,
          objective: { kind: "MINIMUM_VARIANCE" },
          constraints: { ...constraints, minimumReturn: target },
        };
        const solution = optimise(problem);
        return solution.status === "OPTIMAL" ? target / Math.sqrt(solution.upper) : 0;
      });
      expect(Math.max(...reached) / best).toBeCloseTo(1, 7);
      for (const ratio of reached) expect(ratio).toBeLessThanOrEqual(best * (1 + 1e-8));
    });
  }

  test("is seen when its price is a lie", () => {
    const scenarios = drawn(1);
    const problem: Problem = {
      scenarios,
      objective: { kind: "MAXIMUM_RETURN" },
      constraints: { ...constraints, maximumVolatility: 0.3 },
    };
    const least = optimise({ ...problem, objective: { kind: "MINIMUM_VARIANCE" } });
    const limit = 1.2 * Math.sqrt((least as Portfolio).upper);
    const real = { ...problem, constraints: { ...constraints, maximumVolatility: limit } };
    const honest = solved(real);
    const proof = honest.proof as NonNullable<Portfolio["proof"]>;
    const lie = { ...proof, variancePrice: (proof.variancePrice as number) * 1.01 };
    expect(checkSolution(real, { ...honest, proof: lie })).not.toEqual([]);
    const looser = { ...real, constraints: { ...constraints, maximumVolatility: limit * 0.999 } };
    expect(checkSolution(looser, honest).join()).toMatch(/volatility ≤/);
  });
});
