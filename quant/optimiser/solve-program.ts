// Which solver takes a program: the simplex where all is linear but the tail, the active set where a term is smooth; and what
// is asked where they leave a gap.

import { closeGap } from "./close-gap.ts";
import type { Outcome, Program, Work } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveTail } from "./tail-simplex.ts";

/** As Outcome says, for every program. */
export function solveProgram(program: Program, work: Work = {}): Outcome {
  const { smooth = [] } = program;
  const outcome = smooth.length === 0 ? solveTail(program, work) : solveSmooth(program, work);
  const isOpen = outcome.status === "FEASIBLE" && work.maxPivots === undefined;
  return isOpen && work.expired?.() !== true ? closeGap(program, outcome, work) : outcome;
}
