// Which solver takes a program: the simplex where all is linear but the tail, the active set where a term is smooth, and the
// way through the inside where that one leaves a gap: market impact near no trade, or a variance that is flat on many sides.

import type { Outcome, Program, Work } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveInside } from "./solve-inside.ts";
import { solveTail } from "./tail-simplex.ts";

/** As Outcome says, for every program. */
export function solveProgram(program: Program, work: Work = {}): Outcome {
  const { smooth = [] } = program;
  if (smooth.length === 0) return solveTail(program, work);
  const outcome = solveSmooth(program, work);
  const isOpen = outcome.status === "FEASIBLE" && work.maxPivots === undefined;
  const isSmooth = smooth.every(({ kind }) => kind === "VARIANCE");
  if (!isOpen || !(isSmooth || smooth.some(({ kind }) => kind === "IMPACT"))) return outcome;
  if (work.expired?.() === true) return outcome;
  const inside = solveInside(program, work);
  return inside.status === "OPTIMAL" ? inside : outcome;
}
