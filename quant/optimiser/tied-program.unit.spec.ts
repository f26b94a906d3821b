import { expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { linearCost } from "./certificate.ts";
import { conditionalValueAtRisk, scenarioLosses } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";
import { tied } from "./tied-program.ts";

const scenarios = {
  assets: ["A", "B", "C"],
  count: 4,
  returns: Float64Array.of(0.03, -0.04, 0.02, 0.01, -0.02, 0.03, -0.01, 0, 0.01, 0.01, -0.03, 0.02),
  probabilities: new Float64Array(4).fill(0.25),
};
const program = budgetProgram({ assets: 3, scenarios, mass: 0.4 });
const best = solveTail(program);
if (best.status !== "OPTIMAL") throw new Error(best.status);
const held = tied(program, best.duals);

test("at the optimum costs are those of the program, and scenarios that share the value at risk are tied", () => {
  const { x } = best;
  const losses = scenarioLosses(scenarios, x);
  const cvar = conditionalValueAtRisk(losses, scenarios.probabilities, 0.4);
  expect(linearCost(held, x)).toBeCloseTo(cvar, 15);
  expect(held.tail).toBeUndefined();
  expect(held.rows.count).toBeGreaterThan(program.rows.count);
  for (let i = program.rows.count; i < held.rows.count; i++) {
    const row = held.rows.coefficients.subarray(i * 3, i * 3 + 3);
    expect(row.reduce((sum, own, j) => sum + own * (x[j] as number), 0)).toBeCloseTo(0, 15);
  }
});

test("along the tie it is the program still", () => {
  // What keeps to the budget and to the tie of the first two rows that there are.
  const { x } = best;
  const far = solveTail({ ...held, cost: Float64Array.of(1, 2, 3) });
  if (!("x" in far)) throw new Error(far.status);
  const near = x.map((own, j) => own + 1e-3 * ((far.x[j] as number) - own));
  const losses = scenarioLosses(scenarios, near);
  const cvar = conditionalValueAtRisk(losses, scenarios.probabilities, 0.4);
  expect(linearCost(held, near)).toBeCloseTo(cvar, 12);
});

test("a program without a tail is itself", () => {
  const plain = budgetProgram({ assets: 3 });
  expect(tied(plain, best.duals)).toBe(plain);
});
