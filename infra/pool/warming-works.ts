// Work for a thread to begin with: of the size at which solvers spend their time in their inner loops.

import { Random } from "../../quant/random.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import type { Work } from "./work.ts";

const ASSETS = 30;
const SCENARIOS = 4000;
const ROUNDS = 3;

/** About a tenth of a second in all. */
export function warmingWorks(): readonly Work[] {
  const random = new Random(1);
  return Array.from({ length: ROUNDS }, (): Work => {
    const objective = { kind: "MINIMUM_CVAR", tailMass: 0.05 } as const;
    return { kind: "solve", problem: { objective }, scenarios: factorSet(random) };
  });
}

function factorSet(random: Random): ScenarioSet {
  const returns = new Float64Array(ASSETS * SCENARIOS);
  for (let s = 0; s < SCENARIOS; s++) {
    const market = random.normal();
    for (let j = 0; j < ASSETS; j++) {
      returns[j * SCENARIOS + s] = 0.01 * (market + (1 + j / ASSETS) * random.normal());
    }
  }
  return {
    assets: Array.from({ length: ASSETS }, (_, j) => `A${j}`),
    count: SCENARIOS,
    returns,
    probabilities: new Float64Array(SCENARIOS).fill(1 / SCENARIOS),
  };
}
