// Which tasks a topology has when it runs as services, and which partitions each reads. Promises: the
// same topology and partition counts give the same tasks in the same order with the same numbers.

import type { TopicName } from "../schemas/generated/facts.ts";
import { partitionCount } from "./catalogue.ts";
import type { InputPartition } from "./input-lane.ts";
import type { EventLog } from "./log.ts";
import { Task } from "./task.ts";
import type { AnyProcessor, Topology } from "./topology.ts";

export interface TaskPlan {
  readonly name: string;
  readonly processor: AnyProcessor;
  /** Its own partition of topics keyed by symbol; 0 where the processor has one task. */
  readonly partition: number;
  /** Tasks of its processor: symbols are dealt out among them. */
  readonly tasks: number;
  /** Partitions of the derived topics that are keyed by symbol. */
  readonly partitions: number;
  /** Its partition of tape.admissions and tape.dead-letters. */
  readonly number: number;
  readonly inputs: readonly InputPartition[];
  /** The topology's. */
  readonly rank: ReadonlyMap<TopicName, number>;
}

/**
 * `sourcePartitions` tells how many partitions a source topic has. Where that is the run's own
 * number a task reads its partition alone; else it reads all and leaves other tasks' symbols out.
 */
export function planTasks(
  topology: Topology,
  partitions: number,
  sourcePartitions: (topic: TopicName) => number,
): readonly TaskPlan[] {
  const plans: TaskPlan[] = [];
  for (const processor of topology.processors) {
    const tasks = processor.scope === "symbol" ? partitions : 1;
    for (let partition = 0; partition < tasks; partition++) {
      const inputs = processor.inputs.flatMap((topic): InputPartition[] => {
        const rank = topology.rank.get(topic) as number;
        const source = topology.sources.includes(topic);
        const count = source ? sourcePartitions(topic) : partitionCount(topic, partitions);
        if (processor.scope === "symbol" && count === tasks) {
          return [{ topic, partition, rank, shared: false, source }];
        }
        const shared = tasks > 1;
        return Array.from({ length: count }, (_, of) => ({
          topic,
          partition: of,
          rank,
          shared,
          source,
        }));
      });
      const { name } = new Task(processor, partition);
      plans.push({
        name,
        processor,
        partition,
        tasks,
        partitions,
        number: plans.length,
        inputs,
        rank: topology.rank,
      });
    }
  }
  return plans;
}

/** Makes the topics that the tasks write. */
export async function createOutputs(
  log: EventLog,
  topology: Topology,
  plans: readonly TaskPlan[],
): Promise<void> {
  const partitions = plans[0]?.partitions ?? 1;
  for (const topic of topology.derived) {
    await log.createTopic(topic, partitionCount(topic, partitions));
  }
  for (const topic of ["tape.admissions", "tape.dead-letters"] as const) {
    await log.createTopic(topic, Math.max(1, plans.length));
  }
}
