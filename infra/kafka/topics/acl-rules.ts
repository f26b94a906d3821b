// The least that each part of a flow must be allowed on Kafka, from the topology. Promises: what a
// principal may write is what its processors write, their admissions, dead letters and state; a
// shadow may write inside its own namespace and nowhere else, which is the proof that it orders
// nothing.
//
// Kafka takes Read or Write to include Describe. Reading one's own outputs is needed: a task that
// starts reads the last record of each partition that it writes, to go on with its offset.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { type TaskGroup, taskGroups } from "../../../streams/task-groups.ts";
import { outputsOf, type Topology } from "../../../streams/topology.ts";
import {
  changelogIn,
  groupIn,
  isName,
  type Namespace,
  namespaceOf,
  readsLive,
  topicIn,
} from "./names.ts";

export type Operation = "Read" | "Write" | "Create" | "Describe" | "DescribeConfigs";

export interface AclResource {
  readonly type: "topic" | "group" | "transactional-id";
  readonly name: string;
  readonly pattern: "literal" | "prefixed";
}

export interface Grant {
  /** A task group's name, or feed, operator, redriver, auditor, backtest, shadow-<name>. */
  readonly role: string;
  readonly principal: string;
  readonly resource: AclResource;
  readonly operations: readonly Operation[];
  readonly why: string;
}

export interface AclFlow {
  readonly topology: Topology;
  readonly isolate: readonly string[];
  readonly namespace: Namespace;
  /** Names of shadows that follow the flow. */
  readonly shadows: readonly string[];
  /** {app} and {role} are filled in: "User:{app}-{role}". */
  readonly principal: string;
}

export const DEFAULT_PRINCIPAL = "User:{app}-{role}";

/** Task groups first, in the topology's order; then the others as Grant lists their roles. */
export function leastGrants(flow: AclFlow): readonly Grant[] {
  const { topology, isolate, namespace, shadows } = flow;
  if (!/^[A-Za-z]+:[^\s]/.test(flow.principal) || !flow.principal.includes("{role}")) {
    const what = `--principal is ${flow.principal}: give one such as "${DEFAULT_PRINCIPAL}", {role} in it`;
    throw new TapedeckError("USAGE_INVALID", what, { principal: flow.principal });
  }
  const groups = taskGroups(topology, isolate);
  const roles: readonly (readonly [string, readonly Need[]])[] = [
    ...groups.map((group) => [group.name, groupNeeds(group, topology, namespace)] as const),
    ["feed", feedNeeds(topology, namespace)],
    ["operator", operatorNeeds(namespace)],
    ["redriver", redriverNeeds(topology, namespace)],
    ["auditor", auditorNeeds(topology, groups, namespace)],
    ["backtest", replayNeeds(topology, namespace, "run.")],
    ...shadows.map((name) => {
      if (!isName(name)) {
        throw new TapedeckError("USAGE_INVALID", `--shadow is ${name}: letters, digits, - and .`);
      }
      const needs = replayNeeds(topology, namespace, `shadow.${name}.`);
      const progress = groups.map((group) =>
        need("topic", changelogIn(namespace, group.name), ["Read"], "how far live has come"),
      );
      return [`shadow-${name}`, [...needs, ...progress]] as const;
    }),
  ];
  return roles.flatMap(([role, needs]) => {
    const principal = flow.principal.replaceAll("{app}", namespace.app).replaceAll("{role}", role);
    return needs.map((need) => ({ role, principal, ...need }));
  });
}

type Need = Omit<Grant, "role" | "principal">;

const need = (
  type: AclResource["type"],
  name: string,
  operations: readonly Operation[],
  why: string,
  pattern: AclResource["pattern"] = "literal",
): Need => ({ resource: { type, name, pattern }, operations, why });

