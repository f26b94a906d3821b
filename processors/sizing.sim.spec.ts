// The ways of sizing that review a book, each under seeded faults: what is asked for live, killed, restarted,
// late and on any number of partitions equals the closed run, byte for byte.

import { describe, expect, test } from "vitest";
import { simulate } from "../streams/simulator/simulate.ts";
import { flowScenario } from "./simulation.ts";
import type { RebalanceConfig, SizingConfig } from "./sizing-config.ts";

const SEEDS = 25;

/** Everything on, at values that small markets reach. */
const rebalance: RebalanceConfig = {
  driftBps: 100,
  driftOfTargetBps: 500,
  targetChangeBps: 1_000,
  every: { count: 3, unit: "BAR" },
  dayStartUs: 0,
  drawdownBps: 10,
  minimumValueMinor: 100_00,
  minimumQuantity: "2",
  maxTurnoverBps: 2_000,
  costPerMillion: 50,
  riskAversion: 2,
};
const base = { allowShort: true, rebalance } as const;

const sizings: readonly SizingConfig[] = [
  { ...base, method: "FIXED_QUANTITY", quantity: "100" },
  { ...base, method: "EQUAL_WEIGHT", grossBps: 10_000, lots: "LEAST_CASH" },
  { ...base, method: "INVERSE_VOLATILITY", grossBps: 15_000 },
  {
    ...base,
    method: "VOLATILITY_TARGET",
    targetBps: 2_000,
    barsPerYear: 252,
    maxLeverageBps: 20_000,
    lots: "LEAST_CASH",
  },
  {
    ...base,
    rebalance: { ...rebalance, drawdownScaleBps: 5_000 },
    method: "VOLATILITY_TARGET",
    targetBps: 2_000,
    barsPerYear: 252,
    maxLeverageBps: 20_000,
    covariance: { window: 3, shrinkage: 0.3 },
  },
  { ...base, method: "FRACTIONAL_KELLY", fractionBps: 2_500, window: 4, maxLeverageBps: 15_000 },
  { ...base, method: "INTEGRATED", grossBps: 12_000, confidenceBps: 7_000 },
  {
    ...base,
    method: "INTEGRATED",
    grossBps: 12_000,
    confidenceBps: 9_000,
    regimes: { from: "features", band: 0.2, weights: { bull: 1, sideways: 0.6, bear: 0.3 } },
    forecasts: true,
    toxicity: { bucketBars: 1.5, buckets: 2, window: 2 },
  },
];

describe("a book that is reviewed, under faults", () => {
  test.each(sizings)("$method equals its closed run, byte for byte", async (sizing) => {
    const findings: string[] = [];
    let crashes = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const { finding, counts } = await simulate({
        seed,
        scenario: flowScenario(seed, { sizing, actions: seed % 2 === 1 }),
      });
      if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
      crashes += counts.get("crashed") ?? 0;
    }
    expect(findings).toEqual([]);
    expect(crashes).toBeGreaterThan(0);
  });
});
