// A part of a table of returns as a scenario set of its own.

import type { ReturnTable } from "./check-table.ts";
import type { ScenarioSet } from "./scenario-set.ts";

/** Rows of `table` at `places`, with these probabilities; the array of probabilities is kept. */
export function keepScenarios(
  table: ReturnTable,
  places: Int32Array,
  probabilities: Float64Array,
): ScenarioSet {
  const count = places.length;
  const returns = new Float64Array(table.assets.length * count);
  for (let j = 0; j < table.assets.length; j++) {
    const from = j * table.count;
    const to = j * count;
    for (let s = 0; s < count; s++) {
      returns[to + s] = table.returns[from + (places[s] as number)] as number;
    }
  }
  return { assets: table.assets, count, returns, probabilities };
}
