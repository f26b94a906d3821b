// Many random problems through the optimiser, each solution judged and checked again from its problem. Promises: a tally
// that adds up; what is wrong is named by seed and index.

import { checkSolution } from "../check-solution.ts";
import type { Problem, Solution } from "../problem.ts";
import { type Tally, tallyOf } from "./fuzzed-programs.spec.ts";
import { judgeSolution } from "./judged-solution.spec.ts";
import { type ProblemKind, randomProblem, type WantedProblem } from "./random-problem.ts";

export type Optimise = (problem: Problem, kind: ProblemKind) => Solution;

export interface DrawnProblem {
  readonly seed: number;
  readonly index: number;
  readonly wanted?: WantedProblem;
}

/** What its own check says of a proof that is called OPTIMAL. */
function flaw(problem: Problem, solution: Solution): string | null {
  if (solution.status !== "OPTIMAL" || solution.proof === undefined) return null;
  const reasons = checkSolution(problem, solution);
  return reasons.length > 0 ? `its own check: ${reasons.join("; ")}` : null;
}

/** One problem, solved and judged. `now` is a clock in milliseconds: speed is reported, never judged. */
export function fuzzProblem(
  optimise: Optimise,
  { wanted = {}, ...drawn }: DrawnProblem,
  now: () => number,
): Tally {
  const { index } = drawn;
  const { problem, ...described } = randomProblem(drawn.seed, index, wanted);
  const start = now();
  let solution: Solution;
  try {
    solution = optimise(problem, described.kind);
  } catch (error) {
    return tallyOf(drawn, described, { status: "THROWN", wrong: String(error), ms: now() - start });
  }
  const ms = now() - start;
  const { wrong: judged, gap, disagreement } = judgeSolution(problem, solution);
  const wrong = judged ?? flaw(problem, solution);
  const { status } = solution;
  const left = "gap" in solution ? solution.gap : 0;
  const isSound = status === "OPTIMAL" && wrong === null;
  return {
    ...tallyOf(drawn, described, { status, wrong, gap: left, ms }),
    gap: { value: isSound ? gap : 0, index },
    disagreement: { value: isSound ? disagreement : 0, index },
    pivots: { value: "pivots" in solution ? solution.pivots : 0, index },
  };
}
