// Scenarios that are paths through the history, drawn by a GPU. Promises: bit for bit the reference's set, or an
// error: places are whole numbers, which a GPU computes exactly; their returns are compounded here, in double.

import { setImmediate as nextTurn } from "node:timers/promises";
import { compoundAt } from "../../../quant/scenarios/bootstrap.ts";
import { checkRecipe } from "../../../quant/scenarios/check-recipe.ts";
import {
  drawPlaces,
  type PathDraw,
  pathDraw,
  pathSet,
  periodsDrawn,
} from "../../../quant/scenarios/path-bootstrap.ts";
import type { ScenarioSet } from "../../../quant/scenarios/scenario-set.ts";
import { addStress } from "../../../quant/scenarios/stress.ts";
import { DeviceFailure } from "../device.ts";
import type { ScenariosWork } from "../work.ts";
import type { GpuClient } from "./gpu-client.ts";
import type { GpuDescription } from "./messages.ts";
import { evenlySpread } from "./witnesses.ts";

/** Paths drawn again here. */
const WITNESSES = 64;
/** Periods compounded between turns of the event loop. */
const TURN_PERIODS = 2 ** 20;

export function acceptsPaths(
  { recipe }: ScenariosWork,
  adapter: GpuDescription,
  memoryBytes: number,
): boolean {
  if (recipe.kind !== "PATH_BOOTSTRAP") return false;
  const { count, horizon = 1 } = recipe;
  return 4 * horizon <= adapter.maxBufferBytes && 4 * count * horizon <= memoryBytes;
}

/** RangeError where the reference has one; DeviceFailure where the GPU fails or is wrong. */
export async function pathScenariosBy(
  client: GpuClient,
  { recipe, history }: ScenariosWork,
): Promise<ScenarioSet> {
  if (recipe.kind !== "PATH_BOOTSTRAP") {
    throw new DeviceFailure("INVALID", `a GPU draws no scenarios of ${recipe.kind}`);
  }
  const [reason] = checkRecipe(recipe, history);
  if (reason !== undefined) throw new RangeError(reason);
  const draw = pathDraw(history, recipe);
  const { places } = await client.ask({ ask: "places", draw });
  checkPlaces(draw, places);
  const drawn =
    draw.steps === 1 ? periodsDrawn(history, places) : await compounded(history, draw, places);
  return recipe.stress === undefined ? drawn : addStress(drawn, recipe.stress);
}

function checkPlaces(draw: PathDraw, places: Int32Array): void {
  for (const path of evenlySpread(draw.paths, WITNESSES)) {
    for (const [step, place] of drawPlaces(draw, path, path + 1).entries()) {
      const found = places[path * draw.steps + step];
      if (found === place) continue;
      const where = `step ${step} of path ${path}`;
      throw new DeviceFailure("CRASHED", `the GPU drew ${found} for ${where}, which is ${place}`);
    }
  }
}

async function compounded(
  history: ScenariosWork["history"],
  { paths, steps }: PathDraw,
  places: Int32Array,
): Promise<ScenarioSet> {
  const assets = history.assets.length;
  const returns = new Float64Array(assets * paths);
  const most = Math.max(1, Math.floor(TURN_PERIODS / (assets * steps)));
  for (let from = 0; from < paths; from += most) {
    if (from > 0) await nextTurn();
    compoundAt(returns, history, places, steps, from, Math.min(paths, from + most));
  }
  return pathSet(history, paths, returns);
}
