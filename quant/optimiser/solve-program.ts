// Which solver takes a program: the simplex where all is linear but the tail, the active set where a term is smooth, and the
// way through the inside where that one leaves a gap: market impact near no trade, or a variance that is flat on many sides.

import type { Certificate, Outcome, Program, Work } from "./program.ts";
import { risklessWay } from "./riskless.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveInside } from "./solve-inside.ts";
import { solveTail } from "./tail-simplex.ts";

/** Largest violation of what may replace another answer. */
const KEPT = 1e-9;

/** The one that is proven better; both within the limits. */
function closer(one: Outcome, other: Outcome): Outcome {
  if (!("x" in one && "x" in other)) return one;
  const gap = ({ upper, lower }: Certificate): number => upper - lower;
  const isKept = other.certificate.feasibility <= Math.max(KEPT, one.certificate.feasibility);
  return isKept && gap(other.certificate) < gap(one.certificate) ? other : one;
}

/** As Outcome says, for every program. */
export function solveProgram(program: Program, work: Work = {}): Outcome {
  const { smooth = [] } = program;
  if (smooth.length === 0) {
    const outcome = solveTail(program, work);
    const isOpen = outcome.status === "FEASIBLE" && work.maxPivots === undefined;
    return isOpen ? closer(outcome, solveSmooth(program, work)) : outcome;
  }
  const ray = risklessWay(program, solveTail);
  if (ray !== null) return { status: "UNBOUNDED", ray, pivots: 0 };
  const outcome = solveSmooth(program, work);
  const isOpen = outcome.status === "FEASIBLE" && work.maxPivots === undefined;
  const isSmooth = smooth.every(({ kind }) => kind === "VARIANCE");
  if (!isOpen || !(isSmooth || smooth.some(({ kind }) => kind === "IMPACT"))) return outcome;
  if (work.expired?.() === true) return outcome;
  const inside = solveInside(program, work);
  return closer(outcome, inside);
}
