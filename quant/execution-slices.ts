// How a large order is cut over time: what share of it each slice gets, and how many whole lots that is.
// Promises: the lots sum to the order exactly, at no time more than half a lot from the share; from
// + − × ÷ alone, so that the same children are sent on every engine.

import { executionSchedule } from "./almgren-chriss.ts";
import { exponentialMinusOne } from "./exponential.ts";

/** TWAP: the same for each slice. */
export const evenWeights = (slices: number): readonly number[] => new Array<number>(slices).fill(1);

/** VWAP: as much as trades in each slice's time; even where nothing is known to trade. */
export function volumeWeights(volumes: readonly number[]): readonly number[] {
  return volumes.some((volume) => volume > 0) ? volumes : evenWeights(volumes.length);
}

/**
 * Implementation shortfall: the trades of Almgren and Chriss' optimal schedule (almgren-chriss.ts), which are
 * those of a holding that falls as sinh(κ(T − t)) / sinh(κT). `halfLife` is 1/κ as they define it, in slices:
 * κ² is about λσ²/η, so that more risk aversion or volatility shortens it and more impact lengthens it. Tends to
 * even slices as it grows, and to all at once as it goes to 0. Cost: O(slices).
 */
export function shortfallWeights(slices: number, halfLife: number): readonly number[] {
  const half = 1 / (2 * halfLife);
  // 2 (cosh κτ − 1), without its cancellation.
  const doubleSinh = exponentialMinusOne(half) - exponentialMinusOne(-half);
  const schedule = executionSchedule({
    quantity: 1,
    horizon: slices,
    intervals: slices,
    volatility: 1,
    temporaryImpact: 1,
    fixedCost: 0,
    permanentImpact: 0,
    riskAversion: doubleSinh * doubleSinh,
  });
  return schedule?.trades ?? evenWeights(slices).map((_, k) => (k === 0 ? 1 : 0));
}

/**
 * Lots that are due with each slice, together with those before it: the share so far, rounded half up, all of
 * them with the last. Weights are at least 0, one of them above; `lots` is a whole number from 0.
 */
export function cumulativeLots(lots: number, weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight, k) => {
    sum += weight;
    const due = Math.min(lots, Math.floor(lots * (sum / total) + 0.5));
    return k === weights.length - 1 ? lots : due;
  });
}
