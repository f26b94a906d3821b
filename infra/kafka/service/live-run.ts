// What runs live: a configuration on a cluster under an application's name. Promises: every
// instance plans the same tasks; an application whose configuration, model or code changed is told
// apart by one digest, so that two versions never share its tasks; what ran is written down, so that
// it can be replayed (tapedeck verify --live).

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AnswerRequest } from "../../../processors/optimiser-pool/optimiser-pool.ts";
import { flowTopology } from "../../../processors/topology.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { partitionCount } from "../../../streams/catalogue.ts";
import { planTasks } from "../../../streams/live-plan.ts";
import { printTopology } from "../../../streams/print-topology.ts";
import { type GroupPlan, planGroups } from "../../../streams/task-groups.ts";
import type { Topology } from "../../../streams/topology.ts";
import { diffConfigs } from "../../config/diff.ts";
import type { Plain } from "../../config/read-yaml.ts";
import type { RunConfig } from "../../config/run-config.ts";
import { codeDigest } from "../../run/code-digest.ts";
import { canonicalJson, type Json } from "../../run/manifest.ts";
import { writeWhole } from "../../run/run-folder.ts";

export interface LiveNames {
  /** Consumer groups, transactional ids and changelogs begin with it. */
  readonly app: string;
  /** Before the names of topics in the cluster; empty for live. */
  readonly prefix: string;
}

export interface LiveRun extends LiveNames {
  readonly config: RunConfig;
  readonly topology: Topology;
  readonly partitions: number;
  readonly isolate: readonly string[];
  readonly groups: readonly GroupPlan[];
  /** Tasks of all groups by member: partitions of tape.admissions and tape.dead-letters. */
  readonly tasks: number;
  /** Of all that decides what is written. */
  readonly digest: string;
}

export interface LiveManifest extends LiveNames {
  readonly format: 1;
  readonly config: Json;
  readonly model: { readonly name: string; readonly digest: string };
  readonly code: string;
  readonly partitions: number;
  readonly isolate: readonly string[];
  readonly topology: string;
  readonly digest: string;
}

/** How many partitions a topic has in the cluster; null: there is none. */
export type PartitionsOf = (topic: string) => Promise<number | null>;

/**
 * `answer`: what answers the optimiser's requests, the same as this thread would. Throws KAFKA_TOPIC_MISSING or
 * STREAMS_PARTITIONS_CHANGED where the topics do not fit the flow.
 */
export async function planLive(
  config: RunConfig,
  names: LiveNames,
  isolate: readonly string[],
  partitionsOf: PartitionsOf,
  answer?: AnswerRequest,
): Promise<LiveRun> {
  if (config.commands.length > 0) {
    throw new TapedeckError(
      "LIVE_CONFIG_UNSUPPORTED",
      "commands: are of a backtest; a live flow obeys the topic control.commands",
      { key: "commands" },
    );
  }
  const topology = flowTopology(config.flow, answer);
  const ours = ["tape.admissions", "tape.dead-letters"];
  const topics = [...topology.sources, ...topology.derived, ...ours];
  const counts = await countPartitions(topics, names.prefix, partitionsOf);
  const sources = new Map<string, number>(
    topology.sources.map((topic) => [topic, counts.get(topic) as number]),
  );
  const { partitions } = config;
  const sourcePartitions = (topic: string) => sources.get(topic) ?? 1;
  const tasks = planTasks(topology, partitions, sourcePartitions).length;
  const check = (topic: string, wanted: number): void =>
    checkCount(`${names.prefix}${topic}`, counts.get(topic) as number, wanted);
  for (const topic of topology.derived) check(topic, partitionCount(topic, partitions));
  for (const topic of ours) check(topic, tasks);
  const groups = planGroups(topology, partitions, sourcePartitions, isolate);
  const digest = digestOf(config, names.prefix, partitions, sources, isolate);
  return { ...names, config, topology, partitions, isolate, groups, tasks, digest };
}

/** Partitions by topic; one error names all the topics that are missing. */
async function countPartitions(
  topics: readonly string[],
  prefix: string,
  partitionsOf: PartitionsOf,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const missing: string[] = [];
  for (const topic of topics) {
    const count = await partitionsOf(`${prefix}${topic}`);
    if (count === null) missing.push(`${prefix}${topic}`);
    else counts.set(topic, count);
  }
  const [first] = missing;
  if (first === undefined) return counts;
  const text = `the cluster has no topic ${missing.join(", ")}`;
  throw new TapedeckError("KAFKA_TOPIC_MISSING", text, { topic: first, missing: missing.length });
}

