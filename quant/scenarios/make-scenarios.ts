// The scenarios of a recipe. Promises: the same history and recipe give the same bytes on every engine, and
// what comes back passes checkScenarioSet.

import { bootstrapScenarios } from "./bootstrap.ts";
import { checkRecipe } from "./check-recipe.ts";
import { factorScenarios } from "./factor.ts";
import { filteredHistoricalScenarios } from "./filtered-historical.ts";
import { gaussianScenarios } from "./gaussian.ts";
import { historicalScenarios } from "./historical.ts";
import { kernelScenarios } from "./kernel.ts";
import { pathScenarios } from "./path-bootstrap.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { Draw, ScenarioRecipe } from "./scenario-recipe.ts";
import type { ScenarioSet } from "./scenario-set.ts";
import { addStress } from "./stress.ts";
import { studentScenarios } from "./student-t.ts";

/** RangeError with the first reason where the history or the recipe cannot be used (`checkRecipe`). */
export function makeScenarios(recipe: ScenarioRecipe, history: ReturnHistory): ScenarioSet {
  const [reason] = checkRecipe(recipe, history);
  if (reason !== undefined) throw new RangeError(reason);
  const drawn = draw(recipe, history);
  return recipe.stress === undefined ? drawn : addStress(drawn, recipe.stress);
}

function draw(recipe: Draw, history: ReturnHistory): ScenarioSet {
  switch (recipe.kind) {
    case "HISTORICAL":
      return historicalScenarios(history, recipe.decay);
    case "BOOTSTRAP":
      return bootstrapScenarios(history, recipe);
    case "PATH_BOOTSTRAP":
      return pathScenarios(history, recipe);
    case "GAUSSIAN":
      return gaussianScenarios(history, recipe);
    case "STUDENT_T":
      return studentScenarios(history, recipe);
    case "KERNEL":
      return kernelScenarios(history, recipe);
    case "FACTOR":
      return factorScenarios(history, recipe);
    case "FILTERED_HISTORICAL":
      return filteredHistoricalScenarios(history, recipe);
  }
}