function groupNeeds(group: TaskGroup, topology: Topology, namespace: Namespace): readonly Need[] {
  const outputs = unique(group.processors.flatMap(outputsOf));
  const inputs = unique(group.processors.flatMap(({ inputs }) => inputs));
  const place = (topic: TopicName) => placeOf(topic, topology, namespace);
  const id = groupIn(namespace, group.name);
  const others = topology.topics.filter((one) => !inputs.includes(one) && !outputs.includes(one));
  return [
    ...inputs
      .filter((topic) => !outputs.includes(topic))
      .map((topic) => need("topic", place(topic), ["Read"], "input")),
    ...outputs.map((topic) => need("topic", place(topic), ["Read", "Write"], "output")),
    // Whoever runs a part of the flow first looks whether the whole of it is there.
    ...others.map((topic) => need("topic", place(topic), ["Describe"], "how many partitions")),
    need("topic", place("tape.admissions"), ["Read", "Write"], "late events let in"),
    need("topic", place("tape.dead-letters"), ["Read", "Write"], "what could not be used"),
    need("topic", changelogIn(namespace, group.name), ["Read", "Write"], "state"),
    need("group", id, ["Read"], "membership and offsets"),
    group.scope === "symbol"
      ? need("transactional-id", `${id}/`, ["Write"], "a transaction a task", "prefixed")
      : need("transactional-id", id, ["Write"], "its one task's transactions"),
  ];
}

const marketSources = ({ sources }: Topology): readonly TopicName[] =>
  sources.filter((topic) => topic !== "control.commands");

/** Who brings the market in: never an operator's command. */
const feedNeeds = (topology: Topology, namespace: Namespace): readonly Need[] => [
  ...marketSources(topology).map((topic) =>
    need("topic", placeOf(topic, topology, namespace), ["Read", "Write"], "source"),
  ),
  need("transactional-id", groupIn(namespace, "feed"), ["Write"], "its transactions", "prefixed"),
];

const operatorNeeds = (namespace: Namespace): readonly Need[] => [
  need("topic", topicIn(namespace, "control.commands"), ["Read", "Write"], "halt, reduce, kill"),
  need(
    "transactional-id",
    groupIn(namespace, "operator"),
    ["Write"],
    "its transactions",
    "prefixed",
  ),
];

/** Who sends dead letters again: of the market, into no topic that a task writes. */
function redriverNeeds(topology: Topology, namespace: Namespace): readonly Need[] {
  const ledger = groupIn(namespace, "operator.dlq-redrive");
  return [
    ...marketSources(topology).map((topic) =>
      need("topic", placeOf(topic, topology, namespace), ["Read", "Write"], "mended events"),
    ),
    need("topic", topicIn(namespace, "tape.dead-letters"), ["Read"], "what to send again"),
    need("topic", `${ledger}.changelog`, ["Read", "Write", "Create"], "what was sent"),
    need("topic", changelogIn(namespace, "bar-builder"), ["Describe"], "whether bars are built"),
    need("transactional-id", ledger, ["Write"], "a letter is sent once"),
  ];
}

/** Reads everything, `topics plan` included; writes nothing. */
function auditorNeeds(
  topology: Topology,
  groups: readonly TaskGroup[],
  namespace: Namespace,
): readonly Need[] {
  const topics = [
    ...flowTopics(topology).map((topic) => placeOf(topic, topology, namespace)),
    ...groups.map(({ name }) => changelogIn(namespace, name)),
  ];
  return [
    ...topics.map((topic) => need("topic", topic, ["Read", "DescribeConfigs"], "to look into")),
    need("group", `${namespace.app}.`, ["Describe"], "how far tasks have read", "prefixed"),
  ];
}

/** Reads what is live, writes under a prefix of its own alone. */
function replayNeeds(topology: Topology, live: Namespace, prefix: string): readonly Need[] {
  const own: readonly Operation[] = ["Read", "Write", "Create"];
  return [
    ...flowTopics(topology).map((topic) =>
      need("topic", placeOf(topic, topology, live), ["Read"], "to replay and to compare with"),
    ),
    need("topic", prefix, own, "its own topics", "prefixed"),
    need("group", prefix, ["Read"], "its own groups", "prefixed"),
    need("transactional-id", prefix, ["Write"], "its own transactions", "prefixed"),
  ];
}

const flowTopics = ({ topics }: Topology): readonly TopicName[] => [
  ...topics,
  "tape.admissions",
  "tape.dead-letters",
];

/** A namespace that follows live has its own topics, but for what comes from outside. */
const placeOf = (topic: TopicName, { sources }: Topology, namespace: Namespace): string =>
  readsLive(namespace) && sources.includes(topic)
    ? topicIn(namespaceOf(""), topic)
    : topicIn(namespace, topic);

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];
