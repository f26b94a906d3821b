// The largest (expected return − riskFree) / CVaR. Promises: exact: bounds stay bounds, and the ratio is proven by one
// certificate, since no portfolio has a larger one than k if the best of return − k · CVaR is at most riskFree.
//
// The ratio of each best portfolio is the next k (W. Dinkelbach, Management Science 13(7), 1967): it only rises, over
// vertices, so it ends. Where portfolios have no end, so may the best: the ratio of the way there is then the next k.

import type { Answer } from "./answer.ts";
import { assess } from "./assess.ts";
import type { Solve } from "./conflict.ts";
import { type Lowering, pointOf, programOf, type Terms } from "./lower.ts";
import type { Basis, Duals } from "./program.ts";
import { cvarOf, tradingCost } from "./risk-of-weights.ts";
import { netWeights } from "./tail-loss.ts";

const MAXIMUM_STEPS = 200;
const RISEN = 1e-13;
/** Share of what an excess return is the sum of that it is by rounding. */
const NOISE = 1e-14;
/** A portfolio has the ratio of a way without end if it is so near to it. */
const REACHED = 1e-9;
/** How far the proven ratio is above the one found, so that rounding cannot undo the proof. */
const MARGINS = [0, 1e-11, 1e-10, 1e-9, 8e-9];

export const RETURN: Terms = { expectedReturn: 1, cvar: 0, tailMass: 1, norm: 0, variance: 0 };

interface Found {
  readonly status: "FOUND";
  readonly weights: Float64Array;
  readonly excess: number;
  readonly cvar: number;
  readonly duals: Duals;
}

/** What a way without end earns and risks, for each unit of it. */
interface Way {
  readonly status: "UNBOUNDED";
  readonly ray: Float64Array;
  readonly earned: number;
  readonly cvar: number;
}

type At = (price: number) => Found | Way | { readonly status: "INFEASIBLE" };

/** Cost: a solve for each ratio on the way, usually below ten, each from the basis before. */
export function solveReturnToCvar(
  lowering: Lowering,
  { tailMass, riskFree = 0 }: { readonly tailMass: number; readonly riskFree?: number },
  solve: Solve,
): Answer {
  let pivots = 0;
  let basis: Basis | undefined;
  const measured = (weights: Float64Array, cost: number) => {
    const earned = weights.reduce((sum, w, j) => sum + w * (lowering.means[j] as number), 0);
    const cvar = cvarOf(lowering.problem.scenarios, weights, tailMass) + cost;
    return { earned: earned - cost, cvar };
  };
  const at: At = (price) => {
    const program = programOf(lowering, { ...RETURN, cvar: price, tailMass });
    const { work } = lowering.problem;
    const outcome = solve(program, { ...work, ...(basis === undefined ? {} : { start: basis }) });
    pivots += outcome.pivots;
    if (outcome.status === "INFEASIBLE") return { status: "INFEASIBLE" };
    if (outcome.status === "UNBOUNDED") {
      const ray = netWeights(program.holdings, outcome.ray);
      return { status: "UNBOUNDED", ray, ...measured(ray, tradingCost(lowering, outcome.ray)) };
    }
    basis = outcome.basis;
    return found(netWeights(program.holdings, outcome.x), outcome.duals);
  };
  const found = (weights: Float64Array, duals: Duals): Found => {
    const cost = tradingCost(lowering, pointOf(lowering, weights));
    const { earned, cvar } = measured(weights, cost);
    return { status: "FOUND", weights, cvar, excess: earned - riskFree, duals };
  };
  /** As good as the way without end, where nothing is earned and nothing risked before it. */
  const along = ({ weights, duals }: Found, { ray }: Way): Found =>
    found(
      weights.map((own, a) => own + (ray[a] as number)),
      duals,
    );
  const best = climbed(lowering, at, along, riskFree);
  if (best.status !== "FOUND") return best;
  const { weights } = best;
  const ratio = best.excess / best.cvar;
  for (const margin of MARGINS) {
    const cvarPrice = ratio * (1 + margin);
    const proven = at(cvarPrice);
    if (proven.status !== "FOUND") continue;
    const proof = { duals: proven.duals, cvarPrice };
    const { lower } = assess(lowering, RETURN, weights, proof);
    if (Number.isFinite(lower)) return { status: "SOLVED", weights, proof, pivots };
  }
  const proof = { duals: best.duals, cvarPrice: ratio };
  return { status: "SOLVED", weights, proof, pivots };
}

/** From ratio to ratio, each that of the best portfolio at the one before, or of a way that has no end there. */
function climbed(
  lowering: Lowering,
  at: At,
  along: (from: Found, way: Way) => Found,
  riskFree: number,
): Found | Exclude<Answer, { status: "SOLVED" }> {
  let ratio = 0;
  let best: Found | undefined;
  let way: Way | undefined;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    const next = at(ratio);
    if (next.status === "INFEASIBLE") return next;
    if (next.status === "UNBOUNDED") {
      // Nothing to lose in the tail and something to gain: the ratio has no end.
      if (!(next.cvar > 0)) return endless(next.ray);
      if (!(next.earned > ratio * next.cvar * (1 + RISEN))) break;
      way = next;
      ratio = next.earned / next.cvar;
      continue;
    }
    if (ratio === 0 && !isGain(lowering, next, riskFree))
      return noneBeats(riskFree, next.excess + riskFree);
    // Not as ratios: a CVaR below 0 is no small one.
    const isMore = next.excess > ratio * next.cvar * (1 + RISEN);
    if (isMore && !(next.cvar > 0)) return endless(next.weights);
    if (best === undefined && next.excess >= ratio * next.cvar * (1 - REACHED)) {
      best = way === undefined || isGain(lowering, next, riskFree) ? next : along(next, way);
    }
    if (!isMore || !(next.excess / next.cvar > ratio * (1 + RISEN))) break;
    // Assets that hedge each other to the last digit have a ratio of nothing but rounding.
    if (!isGain(lowering, next, riskFree)) break;
    best = next;
    ratio = next.excess / next.cvar;
  }
  // Where no portfolio has the ratio of a way without end, each one further along it has a larger one.
  return best ?? endless((way as Way).ray);
}

const endless = (ray: Float64Array) => ({ status: "UNBOUNDED", ray }) as const;

/** Whether an excess return is more than the rounding of what it is the sum of: scenarios' means are sums themselves. */
export function isGain(
  { problem: { current, expectedReturns }, means, sizes }: Lowering,
  { weights, excess }: { readonly weights: Float64Array; readonly excess: number },
  riskFree: number,
): boolean {
  const terms = expectedReturns === undefined ? sizes : means;
  const size = weights.reduce((sum, weight, j) => {
    const held = Math.max(Math.abs(weight), Math.abs(current?.[j] ?? 0));
    return sum + held * Math.abs(terms[j] as number);
  }, Math.abs(riskFree));
  return excess > NOISE * size;
}

/** The ratio of a portfolio that earns less than what is certain is no measure. */
export const noneBeats = (
  riskFree: number,
  largest: number,
): Extract<Answer, { status: "REFUSED" }> => ({
  status: "REFUSED",
  reasons: [
    `objective.riskFree is ${riskFree}: no portfolio within the limits is expected to return more; the most is ${largest}`,
  ],
});
