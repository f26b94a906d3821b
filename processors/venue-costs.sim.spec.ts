// The paper venue with all of its costs on: whatever live, killed, restarted, late, and on any number of
// partitions, equals the closed run, byte for byte; a closed run says the same on any number of partitions, and
// twice the same.

import { describe, expect, test } from "vitest";
import { runClosed } from "../streams/closed-run.ts";
import type { EventOf } from "../streams/event.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import { mergeTopics } from "../streams/merge.ts";
import { publishAll } from "../streams/simulator/published.ts";
import type { Scenario } from "../streams/simulator/scenario.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import { flowScenario } from "./simulation.ts";
import { thinMargin } from "./simulation-venues.ts";
import type { VenueConfig } from "./venue-config.ts";

const SEEDS = 60;

type Report = EventOf<"fills">;

async function fillsOf(scenario: Scenario, partitions: number): Promise<readonly Report[]> {
  const tape = createMemoryLog();
  await publishAll(tape, scenario);
  const target = createMemoryLog();
  await runClosed({ topology: scenario.topology, partitions, sourceOf: () => tape, target });
  const found: Report[] = [];
  for await (const chunk of mergeTopics(target, ["fills"])) found.push(...(chunk as Report[]));
  return found;
}

/** What a report says and when, without the place that it lies at. */
const told = (reports: readonly Report[]) =>
  reports.map(({ timeUs, origin, ordinal, value }) => ({ timeUs, origin, ordinal, value }));

/** Everything there, and nothing on. */
const idle: Partial<VenueConfig> = {
  price: {
    halfSpreadBps: 0,
    volumeSharePerMillion: 0,
    volatilityPerMillion: 0,
    temporaryPerMillion: 0,
    permanentPerMillion: 0,
    window: 2,
  },
  chance: { seed: 1, toVenue: null, back: null, rejectPerMillion: 0 },
  trading: { hours: null, status: false, closed: "WAIT" },
  carry: {
    atUs: 0,
    dayCount: 360,
    borrowPerMillion: 0,
    financingPerMillion: 0,
    funding: null,
  },
};

test("a venue with every part at nothing says what one without them says", async () => {
  let compared = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const plain = flowScenario(seed);
    const fills = told(await fillsOf(plain, 2));
    expect(told(await fillsOf(flowScenario(seed, { venue: idle }), 2)), `seed ${seed}`).toEqual(
      fills,
    );
    compared += fills.length;
  }
  expect(compared).toBeGreaterThan(SEEDS);
});

describe("a venue with all costs on", () => {
  test("equals its closed run under faults", { timeout: 300_000 }, async () => {
    const findings: string[] = [];
    let crashes = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const scenario = flowScenario(seed, {
        costs: true,
        venue: thinMargin,
        actions: seed % 2 === 1,
        quotes: seed % 3 === 2,
      });
      const { finding, counts } = await simulate({ seed, scenario });
      if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
      crashes += counts.get("crashed") ?? 0;
    }
    expect(findings).toEqual([]);
    expect(crashes).toBeGreaterThan(0);
  });

  test("says the same twice and on 1 and 3 partitions, and each part is seen", async () => {
    const parts = new Set<string>();
    const said = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const scenario = flowScenario(seed, {
        costs: true,
        venue: thinMargin,
        quotes: seed % 3 === 2,
      });
      const one = await fillsOf(scenario, 1);
      expect(told(await fillsOf(scenario, 1)), `seed ${seed}`).toEqual(told(one));
      expect(told(await fillsOf(scenario, 3)), `seed ${seed}`).toEqual(told(one));
      for (const { value } of one) {
        said.add(value.execType).add(value.reason);
        for (const { part } of value.parts) parts.add(part);
      }
    }
    for (const each of [
      ...["TRADE_CANCEL", "MarketClosed", "MarketHalted", "RefusedByVenue"],
      ...["BorrowFee", "Financing", "Funding", "MarginCall", "MARGIN_CALL"],
    ]) {
      expect(said).toContain(each);
    }
    expect([...parts].sort()).toEqual([
      "CAP",
      "HALF_SPREAD",
      "PERMANENT_IMPACT",
      "SLIPPAGE",
      "TEMPORARY_IMPACT",
      "TICK",
      "VOLATILITY",
      "VOLUME_SHARE",
    ]);
  });
});
