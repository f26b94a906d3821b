// A run or a tape opened for looking: one log to read, whatever lies where. Promises: a run shows
// what it wrote and exactly what it read of its tape; nothing on disk is changed.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Account } from "../../projections/answer.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { isTopicName, topicNames } from "../../streams/catalogue.ts";
import { joinLogs } from "../../streams/joined-log.ts";
import type { EventLog } from "../../streams/log.ts";
import { currencyScale } from "../config/currency.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { prefixOfTape } from "./kafka-tape-name.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { findRun, tapesOf } from "./run-folder.ts";

export interface View {
  /** The run's folder, or the tape's. */
  readonly path: string;
  /** null for a tape. */
  readonly manifest: Manifest | null;
  readonly log: EventLog;
  /** Every topic in rank order: the order of events at one instant. */
  readonly order: readonly TopicName[];
  /** Why something that belongs to it cannot be shown; null if all can. */
  readonly missing: string | null;
}

/** `name`: a run (id, start of an id, folder, `latest`) or a tape (name or folder). Close its log. */
export async function openView(name: string, root: string): Promise<View> {
  const tape = tapePath(name, root);
  if (tape !== null) {
    const log = await openEmbeddedLog(tape, { mode: "read" });
    return { path: tape, manifest: null, log, order: topicNames, missing: null };
  }
  const folder = findRun(name, root);
  const manifest = readManifest(folder.manifest);
  const written = { log: await openEmbeddedLog(folder.log, { mode: "read" }), ranges: null };
  const source = await openSource(manifest);
  const ranges = manifest.inputs.map(({ topic, partition, from, to }) => ({
    topic,
    partition,
    start: from,
    end: to,
  }));
  const gone = typeof source === "string";
  const log = await joinLogs(gone ? [written] : [written, { log: source, ranges }]);
  const missing = gone ? `${source}: its market data is not shown` : null;
  return { path: folder.path, manifest, log, order: orderOf(manifest), missing };
}

/** What the run read, or why it cannot be read. */
async function openSource({ tape, inputs }: Manifest): Promise<EventLog | string> {
  const prefix = prefixOfTape(tape);
  if (prefix === null) {
    const found = existsSync(tape);
    return found ? openEmbeddedLog(tape, { mode: "read" }) : `the run's tape ${tape} is gone`;
  }
  try {
    const { kafkaTapeAt } = await import("../kafka/run-tape.ts");
    const log = await kafkaTapeAt(prefix, undefined).open();
    const held = await log.partitions();
    if (inputs.every(({ topic }) => held.some((range) => range.topic === topic))) return log;
    await log.close();
    return `the run's topics (${tape}) are gone`;
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return `the run's topics (${tape}) cannot be read, ${error.message}`;
  }
}

/**
 * The folder of a tape, by name or path; null where it is none. A folder without a manifest is one; so
 * is a name in the tapes' folder.
 */
export function tapePath(name: string, root: string): string | null {
  if (existsSync(join(name, "manifest.json"))) return null;
  if (existsSync(name) && statSync(name).isDirectory()) return resolve(name);
  const named = join(tapesOf(root), name);
  const isPlain = name !== "" && !/[\\/]|^\.+$/.test(name);
  return isPlain && existsSync(named) ? resolve(named) : null;
}

/** Names of the tapes under `root`. */
export const tapeNames = (root: string): readonly string[] =>
  existsSync(tapesOf(root)) ? readdirSync(tapesOf(root)).sort() : [];

/** The rank order that the manifest's topology prints; topics that it does not name come last. */
function orderOf({ topology }: Manifest): readonly TopicName[] {
  const line = topology.split("\n").find((text) => text.startsWith("order ")) ?? "";
  const ranked = line
    .replace("order", "")
    .split("<")
    .map((name) => name.trim());
  const known = ranked.filter(isTopicName);
  return [...known, ...topicNames.filter((topic) => !known.includes(topic))];
}

/** Whose money the run trades, from its manifest's configuration. */
export function accountOf({ phases, runId }: Manifest): Account {
  const config = phases[0]?.config as { readonly portfolio?: unknown } | undefined;
  const { name, currency, cash, lots } = (config?.portfolio ?? {}) as Record<string, unknown>;
  const scale = currencyScale(String(currency));
  const initialCash = parseScaled(String(cash), scale);
  if (typeof name !== "string" || typeof currency !== "string" || initialCash === null) {
    throw new TapedeckError("RUN_MANIFEST_INVALID", `run ${runId} has no portfolio that is known`, {
      run: runId,
    });
  }
  return {
    name,
    currency,
    currencyScale: scale,
    initialCashMinor: BigInt(initialCash),
    ...(lots === "fifo" ? { lots: "FIFO" as const } : {}),
  };
}
