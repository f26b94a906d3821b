// Conflicts, judged by HiGHS: what is called a conflict has no solution, and has one as soon as any member is left out.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conflictOf } from "./conflict.ts";
import { type Limit, limitsOf } from "./limits.ts";
import { lowerProblem, objectiveScale, programOf, type Terms } from "./lower.ts";
import { optimise } from "./optimise.ts";
import type { Constraints, Problem } from "./problem.ts";
import type { Outcome, Program } from "./program.ts";
import { solveTail } from "./tail-simplex.ts";
import { solveByHighs } from "./testing/highs-oracle.spec.ts";

const NONE: Terms = { expectedReturn: 0, cvar: 0, tailMass: 1, norm: 0, variance: 0 };

/** By HiGHS: null where the answer is within its tolerance of the other. */
function hasSolution(problem: Problem, limits: readonly Limit[]): boolean | null {
  const lowering = lowerProblem(problem, limits);
  if ("contradiction" in lowering) return false;
  const plain = isFeasible(programOf(lowering, NONE));
  if (plain !== true) return plain;
  for (const { measured, value } of limits) {
    if (measured.kind !== "CVAR") continue;
    const terms = { ...NONE, cvar: 1, tailMass: measured.tailMass };
    const verdict = solveByHighs(programOf(lowering, terms));
    if (verdict.status === "UNBOUNDED") continue;
    if (verdict.status !== "OPTIMAL") return null;
    const least = verdict.objective / objectiveScale(lowering, terms);
    if (Math.abs(least - value) < 1e-6 * Math.abs(value)) return null;
    if (least > value) return false;
  }
  return true;
}

/** Rows widened and narrowed by more than HiGHS' tolerance must agree. */
function isFeasible(program: Program): boolean | null {
  if (program.rows.count === 0) return true;
  const moved = (by: number): boolean => {
    const rows = {
      ...program.rows,
      lower: program.rows.lower.map((value) => value - by),
      upper: program.rows.upper.map((value) => value + by),
    };
    const verdict = solveByHighs({ ...program, rows });
    return verdict.status === "OPTIMAL" || verdict.status === "UNBOUNDED";
  };
  const wide = moved(1e-6);
  const equal = program.rows.lower.some((value, i) => value === program.rows.upper[i]);
  return equal || moved(-1e-6) === wide ? wide : null;
}

/** Proves nothing: the conflict must be found by leaving limits out alone. */
const silent = (program: Program): Outcome => {
  const outcome = solveTail(program);
  if (outcome.status !== "INFEASIBLE") return outcome;
  return { ...outcome, rows: new Float64Array(program.rows.count) };
};

const hundredths = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min, max }).map((k) => k / 100);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });

const problems: fc.Arbitrary<Problem> = fc
  .record({
    n: fc.integer({ min: 1, max: 6 }),
    returns: fc.array(hundredths(-9, 9), { minLength: 48, maxLength: 48 }),
    lower: fc.oneof(
      hundredths(-20, 20),
      fc.array(hundredths(0, 40), { minLength: 6, maxLength: 6 }),
    ),
    upper: fc.oneof(hundredths(5, 60), fc.array(hundredths(0, 60), { minLength: 6, maxLength: 6 })),
    sector: optional(fc.tuple(hundredths(0, 60), hundredths(0, 90))),
    current: fc.array(hundredths(-30, 60), { minLength: 6, maxLength: 6 }),
    turnover: optional(hundredths(0, 90)),
    gross: optional(hundredths(50, 150)),
    minimumReturn: optional(hundredths(-2, 5)),
    cvar: optional(hundredths(-1, 8)),
    restricted: optional(fc.constantFrom("NO_TRADE", "NO_BUY", "NO_SELL", "NO_HOLD")),
  })
  .map((drawn) => {
    const { n, returns, sector, turnover, gross, minimumReturn, cvar, restricted } = drawn;
    const assets = Array.from({ length: n }, (_, j) => `A${j}`);
    const cut = (given: number | number[]) =>
      typeof given === "number" ? given : given.slice(0, n);
    const even = assets.filter((_, j) => j % 2 === 0).map((name) => [name, 1]);
    const constraints: Constraints = {
      lower: cut(drawn.lower),
      upper: cut(drawn.upper),
      ...(sector === undefined
        ? {}
        : {
            exposures: [
              {
                name: "even",
                coefficients: Object.fromEntries(even),
                lower: sector[0],
                upper: sector[1],
              },
            ],
          }),
      ...(turnover === undefined ? {} : { maximumTurnover: turnover }),
      ...(gross === undefined ? {} : { maximumGross: gross }),
      ...(minimumReturn === undefined ? {} : { minimumReturn }),
      ...(cvar === undefined ? {} : { maximumCvar: { tailMass: 0.25, limit: cvar } }),
      ...(restricted === undefined ? {} : { restrictions: { A0: restricted } }),
    };
    return {
      scenarios: {
        assets,
        count: 8,
        returns: Float64Array.from(returns.slice(0, n * 8)),
        probabilities: new Float64Array(8).fill(1 / 8),
      },
      objective: { kind: "MINIMUM_CVAR", tailMass: 0.25 } as const,
      constraints,
      current: drawn.current.slice(0, n),
    };
  });

describe("a conflict", () => {
  test("has no solution, and has one without any of its members", () => {
    const sizes = new Map<number, number>();
    let solvable = 0;
    fc.assert(
      fc.property(problems, (problem) => {
        const limits = limitsOf(problem);
        const solution = optimise(problem);
        const truth = hasSolution(problem, limits);
        if (truth === null) return;
        if (truth) {
          solvable++;
          expect(solution.status).toBe("OPTIMAL");
          return;
        }
        if (solution.status !== "INFEASIBLE") throw new Error(`${JSON.stringify(solution)}`);
        const conflict = limits.filter(({ words }) => solution.conflict.includes(words));
        expect(conflict.map(({ words }) => words)).toEqual(solution.conflict);
        sizes.set(conflict.length, (sizes.get(conflict.length) ?? 0) + 1);
        for (const found of [conflict, conflictOf(problem, limits, silent)]) {
          expect(hasSolution(problem, found)).not.toBe(true);
          for (const member of found) {
            const fewer = found.filter((other) => other !== member);
            expect(hasSolution(problem, fewer), member.words).not.toBe(false);
          }
        }
      }),
      { numRuns: 400, seed: 11 },
    );
    expect(solvable).toBeGreaterThan(40);
    expect([...sizes.keys()].length).toBeGreaterThan(3);
  });

  test("is none where there is a solution", () => {
    const scenarios = {
      assets: ["A", "B"],
      count: 2,
      returns: Float64Array.of(0.01, -0.02, 0.02, 0.01),
      probabilities: Float64Array.of(0.5, 0.5),
    };
    const problem: Problem = { scenarios, objective: { kind: "MINIMUM_CVAR", tailMass: 0.5 } };
    expect(conflictOf(problem, limitsOf(problem), solveTail)).toEqual([]);
  });
});
