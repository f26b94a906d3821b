// Which solver takes a program: the simplex where all is linear but the tail, the active set where a term is smooth; and what
// is asked where they leave a gap or a doubt.

import { closeGap } from "./close-gap.ts";
import { pricesThatCount } from "./prices-that-count.ts";
import type { Outcome, Program, Work } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveTail } from "./tail-simplex.ts";

/** Of the largest price in a proof: what is smaller is rounding. */
const NOTHING = 1e-14;

/** As Outcome says, for every program. */
export function solveProgram(program: Program, work: Work = {}): Outcome {
  const { smooth = [] } = program;
  const outcome = smooth.length === 0 ? solveTail(program, work) : solveConvex(program, work);
  if (outcome.status === "INFEASIBLE") {
    return { ...outcome, rows: pricesThatCount(program, outcome.rows, NOTHING) };
  }
  const isOpen = outcome.status === "FEASIBLE" && work.maxPivots === undefined;
  return isOpen && work.expired?.() !== true ? closeGap(program, outcome, work) : outcome;
}

/** Where rows and bounds leave nothing, they are all that matters, and the simplex has the cleaner proof. */
function solveConvex(program: Program, work: Work): Outcome {
  const outcome = solveSmooth(program, work);
  if (outcome.status !== "INFEASIBLE") return outcome;
  const { smooth: _, tail: __, ...region } = program;
  const empty = solveTail({ ...region, cost: new Float64Array(program.variables) });
  return empty.status === "INFEASIBLE" ? empty : outcome;
}
