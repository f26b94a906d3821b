// Reads topics from the cluster and carries a plan out. Promises: only what the plan says is done,
// each topic's outcome is told, and what was done is read back; doing it again does nothing.

import { setTimeout as pause } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { FoundTopic, TopicPlan } from "./topic-plan.ts";

/** kafkajs' numbers. */
const TOPIC = 2;
const SET_ON_TOPIC = 1;

const TIMEOUT_MS = 30_000;
/** How long brokers may take to hear of a change from their controller. */
const SETTLE_MS = 10_000;
const SETTLE_PAUSE_MS = 50;

export interface Outcome {
  readonly name: string;
  readonly action: TopicPlan["action"];
  /** null: done. */
  readonly failure: string | null;
}

/**
 * The topics for which `matters`, by name, with the settings in force. A topic that comes or goes
 * while they are read makes brokers differ for a moment: they are then read again.
 */
export async function readTopics(
  admin: Admin,
  matters: (name: string) => boolean,
): Promise<readonly FoundTopic[]> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    try {
      return await readOnce(admin, matters);
    } catch (error) {
      const { type } = error as { readonly type?: unknown };
      if (type !== "UNKNOWN_TOPIC_OR_PARTITION" || performance.now() > until) throw error;
      await pause(SETTLE_PAUSE_MS);
    }
  }
}

async function readOnce(
  admin: Admin,
  matters: (name: string) => boolean,
): Promise<readonly FoundTopic[]> {
  const names = (await admin.listTopics()).filter(matters).sort();
  if (names.length === 0) return [];
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: TOPIC, name })),
  });
  const entries = new Map(resources.map((one) => [one.resourceName, one.configEntries]));
  return topics.map(({ name, partitions }): FoundTopic => {
    const settings = entries.get(name) ?? [];
    const pairs = (of: typeof settings) =>
      new Map(of.map(({ configName, configValue }) => [configName, configValue]));
    return {
      name,
      partitions: partitions.length,
      replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      settings: pairs(settings),
      own: pairs(settings.filter(({ configSource }) => configSource === SET_ON_TOPIC)),
    };
  });
}

/** Refuses a plan that asks for more copies than there are brokers to hold them. */
export async function checkReplication(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const most = Math.max(
    0,
    ...plans.map(({ action, replicationFactor }) =>
      action === "create" ? (replicationFactor ?? 0) : 0,
    ),
  );
  if (most <= brokers.length) return;
  const found = `${brokers.length} broker${brokers.length === 1 ? "" : "s"}`;
  throw new TapedeckError(
    "TOPICS_REPLICATION_IMPOSSIBLE",
    `replicationFactor is ${most}, but the cluster has ${found}`,
    { replicationFactor: most, brokers: brokers.length },
  );
}

/**
 * Creates, then changes, then deletes. `found` is what the plan was made from; `again` makes the
 * plan anew, to see what came of it.
 */
export async function applyTopics(
  admin: Admin,
  plans: readonly TopicPlan[],
  found: readonly FoundTopic[],
  again: () => Promise<readonly TopicPlan[]>,
): Promise<readonly Outcome[]> {
  const failures = new Map<string, string>();
  const of = (action: TopicPlan["action"]) => plans.filter((plan) => plan.action === action);
  await create(admin, of("create"), failures);
  for (const plan of of("change")) {
    const own = found.find(({ name }) => name === plan.name)?.own ?? new Map<string, string>();
    await attempt(plan.name, failures, () => change(admin, plan, own));
  }
  for (const { name } of of("delete")) {
    await attempt(name, failures, () =>
      admin.deleteTopics({ topics: [name], timeout: TIMEOUT_MS }),
    );
  }
  const done = plans.filter(({ action }) => action !== "keep");
  const awaited = done.filter(({ name }) => !failures.has(name)).map(({ name }) => name);
  for (const name of await unsettled(awaited, again)) {
    failures.set(name, `the cluster took it, but ${SETTLE_MS / 1000} s later it still differs`);
  }
  return done.map(({ name, action }) => ({ name, action, failure: failures.get(name) ?? null }));
}

async function create(
  admin: Admin,
  plans: readonly TopicPlan[],
  failures: Map<string, string>,
): Promise<void> {
  if (plans.length === 0) return;
  try {
    // False: they exist by now. Whether as wanted shows when they are read back.
    await admin.createTopics({
      waitForLeaders: false,
      timeout: TIMEOUT_MS,
      topics: plans.map(({ name, partitions, replicationFactor, settings }) => ({
        topic: name,
        numPartitions: partitions.to ?? 1,
        replicationFactor: replicationFactor ?? 1,
        configEntries: settings.map(({ name: key, to }) => ({ name: key, value: to })),
      })),
    });
  } catch (error) {
    const errors = (error as { readonly errors?: readonly CreateError[] }).errors;
    if (errors === undefined) throw error;
    for (const { topic, type, message } of errors) {
      if (type !== "TOPIC_ALREADY_EXISTS") failures.set(topic, `${type}: ${message}`);
    }
  }
}

interface CreateError {
  readonly topic: string;
  readonly type: string;
  readonly message: string;
}

async function change(
  admin: Admin,
  { name, partitions, settings }: TopicPlan,
  own: ReadonlyMap<string, string>,
): Promise<void> {
  if (settings.length > 0) {
    // kafkajs knows the request that sets all of a topic's settings at once: those that somebody
    // else set on the topic are given again, or they would fall back to their defaults.
    const all = new Map([...own, ...settings.map(({ name: key, to }) => [key, to] as const)]);
    const configEntries = [...all].map(([key, value]) => ({ name: key, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: TOPIC, name, configEntries }],
    });
  }
  const { from, to } = partitions;
  if (to !== null && to !== from) {
    await admin.createPartitions({
      topicPartitions: [{ topic: name, count: to }],
      timeout: TIMEOUT_MS,
    });
  }
}

/** What the broker says against one topic does not keep the others from being done. */
async function attempt(
  name: string,
  failures: Map<string, string>,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { type, message } = error as Error & { readonly type?: unknown };
    // Without a type it is the connection that failed: the next topic would fare no better.
    if (typeof type !== "string") throw error;
    failures.set(name, `${type}: ${message}`);
  }
}

/** Those of the names whose plan still has something to do once the brokers have had their time. */
async function unsettled(
  names: readonly string[],
  again: () => Promise<readonly TopicPlan[]>,
): Promise<readonly string[]> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const plans = await again();
    const left = names.filter((name) =>
      plans.some((plan) => plan.name === name && plan.action !== "keep"),
    );
    if (left.length === 0 || performance.now() > until) return left;
    await pause(SETTLE_PAUSE_MS);
  }
}
