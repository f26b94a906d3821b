// Closes a gap that a solver left beside curves. Promises: what comes back is assessed as everything else is, from the problem
// alone, and is never worse than what came in.
//
// Four causes, four cures, each tried only while the gap is open: weights that are nothing but rounding (left out), duals
// that are not the best for these weights (those of the linear program that the tangent at the weights makes of the problem
// are), weights whose last digits are wrong (Newton's method on their face), and a search that ended in flat or steep valleys
// (the way through the inside).

import { type Assessment, assess, pricedTerms } from "./assess.ts";
import { certify } from "./certificate.ts";
import type { Solve } from "./conflict.ts";
import { newtonOnFace } from "./face-newton.ts";
import { type Lowering, pointOf, programOf, type Terms } from "./lower.ts";
import type { Proof } from "./problem.ts";
import type { Duals, Program, Work } from "./program.ts";
import { solveInside } from "./solve-inside.ts";
import { netWeights } from "./tail-loss.ts";
import { tangentAt } from "./tangent-program.ts";
import { tied } from "./tied-program.ts";

export interface Assessed {
  readonly assessment: Assessment;
  readonly proof: Proof;
  readonly pivots: number;
}

/** A point of a program, its net weights to all their digits, and what proves how good it is. */
export interface Proven {
  readonly x: Float64Array;
  readonly net: Float64Array;
  readonly duals: Duals;
}

/** Largest violation of what may replace another answer. */
const KEPT = 1e-9;

/** What Newton's method adds to its matrix: the less, the faster; the more, the further from singular. */
const LARGER = [1e-11, 1e-9, 1e-8];

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

/**
 * The same point with the best duals for it, or one near it that is proven better. Cost: two linear programs, with the tail
 * if there is one.
 */
export function refined(
  program: Program,
  from: Proven,
  solve: Solve,
  work: Work | undefined,
): Proven & { readonly pivots: number } {
  let pivots = 0;
  const gapOf = ({ x, net, duals }: Proven): number => {
    const { upper, lower, feasibility } = certify(program, x, duals, net);
    return feasibility <= KEPT ? upper - lower : Number.POSITIVE_INFINITY;
  };
  const closest = (one: Proven, other: Proven): Proven => (gapOf(other) < gapOf(one) ? other : one);
  const withBestDuals = (at: Proven): Proven => {
    const outcome = solve(tangentAt(program, at.x, at.net), work);
    pivots += outcome.pivots;
    if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return at;
    return closest(at, { ...at, duals: outcome.duals });
  };
  let best = withBestDuals(from);
  for (const larger of LARGER) {
    const { duals } = best;
    const held = tied(program, duals);
    const rows = new Float64Array(held.rows.count);
    rows.set(duals.rows);
    const moved = newtonOnFace(held, { ...best, duals: { rows } }, larger);
    if (moved !== null) best = closest(best, withBestDuals({ ...moved, duals }));
  }
  return { ...best, pivots };
}

function better(one: Assessed, other: Assessed): Assessed {
  const [a, b] = [one.assessment, other.assessment];
  if (!(b.feasibility <= Math.max(KEPT, a.feasibility))) return one;
  return b.gap < a.gap || Number.isNaN(a.gap) ? other : one;
}
