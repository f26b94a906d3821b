// Breakers under seeded faults: what trips live, killed, restarted, late and on any number of partitions equals
// the closed run, byte for byte; and nothing is approved after a trip.

import { describe, expect, test } from "vitest";
import type { AnyEvent } from "../streams/event.ts";
import { runObserved } from "../streams/observed-run.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import type { BreakersConfig } from "./breakers-config.ts";
import { flowScenario } from "./simulation.ts";

const SEEDS = 40;

/** At values that small markets reach. */
const breakers: BreakersConfig = {
  response: "HALT",
  modelDecay: { leastBps: 4_500, outcomes: 8 },
  dataQuality: { leastBps: 9_500, bars: 12, every: null },
  maxAgeUs: 30_000_000,
};

/** The seed's market without commands, as a tape with what came late on it: what the flow makes of it, in order. */
function closedRun(seed: number): readonly AnyEvent[] {
  const { topology, facts } = flowScenario(seed, { breakers, commands: () => [] });
  const tapes = Map.groupBy(facts, ({ topic }) => topic);
  const sources = [...tapes].map(([topic, told]) => {
    let timeUs = 0;
    const events = told.map(({ topic: of, value, timeUs: at }, offset) => {
      timeUs = Math.max(timeUs, at);
      const place = { partition: 0, offset, origin: offset, cause: null, ordinal: 0 };
      return { topic: of, value, timeUs, ...place } as AnyEvent;
    });
    return { topic, partition: 0, events };
  });
  const seen: AnyEvent[] = [];
  runObserved({ topology, sources, see: (event) => seen.push(event) });
  return seen;
}

describe("breakers", () => {
  test.each(["HALT", "REDUCE_ONLY"] as const)(
    "that answer with %s equal their closed run under faults, byte for byte",
    async (response) => {
      const findings: string[] = [];
      for (let seed = 0; seed < SEEDS; seed++) {
        const options = { breakers: { ...breakers, response }, actions: seed % 2 === 1 };
        const { finding } = await simulate({ seed, scenario: flowScenario(seed, options) });
        if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
      }
      expect(findings).toEqual([]);
    },
  );

  test("stop all that is proposed from their own instant on, whichever of them it is", () => {
    const first = new Set<string>();
    let denied = 0;
    let before = 0;
    for (let seed = 0; seed < 2 * SEEDS; seed++) {
      let trip: AnyEvent | null = null;
      for (const event of closedRun(seed)) {
        if (event.topic === "risk.breakers") {
          trip ??= event;
          first.add(event.value.breaker);
        } else if (event.topic === "risk.verdicts") {
          if (trip === null) before += event.value.targets.length;
          else {
            expect(event.value.targets, `seed ${seed}`).toEqual([]);
            expect(event.value.state, `seed ${seed}`).toBe("HALTED");
            denied += event.timeUs === trip.timeUs ? 1 : 0;
          }
        }
      }
    }
    expect([...first].sort()).toEqual(["DATA_QUALITY", "LATENCY", "MODEL_DECAY"]);
    expect(before).toBeGreaterThan(20);
    expect(denied).toBeGreaterThan(5);
  });
});
