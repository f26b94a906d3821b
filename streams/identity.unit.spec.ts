import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import { runClosed } from "./closed-run.ts";
import { eventIds } from "./identity.ts";
import { joinLogs } from "./joined-log.ts";
import { createMemoryLog } from "./memory-log.ts";
import { mergeTopics } from "./merge.ts";
import { printTopology, producersIn } from "./print-topology.ts";
import { barAt, smallFlow, tapeOf } from "./testing/small-flow.ts";

const topics: readonly TopicName[] = ["market.bars", "signals", "weights.proposals"];

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner));

/** Ids of every event of the small flow on `partitions`, with what each event says. */
async function idsOf(partitions: number, version?: number): Promise<Map<string, string>> {
  const bars = ["AAA", "BBB", "CCC"].flatMap((symbol) => [1, 2, 3].map((n) => barAt(n, symbol)));
  const topology = smallFlow();
  const inOrder = bars.toSorted((a, b) => a.timeUs - b.timeUs);
  const source = await tapeOf(topology, inOrder);
  const target = createMemoryLog();
  await runClosed({ topology, partitions, sourceOf: () => source, target });
  const log = await joinLogs([
    { log: target, ranges: null },
    { log: source, ranges: null },
  ]);
  const printed = printTopology(topology);
  const idOf = eventIds(
    log,
    producersIn(version === undefined ? printed : printed.replaceAll(" v1 ", ` v${version} `)),
  );
  const ids = new Map<string, string>();
  for await (const chunk of mergeTopics(log, topics)) {
    for (const event of chunk) {
      const says = `${event.topic} ${event.timeUs} ${event.ordinal} ${textOf(event.value)}`;
      ids.set(await idOf(event), says);
    }
  }
  return ids;
}

describe("an event's id", () => {
  test("is its own, and 32 hexadecimal digits", async () => {
    const ids = await idsOf(1);
    // 9 bars, 9 signals, and a proposal for each of both.
    expect(ids.size).toBe(36);
    for (const id of ids.keys()) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  test("does not depend on how many partitions the run has", async () => {
    expect(await idsOf(4)).toEqual(await idsOf(1));
  });

  test("depends on the producer's version where it was produced, not at the source", async () => {
    const [one, two] = [await idsOf(1), await idsOf(1, 2)];
    const shared = [...one.keys()].filter((id) => two.has(id));
    expect(shared.map((id) => one.get(id)?.split(" ")[0])).toEqual(Array(9).fill("market.bars"));
  });
});
