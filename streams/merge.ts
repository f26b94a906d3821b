// Topics of a log read as one stream in the one order: what projections, `inspect` and reports read.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "./event.ts";
import { LaneHeap } from "./lanes.ts";
import type { EventLog } from "./log.ts";
import { everything, PartitionReader, type ReadRange } from "./partition-reader.ts";

/** Few: what a chunk holds outlives the young generation, and its garbage is collected late. */
const EVENTS_PER_CHUNK = 256;

/**
 * Yields the events of `topics` in chunks. Topics at one instant come in the order they are named,
 * so name them in the topology's rank order. `rangeOf` limits a partition (default: all of it).
 */
export async function* mergeTopics(
  log: EventLog,
  topics: readonly TopicName[],
  rangeOf: (topic: TopicName, partition: number) => Partial<ReadRange> = () => ({}),
): AsyncGenerator<readonly AnyEvent[]> {
  const heap = new LaneHeap();
  for (const { topic, partition, start, end } of await log.partitions()) {
    const rank = topics.indexOf(topic as TopicName);
    if (rank < 0) continue;
    const range = { ...everything, toOffset: end, ...rangeOf(topic as TopicName, partition) };
    const fromOffset = Math.max(range.fromOffset, start);
    const lane = new PartitionReader(log, topic as TopicName, partition, rank, {
      ...range,
      fromOffset,
    });
    await lane.load();
    if (lane.head !== null) heap.push(lane);
  }
  let chunk: AnyEvent[] = [];
  for (let lane = heap.first; lane !== undefined; lane = heap.first) {
    chunk.push(lane.head as AnyEvent);
    lane.advance();
    const reader = lane as PartitionReader;
    if (reader.head === null && reader.open) await reader.load();
    heap.settle();
    if (chunk.length === EVENTS_PER_CHUNK) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
