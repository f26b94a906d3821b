// Whether scenarios can be made: the recipe against the history. Promises: each reason names the setting,
// its value and what would do.

import { checkTable } from "./check-table.ts";
import { checkReturnHistory, type ReturnHistory } from "./return-history.ts";
import type { Draw, ScenarioRecipe } from "./scenario-recipe.ts";
import { stressReasons } from "./stress.ts";

/** Draws times periods of one recipe: above it an array would not fit. */
const MOST_STEPS = 2 ** 31;

/** Why the recipe cannot be used with this history, in words; empty where it can. */
export function checkRecipe(recipe: ScenarioRecipe, history: ReturnHistory): readonly string[] {
  const reasons = [...checkReturnHistory(history)];
  if (recipe.kind === "HISTORICAL") {
    const { decay = 1 } = recipe;
    const good = decay > 0 && decay <= 1;
    if (!good) reasons.push(`recipe.decay is ${decay}; it must be above 0 and at most 1`);
  } else {
    reasons.push(...drawReasons(recipe));
  }
  if (recipe.kind === "FACTOR") reasons.push(...factorReasons(recipe.factors, history));
  if (recipe.stress !== undefined) reasons.push(...stressReasons(history.assets, recipe.stress));
  return reasons;
}

function drawReasons(recipe: Exclude<Draw, { readonly kind: "HISTORICAL" }>): readonly string[] {
  const reasons = wholeNumber("recipe.count", recipe.count);
  if (!Number.isSafeInteger(recipe.seed)) {
    reasons.push(`recipe.seed is ${recipe.seed}; a safe integer is needed`);
  }
  const resampled = recipe.kind === "BOOTSTRAP" || recipe.kind === "PATH_BOOTSTRAP";
  if (resampled && recipe.blockLength !== undefined) {
    const { blockLength } = recipe;
    const good = blockLength >= 1 && Number.isFinite(blockLength);
    if (!good) reasons.push(`recipe.blockLength is ${blockLength}; it must be at least 1`);
  }
  if (resampled || recipe.kind === "FILTERED_HISTORICAL") {
    const { horizon = 1 } = recipe;
    reasons.push(...wholeNumber("recipe.horizon", horizon));
    if (recipe.count * horizon > MOST_STEPS) {
      reasons.push(`recipe.count × horizon is ${recipe.count * horizon}; at most 2^31`);
    }
  }
  if (recipe.kind === "STUDENT_T" && recipe.degrees !== undefined) {
    const { degrees } = recipe;
    const good = degrees > 2 && Number.isFinite(degrees);
    if (!good) reasons.push(`recipe.degrees is ${degrees}; it must be above 2`);
  }
  if (recipe.kind === "KERNEL" && recipe.bandwidth !== undefined) {
    const { bandwidth } = recipe;
    const good = bandwidth >= 0 && Number.isFinite(bandwidth);
    if (!good) reasons.push(`recipe.bandwidth is ${bandwidth}; it must be at least 0`);
  }
  return reasons;
}

function factorReasons(factors: number | ReturnHistory, history: ReturnHistory): readonly string[] {
  if (typeof factors !== "number") {
    const reasons = [...checkTable(factors, "recipe.factors")];
    if (factors.count !== history.count) {
      reasons.push(`recipe.factors has ${factors.count} periods, the history ${history.count}`);
    }
    return reasons;
  }
  const most = history.assets.length;
  if (Number.isInteger(factors) && factors >= 1 && factors <= most) return [];
  return [`recipe.factors is ${factors}; a whole number from 1 to ${most} (assets) is needed`];
}

const wholeNumber = (name: string, value: number): string[] =>
  Number.isInteger(value) && value >= 1
    ? []
    : [`${name} is ${value}; a whole number from 1 is needed`];
