// What has happened: the returns of several assets, period by period. Plain data.

import { checkTable } from "./check-table.ts";

export interface ReturnHistory {
  readonly assets: readonly string[];
  /** How many periods. */
  readonly count: number;
  /** Simple returns, oldest first, asset by asset: of asset j in period t at [j * count + t]. */
  readonly returns: Float64Array;
}

/** Why this is no history to draw from, in words; empty where it is one. The first ten reasons. */
export const checkReturnHistory = (history: ReturnHistory): readonly string[] =>
  checkTable(history, "history");
