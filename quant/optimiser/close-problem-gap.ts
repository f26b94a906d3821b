// Closes a gap that a solver left beside curves. Promises: what comes back is assessed as everything else is, from the problem
// alone, and is never worse than what came in.
//
// Four causes, four cures, each tried only while the gap is open: weights that are nothing but rounding (left out), duals
// that are not the best for these weights (those of the linear program that the tangent at the weights makes of the problem
// are), weights whose last digits are wrong (Newton's method on their face), and a search that ended in flat or steep valleys
// (the way through the inside).

import { type Assessment, assess, pricedTerms } from "./assess.ts";
import type { Solve } from "./conflict.ts";
import { type Lowering, pointOf, programOf, type Terms } from "./lower.ts";
import type { Proof } from "./problem.ts";
import type { Duals } from "./program.ts";
import { refined } from "./refined.ts";
import { solveInside } from "./solve-inside.ts";
import { netWeights } from "./tail-loss.ts";

export interface Assessed {
  readonly assessment: Assessment;
  readonly proof: Proof;
  readonly pivots: number;
}

/** Largest violation of what may replace another answer. */
const KEPT = 1e-9;

/** Without what is no position but what rounding left of one: as small as the miss of a limit may be. */
const cleared = (weights: Float64Array): Float64Array =>
  weights.map((weight) => (Math.abs(weight) <= KEPT ? 0 : weight));

/** Cost: while the gap is above `enough`, a few solves of the same size. */
export function closeProblemGap(
  lowering: Lowering,
  terms: Terms,
  found: Assessed,
  enough: number,
  solve: Solve,
  covariance: Float64Array | undefined,
): Assessed {
  const { work } = lowering.problem;
  const isOpen = ({ assessment }: Assessed): boolean => !(assessment.gap <= enough);
  if (!isOpen(found) || work?.maxPivots !== undefined || found.proof.searched !== undefined) {
    return found;
  }
  const program = programOf(lowering, pricedTerms(lowering, terms, found.proof), covariance);
  const without = cleared(found.assessment.weights);
  const assessment = assess(lowering, terms, without, found.proof, covariance);
  const clear = better(found, { ...found, assessment });
  if (program.smooth === undefined || !isOpen(clear)) return clear;
  const closer = (from: Assessed, weights: Float64Array, duals: Duals, pivots: number) => {
    const x = pointOf(lowering, weights);
    const fine = refined(program, { x, net: weights, duals }, solve, work);
    const proof = { ...from.proof, duals: fine.duals };
    const assessment = assess(lowering, terms, fine.net, proof, covariance);
    return better(from, { assessment, proof, pivots: from.pivots + pivots + fine.pivots });
  };
  const best = closer(clear, clear.assessment.weights, clear.proof.duals, 0);
  if (!isOpen(best) || work?.expired?.() === true) return best;
  const inside = solveInside(program, work);
  if (inside.status === "INFEASIBLE" || inside.status === "UNBOUNDED") return best;
  return closer(best, netWeights(program.holdings, inside.x), inside.duals, inside.pivots);
}

function better(one: Assessed, other: Assessed): Assessed {
  const [a, b] = [one.assessment, other.assessment];
  if (!(b.feasibility <= Math.max(KEPT, a.feasibility))) return one;
  return b.gap < a.gap || Number.isNaN(a.gap) ? other : one;
}
