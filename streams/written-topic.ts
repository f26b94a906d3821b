// A topic that a closed run writes: each event goes to the partition of its key, and to the queue of whoever reads it.

import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { keyOf } from "./catalogue.ts";
import type { AnyEvent } from "./event.ts";
import type { LaneHeap, QueueLane } from "./lanes.ts";
import type { OutputPartition } from "./output.ts";
import { partitionOf } from "./partition.ts";
import type { TopicSink } from "./task.ts";

export class WrittenTopic<T extends TopicName> implements TopicSink<T> {
  readonly topic: T;
  readonly partitions: readonly OutputPartition<T>[];
  /** One for each partition; empty where nobody reads the topic. */
  readonly queues: readonly QueueLane[];
  private readonly heap: LaneHeap;

  constructor(
    topic: T,
    partitions: readonly OutputPartition<T>[],
    queues: readonly QueueLane[],
    heap: LaneHeap,
  ) {
    this.topic = topic;
    this.partitions = partitions;
    this.queues = queues;
    this.heap = heap;
  }

  write(timeUs: number, origin: number, cause: AnyEvent, ordinal: number, value: Facts[T]): void {
    const { topic, partitions, queues } = this;
    const partition =
      partitions.length === 1 ? 0 : partitionOf(keyOf(topic, value), partitions.length);
    const output = partitions[partition] as OutputPartition<T>;
    const offset = output.write(timeUs, origin, cause, ordinal, value);
    const queue = queues[partition];
    if (queue === undefined) return;
    const event = {
      topic,
      partition,
      offset,
      timeUs: output.lastTimeUs,
      origin,
      cause,
      ordinal,
      value,
    } as unknown as AnyEvent;
    if (queue.add(event)) this.heap.push(queue);
  }
}
