// A run that keeps nothing, held against the run that keeps everything.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { MarketBar } from "../schemas/generated/market.bars.ts";
import { runClosed } from "./closed-run.ts";
import type { AnyEvent } from "./event.ts";
import { createMemoryLog } from "./memory-log.ts";
import { mergeTopics } from "./merge.ts";
import { runObserved } from "./observed-run.ts";
import { readWritten } from "./simulator/written.ts";
import { barAt, smallFlow, tapeOf, UNLUCKY } from "./testing/small-flow.ts";
import type { AnyProcessor } from "./topology.ts";

type Bare = Pick<AnyEvent, "topic" | "offset" | "timeUs" | "origin" | "ordinal" | "value"> & {
  readonly cause: readonly [topic: TopicName, offset: number] | null;
};

const bare = ({ topic, offset, timeUs, origin, ordinal, value, cause }: AnyEvent): Bare => ({
  topic,
  offset,
  timeUs,
  origin,
  ordinal,
  value,
  cause: cause === null ? null : [cause.topic, cause.offset],
});

const byTopic = (events: readonly Bare[]): Readonly<Record<string, readonly Bare[]>> =>
  Object.fromEntries(
    [...new Set(events.map(({ topic }) => topic))]
      .sort()
      .map((name) => [name, events.filter(({ topic }) => topic === name)]),
  );

/** Answers a bar after as long as its close says, so that a later bar may be answered for an earlier time. */
const dawdler: AnyProcessor = {
  name: "dawdler",
  version: 1,
  scope: "symbol",
  inputs: ["market.bars"],
  outputs: { regimes: 0 },
  onFailure: "stop",
  initial: () => null,
  evolve: (state) => state,
  decide: (_, { timeUs, value }) => {
    const { symbol, close } = value as MarketBar;
    const regime = { symbol, model: "m", regime: "r", probability: 1 };
    return [{ topic: "regimes", value: regime, atUs: timeUs + close }];
  },
};

describe("an observed run", () => {
  test("sees what a closed run writes: the same events in the same order, dead letters too", async () => {
    const fact = fc.record({
      timeUs: fc.integer({ min: 1, max: 12 }),
      symbol: fc.constantFrom("A", "B", "C"),
      volume: fc.constantFrom(1, UNLUCKY),
      close: fc.integer({ min: 1, max: 9 }),
    });
    const shape = fc.record({
      facts: fc.array(fact, { maxLength: 30 }),
      latencyUs: fc.constantFrom(0, 1, 5),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ facts, latencyUs }) => {
        const topology = smallFlow({ latencyUs, onFailure: "dead-letter" }, dawdler);
        const tape = await tapeOf(
          topology,
          facts.map(({ timeUs, symbol, ...rest }) => barAt(timeUs, symbol, rest)),
        );
        const target = createMemoryLog();
        await runClosed({ topology, partitions: 1, sourceOf: () => tape, target });
        const written = [...(await readWritten(target)).values()].flatMap(({ events }) => events);
        const bars: AnyEvent[] = [];
        for await (const chunk of mergeTopics(tape, ["market.bars"])) bars.push(...chunk);
        const seen: AnyEvent[] = [];
        const sources = [{ topic: "market.bars" as const, partition: 0, events: bars }];
        runObserved({ topology, sources, see: (event) => seen.push(event) });
        expect(byTopic(seen.map(bare))).toEqual(byTopic((written as AnyEvent[]).map(bare)));
      }),
    );
  });

  test("stops with the processor's failure where that is its policy", () => {
    const { timeUs, value } = barAt(5, "A", { volume: UNLUCKY });
    const event = { topic: "market.bars", partition: 0, offset: 0, origin: 0, cause: null };
    const events = [{ ...event, ordinal: 0, timeUs, value } as AnyEvent];
    expect(() =>
      runObserved({
        topology: smallFlow(),
        sources: [{ topic: "market.bars", partition: 0, events }],
        see: () => undefined,
      }),
    ).toThrow("watcher failed on market.bars/0 offset 0: volume 13");
  });
});
