// Every check of whole proposals and persons' overlays, under seeded faults: what is judged live, killed,
// restarted, late and on any number of partitions equals the closed run, byte for byte.

import { describe, expect, test } from "vitest";
import type { Scenario } from "../streams/simulator/scenario.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import type { BreachResponse, ProposalLimits } from "./risk-config.ts";
import { flowScenario } from "./simulation.ts";

const SEEDS = 40;

/** Everything on, at values that small markets reach. */
const proposals: ProposalLimits = {
  maxSectorBps: 3_000,
  sectors: { ACME: "tools", BOLT: "tools", CRUX: "cloth" },
  maxNetExposureMinor: 300_000_00,
  maxLeverageBps: 6_000,
  maxWeightBps: 2_500,
  maxHerfindahlBps: 1_000,
  maxBetaBps: 9_000,
  benchmark: "ACME",
  maxValueAtRiskBps: 40,
  maxExpectedShortfallBps: 60,
  tailBps: 2_000,
  maxCorrelationBps: 9_000,
  returnsWindow: 4,
  maxDaysToExitHundredths: null,
  volumeShareBps: 1_000,
  volumeDays: 1,
  drawdownWarningBps: 1,
  drawdownCloseBps: 200,
  maxDailyLossBps: 60,
  maxWeeklyLossBps: 100,
  dayStartUs: 49_320_000_000,
  maxTradesADay: 12,
  capitalStages: [{ days: 0, sharpe: null, capitalMinor: 500_000_00 }],
  blackouts: [
    {
      symbol: "BOLT",
      weekdays: [0, 1, 2, 3, 4, 5, 6],
      fromUs: 48_900_000_000,
      untilUs: 49_000_000_000,
    },
  ],
  responses: { maxSector: "reduce", maxBeta: "scale", maxTradesADay: "reduce" },
};

const seen = new Set<string>();

/** The seed's scenario, with note taken of what the gate answered. */
function watched(seed: number, onBreach: BreachResponse): Scenario {
  const risk = {
    onBreach,
    proposals,
    ...(seed % 3 === 0 ? { maxDrawdownBps: 80, drawdownReduceToBps: 5_000 } : {}),
    ...(seed % 4 === 0 ? { maxPriceAgeUs: 120_000_000 } : {}),
  };
  const scenario = flowScenario(seed, { risk, actions: seed % 2 === 1 });
  return {
    ...scenario,
    findFault: (events) => {
      for (const event of events.get("risk.verdicts") ?? []) {
        if (event.topic !== "risk.verdicts") continue;
        seen.add(event.value.outcome).add(event.value.reason);
        for (const { overlay } of event.value.overlays) seen.add(overlay);
      }
      return scenario.findFault?.(events) ?? null;
    },
  };
}

describe("whole proposals and overlays, under faults", () => {
  test.each(["reduce", "scale", "deny"] as const)(
    "%s equals its closed run, byte for byte",
    async (onBreach) => {
      const findings: string[] = [];
      let crashes = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const { finding, counts } = await simulate({ seed, scenario: watched(seed, onBreach) });
        if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
        crashes += counts.get("crashed") ?? 0;
      }
      expect(findings).toEqual([]);
      expect(crashes).toBeGreaterThan(0);
    },
  );

  test("the markets reached every outcome and every overlay", () => {
    const names =
      "PASS REDUCE SCALE DENY CLOSE RESTRICTED_BUYS RESTRICTED BLACKOUT TARGET VIEW ANSWER";
    expect(names.split(" ").filter((name) => !seen.has(name))).toEqual([]);
    expect(seen.size).toBeGreaterThan(18);
  });
});
