// What a shadow is: a candidate beside a live run, under a name. Promises: what has been followed is never
// gone on with by other decisions; nothing but the shadow's own topics is made or written.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { flowTopology } from "../../processors/topology.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { partitionCount } from "../../streams/catalogue.ts";
import type { Topology } from "../../streams/topology.ts";
import { type ConfigDifference, diffConfigs } from "../config/diff.ts";
import type { Plain } from "../config/read-yaml.ts";
import type { RunConfig } from "../config/run-config.ts";
import type { KafkaLog } from "../kafka/log/kafka-log.ts";
import {
  decidingSettings,
  type LiveRun,
  type PartitionsOf,
  planLive,
} from "../kafka/service/live-run.ts";
import { codeDigest } from "../run/code-digest.ts";
import { canonicalJson, type Json } from "../run/manifest.ts";
import { writeWhole } from "../run/run-folder.ts";

/** Where a shadow that did not begin at the beginning began. Offsets by "topic/partition". */
export interface ShadowStart {
  readonly sources: Readonly<Record<string, number>>;
  readonly derived: Readonly<Record<string, number>>;
  /** Records of tape.admissions by partition. */
  readonly admissions: Readonly<Record<string, number>>;
  /** Effective time that live had reached. */
  readonly timeUs: number;
}

export interface ShadowPlan {
  readonly name: string;
  /** Before its topics' names: "shadow.<name>.". */
  readonly prefix: string;
  readonly live: LiveRun;
  /** Of what runs live. */
  readonly liveDigest: string;
  readonly candidate: RunConfig;
  readonly topology: Topology;
  /** Configuration, model and code are what runs live: every byte must be the same. */
  readonly sameDecisions: boolean;
  /** Settings that the candidate changes: a is live's, b the candidate's. */
  readonly changes: readonly ConfigDifference[];
  /** Of all that decides what the shadow writes. */
  readonly digest: string;
}

export interface ShadowManifest {
  readonly format: 1;
  readonly name: string;
  readonly app: string;
  readonly digest: string;
  readonly config: Json;
  readonly start: ShadowStart | null;
}

/** `liveDigest`: of what runs live, where that is written down; null: it runs this code. */
export async function planShadow(
  name: string,
  live: LiveRun,
  liveDigest: string | null,
  candidate: RunConfig,
  partitionsOf: PartitionsOf,
): Promise<ShadowPlan> {
  const topology = flowTopology(candidate.flow);
  const sources = (of: Topology): string => of.sources.toSorted().join(", ");
  if (sources(topology) !== sources(live.topology)) {
    throw new TapedeckError(
      "SHADOW_SOURCES_DIFFER",
      `the candidate reads ${sources(topology)}; live reads ${sources(live.topology)}`,
      { candidate: sources(topology), live: sources(live.topology) },
    );
  }
  const { app, prefix } = live;
  const planned =
    candidate.partitions === live.partitions
      ? await planLive(candidate, { app, prefix }, live.isolate, partitionsOf)
      : null;
  const running = liveDigest ?? live.digest;
  const identity = { config: decidingSettings(candidate) as Json, model: candidate.model.digest };
  return {
    name,
    prefix: `shadow.${name}.`,
    live,
    liveDigest: running,
    candidate,
    topology,
    sameDecisions: planned !== null && planned.digest === running,
    changes: diffConfigs(decidingSettings(live.config), decidingSettings(candidate)),
    digest: createHash("sha256")
      .update(canonicalJson({ ...identity, code: codeDigest(), live: live.app }))
      .digest("hex")
      .slice(0, 16),
  };
}

/** Makes the topics that the shadow writes, or says which are missing. */
export async function prepareTopics(
  { topology, candidate, prefix }: ShadowPlan,
  log: KafkaLog,
  partitionsOf: PartitionsOf,
  create: boolean,
): Promise<void> {
  const missing: string[] = [];
  for (const topic of [...topology.derived, "tape.dead-letters" as const]) {
    if (create) await log.createTopic(topic, partitionCount(topic, candidate.partitions));
    else if ((await partitionsOf(`${prefix}${topic}`)) === null) missing.push(`${prefix}${topic}`);
  }
  if (missing.length === 0) return;
  throw new TapedeckError("SHADOW_TOPICS_MISSING", `the cluster lacks ${missing.join(", ")}`, {
    topics: missing.join(" "),
  });
}

export const shadowFolder = (root: string, name: string): string => join(root, "shadow", name);

/** What was written down of the shadow; null where it is new. */
export function readShadow(root: string, name: string): ShadowManifest | null {
  const path = join(shadowFolder(root, name), "manifest.json");
  if (!existsSync(path)) return null;
  try {
    const manifest = JSON.parse(readFileSync(path, "utf8")) as ShadowManifest;
    if (manifest.format !== 1) throw new Error(`its format is ${manifest.format}, not 1`);
    return manifest;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError("RUN_MANIFEST_INVALID", `${path}: ${why}`, { path }, cause);
  }
}

/** Throws SHADOW_CHANGED where its topics hold what other settings, model or code decided. */
export function recordShadow(plan: ShadowPlan, root: string, start: ShadowStart | null): void {
  const { name, digest, candidate, live } = plan;
  const before = readShadow(root, name);
  if (before === null) {
    const folder = shadowFolder(root, name);
    const config = decidingSettings(candidate) as Json;
    const manifest: ShadowManifest = { format: 1, name, app: live.app, digest, config, start };
    writeWhole(join(folder, "config.yaml"), candidate.document);
    writeWhole(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    return;
  }
  if (before.digest === digest) return;
  const settings = diffConfigs(before.config as Plain, decidingSettings(candidate));
  const said = settings.map(
    ({ key, a, b }) => `${key} was ${JSON.stringify(a)}, is ${JSON.stringify(b)}`,
  );
  const what =
    said.length === 0 ? "the model, the code or the live run is another" : said.join("; ");
  throw new TapedeckError("SHADOW_CHANGED", `shadow ${name} has followed otherwise: ${what}`, {
    shadow: name,
  });
}
