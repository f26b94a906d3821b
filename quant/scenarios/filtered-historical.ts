// What happened, as large as it would be at today's volatility. Promises: shocks of the same period stay
// together; each asset's variance follows its own GARCH(1,1) along the path.

import { fitGarch, type Garch } from "../garch.ts";
import { Random } from "../random.ts";
import { resamplePlaces } from "../stationary-bootstrap.ts";
import { sharesOfDraws } from "./bootstrap.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import { sampleCovariance } from "./shrunk-covariance.ts";

export interface FilteredDraw {
  readonly count: number;
  readonly seed: number;
  /** Periods that a scenario spans; 1 if left out. */
  readonly horizon?: number;
}

/**
 * Filtered historical simulation (G. Barone-Adesi, K. Giannopoulos, L. Vosper, Journal of Futures Markets
 * 19(5), 1999, 583–602): rows of e_t / √h_t are drawn evenly, scaled by the variance of the period they
 * come to, which moves on with them; returns are compounded over the horizon. An asset that never moved
 * returns its mean. Cost: 15 ns a number and period, and the fits: 3 ms an asset of 2,000 periods.
 */
export function filteredHistoricalScenarios(
  history: ReturnHistory,
  draw: FilteredDraw,
): ScenarioSet {
  const { assets, count: periods } = history;
  const { horizon = 1 } = draw;
  const { means, deviations } = sampleCovariance(history);
  const places = new Int32Array(draw.count * horizon);
  resamplePlaces(places, periods, 1, new Random(draw.seed));
  const { paths, probabilities } = distinctPaths(places, periods, horizon);
  const count = probabilities.length;
  const returns = new Float64Array(assets.length * count);
  for (let j = 0; j < assets.length; j++) {
    const own = deviations.subarray(j * periods, (j + 1) * periods);
    const model = fitGarch(own);
    const shocks = own.map((deviation, t) => shock(deviation, model.variances[t] as number));
    const mean = means[j] as number;
    for (let s = 0; s < count; s++) {
      const path = paths.subarray(s * horizon, (s + 1) * horizon);
      returns[j * count + s] = compounded(model, mean, shocks, path);
    }
  }
  return { assets, count, returns, probabilities };
}

/** Over one period a place drawn twice is one scenario; longer paths hardly ever meet. */
function distinctPaths(places: Int32Array, periods: number, horizon: number) {
  if (horizon === 1) {
    const { kept, shares } = sharesOfDraws(places, periods);
    return { paths: kept, probabilities: shares };
  }
  const count = places.length / horizon;
  return { paths: places, probabilities: new Float64Array(count).fill(1 / count) };
}

const shock = (deviation: number, variance: number): number =>
  variance > 0 ? deviation / Math.sqrt(variance) : 0;

/** Return over the periods whose shocks are those of `path`. */
function compounded(
  { omega, alpha, beta, next }: Garch,
  mean: number,
  shocks: Float64Array,
  path: Int32Array,
): number {
  let variance = next;
  let growth = 0;
  for (const place of path) {
    const deviation = Math.sqrt(variance) * (shocks[place] as number);
    const change = mean + deviation;
    // growth + change + growth · change: a small return keeps its digits.
    growth += change * (1 + growth);
    variance = omega + alpha * deviation * deviation + beta * variance;
  }
  return growth;
}
