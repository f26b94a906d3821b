// The simulator itself on trial: each bug that stream processors have in practice is planted once, and
// must be found. A bug that goes unnoticed means that the simulator is too weak, not the bug harmless.

import { describe, expect, test } from "vitest";
import { defects } from "../streams/simulator/defects.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import { flowScenario } from "./simulation.ts";

const MOST_SEEDS = 200;

describe("the simulator finds", () => {
  test.each(defects)("%s", async (defect) => {
    const scenarioOf = (seed: number) =>
      flowScenario(seed, { floatLedger: defect === "float-ledger" });
    for (let seed = 0; seed < MOST_SEEDS; seed++) {
      const { finding } = await simulate({ seed, scenario: scenarioOf(seed), defect });
      if (finding === null) continue;
      // The bug, not the seed: without it there is nothing to find.
      const sound = await simulate({ seed, scenario: flowScenario(seed) });
      expect(sound.finding).toBeNull();
      console.log(`${defect}: seed ${seed}: ${finding.slice(0, 160)}`);
      return;
    }
    expect.fail(`${defect} was not found in ${MOST_SEEDS} seeds`);
  });
});
