// Which topics of a log are copied, and from where to where.

import { TapedeckError } from "../../schemas/errors.ts";
import { catalogue, isTopicName } from "../../streams/catalogue.ts";
import type { EventLog, PartitionRange } from "../../streams/log.ts";

/** Event times in µs: from `fromUs` on, before `toUs`; null is no limit. */
export interface TimeRange {
  readonly fromUs: number | null;
  readonly toUs: number | null;
}

export const everything: TimeRange = { fromUs: null, toUs: null };

/** What the world says. Bars are a source only where no ticks are: else they were made of them. */
const SOURCES = [
  "market.instruments",
  "market.corporate-actions",
  "market.status",
  "market.rates",
  "market.ticks",
  "market.quotes",
  "control.commands",
];

/**
 * `named` of the log's topics, all of them (`"all"`), or a flow's sources (null). Throws
 * STREAMS_TOPIC_UNKNOWN where one is named that the log has not, TAPE_TOPICS_MISSING where none is.
 */
export function chooseTopics(
  held: readonly PartitionRange[],
  named: readonly string[] | "all" | null,
): readonly string[] {
  const topics = [...new Set(held.map(({ topic }) => topic))];
  const hasTicks = topics.includes("market.ticks");
  const sources = hasTicks ? SOURCES : [...SOURCES, "market.bars"];
  const wanted = named === "all" ? topics : (named ?? topics.filter((t) => sources.includes(t)));
  const strange = wanted.find((topic) => !topics.includes(topic));
  const holds = topics.length === 0 ? "no topics" : topics.join(", ");
  if (strange !== undefined) {
    throw new TapedeckError(
      "STREAMS_TOPIC_UNKNOWN",
      `there is no topic ${strange} to copy; there are ${holds}`,
      { topic: strange },
    );
  }
  if (wanted.length > 0) return wanted;
  const what = `there is no source to copy (${sources.join(", ")}); there are ${holds}`;
  throw new TapedeckError("TAPE_TOPICS_MISSING", what);
}

/** Every partition of the topics over the range; of compacted topics also what was before it. */
export async function topicRanges(
  log: EventLog,
  held: readonly PartitionRange[],
  topics: readonly string[],
  { fromUs, toUs }: TimeRange,
): Promise<readonly PartitionRange[]> {
  const ranges: PartitionRange[] = [];
  for (const { topic, partition, start, end } of held) {
    if (!topics.includes(topic)) continue;
    const whole = isTopicName(topic) && catalogue[topic].cleanup === "compact";
    const from = whole || fromUs === null ? start : await log.offsetAt(topic, partition, fromUs);
    const to = toUs === null ? end : await log.offsetAt(topic, partition, toUs);
    ranges.push({ topic, partition, start: from, end: Math.max(from, Math.min(to, end)) });
  }
  return ranges;
}
