// The partitions that one live task writes. Promises: a key's event goes to the partition that the key
// belongs to, and only if this task is its writer.

import { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import { partitionCount } from "./catalogue.ts";
import type { TaskPlan } from "./live-plan.ts";
import type { Consumed, RecordBatch } from "./log.ts";
import { OutputPartition } from "./output.ts";
import { partitionOf } from "./partition.ts";
import { outputsOf } from "./topology.ts";

/** By "topic/partition": its next offset and the effective time reached. */
export type OutputEnds = Readonly<Record<string, readonly [next: number, timeUs: number]>>;

export class TaskOutputs {
  private readonly plan: TaskPlan;
  /** By topic: each partition, undefined where another task writes it. */
  private readonly topics = new Map<TopicName, readonly (OutputPartition | undefined)[]>();
  private readonly own: OutputPartition[] = [];

  constructor(plan: TaskPlan, ends: OutputEnds) {
    this.plan = plan;
    const { processor, partition, partitions, number } = plan;
    const open = (topic: TopicName, index: number): OutputPartition => {
      const [next, timeUs] = ends[`${topic}/${index}`] ?? [0, 0];
      const output = new OutputPartition(topic, index, next, timeUs);
      this.own.push(output);
      return output;
    };
    for (const topic of outputsOf(processor)) {
      const count = partitionCount(topic, partitions);
      const all = Array.from({ length: count }, (_, index) =>
        processor.scope === "symbol" && index !== partition ? undefined : open(topic, index),
      );
      this.topics.set(topic, all);
    }
    for (const topic of ["tape.admissions", "tape.dead-letters"] as const) {
      this.topics.set(topic, [open(topic, number)]);
    }
  }

  /** Throws STREAMS_NOT_COPARTITIONED where the key's partition is another task's. */
  of<T extends TopicName>(topic: T, key: string): OutputPartition<T> {
    const outputs = this.topics.get(topic) as readonly (OutputPartition<T> | undefined)[];
    const output = outputs[partitionOf(key, outputs.length)];
    if (output === undefined) throw foreignKey(this.plan, topic, key);
    return output;
  }

  /** This task's own partition of a topic of the runtime. */
  ofRuntime<T extends "tape.admissions" | "tape.dead-letters">(topic: T): OutputPartition<T> {
    return this.topics.get(topic)?.[0] as unknown as OutputPartition<T>;
  }

  nextOffset(topic: TopicName, partition: number): number {
    return this.topics.get(topic)?.[partition]?.nextOffset ?? 0;
  }

  /** Where each partition that this task writes ends, by what it has written. */
  get ends(): readonly Consumed[] {
    return this.own.map(({ topic, partition, nextOffset: next }) => ({ topic, partition, next }));
  }

  /** Adds what was written since the last call; gives where the partitions end now. */
  take(produced: RecordBatch[]): OutputEnds {
    const ends: Record<string, [number, number]> = {};
    for (const output of this.own) {
      const { topic, partition, nextOffset, lastTimeUs } = output;
      ends[`${topic}/${partition}`] = [nextOffset, lastTimeUs];
      const batch = output.take();
      if (batch !== null) produced.push(batch);
    }
    return ends;
  }
}

const foreignKey = (plan: TaskPlan, topic: TopicName, key: string): TapedeckError =>
  new TapedeckError(
    "STREAMS_NOT_COPARTITIONED",
    `${plan.name} wrote ${topic} of ${key}, which belongs to another partition`,
    { processor: plan.processor.name, topic, key },
  );
