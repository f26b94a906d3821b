// Wanted topics against those there are: what would be done, what is left alone, and what needs to
// be asked for by name. Promises: nothing is planned that takes records, partitions or order away
// unless it was named; the same input gives the same plan.

import { isTopicName } from "../../../streams/catalogue.ts";
import { isChangelogOf, type Namespace } from "./names.ts";
import type { WantedTopic } from "./wanted-topics.ts";

/** A topic as the cluster has it. */
export interface FoundTopic {
  readonly name: string;
  readonly partitions: number;
  /** The least of its partitions'. */
  readonly replicationFactor: number;
  /** In force, wherever they were set. */
  readonly settings: ReadonlyMap<string, string>;
  /** Those set on the topic itself. */
  readonly own: ReadonlyMap<string, string>;
}

export interface SettingChange {
  readonly name: string;
  /** null where the cluster does not know it. */
  readonly from: string | null;
  readonly to: string;
}

/** A difference that is not undone without being named, or not at all. */
export interface Drift {
  readonly what: string;
  readonly why: string;
  /** The flag that does it; null where nothing does. */
  readonly flag: string | null;
  /** True where the flow cannot run right as it is; false where it is only worth knowing. */
  readonly blocks: boolean;
}

export type Action = "create" | "change" | "delete" | "keep";

export interface TopicPlan {
  readonly name: string;
  readonly kind: WantedTopic["kind"] | "unused";
  readonly action: Action;
  /** null where the topic is not there, or will not be. */
  readonly partitions: { readonly from: number | null; readonly to: number | null };
  readonly replicationFactor: number | null;
  readonly settings: readonly SettingChange[];
  readonly drift: readonly Drift[];
}

export interface Permitted {
  readonly repartition: boolean;
  /** Names of topics that may go. */
  readonly remove: readonly string[];
}

/** In the order of `wanted`; then topics of the namespace that the flow has no use for, by name. */
export function planTopics(
  wanted: readonly WantedTopic[],
  found: readonly FoundTopic[],
  namespace: Namespace,
  permitted: Permitted,
): readonly TopicPlan[] {
  const byName = new Map(found.map((topic) => [topic.name, topic]));
  const names = new Set(wanted.map(({ name }) => name));
  const unused = found
    .filter(({ name }) => !names.has(name) && isOurs(namespace, name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    ...wanted.map((topic) => compare(topic, byName.get(topic.name), permitted)),
    ...unused.map((topic) => unusedPlan(topic, permitted)),
  ];
}

/** Whether a topic is the namespace's: live, the catalogue's names and the changelogs. */
export function isOurs(namespace: Namespace, name: string): boolean {
  if (isChangelogOf(namespace, name)) return true;
  return namespace.prefix === "" ? isTopicName(name) : name.startsWith(namespace.prefix);
}

/** Something would be done, or the flow cannot run right as the cluster is. */
export const isPending = ({ action, drift }: TopicPlan): boolean =>
  action !== "keep" || drift.some(({ blocks }) => blocks);

function compare(
  wanted: WantedTopic,
  found: FoundTopic | undefined,
  permitted: Permitted,
): TopicPlan {
  const { name, kind, settings } = wanted;
  if (found === undefined) {
    return {
      name,
      kind,
      action: "create",
      partitions: { from: null, to: wanted.partitions },
      replicationFactor: wanted.replicationFactor,
      settings: Object.entries(settings).map(([key, to]) => ({ name: key, from: null, to })),
      drift: [],
    };
  }
  const changes = Object.entries(settings).flatMap(([key, to]): SettingChange[] => {
    const from = found.settings.get(key) ?? null;
    return from === to ? [] : [{ name: key, from, to }];
  });
  const grows = wanted.partitions > found.partitions && permitted.repartition;
  const to = grows ? wanted.partitions : found.partitions;
  const drift = [...partitionDrift(wanted, found, grows), ...replicaDrift(wanted, found)];
  return {
    name,
    kind,
    action: grows || changes.length > 0 ? "change" : "keep",
    partitions: { from: found.partitions, to },
    replicationFactor: found.replicationFactor,
    settings: changes,
    drift,
  };
}

function partitionDrift(wanted: WantedTopic, found: FoundTopic, grows: boolean): readonly Drift[] {
  const { kind, partitions } = wanted;
  if (partitions === found.partitions) return [];
  const what = `${found.partitions} partitions, wanted are ${partitions}`;
  if (grows) {
    const why = "growing as asked";
    return [{ what, why: `${why}: ${whatBreaks(kind)}`, flag: null, blocks: false }];
  }
  if (kind === "source") {
    const why = "it works: each task reads all of them and leaves other tasks' symbols out";
    return [{ what, why, flag: null, blocks: false }];
  }
  if (partitions < found.partitions) {
    const why =
      "Kafka takes no partition away: set `partitions` to what is there, or replay into another --prefix";
    return [{ what, why, flag: null, blocks: true }];
  }
  return [{ what, why: whatBreaks(kind), flag: "--allow-repartition", blocks: true }];
}

/** More partitions deal the keys out anew; what was written stays where it is. */
function whatBreaks(kind: WantedTopic["kind"]): string {
  switch (kind) {
    case "source":
    case "derived":
      return "a symbol's next events go to another partition than its past: their order across the change is lost, and its state stays with the task that had it";
    case "changelog":
      return "new tasks begin without the state of the symbols that come to them";
    case "runtime":
      return "tasks are numbered anew: what earlier tasks wrote here lies under other tasks' numbers";
  }
}

function replicaDrift(wanted: WantedTopic, found: FoundTopic): readonly Drift[] {
  if (wanted.replicationFactor === found.replicationFactor) return [];
  const what = `${found.replicationFactor} replicas, wanted are ${wanted.replicationFactor}`;
  const why = "moving replicas is the operator's: kafka-reassign-partitions.sh";
  return [{ what, why, flag: null, blocks: found.replicationFactor < wanted.replicationFactor }];
}

function unusedPlan(found: FoundTopic, permitted: Permitted): TopicPlan {
  const { name, partitions, replicationFactor } = found;
  const goes = permitted.remove.includes(name);
  const drift: Drift = {
    what: "not used by this flow",
    why: goes ? "all its records go, for good" : "it is left alone",
    flag: goes ? null : `--delete ${name}`,
    blocks: false,
  };
  return {
    name,
    kind: "unused",
    action: goes ? "delete" : "keep",
    partitions: { from: partitions, to: goes ? null : partitions },
    replicationFactor,
    settings: [],
    drift: [drift],
  };
}
