// What is wrong with a problem is said by place; nothing wrong passes, nothing right is refused.

import { describe, expect, test } from "vitest";
import { checkProblem } from "./check-problem.ts";
import { optimise } from "./optimise.ts";
import type { Problem } from "./problem.ts";

const good: Problem = {
  scenarios: {
    assets: ["AAPL", "KO"],
    count: 3,
    returns: Float64Array.of(0.01, -0.02, 0.03, 0, 0.01, -0.01),
    probabilities: Float64Array.of(0.5, 0.25, 0.25),
  },
  objective: { kind: "MINIMUM_CVAR", tailMass: 0.3 },
  expectedReturns: [0.001, 0.002],
  covariance: Float64Array.of(0.04, 0.01, 0.01, 0.02),
  current: [0.5, 0.5],
  costs: { linear: [0.001, 0], impact: 0.1 },
  constraints: {
    lower: -0.1,
    upper: [0.9, 0.8],
    budget: { lower: 0.5, upper: 1 },
    exposures: [{ name: "beta", coefficients: { AAPL: 1.2 }, upper: 1 }],
    maximumCvar: { tailMass: 0.3, limit: 1 },
    restrictions: { KO: "NO_BUY" },
  },
};

/** The problem with the value at `path` replaced. */
function changed(path: string, value: unknown): Problem {
  const names = path.split(".");
  const replace = (of: unknown, at: number): unknown => {
    const name = names[at];
    if (name === undefined) return value;
    if (of instanceof Float64Array) {
      return of.map((own, place) => (String(place) === name ? (value as number) : own));
    }
    if (Array.isArray(of)) {
      return of.map((own, place) => (String(place) === name ? replace(own, at + 1) : own));
    }
    const record = (of ?? {}) as Record<string, unknown>;
    return { ...record, [name]: replace(record[name], at + 1) };
  };
  return replace(good, 0) as Problem;
}

describe("a problem", () => {
  test("passes where nothing is wrong with it", () => {
    expect(checkProblem(good)).toEqual([]);
  });

  test.each([
    ["scenarios.returns.4", Number.NaN, "row 1, KO"],
    ["scenarios.returns.2", Number.POSITIVE_INFINITY, "row 2, AAPL"],
    ["scenarios.probabilities.1", -0.25, "row 1"],
    ["scenarios.probabilities.1", 0.5, "sum"],
    ["scenarios.assets", ["AAPL", "AAPL"], "twice"],
    ["scenarios.count", 4, "scenarios"],
    ["expectedReturns.1", Number.NaN, "expectedReturns[KO] is NaN"],
    ["expectedReturns", [0.1], "1 values for 2 assets"],
    ["covariance.1", 0.02, "not symmetric"],
    ["covariance.3", -0.02, "variance below 0"],
    ["covariance.2", Number.NaN, "covariance[KO, AAPL] is NaN"],
    ["current.0", Number.NEGATIVE_INFINITY, "current[AAPL] is -Infinity"],
    ["costs.linear.0", -0.001, "costs.linear[AAPL] is -0.001: below 0"],
    ["costs.impact", Number.NaN, "costs.impact is NaN"],
    ["objective.tailMass", 0, "objective.tailMass is 0: not in (0, 1]"],
    ["objective.kind", "MINIMUM_PAIN", "there is no such objective"],
    ["constraints.lower", Number.NaN, "constraints.lower is NaN"],
    ["constraints.upper.1", Number.POSITIVE_INFINITY, "constraints.upper[KO] is Infinity"],
    ["constraints.budget.lower", Number.NaN, "constraints.budget.lower is NaN"],
    ["constraints.exposures.0.coefficients.KOO", 1, "there is no such asset"],
    ["constraints.exposures.0.upper", Number.NaN, "exposures[0].upper is NaN"],
    ["constraints.maximumTurnover", -0.1, "constraints.maximumTurnover is -0.1"],
    ["constraints.maxTurnover", 0.1, "constraints.maxTurnover: there is no such constraint"],
    ["constraints.maximumCvar.tailMass", 1.5, "not in (0, 1]"],
    ["constraints.maximumNames", 1.5, "not a whole number"],
    ["constraints.restrictions.XOM", "NO_BUY", "there is no such asset"],
    ["constraints.restrictions.KO", "NO_FUN", "NO_FUN"],
  ])("is refused with the place of what is wrong: %s = %s", (path, value, reason) => {
    const solution = optimise(changed(path, value));
    expect(solution.status).toBe("REFUSED");
    expect(solution.status === "REFUSED" && solution.reasons.join("\n")).toContain(reason);
  });
});
