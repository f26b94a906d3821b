// Closed runs of random flows against each other: what may not change an answer does not. The number of
// partitions changes where events lie, never what they say or their order within a topic; where a run
// commits, stops and goes on changes no byte.

import { describe, expect, test } from "vitest";
import { Random } from "../quant/random.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import { runClosed } from "../streams/closed-run.ts";
import type { EventLog } from "../streams/log.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import { mergeTopics } from "../streams/merge.ts";
import { publishAll } from "../streams/simulator/published.ts";
import type { Scenario } from "../streams/simulator/scenario.ts";
import {
  firstDifference,
  readWritten,
  type WrittenPartition,
} from "../streams/simulator/written.ts";
import type { AlgorithmConfig } from "./orders-config.ts";
import { flowScenario } from "./simulation.ts";
import { pastSeeds } from "./simulation-seeds.ts";

const SEEDS = Math.ceil(Number(process.env.TAPEDECK_SIM_SEEDS ?? 2000) / 10);
const seeds = [...pastSeeds.map(({ seed }) => seed), ...Array.from({ length: SEEDS }, (_, i) => i)];

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return `${each}n`;
    return each instanceof Uint8Array ? each.join() : each;
  });

async function tapeOf(scenario: Scenario): Promise<EventLog> {
  const tape = createMemoryLog();
  await publishAll(tape, scenario);
  return tape;
}

/** Every event that a run on so many partitions wrote, by topic in the one order, without its place. */
async function answers(scenario: Scenario, tape: EventLog, partitions: number) {
  const { topology } = scenario;
  const target = createMemoryLog();
  await runClosed({ topology, partitions, sourceOf: () => tape, target });
  const told = new Map<string, string[]>();
  const topics: readonly TopicName[] = [...topology.topics, "tape.dead-letters"];
  for await (const chunk of mergeTopics(target, topics)) {
    for (const { topic, timeUs, origin, ordinal, value } of chunk) {
      const list = told.get(topic) ?? [];
      told.set(topic, list);
      // A dead letter names the partition that its event lay in.
      const said =
        topic === "tape.dead-letters" ? { ...value, partition: 0, position: 0, detail: "" } : value;
      list.push(text([timeUs, origin, ordinal, said]));
    }
  }
  return told;
}

const algorithm: AlgorithmConfig = {
  schedule: { method: "POV", overUs: 120_000_000, rateBps: 1_000 },
  maxChildren: 8,
  leftover: "SWEEP",
};

describe.each([
  ["a closed run", {}],
  ["a closed run with corporate actions", { actions: true }],
  ["a closed run on quotes, its orders sliced", { quotes: true, algorithm }],
])("%s", (_, options) => {
  test("says the same on 1, 2, 3 and 8 partitions", { timeout: 600_000 }, async () => {
    for (const seed of seeds) {
      const scenario = flowScenario(seed, options);
      const tape = await tapeOf(scenario);
      const one = await answers(scenario, tape, 1);
      for (const partitions of [2, 3, 8]) {
        const many = await answers(scenario, tape, partitions);
        for (const [topic, events] of one) {
          const other = many.get(topic) ?? [];
          const at = events.findIndex((event, index) => event !== other[index]);
          const place = `seed ${seed}, ${partitions} partitions, ${topic}`;
          expect(at < 0 ? "" : `${place} event ${at}: ${events[at]} or ${other[at]}`).toBe("");
          expect(other.length, place).toBe(events.length);
        }
      }
    }
  });

  test("writes the same bytes wherever it commits, stops and goes on", {
    timeout: 600_000,
  }, async () => {
    for (const seed of seeds) {
      const scenario = flowScenario(seed, options);
      const tape = await tapeOf(scenario);
      const whole = await uninterrupted(scenario, tape);
      const pieces = await interrupted(scenario, tape, new Random(seed));
      for (const [name, partition] of whole) {
        const other = pieces.get(name) as WrittenPartition;
        expect(firstDifference(other, partition), `seed ${seed}`).toBeNull();
      }
    }
  });
});

async function uninterrupted({ topology, partitions }: Scenario, tape: EventLog) {
  const target = createMemoryLog();
  await runClosed({ topology, partitions, sourceOf: () => tape, target });
  return readWritten(target);
}

/** The same run in pieces of random size; a piece ends by a stop, by a time, or by the end. */
async function interrupted(
  { topology, partitions, facts }: Scenario,
  tape: EventLog,
  random: Random,
) {
  const target = createMemoryLog();
  const options = { topology, partitions, sourceOf: () => tape, target };
  for (let pieces = 0; pieces < 6; pieces++) {
    let commits = random.integer(4);
    const fact = facts[random.integer(facts.length)];
    const untilUs = random.integer(3) === 0 && fact !== undefined ? { untilUs: fact.timeUs } : {};
    await runClosed({
      ...options,
      ...untilUs,
      eventsPerCommit: 1 + random.integer(40),
      stopRequested: () => commits-- <= 0,
    });
  }
  await runClosed({ ...options, eventsPerCommit: 1 + random.integer(40) });
  return readWritten(target);
}
