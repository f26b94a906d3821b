// Scenarios drawn from the history with all assets together, in runs. Promises: what assets did in the same
// period stays together; rows drawn several times come out once, with their share of the draws.

import { optimalBlockLength } from "../block-length.ts";
import { Random } from "../random.ts";
import { resamplePlaces } from "../stationary-bootstrap.ts";
import { keepScenarios } from "./keep-scenarios.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";

export interface BootstrapDraw {
  /** Draws. Over one period the set has no more scenarios than the history has periods. */
  readonly count: number;
  readonly seed: number;
  /** Mean length of a run; that which suits the equally weighted portfolio if left out. */
  readonly blockLength?: number;
  /** Periods that a scenario spans, their returns compounded; 1 if left out. */
  readonly horizon?: number;
}

/**
 * The stationary bootstrap (`resamplePlaces`) of whole periods. Over one period: each that was drawn, in
 * the history's order. Cost: about 0.7 ms for 10,000 draws from 2,000 periods of 50 assets; over more
 * periods 3 ns a number and period.
 */
export function bootstrapScenarios(history: ReturnHistory, draw: BootstrapDraw): ScenarioSet {
  const { assets, count: periods } = history;
  const { count, horizon = 1 } = draw;
  const places = new Int32Array(count * horizon);
  const blockLength = draw.blockLength ?? optimalBlockLength(equallyWeighted(history));
  resamplePlaces(places, periods, blockLength, new Random(draw.seed));
  if (horizon === 1) {
    const { kept, shares } = sharesOfDraws(places, periods);
    return keepScenarios(history, kept, shares);
  }
  const returns = new Float64Array(assets.length * count);
  compoundAt(returns, history, places, horizon, 0, count);
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

/** Fills scenarios `from` … `to - 1` of `returns` with the periods at their places, compounded. */
export function compoundAt(
  returns: Float64Array,
  { assets, count: periods, returns: past }: ReturnHistory,
  places: Int32Array,
  horizon: number,
  from: number,
  to: number,
): void {
  const count = places.length / horizon;
  for (let j = 0; j < assets.length; j++) {
    const own = past.subarray(j * periods, (j + 1) * periods);
    for (let s = from; s < to; s++) {
      let growth = 0;
      for (let k = s * horizon; k < (s + 1) * horizon; k++) {
        // growth + change + growth · change: a small return keeps its digits.
        growth += (own[places[k] as number] as number) * (1 + growth);
      }
      returns[j * count + s] = growth;
    }
  }
}

/** The places that were drawn, ascending, and how large a part of the draws each was. */
export function sharesOfDraws(places: Int32Array, periods: number) {
  const draws = new Int32Array(periods);
  let distinct = 0;
  for (const place of places) {
    if (draws[place] === 0) distinct++;
    draws[place] = (draws[place] as number) + 1;
  }
  const kept = new Int32Array(distinct);
  const shares = new Float64Array(distinct);
  let left = 0;
  for (let t = 0; t < periods; t++) {
    const times = draws[t] as number;
    if (times === 0) continue;
    kept[left] = t;
    shares[left++] = times / places.length;
  }
  return { kept, shares };
}

/** Return of the portfolio with the same weight in every asset, period by period. */
export function equallyWeighted({ assets, count, returns }: ReturnHistory): number[] {
  const sums = new Array<number>(count).fill(0);
  for (let j = 0; j < assets.length; j++) {
    for (let t = 0; t < count; t++) {
      sums[t] = (sums[t] as number) + (returns[j * count + t] as number);
    }
  }
  return sums.map((sum) => sum / assets.length);
}
