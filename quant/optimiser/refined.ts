// A point of a curved program brought to its last digits. Promises: the point that came, with the best duals for it, or one near
// it that is proven better; never a worse one.
//
// The duals of a linear program are the best there are: that of the tangent at the point. The weights are moved by Newton's
// method on the face that they lie on.

import { certify } from "./certificate.ts";
import type { Solve } from "./conflict.ts";
import { newtonOnFace } from "./face-newton.ts";
import { pricesThatCount } from "./prices-that-count.ts";
import type { Duals, Program, Work } from "./program.ts";
import { tangentAt } from "./tangent-program.ts";
import { tied } from "./tied-program.ts";

/** A point of a program, its net weights to all their digits, and what proves how good it is. */
export interface Proven {
  readonly x: Float64Array;
  readonly net: Float64Array;
  readonly duals: Duals;
}

export interface Refined extends Proven {
  /** The best point by the first tangent that has one: that at the point that came, as a rule. */
  readonly flat: { readonly x: Float64Array; readonly duals: Duals } | null;
  readonly pivots: number;
}

/** Largest violation of what may replace another point. */
const KEPT = 1e-9;

/** Of the largest price: a row with a smaller one is not held to its limit for that. */
const NOTHING = 1e-10;

/** What Newton's method adds to its matrix: the less, the faster; the more, the further from singular. */
const LARGER = [1e-11, 1e-9, 1e-8];

/**
 * The same point with the best duals for it, or one near it that is proven better. Cost: a linear program, with the tail if
 * there is one; up to six more where there is one variance and no other curve.
 */
export function refined(
  program: Program,
  from: Proven,
  solve: Solve,
  work: Work | undefined,
): Refined {
  let pivots = 0;
  let flat: Refined["flat"] = null;
  const gapOf = ({ x, net, duals }: Proven): number => {
    const { upper, lower, feasibility } = certify(program, x, duals, net);
    return feasibility <= KEPT ? upper - lower : Number.POSITIVE_INFINITY;
  };
  const closest = (one: Proven, other: Proven): Proven => (gapOf(other) < gapOf(one) ? other : one);
  const withBestDuals = (at: Proven): Proven => {
    const outcome = solve(tangentAt(program, at.x, at.net), work);
    pivots += outcome.pivots;
    if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return at;
    flat ??= outcome;
    return closest(at, { ...at, duals: outcome.duals });
  };
  const onFace = (start: Proven, larger: number): Proven | null => {
    const held = tied(program, start.duals);
    const rows = new Float64Array(held.rows.count);
    rows.set(pricesThatCount(program, start.duals.rows, NOTHING));
    const moved = newtonOnFace(held, { ...start, duals: { rows } }, larger);
    return moved === null ? null : withBestDuals({ ...moved, duals: start.duals });
  };
  let best = withBestDuals(from);
  for (const larger of LARGER) {
    // Prices say which face it is: those that came may know better than those that are the best for a point beside it.
    for (const start of [best, from]) {
      const moved = onFace(start, larger);
      if (moved !== null) best = closest(best, moved);
    }
  }
  return { ...best, flat, pivots };
}
