// A run's identity and its proof: what went in (ranges with hashes, configuration, code, models),
// what came out (a hash for each topic and partition). Two runs of one identity must come out alike.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { TapedeckError } from "../../schemas/errors.ts";
import { hashOfHashes, type PartitionHash } from "./hashes.ts";

export const MANIFEST_FORMAT = 1;

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A stretch of a run under one configuration; a forked run has two. */
export interface Phase {
  /** Effective time at which it takes over; null: from the beginning. */
  readonly fromUs: number | null;
  /** The whole configuration in its canonical form. */
  readonly config: Json;
  readonly model: { readonly name: string; readonly digest: string };
}

/** What decides a run's bytes: nothing else may. */
export interface Identity {
  readonly phases: readonly Phase[];
  readonly inputs: readonly PartitionHash[];
  readonly code: { readonly version: string; readonly digest: string };
  /** SHA-256 of each topic's schema. */
  readonly schemas: Readonly<Record<string, string>>;
}

export interface Manifest extends Identity {
  readonly format: typeof MANIFEST_FORMAT;
  readonly runId: string;
  readonly state: "running" | "complete";
  /** The tape that it read: a folder, or "kafka:" and the topics' prefix. */
  readonly tape: string;
  readonly forkOf: string | null;
  readonly engine: { readonly node: string; readonly v8: string; readonly platform: string };
  readonly topology: string;
  readonly outputs: readonly PartitionHash[];
  /** One hash over all outputs; null while running. */
  readonly hash: string | null;
}

/** JSON with the keys of every object sorted: one text for one value. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = value as { readonly [key: string]: Json };
  const keys = Object.keys(fields).sort();
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonicalJson(fields[k] as Json)}`).join(",")}}`;
}

/** The id follows from the identity: the same run has the same id on any machine. */
export function runIdOf({ phases, inputs, code, schemas }: Identity): string {
  const identity = { phases, inputs, code, schemas } as unknown as Json;
  return createHash("sha256").update(canonicalJson(identity)).digest("hex").slice(0, 16);
}

export const engineOf = (): Manifest["engine"] => ({
  node: process.versions.node,
  v8: process.versions.v8,
  platform: `${process.platform} ${process.arch}`,
});

/** `topic/partition sha256 records`, a line each, then the hash over all. */
export function hashesText(outputs: readonly PartitionHash[]): string {
  const lines = outputs.map((o) => `${o.sha256}  ${o.topic}/${o.partition}  ${o.to - o.from}`);
  return `${[...lines, `${hashOfHashes(outputs)}  all`].join("\n")}\n`;
}

export function readManifest(path: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (manifest === null || typeof manifest !== "object" || manifest.format !== MANIFEST_FORMAT) {
    throw invalid(path, `its format is ${manifest?.format}, not ${MANIFEST_FORMAT}`);
  }
  const expected = runIdOf(manifest);
  if (manifest.runId !== expected) {
    throw invalid(path, `its identity gives ${expected}, but it says ${manifest.runId}`);
  }
  return manifest;
}

const invalid = (path: string, why: string, cause?: unknown): TapedeckError =>
  new TapedeckError("RUN_MANIFEST_INVALID", `${path}: ${why}`, { path }, cause);
