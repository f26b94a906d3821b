// Many random problems through the optimiser, each solution judged and checked again from its problem. Promises: a tally
// that adds up; what is wrong is named by seed and index.

import { checkSolution } from "../check-solution.ts";
import type { Problem, Solution } from "../problem.ts";
import { noPrograms, type Tally } from "./fuzzed-programs.spec.ts";
import { judgeSolution } from "./judged-solution.spec.ts";
import { type ProblemKind, randomProblem, type WantedProblem } from "./random-problem.ts";

export type Optimise = (problem: Problem, kind: ProblemKind) => Solution;

export interface DrawnProblem {
  readonly seed: number;
  readonly index: number;
  readonly wanted?: WantedProblem;
}

/** Nothing limits the work on these problems: a gap that is left is a fault. */
function flaw(problem: Problem, solution: Solution): string | null {
  if (solution.status === "FEASIBLE") return `a gap of ${solution.gap} is left`;
  if (solution.status !== "OPTIMAL" || solution.proof === undefined) return null;
  const reasons = checkSolution(problem, solution);
  return reasons.length > 0 ? `its own check: ${reasons.join("; ")}` : null;
}

/** One problem, solved and judged. `now` is a clock in milliseconds: speed is reported, never judged. */
export function fuzzProblem(
  optimise: Optimise,
  { seed, index, wanted = {} }: DrawnProblem,
  now: () => number,
): Tally {
  const { problem, kind, about } = randomProblem(seed, index, wanted);
  const one = (status: string, wrong: string | null, ms: number): Tally => ({
    ...noPrograms,
    programs: 1,
    counts: { [`${kind} ${status}`]: 1 },
    slowest: { value: ms, index },
    wrong: wrong === null ? [] : [`(${seed}, ${index}) ${wrong} | ${about}`],
  });
  const start = now();
  let solution: Solution;
  try {
    solution = optimise(problem, kind);
  } catch (error) {
    return one("THROWN", String(error), now() - start);
  }
  const ms = now() - start;
  const judgement = judgeSolution(problem, solution);
  const wrong = judgement.wrong ?? flaw(problem, solution);
  const isSound = solution.status === "OPTIMAL" && wrong === null;
  return {
    ...one(solution.status, wrong, ms),
    gap: { value: isSound ? judgement.gap : 0, index },
    disagreement: { value: isSound ? judgement.disagreement : 0, index },
    pivots: { value: "pivots" in solution ? solution.pivots : 0, index },
  };
}
