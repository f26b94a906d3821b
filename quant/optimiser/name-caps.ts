// How much of one name a portfolio can hold that is better than a cutoff. Promises: whatever its names are, a portfolio with
// more of one than its cap is no better.
//
// The least objective of those that hold at least c of a name is convex in c, so a tangent that is proved at one c is below
// it everywhere: where it meets the cutoff is the cap (tightening of bounds by optimisation, M. Tawarmalani, N. Sahinidis,
// Mathematical Programming 99, 2004). Of a name at 0 the reduced cost is such a tangent.

import type { Answered } from "./near-program.ts";
import type { Program } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";

/** So far above a weight its tangent is taken, until another name's cap has shown how far they are. */
const FIRST_REACH = 0.1;
const LEAST_REACH = 0.01;
/** Share of the way to where the cap is expected. */
const SHORT_OF_IT = 0.9;
/** What rounding of a slope may move a cap by. */
const SLACK = 1 + 1e-9;

export interface CapWork {
  /** The best of a program; null if there is none. */
  solve(program: Program): Answered | null;
  isSpent(): boolean;
}

/**
 * The upper bounds of a program without smooth terms, tightened for variables from 0 on. `relaxed` is its optimum without
 * a choice of names. Cost: a program for each variable that is not 0 there.
 */
export function capsOf(
  program: Program,
  relaxed: Answered,
  cutoff: number,
  work: CapWork,
): Float64Array {
  const upper = program.upper.slice();
  const { slope: slopes } = reducedCosts(program, relaxed.x, relaxed.duals);
  const tangent = (j: number, from: number, lower: number, slope: number): void => {
    if (!(slope > 0)) return;
    const meets = Math.max(0, from + (cutoff - lower) / slope);
    upper[j] = Math.min(upper[j] as number, meets * SLACK);
  };
  let reach = FIRST_REACH;
  for (let j = 0; j < upper.length; j++) {
    if (program.lower[j] !== 0 || (program.holdings.asset[j] as number) < 0) continue;
    const x = relaxed.x[j] as number;
    if (x === 0) {
      tangent(j, 0, relaxed.certificate.lower, slopes[j] as number);
      continue;
    }
    const from = x + SHORT_OF_IT * reach;
    if (!(from < (upper[j] as number)) || work.isSpent()) continue;
    const lower = program.lower.slice();
    lower[j] = from;
    const held = { ...program, lower };
    const found = work.solve(held);
    if (found === null) {
      upper[j] = from;
      continue;
    }
    const { slope } = reducedCosts(held, found.x, found.duals);
    tangent(j, from, found.certificate.lower, slope[j] as number);
    if (Number.isFinite(upper[j])) reach = Math.max((upper[j] as number) - x, LEAST_REACH);
  }
  return upper;
}
