// The topics that a flow needs on Kafka. Promises: the same topology, partitions and settings give
// the same list in the same order: sources, derived topics by rank, the runtime's, changelogs.

import type { TopicName } from "../../../schemas/generated/facts.ts";
import { partitionCount } from "../../../streams/catalogue.ts";
import { planGroups } from "../../../streams/task-groups.ts";
import type { Topology } from "../../../streams/topology.ts";
import { changelogIn, type Namespace, readsLive, topicIn } from "./names.ts";
import { changelogSettings, type TopicSettings, tapeSettings } from "./topic-settings.ts";

export interface WantedTopic {
  readonly name: string;
  /** source: written from outside; runtime: tape.admissions and tape.dead-letters. */
  readonly kind: "source" | "derived" | "runtime" | "changelog";
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly settings: TopicSettings;
}

export interface FlowOnKafka {
  readonly topology: Topology;
  /** Of the topics that are keyed by symbol. */
  readonly partitions: number;
  /** Processors that run alone: see streams/task-groups.ts. */
  readonly isolate: readonly string[];
  readonly namespace: Namespace;
}

export interface Durability {
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly retentionMs: Readonly<Partial<Record<TopicName, number>>>;
}

export function wantedTopics(flow: FlowOnKafka, durability: Durability): readonly WantedTopic[] {
  const { topology, partitions, isolate, namespace } = flow;
  const { replicationFactor, minInsyncReplicas, retentionMs } = durability;
  const tape = (topic: TopicName, kind: WantedTopic["kind"], count: number): WantedTopic => ({
    name: topicIn(namespace, topic),
    kind,
    partitions: count,
    replicationFactor,
    settings: tapeSettings(minInsyncReplicas, retentionMs[topic] ?? null),
  });
  const ofKey = (topic: TopicName) => partitionCount(topic, partitions);
  const plans = planGroups(topology, partitions, ofKey, isolate);
  const groups = new Map<string, number>();
  for (const { group } of plans) groups.set(group, (groups.get(group) ?? 0) + 1);
  const tasks = plans.reduce((sum, { members }) => sum + members.length, 0);
  return [
    ...(readsLive(namespace) ? [] : topology.sources).map((topic) =>
      tape(topic, "source", ofKey(topic)),
    ),
    ...topology.derived.map((topic) => tape(topic, "derived", ofKey(topic))),
    tape("tape.admissions", "runtime", tasks),
    tape("tape.dead-letters", "runtime", tasks),
    ...[...groups].map(
      ([group, count]): WantedTopic => ({
        name: changelogIn(namespace, group),
        kind: "changelog",
        partitions: count,
        replicationFactor,
        settings: changelogSettings(minInsyncReplicas),
      }),
    ),
  ];
}
