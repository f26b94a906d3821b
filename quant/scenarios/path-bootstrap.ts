// Scenarios that are paths of their own through the history, each drawn by its number. Promises: any device, worker
// or batch that draws a path draws the same one, so a million can be drawn in parts.

import { optimalBlockLength } from "../block-length.ts";
import { type BootstrapDraw, compoundAt, equallyWeighted, sharesOfDraws } from "./bootstrap.ts";
import { keepScenarios } from "./keep-scenarios.ts";
import { multiplyHigh, philox, philoxKey } from "./philox.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";

/** What is drawn, in whole numbers: a GPU computes with these as exactly as we do. At most 2^32 steps in all. */
export interface PathDraw {
  readonly seed: number;
  readonly paths: number;
  readonly steps: number;
  /** Of the history. */
  readonly periods: number;
  /** A run ends where a word of 32 bits is at most this. */
  readonly lastWord: number;
}

export function pathDraw(history: ReturnHistory, draw: BootstrapDraw): PathDraw {
  const { count: paths, seed, horizon: steps = 1 } = draw;
  const blockLength = draw.blockLength ?? optimalBlockLength(equallyWeighted(history));
  const lastWord = Math.max(0, Math.floor(2 ** 32 / blockLength) - 1);
  return { seed, paths, steps, periods: history.count, lastWord };
}

/**
 * Places in the history of paths `from` … `to - 1`, step by step: each path is a stationary bootstrap (D.
 * Politis, J. Romano, Journal of the American Statistical Association 89, 1994) that begins anywhere. A step
 * takes the block of Philox of its number; 64 bits choose a place, so that none is favoured by more than
 * periods / 2^64. Cost: about 0.1 µs a step.
 */
export function drawPlaces(draw: PathDraw, from: number, to: number): Int32Array {
  const { seed, steps, periods, lastWord } = draw;
  const key = philoxKey(seed);
  const places = new Int32Array((to - from) * steps);
  const words = new Uint32Array(4);
  let place = 0;
  for (let i = 0; i < places.length; i++) {
    philox(words, [from * steps + i, 0, 0, 0], key);
    if (i % steps === 0 || (words[0] as number) <= lastWord) {
      place = scaled(words[2] as number, words[3] as number, periods);
    } else place = place + 1 === periods ? 0 : place + 1;
    places[i] = place;
  }
  return places;
}

/** ⌊(high · 2^32 + low) · count / 2^64⌋ */
function scaled(high: number, low: number, count: number): number {
  const carried = (Math.imul(high, count) >>> 0) + multiplyHigh(low, count);
  return multiplyHigh(high, count) + (carried >= 2 ** 32 ? 1 : 0);
}

/** As `bootstrapScenarios`, path by path. */
export function pathScenarios(history: ReturnHistory, draw: BootstrapDraw): ScenarioSet {
  const places = drawPlaces(pathDraw(history, draw), 0, draw.count);
  const { count, horizon = 1 } = draw;
  if (horizon === 1) return periodsDrawn(history, places);
  const returns = new Float64Array(history.assets.length * count);
  compoundAt(returns, history, places, horizon, 0, count);
  return pathSet(history, count, returns);
}

/** The set of paths over one period: each period that was drawn, in the history's order. */
export function periodsDrawn(history: ReturnHistory, places: Int32Array): ScenarioSet {
  const { kept, shares } = sharesOfDraws(places, history.count);
  return keepScenarios(history, kept, shares);
}

/** The set of paths over several periods, each as likely. */
export const pathSet = (
  { assets }: ReturnHistory,
  count: number,
  returns: Float64Array,
): ScenarioSet => ({
  assets,
  count,
  returns,
  probabilities: new Float64Array(count).fill(1 / count),
});
