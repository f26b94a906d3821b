// The frontier against single problems of the optimiser: its ends, and a point between two of its vertices.

import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { efficientFrontier } from "./efficient-frontier.ts";
import { optimise } from "./optimise.ts";
import type { Portfolio, Problem } from "./problem.ts";
import { randomSet } from "./testing/random-scenarios.ts";

const objective = { kind: "MINIMUM_CVAR", tailMass: 0.1 } as const;

function solved(problem: Problem): Portfolio {
  const solution = optimise(problem);
  if (solution.status !== "OPTIMAL") throw new Error(JSON.stringify(solution));
  return solution;
}

function meanOf({ count, returns, probabilities }: Problem["scenarios"], asset: number): number {
  let sum = 0;
  for (let s = 0; s < count; s++) {
    sum += (probabilities[s] as number) * (returns[asset * count + s] as number);
  }
  return sum;
}

describe("the efficient frontier", () => {
  test("starts at the least CVaR, ends at the largest return, and is best between its points", () => {
    let walked = 0;
    for (let seed = 1; walked < 25; seed++) {
      const { scenarios, returnKind } = randomSet(new Random(seed), 12, 200);
      if (scenarios.assets.length < 3 || returnKind !== "NORMAL") continue;
      const constraints = { upper: 0.6, lower: -0.1, maximumGross: 1.3 };
      const problem: Problem = { scenarios, objective, constraints };
      const frontier = efficientFrontier(problem);
      if (frontier.status !== "OPTIMAL") throw new Error(JSON.stringify(frontier));
      walked++;
      const { points } = frontier;
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) throw new Error("it has points");
      const least = solved(problem).upper;
      const size = Math.abs(least) + Math.abs(last.cvar);
      expect(Math.abs(first.cvar - least)).toBeLessThanOrEqual(1e-9 * size);
      const most = solved({ ...problem, objective: { kind: "MAXIMUM_RETURN" } }).expectedReturn;
      expect(Math.abs(last.expectedReturn - most)).toBeLessThanOrEqual(
        1e-9 * (size + Math.abs(most)),
      );
      for (const { gap } of points) expect(gap).toBeLessThanOrEqual(1e-8);
      const at = Math.floor(points.length / 2);
      const [a, b] = [points[at - 1], points[at]];
      if (a === undefined || b === undefined) continue;
      const minimumReturn = (a.expectedReturn + b.expectedReturn) / 2;
      const between = solved({ ...problem, constraints: { ...constraints, minimumReturn } });
      expect(Math.abs(between.upper - (a.cvar + b.cvar) / 2)).toBeLessThanOrEqual(1e-8 * size);
    }
  });

  test("takes points evenly by return, each the best for its return", () => {
    let walked = 0;
    for (let seed = 1; walked < 12; seed++) {
      const { scenarios, returnKind } = randomSet(new Random(seed), 12, 200);
      if (scenarios.assets.length < 3 || returnKind !== "NORMAL") continue;
      const constraints = { upper: 0.6, lower: -0.1, maximumGross: 1.3 };
      const problem: Problem = { scenarios, objective, constraints };
      const frontier = efficientFrontier(problem, 7);
      if (frontier.status !== "OPTIMAL") throw new Error(JSON.stringify(frontier));
      // Where the least risk has the largest return there is one point.
      if (frontier.points.length === 1) continue;
      walked++;
      const { points } = frontier;
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) throw new Error("it has points");
      expect(points.length).toBe(7);
      const size = Math.abs(first.cvar) + Math.abs(last.cvar);
      points.forEach(({ expectedReturn, cvar, gap, weights }, k) => {
        const even = first.expectedReturn + ((last.expectedReturn - first.expectedReturn) * k) / 6;
        expect(expectedReturn).toBeCloseTo(even, 12);
        expect(gap).toBeLessThanOrEqual(1e-8);
        if (k === 0 || k === 6) return;
        const minimumReturn = expectedReturn;
        const alone = solved({ ...problem, constraints: { ...constraints, minimumReturn } });
        expect(Math.abs(alone.upper - cvar)).toBeLessThanOrEqual(1e-8 * size);
        let earned = 0;
        for (const [a, weight] of weights.entries()) earned += weight * meanOf(scenarios, a);
        expect(earned).toBeCloseTo(expectedReturn, 12);
      });
    }
    const { scenarios } = randomSet(new Random(1), 12, 200);
    expect(efficientFrontier({ scenarios, objective }, 1).status).toBe("REFUSED");
  });

  test("is a conflict in words where there is no portfolio", () => {
    const { scenarios } = randomSet(new Random(3), 12, 200);
    const frontier = efficientFrontier({ scenarios, objective, constraints: { upper: 0.001 } });
    expect(frontier).toMatchObject({
      status: "INFEASIBLE",
      conflict: ["every weight ≤ 0.1 %", "weights sum to 100 %"],
    });
  });
});
