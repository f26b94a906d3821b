import { describe, expect, test } from "vitest";
import type { PartitionRange } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { batchAt } from "../../streams/testing/log-fixtures.ts";
import { chooseTopics, everything, topicRanges } from "./topic-ranges.ts";

const held = (...topics: readonly string[]): readonly PartitionRange[] =>
  topics.map((topic) => ({ topic, partition: 0, start: 0, end: 1 }));

describe("the topics that are copied", () => {
  test("are what the world said: bars only where they were not made of ticks", () => {
    const live = held("fills", "market.bars", "market.instruments", "market.ticks", "signals");
    expect(chooseTopics(live, null)).toEqual(["market.instruments", "market.ticks"]);
    const bars = held("control.commands", "fills", "market.bars", "market.instruments");
    expect(chooseTopics(bars, null)).toEqual([
      "control.commands",
      "market.bars",
      "market.instruments",
    ]);
  });

  test("are all, or those that are named", () => {
    const live = held("fills", "market.ticks");
    expect(chooseTopics(live, "all")).toEqual(["fills", "market.ticks"]);
    expect(chooseTopics(live, ["fills"])).toEqual(["fills"]);
  });

  test("must be there", () => {
    expect(() => chooseTopics(held("fills"), ["orders"])).toThrow(
      expect.objectContaining({ code: "STREAMS_TOPIC_UNKNOWN", facts: { topic: "orders" } }),
    );
    for (const none of [held(), held("fills")]) {
      expect(() => chooseTopics(none, null)).toThrow(
        expect.objectContaining({ code: "TAPE_TOPICS_MISSING" }),
      );
    }
  });
});

describe("a range of time", () => {
  test("takes offsets from its begin on and before its end, and every instrument before that", async () => {
    const log = createMemoryLog();
    const times = [10, 20, 30, 40];
    for (const topic of ["market.instruments", "market.ticks", "signals"]) {
      await log.createTopic(topic, 1);
      await log.commit({ produced: [batchAt(topic, 0, 0, times)], checkpoints: [] });
    }
    const all = await log.partitions();
    const topics = ["market.instruments", "market.ticks"];
    const ranges = async (fromUs: number | null, toUs: number | null) =>
      (await topicRanges(log, all, topics, { fromUs, toUs })).map(({ start, end }) => [start, end]);
    expect(await topicRanges(log, all, topics, everything)).toEqual(all.slice(0, 2));
    expect(await ranges(20, 40)).toEqual([
      [0, 3],
      [1, 3],
    ]);
    expect(await ranges(41, null)).toEqual([
      [0, 4],
      [4, 4],
    ]);
    expect(await ranges(null, 10)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});
