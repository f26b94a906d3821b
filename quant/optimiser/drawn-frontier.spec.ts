// Programs whose frontier tests walk: long only, sum 1, CVaR at 95 % of drawn returns.

import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { budgetProgram } from "./budget-program.spec.ts";
import { cvarFrontier, type FrontierVertex } from "./frontier.ts";
import type { Program } from "./program.ts";

/** Assets with more return have more risk. `probabilities` are scaled to sum 1. */
export function drawnFrontier(
  assets: number,
  count: number,
  seed: number,
  probabilities = new Float64Array(count).fill(1),
): { readonly program: Program; readonly gains: Float64Array } {
  const random = new Random(seed);
  const returns = Float64Array.from({ length: assets * count }, (_, k) => {
    const asset = Math.floor(k / count);
    return 0.0003 * (1 + asset / assets) + 0.01 * (1 + asset / assets) * random.normal();
  });
  const total = probabilities.reduce((sum, chance) => sum + chance, 0);
  const scenarios: ScenarioSet = {
    assets: Array.from({ length: assets }, (_, a) => `A${a}`),
    count,
    returns,
    probabilities: probabilities.map((chance) => chance / total),
  };
  const gains = Float64Array.from({ length: assets }, (_, a) => {
    let sum = 0;
    for (let s = 0; s < count; s++) sum += returns[a * count + s] as number;
    return sum / count;
  });
  return { program: budgetProgram({ assets, scenarios }), gains };
}

export function walked(program: Program, gains: Float64Array): readonly FrontierVertex[] {
  const outcome = cvarFrontier(program, gains);
  if (outcome.status !== "OPTIMAL") throw new Error(outcome.status);
  return outcome.vertices;
}
