// 2,000 random problems and programs, each answer judged by arithmetic and by HiGHS; `npm run
// fuzz:optimiser` draws more.

import { expect, test } from "vitest";
import { optimise } from "../optimise.ts";
import { solveProgram } from "../solve-program.ts";
import { fuzzProblem } from "./fuzzed-problems.spec.ts";
import { fuzzOne, noPrograms, type Tally, together } from "./fuzzed-programs.spec.ts";

const SEED = 3;
const EACH = 1000;
const WAIT = { timeout: 600_000 };

/** No clock: how long it takes is nobody's business here. */
const still = (): number => 0;

function all(draw: (index: number) => Tally): Tally {
  let tally = noPrograms;
  for (let index = 0; index < EACH; index++) tally = together(tally, draw(index));
  return tally;
}

function expectRight({ programs, wrong, open, gap, silent }: Tally): void {
  expect([...wrong, ...open]).toEqual([]);
  expect(programs).toBe(EACH);
  expect(gap.value).toBeLessThanOrEqual(1e-8);
  // Those that HiGHS has no sharp answer to are judged by arithmetic alone: a few at the edge of feasibility.
  expect(silent).toBeLessThan(EACH / 50);
}

test("1,000 random programs have their true outcome", WAIT, () => {
  expectRight(all((index) => fuzzOne(solveProgram, { seed: SEED, index }, still)));
});

test(
  "1,000 random problems of all kinds have their true solution, each conflict its fewest members",
  WAIT,
  () => {
    expectRight(all((index) => fuzzProblem(optimise, { seed: SEED, index }, still)));
  },
);
