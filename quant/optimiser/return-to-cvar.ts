// The largest (expected return − riskFree) / CVaR. Promises: exact: bounds stay bounds, and the ratio is proven by one
// certificate, since no portfolio has a larger one than k if the best of return − k · CVaR is at most riskFree.
//
// The ratio of each best portfolio is the next k (W. Dinkelbach, Management Science 13(7), 1967): it only rises, over
// vertices, so it ends.

import type { Answer } from "./answer.ts";
import { assess } from "./assess.ts";
import type { Solve } from "./conflict.ts";
import { type Lowering, pointOf, programOf, type Terms } from "./lower.ts";
import type { Basis } from "./program.ts";
import { cvarOf, tradingCost } from "./risk-of-weights.ts";
import { netWeights } from "./tail-loss.ts";

const MAXIMUM_STEPS = 200;
const RISEN = 1e-13;
/** How far the proven ratio is above the one found, so that rounding cannot undo the proof. */
const MARGINS = [1e-11, 1e-10, 1e-9, 1e-8];

export const RETURN: Terms = { expectedReturn: 1, cvar: 0, tailMass: 1, norm: 0, variance: 0 };

/** Cost: a solve for each ratio on the way, usually below ten, each from the basis before. */
export function solveReturnToCvar(
  lowering: Lowering,
  { tailMass, riskFree = 0 }: { readonly tailMass: number; readonly riskFree?: number },
  solve: Solve,
): Answer {
  let pivots = 0;
  let basis: Basis | undefined;
  const at = (price: number) => {
    const program = programOf(lowering, { ...RETURN, cvar: price, tailMass });
    const { work } = lowering.problem;
    const outcome = solve(program, { ...work, ...(basis === undefined ? {} : { start: basis }) });
    pivots += outcome.pivots;
    if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return outcome;
    basis = outcome.basis;
    const weights = netWeights(program.holdings, outcome.x);
    const cost = tradingCost(lowering, pointOf(lowering, weights));
    const cvar = cvarOf(lowering.problem.scenarios, weights, tailMass) + cost;
    const earned = weights.reduce(
      (sum, w, asset) => sum + w * (lowering.means[asset] as number),
      0,
    );
    const excess = earned - cost - riskFree;
    return { status: "FOUND", weights, cvar, excess, duals: outcome.duals } as const;
  };
  let best = at(0);
  if (best.status === "UNBOUNDED") best = at(1e9);
  if (best.status === "INFEASIBLE") return { status: "INFEASIBLE" };
  if (best.status === "UNBOUNDED") {
    return { status: "UNBOUNDED", ray: netWeights(lowering.set.holdings, best.ray) };
  }
  if (!(best.excess > 0)) return noneBeats(riskFree, best.excess + riskFree);
  let ratio = 0;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    // Nothing to lose in the tail and something to gain: the ratio has no end.
    if (!(best.cvar > 0)) return { status: "UNBOUNDED", ray: best.weights };
    ratio = best.excess / best.cvar;
    const next = at(ratio);
    // Not as ratios: a CVaR below 0 is no small one.
    if (next.status !== "FOUND" || !(next.excess > ratio * next.cvar * (1 + RISEN))) break;
    if (next.cvar > 0 && !(next.excess / next.cvar > ratio * (1 + RISEN))) break;
    best = next;
  }
  const { weights } = best;
  for (const margin of MARGINS) {
    const cvarPrice = ratio * (1 + margin);
    const proven = at(cvarPrice);
    if (proven.status !== "FOUND") break;
    const proof = { duals: proven.duals, cvarPrice };
    const { lower } = assess(lowering, RETURN, weights, proof);
    if (Number.isFinite(lower)) return { status: "SOLVED", weights, proof, pivots };
  }
  const proof = { duals: best.duals, cvarPrice: ratio };
  return { status: "SOLVED", weights, proof, pivots };
}

/** The ratio of a portfolio that earns less than what is certain is no measure. */
export const noneBeats = (riskFree: number, largest: number): Answer => ({
  status: "REFUSED",
  reasons: [
    `objective.riskFree is ${riskFree}: no portfolio within the limits is expected to return more; the most is ${largest}`,
  ],
});
