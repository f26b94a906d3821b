// Execution algorithms under seeded faults: what is sent live, killed, restarted, late and on any number of
// partitions equals the closed run, byte for byte; parents and children keep their rules.

import { describe, expect, test } from "vitest";
import { simulate } from "../streams/simulator/simulate.ts";
import type { AlgorithmConfig } from "./orders-config.ts";
import type { OrderRiskConfig } from "./risk-config.ts";
import { flowScenario } from "./simulation.ts";
import type { SizingConfig } from "./sizing-config.ts";

const SEEDS = 25;
const SECOND_US = 1_000_000;
const rest = { maxChildren: 6, leftover: "SWEEP" } as const;

const algorithms: readonly AlgorithmConfig[] = [
  { ...rest, schedule: { method: "TWAP", overUs: 90 * SECOND_US, slices: 4 } },
  {
    ...rest,
    leftover: "LEAVE",
    schedule: { method: "VWAP", overUs: 200 * SECOND_US, slices: 5, curve: null, days: 2 },
  },
  { ...rest, schedule: { method: "POV", overUs: 300 * SECOND_US, rateBps: 500 } },
  {
    ...rest,
    schedule: {
      method: "IMPLEMENTATION_SHORTFALL",
      overUs: 120 * SECOND_US,
      slices: 6,
      halfLifeUs: 45 * SECOND_US,
    },
  },
];
const sizing: SizingConfig = { method: "FIXED_QUANTITY", quantity: "240", allowShort: true };

/** Denies some children: then their parent has ended. */
const orderRisk: OrderRiskConfig = {
  priceCollarBps: 200,
  maxOrderValueMinor: null,
  maxOrderQuantity: "90",
  volumeShare: null,
  orderRate: { most: 3, windowUs: 60 * SECOND_US },
  messageRate: null,
  repeats: null,
  maxPriceAgeUs: null,
  session: null,
  approvedOnly: true,
  shortable: null,
  buyingPower: true,
};

describe("an execution algorithm, under faults", () => {
  test("behind the order gate, on quotes, equals its closed run", async () => {
    const findings: string[] = [];
    for (let seed = 0; seed < SEEDS; seed++) {
      const [algorithm] = algorithms;
      if (algorithm === undefined) continue;
      const scenario = flowScenario(seed, { algorithm, sizing, orderRisk, quotes: true });
      const { finding } = await simulate({ seed, scenario });
      if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
    }
    expect(findings).toEqual([]);
  });

  test.each(algorithms)(
    "$schedule.method equals its closed run, byte for byte",
    async (algorithm) => {
      const findings: string[] = [];
      let crashes = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const scenario = flowScenario(seed, { algorithm, sizing, actions: seed % 2 === 1 });
        const { finding, counts } = await simulate({ seed, scenario });
        if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
        crashes += counts.get("crashed") ?? 0;
      }
      expect(findings).toEqual([]);
      expect(crashes).toBeGreaterThan(0);
    },
  );
});