function checkCount(topic: string, has: number, wanted: number): void {
  if (has === wanted) return;
  throw new TapedeckError(
    "STREAMS_PARTITIONS_CHANGED",
    `${topic} has ${has} partitions, the flow needs ${wanted}`,
    { topic, has, asked: wanted },
  );
}

function digestOf(
  config: RunConfig,
  prefix: string,
  partitions: number,
  sources: ReadonlyMap<string, number>,
  isolate: readonly string[],
): string {
  const identity = {
    config: decidingSettings(config),
    model: config.model.digest,
    code: codeDigest(),
    partitions,
    sources: Object.fromEntries(sources),
    prefix,
    // A group keeps its members' state together: other groups would begin from nothing.
    isolate: isolate.toSorted(),
  };
  return createHash("sha256")
    .update(canonicalJson(identity as unknown as Json))
    .digest("hex")
    .slice(0, 16);
}

/** Without what only a backtest reads. */
export function decidingSettings({ canonical }: RunConfig): Plain {
  const { tape: _tape, range: _range, commands: _commands, ...settings } = canonical;
  return settings;
}

const liveFolder = (root: string, app: string): string => join(root, "live", app);

/** Whether a group is served where only these processors are (none: all). */
export const isServed = ({ members }: GroupPlan, only: readonly string[]): boolean =>
  only.length === 0 || members.some(({ processor }) => only.includes(processor.name));

/**
 * Writes down what runs, or checks it against what ran. Throws LIVE_CHANGED where an application
 * goes on with other settings, model or code: its past could no longer be replayed as one.
 * `requireSame` asks the cluster the same of each task: a folder knows only what ran from it.
 */
export async function recordLive(
  run: LiveRun,
  root: string,
  only: readonly string[],
  requireSame: (task: string) => Promise<void>,
): Promise<string> {
  const folder = liveFolder(root, run.app);
  const path = join(folder, "manifest.json");
  const manifest = manifestOf(run);
  if (existsSync(path)) {
    const before = readLive(root, run.app).manifest;
    if (before.digest !== run.digest) throw changed(before, manifest, path);
  }
  const served = run.groups.filter((plan) => isServed(plan, only));
  await Promise.all(served.map(({ name }) => requireSame(name)));
  if (!existsSync(path)) {
    writeWhole(join(folder, "config.yaml"), run.config.document);
    writeWhole(path, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  return folder;
}

/** The application's manifest and the configuration that it ran with. */
export function readLive(
  root: string,
  app: string,
): { readonly manifest: LiveManifest; readonly configPath: string } {
  const folder = liveFolder(root, app);
  const path = join(folder, "manifest.json");
  if (!existsSync(path)) {
    const live = join(root, "live");
    const known = existsSync(live) ? readdirSync(live) : [];
    const held = known.length === 0 ? `${live} holds none` : `${live} holds ${known.join(", ")}`;
    throw new TapedeckError("LIVE_UNKNOWN", `no live run of ${app}: ${held}`, { app });
  }
  try {
    const manifest = JSON.parse(readFileSync(path, "utf8")) as LiveManifest;
    if (manifest.format !== 1) throw new Error(`its format is ${manifest.format}, not 1`);
    return { manifest, configPath: join(folder, "config.yaml") };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError("RUN_MANIFEST_INVALID", `${path}: ${why}`, { path }, cause);
  }
}

function manifestOf(run: LiveRun): LiveManifest {
  const { app, prefix, config, partitions, isolate, topology, digest } = run;
  return {
    format: 1,
    app,
    prefix,
    config: decidingSettings(config) as Json,
    model: { name: config.flow.model.name, digest: config.model.digest },
    code: codeDigest(),
    partitions,
    isolate,
    topology: printTopology(topology),
    digest,
  };
}

function changed(before: LiveManifest, now: LiveManifest, path: string): TapedeckError {
  const settings = diffConfigs(before.config as Plain, now.config as Plain);
  const said = settings.map(
    ({ key, a, b }) => `${key} was ${JSON.stringify(a)}, is ${JSON.stringify(b)}`,
  );
  if (before.model.digest !== now.model.digest) said.push("the model is another");
  if (before.code !== now.code) said.push("the code is another");
  if (before.isolate.toSorted().join() !== now.isolate.toSorted().join()) {
    said.push(`--isolate was ${before.isolate.join(", ") || "empty"}`);
  }
  if (before.prefix !== now.prefix) said.push(`--prefix was ${before.prefix || "empty"}`);
  if (said.length === 0) said.push("the source topics have other partitions");
  return new TapedeckError(
    "LIVE_CHANGED",
    `${now.app} has run with other decisions: ${said.join("; ")}`,
    { app: now.app, manifest: path },
  );
}
