// Which processors run together as one task. Promises: processors of one scope that feed each other
// without latency form one group, so that a tick's bar, features and signal cost one commit; nothing
// that is decided, and no partition of tape.admissions or tape.dead-letters, depends on the grouping.
// (Kafka Streams calls such a group a sub-topology.)

import { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import { planTasks, type TaskPlan } from "./live-plan.ts";
import { type AnyProcessor, outputsOf, type Topology } from "./topology.ts";

export interface TaskGroup {
  /** Of its first processor in the topology's list: consumer group, changelog, metric label. */
  readonly name: string;
  readonly scope: AnyProcessor["scope"];
  /** Causes before consequences. */
  readonly processors: readonly AnyProcessor[];
}

/** One partition that comes from outside the group. */
export interface ExternalPartition {
  readonly topic: TopicName;
  readonly partition: number;
  /** Recorded, imported or typed in: no task writes it. */
  readonly source: boolean;
  /** Who reads it: places in the group's members. */
  readonly readers: readonly number[];
}

/** One partition that a member writes and members read. */
export interface InternalPartition {
  readonly topic: TopicName;
  readonly partition: number;
  readonly writer: number;
  readonly readers: readonly number[];
  /** From the writer's cause to the event, in microseconds. */
  readonly latencyUs: number;
}

export interface GroupPlan {
  /** "group/partition", or the group's name where it has one task: names checkpoint and owner. */
  readonly name: string;
  readonly group: string;
  /** Its own partition of topics keyed by symbol; 0 where the group has one task. */
  readonly partition: number;
  /** Causes before consequences. */
  readonly members: readonly TaskPlan[];
  readonly external: readonly ExternalPartition[];
  readonly internal: readonly InternalPartition[];
}

/**
 * The groups, in the order of their first processors. Each processor named in `isolate` is a group
 * of its own, which may cut its group in two. Throws STREAMS_PROCESSOR_UNKNOWN.
 */
export function taskGroups(
  topology: Topology,
  isolate: readonly string[] = [],
): readonly TaskGroup[] {
  const { processors } = topology;
  for (const name of isolate) {
    if (!processors.some((processor) => processor.name === name)) throw unknown(name, processors);
  }
  const joined = (a: AnyProcessor, b: AnyProcessor): boolean =>
    !isolate.includes(a.name) && !isolate.includes(b.name) && (feeds(a, b) || feeds(b, a));
  let groups: AnyProcessor[][] = [];
  for (const processor of processors) {
    const touching = groups.filter((group) => group.some((other) => joined(other, processor)));
    const first = touching[0];
    if (first === undefined) {
      groups.push([processor]);
      continue;
    }
    first.push(...touching.slice(1).flat(), processor);
    groups = groups.filter((group) => group === first || !touching.includes(group));
  }
  return groups.map((group) => {
    const listed = processors.filter((processor) => group.includes(processor));
    const { name, scope } = listed[0] as AnyProcessor;
    return { name, scope, processors: listed.toSorted((a, b) => depth(a) - depth(b)) };
  });

  /** What an edge without latency writes ranks above all that its writer reads. */
  function depth({ inputs }: AnyProcessor): number {
    return Math.max(-1, ...inputs.map((topic) => topology.rank.get(topic) as number));
  }
}

/** One scope means no repartitioning: what a task writes is read by the task of the same number. */
const feeds = (writer: AnyProcessor, reader: AnyProcessor): boolean =>
  writer.scope === reader.scope &&
  outputsOf(writer).some((topic) => writer.outputs[topic] === 0 && reader.inputs.includes(topic));

/** The tasks of every group; the arguments are those of planTasks and of taskGroups. */
export function planGroups(
  topology: Topology,
  partitions: number,
  sourcePartitions: (topic: TopicName) => number,
  isolate: readonly string[] = [],
): readonly GroupPlan[] {
  const plans = planTasks(topology, partitions, sourcePartitions);
  return taskGroups(topology, isolate).flatMap(({ name: group, scope, processors }) =>
    Array.from({ length: scope === "symbol" ? partitions : 1 }, (_, partition): GroupPlan => {
      const members = processors.map(
        (processor) =>
          plans.find(
            (plan) => plan.processor === processor && plan.partition === partition,
          ) as TaskPlan,
      );
      const name = scope === "symbol" ? `${group}/${partition}` : group;
      return { name, group, partition, members, ...inputsOf(topology, members) };
    }),
  );
}

function inputsOf(
  topology: Topology,
  members: readonly TaskPlan[],
): Pick<GroupPlan, "external" | "internal"> {
  const external: (ExternalPartition & { readers: number[] })[] = [];
  const internal: (InternalPartition & { readers: number[] })[] = [];
  for (const [reader, { inputs }] of members.entries()) {
    for (const { topic, partition } of inputs) {
      const known = [...external, ...internal].find(
        (one) => one.topic === topic && one.partition === partition,
      );
      if (known !== undefined) {
        known.readers.push(reader);
        continue;
      }
      const writer = members.findIndex(({ processor }) => outputsOf(processor).includes(topic));
      const readers = [reader];
      if (writer < 0) {
        const source = topology.sources.includes(topic);
        external.push({ topic, partition, source, readers });
      } else {
        const latencyUs = members[writer]?.processor.outputs[topic] as number;
        internal.push({ topic, partition, writer, readers, latencyUs });
      }
    }
  }
  return { external, internal };
}

const unknown = (name: string, processors: readonly AnyProcessor[]): TapedeckError =>
  new TapedeckError(
    "STREAMS_PROCESSOR_UNKNOWN",
    `no processor is named ${name}; there are ${processors.map((one) => one.name).join(", ")}`,
    { processor: name },
  );
