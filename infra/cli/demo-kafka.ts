// tapedeck demo --log kafka: the demo's market through a real cluster, and the proof that it makes no
// difference. Promises: it works in topics of its own, which are gone afterwards unless they are to be
// kept; schemas that it publishes stay, for they are the same for everybody.

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { topicNames } from "../../streams/catalogue.ts";
import { loadCluster } from "../kafka/cluster/cluster-config.ts";
import { readLocalSchemas } from "../kafka/registry/local-schemas.ts";
import { publish } from "../kafka/registry/publication.ts";
import { openRegistry } from "../kafka/registry/registry-client.ts";
import { registryOf } from "../kafka/registry/settings.ts";
import { kafkaTape, openRunTopics, removeTopics, runPrefix } from "../kafka/run-tape.ts";
import { type KafkaSession, openKafka } from "../kafka/session.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import type { RunPlan } from "../run/execute.ts";
import { runPlan, type Stopped } from "../run/run-plan.ts";
import type { RunSummary } from "../run/summary.ts";
import { type Copied, copyTopics } from "../tape/copy-topics.ts";
import { chooseTopics, everything, topicRanges } from "../tape/topic-ranges.ts";
import { grouped, progressLine } from "./progress.ts";

export interface KafkaDemoOptions {
  readonly root: string;
  readonly keep?: true;
  readonly cluster?: string;
  readonly json: boolean;
}

interface Outcome {
  readonly run: string;
  readonly prefix: string;
  readonly hash: string;
  readonly embedded: string;
  readonly identical: boolean;
  readonly hashes: RunSummary["hashes"];
  readonly events: number;
  readonly playSeconds: number;
  readonly backtestSeconds: number;
}

/** Where Kafka is, before anything is made: KAFKA_NOT_CONFIGURED says the three ways. */
export async function requireCluster(cluster: string | undefined): Promise<void> {
  await loadCluster({ file: cluster });
}

/**
 * Plays the plan's tape to the cluster, runs the plan from there into topics, and compares with the
 * embedded run of the same plan. Null where it was stopped.
 */
export async function demoOnKafka(
  plan: RunPlan,
  embedded: RunSummary,
  options: KafkaDemoOptions,
): Promise<Outcome | null> {
  const say = (what: string, text: string): void => {
    if (!options.json) process.stdout.write(`${what.padEnd(14)}${text}\n`);
  };
  await publishSchemas(options, say);
  const session = await openKafka({ cluster: options.cluster });
  const prefix = `demo.${randomUUID().slice(0, 8)}.`;
  say("cluster", `${session.cluster.brokers.join(", ")} (${session.cluster.source})`);
  say("embedded", `run ${embedded.run}, hash ${embedded.hash}`);
  try {
    return await demonstrate(session, prefix, plan, embedded, options, say);
  } finally {
    if (options.keep === true) say("topics", `kept: ${prefix}*, ${runPrefix(embedded.run)}*`);
    else {
      const removed = await removeTopics(session, prefix);
      say("topics", `removed: ${removed + (await removeTopics(session, runPrefix(embedded.run)))}`);
    }
    await session.close();
  }
}

async function demonstrate(
  session: KafkaSession,
  prefix: string,
  plan: RunPlan,
  embedded: RunSummary,
  options: KafkaDemoOptions,
  say: (what: string, text: string) => void,
): Promise<Outcome | null> {
  const playStart = performance.now();
  const played = await play(session, prefix, plan.phases[0].config.tape);
  const playSeconds = (performance.now() - playStart) / 1000;
  say("played", `${rate(played.records, playSeconds)} to ${prefix}*, one topic each`);
  const start = performance.now();
  const result = await backtest(session, prefix, plan, options);
  if ("sourceEvents" in result) return null;
  const backtestSeconds = (performance.now() - start) / 1000;
  const events = Object.values(result.counts).reduce((sum, count) => sum + count, 0);
  say(
    "backtest",
    `${rate(events, backtestSeconds)} from there into ${runPrefix(result.run)}*, and read back`,
  );
  say("hash", result.hash);
  const identical = result.hash === embedded.hash;
  say(
    "proof",
    identical
      ? `equal to the embedded run: every byte of ${Object.keys(result.hashes).length} topics`
      : `FAILED: the embedded run's is ${embedded.hash} (${differing(result, embedded)})`,
  );
  const { run, hash, hashes } = result;
  const outcome = { run, prefix, hash, embedded: embedded.hash, identical, hashes };
  return { ...outcome, events, playSeconds, backtestSeconds };
}

/** A demo may publish; a service never does. */
async function publishSchemas(
  { cluster: file }: KafkaDemoOptions,
  say: (what: string, text: string) => void,
): Promise<void> {
  const client = openRegistry(registryOf(await loadCluster({ file })));
  try {
    const done = await publish(client, readLocalSchemas(topicNames), false);
    const fresh = done.filter(({ outcome }) => outcome !== "unchanged").length;
    say("schemas", `${fresh} published, ${done.length - fresh} there already (${client.url})`);
  } finally {
    client.close();
  }
}

async function play(session: KafkaSession, prefix: string, tape: string): Promise<Copied> {
  const from = await openEmbeddedLog(tape, { mode: "read" });
  const to = session.log(`${prefix}feed`, prefix);
  const line = progressLine("playing", "events");
  try {
    const held = await from.partitions();
    return await copyTopics({
      from,
      to,
      toPrefix: prefix,
      ranges: await topicRanges(from, held, chooseTopics(held, null), everything),
      createTopics: true,
      onProgress: ({ records, total }) => line.update(records, total),
    });
  } finally {
    line.end();
    await to.close();
    await from.close();
  }
}

/** In a folder of its own: the embedded run has the same id, and stays as it is. */
async function backtest(
  session: KafkaSession,
  prefix: string,
  plan: RunPlan,
  { root, keep }: KafkaDemoOptions,
): Promise<RunSummary | Stopped> {
  const folder =
    keep === true ? join(root, "kafka") : mkdtempSync(join(tmpdir(), "tapedeck-demo-"));
  try {
    return await runPlan(
      { ...plan, tape: kafkaTape(session, prefix) },
      {
        root: folder,
        resume: false,
        eventsPerCommit: null,
        into: (id, afresh) => openRunTopics(session, id, afresh),
      },
    );
  } finally {
    if (keep !== true) rmSync(folder, { recursive: true, force: true });
  }
}

const rate = (events: number, seconds: number): string =>
  `${grouped(events)} events in ${seconds.toFixed(1)} s (${grouped(events / seconds)}/s)`;

function differing(result: RunSummary, embedded: RunSummary): string {
  const topics = Object.keys({ ...embedded.hashes, ...result.hashes });
  return topics.filter((topic) => result.hashes[topic] !== embedded.hashes[topic]).join(", ");
}
