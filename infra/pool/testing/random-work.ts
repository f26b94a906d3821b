// Work of all kinds for tests and benchmarks, from a seed.

import { Random } from "../../../quant/random.ts";
import type { ScenarioSet } from "../../../quant/scenarios/scenario-set.ts";
import { REFERENCE_MODEL, referenceRows } from "../models.ts";
import type { InferWork, MeasureWork, SolveWork, Work } from "../work.ts";

export function randomSet(random: Random, assets: number, count: number): ScenarioSet {
  const returns = Float64Array.from({ length: assets * count }, () => random.normal() / 100);
  // Ties: the same outcome more than once.
  for (let s = 1; s < count; s++) {
    if (random.integer(4) > 0) continue;
    for (let j = 0; j < assets; j++) {
      returns[j * count + s] = returns[j * count + s - 1] as number;
    }
  }
  const names = Array.from({ length: assets }, (_, j) => `A${j}`);
  return { assets: names, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

export function randomMeasure(random: Random, scenarios: ScenarioSet): MeasureWork {
  const weights = Float64Array.from(scenarios.assets, () => random.uniform());
  return { kind: "measure", scenarios, weights, tailMass: 0.01 + 0.5 * random.uniform() };
}

export function randomInfer(random: Random, count: number): InferWork {
  return { kind: "infer", model: REFERENCE_MODEL, rows: referenceRows(random, count), count };
}

/** A return that may be out of reach: some have no portfolio. */
export function randomSolve(random: Random, scenarios: ScenarioSet): SolveWork {
  const objective = { kind: "MINIMUM_CVAR", tailMass: 0.05 + 0.2 * random.uniform() } as const;
  const constraints = { minimumReturn: 0.002 * random.normal() };
  return { kind: "solve", problem: { objective, constraints }, scenarios };
}

/** Several kinds and sizes; sets of scenarios come again. */
export function randomWorks(seed: number, count: number): readonly Work[] {
  const random = new Random(seed);
  const sets = Array.from({ length: 4 }, () =>
    randomSet(random, 1 + random.integer(6), 1 + random.integer(300)),
  );
  return Array.from({ length: count }, () => {
    const set = sets[random.integer(sets.length)] as ScenarioSet;
    const kind = random.integer(8);
    if (kind < 3) return randomInfer(random, 1 + random.integer(4));
    if (kind === 3) return randomSolve(random, set);
    return randomMeasure(random, set);
  });
}
