import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { budgetProgram } from "./budget-program.spec.ts";
import type { Outcome, Program } from "./program.ts";
import { solveTail } from "./tail-simplex.ts";

/** Long only, sum 1, CVaR at 95 % of returns with a common factor. */
function longOnly(assets: number, count: number, seed: number, cap = 1): Program {
  const random = new Random(seed);
  const factor = Float64Array.from({ length: count }, () => random.normal());
  const returns = new Float64Array(assets * count);
  for (let a = 0; a < assets; a++) {
    const [beta, noise] = [0.5 + random.uniform(), 0.5 + random.uniform()];
    for (let s = 0; s < count; s++) {
      returns[a * count + s] = 0.01 * (beta * (factor[s] as number) + noise * random.normal());
    }
  }
  const scenarios = {
    assets: Array.from({ length: assets }, (_, a) => `A${a}`),
    count,
    returns,
    probabilities: new Float64Array(count).fill(1 / count),
  };
  return budgetProgram({ assets, upper: cap, scenarios });
}

type Answer = Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }>;

function answerOf(outcome: Outcome): Answer {
  if (outcome.status !== "OPTIMAL" && outcome.status !== "FEASIBLE")
    throw new Error(outcome.status);
  return outcome;
}

describe("the tail simplex", () => {
  test.each([
    [1, 1, 1],
    [3, 7, 1],
    [12, 400, 0.3],
    [30, 5000, 1],
    [60, 900, 0.02],
  ])("proves its optimum: %i assets, %i scenarios, cap %f", (assets, count, cap) => {
    const answer = answerOf(solveTail(longOnly(assets, count, 5, cap)));
    const { upper, lower, feasibility } = answer.certificate;
    expect(answer.status).toBe("OPTIMAL");
    expect(upper - lower).toBeLessThan(1e-12);
    expect(feasibility).toBeLessThan(1e-12);
  });

  test.each([
    [20, 700, 1],
    [40, 3000, 1],
    [30, 6000, 0.1],
    [60, 2500, 0.02],
  ])(
    "begins near the optimum: few exchanges are left of %i assets, %i scenarios, cap %f",
    (assets, count, cap) => {
      const { pivots, x } = answerOf(solveTail(longOnly(assets, count, 8, cap)));
      // From nothing each name that is held takes an exchange at least, and most several.
      expect(pivots).toBeLessThan(x.filter((weight) => weight > 0).length);
    },
  );

  test("goes on from a basis: at once where nothing moved, soon where costs did", () => {
    const program = longOnly(30, 3000, 2);
    const first = answerOf(solveTail(program));
    const start = first.basis;
    if (start === undefined) throw new Error("no basis");
    const again = answerOf(solveTail(program, { start }));
    expect(again.pivots).toBeLessThan(3);
    expect(again.certificate.upper).toBeCloseTo(first.certificate.upper, 14);
    const cost = program.cost.map((_, j) => -0.0001 * (j % 7));
    const cold = answerOf(solveTail({ ...program, cost }));
    const warm = answerOf(solveTail({ ...program, cost }, { start }));
    expect(warm.certificate.upper).toBeCloseTo(cold.certificate.upper, 14);
    expect(warm.status).toBe("OPTIMAL");
  });

  test("takes no basis that is none of its program's", () => {
    const program = longOnly(6, 200, 1);
    const { basis } = answerOf(solveTail(longOnly(6, 300, 8)));
    if (basis === undefined) throw new Error("no basis");
    const wrong = { ...basis, scenarios: basis.scenarios.map((s) => s + 150) };
    expect(answerOf(solveTail(program, { start: wrong })).status).toBe("OPTIMAL");
    const all = { ...basis, variables: basis.variables.map(() => 0) };
    expect(answerOf(solveTail(program, { start: all })).status).toBe("OPTIMAL");
  });

  test("out of work, answers with the best so far and what it may lack", () => {
    const program = longOnly(25, 400, 4);
    const best = answerOf(solveTail(program)).certificate.upper;
    for (const maxPivots of [0, 1, 3, 10]) {
      const answer = answerOf(solveTail(program, { maxPivots }));
      expect(answer.status).toBe("FEASIBLE");
      expect(answer.certificate.feasibility).toBeLessThan(1e-12);
      expect(answer.certificate.lower).toBeLessThanOrEqual(best + 1e-15);
      expect(answer.certificate.upper).toBeGreaterThanOrEqual(best - 1e-15);
    }
  });

  test("gives the same bytes each time", () => {
    const [a, b] = [1, 2].map(() => answerOf(solveTail(longOnly(20, 2500, 9))));
    expect(a).toEqual(b);
  });

  test("is not moved by what returns are multiplied with, a power of two", () => {
    const program = longOnly(15, 800, 6);
    const { tail } = program;
    if (tail === undefined) throw new Error("no tail");
    const { x } = answerOf(solveTail(program));
    for (const factor of [2 ** -30, 2 ** -20, 2 ** 20]) {
      const returns = tail.scenarios.returns.map((value) => value * factor);
      const scaled = { ...program, tail: { ...tail, scenarios: { ...tail.scenarios, returns } } };
      expect(answerOf(solveTail(scaled)).x).toEqual(x);
    }
  });

  test("says which rows cannot be kept, and which way has no end", () => {
    const program = longOnly(4, 50, 1, 0.2);
    expect(solveTail(program).status).toBe("INFEASIBLE");
    const free = {
      ...program,
      cost: Float64Array.of(-1, 0, 0, 0),
      upper: new Float64Array(4).fill(Number.POSITIVE_INFINITY),
      rows: { ...program.rows, upper: Float64Array.of(Number.POSITIVE_INFINITY) },
    };
    const outcome = solveTail(free);
    expect(outcome.status).toBe("UNBOUNDED");
    if (outcome.status === "UNBOUNDED") expect(outcome.ray[0]).toBeGreaterThan(0);
  });

  test("refuses smooth terms: those are another solver's", () => {
    const program = { ...longOnly(3, 10, 1), smooth: [{ kind: "NORM", weight: 1 }] as const };
    expect(() => solveTail(program)).toThrow(RangeError);
  });
});
