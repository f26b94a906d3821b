// Programs on which a solver once went wrong, each for a reason of its own.

import { describe, expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { solveProgram } from "./solve-program.ts";
import { GAP, judge } from "./testing/judged-outcome.spec.ts";
import { randomProgram } from "./testing/random-program.ts";

describe("has its true outcome", () => {
  test.each([
    ["all scenarios tied at the value at risk, where only that can move", 77, 4185],
    ["all in cash, where every loss is 0", 77, 3427],
    ["a way without end of parts that impact does not see", 77, 715],
    ["constant assets, along which nothing bends", 77, 1952],
    ["a rank of 1, along which nothing bends either", 77, 2161],
    ["prices of 1e8 of rows that nearly say the same", 77, 2975],
    ["an impact that leaves the price of the budget at 0", 77, 3736],
    ["long and short parts that cancel under a norm", 77, 3534],
    ["a norm that is bent at the optimum, and masses that are not those of the mean", 201, 10667],
    ["returns of sizes from 1e-4 to 1e2 under tight bounds", 101, 4327],
    ["the same, with a tail", 77, 14982],
    ["trades of next to nothing beside large ones", 201, 4069],
    ["a cash that is worth nothing and free", 77, 4326],
    ["probabilities that decay to next to nothing", 601, 30884],
    ["limits that contradict each other, where rounding spoils the proof", 401, 14202],
    ["the same, where the simplex has the clean proof", 301, 13661],
  ])("%s", { timeout: 60_000 }, (_, seed, index) => {
    const { program } = randomProgram(seed, index);
    const outcome = solveProgram(program);
    const { wrong, gap } = judge(program, outcome);
    expect(wrong).toBeNull();
    expect(outcome.status).not.toBe("FEASIBLE");
    expect(gap).toBeLessThanOrEqual(GAP);
  });
});

test("limited work is not exceeded for the sake of the gap", () => {
  const { program } = randomProgram(101, 4327);
  const outcome = solveProgram(program, { maxPivots: 5 });
  expect(outcome.status).toBe("FEASIBLE");
  expect(outcome.pivots).toBeLessThan(10);
});

test("the same program gives the same bytes", () => {
  const { program } = randomProgram(77, 14982);
  expect(solveProgram(program)).toEqual(solveProgram(program));
});

test("nothing held is proved to be best by planes below the norm", () => {
  // Two assets that nobody is paid for, short or long, and an invested part that cancels.
  const program = budgetProgram({
    assets: 2,
    lower: -1,
    budget: 0,
    cost: Float64Array.of(0.002, -0.001),
    smooth: [{ kind: "NORM", weight: 0.01 }],
  });
  const outcome = solveProgram(program);
  expect(outcome.status).toBe("OPTIMAL");
  expect("x" in outcome && [...outcome.x].map(Math.abs)).toEqual([0, 0]);
});
