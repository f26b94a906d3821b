// How deep could it have gone? Drawdowns of paths drawn from a strategy's own returns by the stationary
// bootstrap. Promises: the same seed gives the same distribution; what happened is one draw of many.

import { optimalBlockLength } from "./block-length.ts";
import { Random } from "./random.ts";
import { resamplePlaces } from "./stationary-bootstrap.ts";

export interface DrawdownSettings {
  /** A safe integer. */
  readonly seed: number;
  readonly paths: number;
  /** Periods of a path; as many as there are returns if left out. */
  readonly periods?: number;
  /** Mean block length, at least 1; optimalBlockLength(returns) if left out. */
  readonly blockLength?: number;
}

/** Both ascend, for `quantile`: the worst depth is the first, the worst length the last. */
export interface DrawdownDistribution {
  /** Deepest fall of each path from its peak so far, the start included: 0 to -1. */
  readonly depths: Float64Array;
  /** Most periods that each path spent below one peak, to its end at most. */
  readonly lengths: Float64Array;
}

/** null for no returns. Cost: about 15 ns a period of a path. */
export function drawdownDistribution(
  returns: readonly number[],
  settings: DrawdownSettings,
): DrawdownDistribution | null {
  if (returns.length === 0) return null;
  const depths = new Float64Array(settings.paths);
  const lengths = new Float64Array(settings.paths);
  const places = new Int32Array(settings.periods ?? returns.length);
  const blockLength = settings.blockLength ?? optimalBlockLength(returns);
  const random = new Random(settings.seed);
  for (let path = 0; path < settings.paths; path++) {
    resamplePlaces(places, returns.length, blockLength, random);
    const worst = worstOf(returns, places);
    depths[path] = worst.depth;
    lengths[path] = worst.length;
  }
  return { depths: depths.sort(), lengths: lengths.sort() };
}

/** Share of the paths that fell to `limit` (below 0: -0.2 for 20 %) or deeper. */
export function drawdownProbability({ depths }: DrawdownDistribution, limit: number): number {
  let reached = 0;
  while (reached < depths.length && (depths[reached] as number) <= limit) reached++;
  return reached / depths.length;
}

/** Wealth is kept as a fraction of its peak, so that no path overflows. */
function worstOf(
  returns: readonly number[],
  places: Int32Array,
): { readonly depth: number; readonly length: number } {
  let ofPeak = 1;
  let lowest = 1;
  let below = 0;
  let longest = 0;
  for (const place of places) {
    ofPeak *= 1 + (returns[place] as number);
    if (ofPeak >= 1) {
      ofPeak = 1;
      below = 0;
    } else {
      below++;
      if (below > longest) longest = below;
      if (ofPeak < lowest) lowest = ofPeak;
    }
  }
  return { depth: lowest - 1, length: longest };
}
