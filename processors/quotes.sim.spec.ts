// Fills from quotes and from a queue, under seeded faults: what is filled live, killed, restarted, late and on any
// number of partitions equals the closed run, byte for byte; the books of the portfolio hold.

import { describe, expect, test } from "vitest";
import { simulate } from "../streams/simulator/simulate.ts";
import type { AlgorithmConfig } from "./orders-config.ts";
import { flowScenario } from "./simulation.ts";
import type { SizingConfig } from "./sizing-config.ts";

const SEEDS = 40;
const algorithm: AlgorithmConfig = {
  schedule: { method: "TWAP", overUs: 60_000_000, slices: 4 },
  maxChildren: 5,
  leftover: "SWEEP",
};
const sizing: SizingConfig = { method: "FIXED_QUANTITY", quantity: "300", allowShort: true };

describe("fills from quotes, under faults", () => {
  test.each([
    ["one order", {}],
    ["an algorithm", { algorithm, sizing }],
    ["corporate actions, and all that a venue charges", { actions: true, costs: true }],
  ])("%s: equal the closed run, byte for byte", { timeout: 300_000 }, async (_, options) => {
    const findings: string[] = [];
    let crashes = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const scenario = flowScenario(seed, { ...options, quotes: true });
      const { finding, counts } = await simulate({ seed, scenario });
      if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
      crashes += counts.get("crashed") ?? 0;
    }
    expect(findings).toEqual([]);
    expect(crashes).toBeGreaterThan(0);
  });
});
