// What may happen: outcomes of the returns of several assets, each with a probability. Plain data; the
// same set gives the same hash on every machine.

export interface ScenarioSet {
  readonly assets: readonly string[];
  /** How many outcomes. */
  readonly count: number;
  /** Simple returns over the horizon, asset by asset: of asset j in scenario s at [j * count + s]. */
  readonly returns: Float64Array;
  /** Of each scenario; at least 0, sum 1. */
  readonly probabilities: Float64Array;
}
