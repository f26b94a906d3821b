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

  test("is a conflict in words where there is no portfolio", () => {
    const { scenarios } = randomSet(new Random(3), 12, 200);
    const frontier = efficientFrontier({ scenarios, objective, constraints: { upper: 0.001 } });
    expect(frontier).toMatchObject({
      status: "INFEASIBLE",
      conflict: ["every weight ≤ 0.1 %", "weights sum to 100 %"],
    });
  });
});
