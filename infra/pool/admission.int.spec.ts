// The committed figures of the admission test, found again by other means than the code that devices run.

import { describe, expect, test } from "vitest";
import { certify } from "../../quant/optimiser/certificate.ts";
import { limitsOf } from "../../quant/optimiser/limits.ts";
import { lowerProblem, programOf, termsOf } from "../../quant/optimiser/lower.ts";
import { solveSmooth } from "../../quant/optimiser/smooth-core.ts";
import { solveByHighs } from "../../quant/optimiser/testing/highs-oracle.spec.ts";
import { Random } from "../../quant/random.ts";
import { makeScenarios } from "../../quant/scenarios/make-scenarios.ts";
import { admissionInputs, admissionWorks } from "./admission-works.ts";
import type { InferWork, MeasureWork, MinimiseWork, ScenariosWork, SolveWork } from "./work.ts";

const works = admissionWorks();
const ofKind = <Kind extends { readonly kind: string }>(kind: Kind["kind"]) =>
  works
    .filter(({ work }) => work.kind === kind)
    .map(({ name, work, figures }) => ({ name, work: work as unknown as Kind, figures }));

const near = (found: readonly number[], figures: readonly number[], relative: number): void => {
  expect(found.length).toBe(figures.length);
  for (const [place, figure] of figures.entries()) {
    const error = Math.abs((found[place] ?? Number.NaN) - figure);
    expect(error).toBeLessThanOrEqual(relative * Math.abs(figure));
  }
};

describe("the figures of the admission test", () => {
  test("are there for every work", () => {
    expect(works.map(({ name }) => name)).toEqual([...admissionInputs().keys()]);
    expect(works.every(({ figures }) => figures.length > 0)).toBe(true);
  });

  test("of tails are those of the definition, tried at every loss", () => {
    for (const { work, figures } of ofKind<MeasureWork>("measure")) {
      const { scenarios, weights, tailMass } = work;
      const { count, returns, probabilities } = scenarios;
      const losses = Array.from({ length: count }, (_, s) =>
        weights.reduce((sum, weight, j) => sum - weight * (returns[j * count + s] ?? 0), 0),
      );
      const costs = losses.map(
        (t) =>
          t +
          losses.reduce(
            (sum, loss, s) => sum + (probabilities[s] ?? 0) * Math.max(0, loss - t),
            0,
          ) /
            tailMass,
      );
      const least = Math.min(...costs);
      // The largest of the losses at which the cost is least, which for a tail between two is one of them.
      const at = losses.filter((_, s) => (costs[s] ?? 0) <= least + 1e-13 * Math.abs(least));
      expect(at.some((loss) => Math.abs(loss - (figures[0] ?? 0)) <= 1e-9 * Math.abs(loss))).toBe(
        true,
      );
      near([least, Math.max(...losses)], figures.slice(1), 1e-9);
    }
  });

  test("of programs are the optima that HiGHS finds", () => {
    for (const { work, figures } of ofKind<MinimiseWork>("minimise")) {
      if (work.program.smooth !== undefined) continue;
      const verdict = solveByHighs(work.program);
      if (figures[0] === 0) expect(verdict.status).toMatch(/^INFEASIBLE/);
      else near(verdict.status === "OPTIMAL" ? [1, verdict.objective] : [], figures, 1e-9);
    }
  });

  test("of a program with a norm lie at most 1e-8 above what nothing feasible is below", () => {
    for (const { work, figures } of ofKind<MinimiseWork>("minimise")) {
      const { program } = work;
      if (program.smooth === undefined) continue;
      const outcome = solveSmooth(program);
      if (!("x" in outcome)) throw new Error("it has an optimum");
      const { lower, feasibility } = certify(program, outcome.x, outcome.duals);
      expect(figures[1]).toBeGreaterThanOrEqual(lower * (1 - 1e-12));
      expect(figures[1]).toBeLessThanOrEqual(lower * (1 + 1e-8));
      expect(feasibility).toBeLessThanOrEqual(1e-9);
    }
  });

  test("of problems are the optima that HiGHS finds", () => {
    for (const { work, figures } of ofKind<SolveWork>("solve")) {
      if (!("recipe" in work.scenarios)) throw new Error("made from a recipe");
      const { recipe, history } = work.scenarios;
      const problem = { ...work.problem, scenarios: makeScenarios(recipe, history) };
      const lowering = lowerProblem(problem, limitsOf(problem));
      const terms = termsOf(problem);
      if ("contradiction" in lowering || terms === null) throw new Error("it has a portfolio");
      const verdict = solveByHighs(programOf(lowering, terms, undefined));
      near(verdict.status === "OPTIMAL" ? [verdict.objective] : [], figures.slice(1, 2), 1e-9);
    }
  });

  test("of scenarios are periods of the history with whole numbers of draws", () => {
    for (const { work, figures } of ofKind<ScenariosWork>("scenarios")) {
      // Of paths the returns are compounded: quant's own tests know them.
      if (work.recipe.kind !== "BOOTSTRAP") continue;
      const [count = 0, ...rest] = figures;
      expect(count).toBeLessThanOrEqual(work.history.count);
      for (const value of rest.slice(0, 3)) expect(work.history.returns).toContain(value);
      for (const share of rest.slice(3)) expect((share * 500) % 1).toBeCloseTo(0, 12);
    }
  });

  test("of rows are the two layers in whole numbers, none of which single precision rounds", () => {
    const random = new Random(1);
    const drawn = (size: number, steps: number): readonly number[] =>
      Array.from({ length: size }, () => random.integer(2 * steps + 1) - steps);
    const [first, second] = [drawn(8 * 16, 512), drawn(16 * 2, 2)];
    /** Of the sizes, since parts of a sum may be larger than the sum. */
    let greatest = 0;
    const sum = (terms: readonly number[]): number => {
      const size = terms.reduce((all, term) => all + Math.abs(term), 0);
      greatest = Math.max(greatest, size);
      return terms.reduce((all, term) => all + term, 0);
    };
    for (const { work, figures } of ofKind<InferWork>("infer")) {
      const rows = [...work.rows].map((value) => value * 32);
      const outputs: number[] = [];
      for (let row = 0; row < work.count; row++) {
        const inputs = rows.slice(8 * row, 8 * row + 8);
        expect(inputs.every(Number.isInteger)).toBe(true);
        const hidden = Array.from({ length: 16 }, (_, out) =>
          Math.max(0, sum(inputs.map((value, i) => value * (first[16 * i + out] ?? 0)))),
        );
        for (let out = 0; out < 2; out++) {
          const last = sum(hidden.map((value, i) => value * (second[2 * i + out] ?? 0)));
          outputs.push(last / (32 * 512 * 2));
        }
      }
      expect(outputs).toEqual(figures);
    }
    expect(greatest).toBeLessThan(2 ** 24);
  });
});
