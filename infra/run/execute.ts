// Runs a plan: reads a tape through the flow into a run's folder. Promises: the folder holds
// everything that the run wrote and the proof of it; a run that was stopped or killed goes on from
// its last commit and ends with the same bytes; the same plan always lands in the same folder.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { flowTopology } from "../../processors/topology.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Facts, TopicName } from "../../schemas/generated/facts.ts";
import { catalogue, topicNames } from "../../streams/catalogue.ts";
import {
  type ClosedRunOptions,
  type ClosedRunResult,
  type Progress,
  runClosed,
} from "../../streams/closed-run.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";
import { offsetOutOfRange } from "../../streams/log-errors.ts";
import { OutputPartition } from "../../streams/output.ts";
import type { ReadRange } from "../../streams/partition-reader.ts";
import { printTopology } from "../../streams/print-topology.ts";
import type { Topology } from "../../streams/topology.ts";
import { diffConfigs } from "../config/diff.ts";
import type { Plain } from "../config/read-yaml.ts";
import type { RunConfig } from "../config/run-config.ts";
import { type EmbeddedLog, openEmbeddedLog } from "../log/embedded-log.ts";
import { copyTopics } from "../tape/copy-topics.ts";
import { checkTape } from "./check-tape.ts";
import { codeDigest } from "./code-digest.ts";
import { hashOfHashes, hashPartition, OutputHashes, type PartitionHash } from "./hashes.ts";
import {
  engineOf,
  hashesText,
  type Identity,
  type Json,
  MANIFEST_FORMAT,
  type Manifest,
  readManifest,
  runIdOf,
} from "./manifest.ts";
import { openAnswers, type PoolFigures } from "./pool-answers.ts";
import { type RunFolder, runFolder, runsOf, writeWhole } from "./run-folder.ts";
import { allocateYoung } from "./young-objects.ts";

/** A tape that has none of these in the range has nothing to run on. */
const PRICES: readonly TopicName[] = ["market.ticks", "market.bars"];

/** A stretch of the run under one configuration. */
export interface PlannedPhase {
  readonly fromUs: number | null;
  readonly config: RunConfig;
}

export interface RunPlan {
  /** At least one; only the first has fromUs null. All read the same range of the same tape. */
  readonly phases: readonly [PlannedPhase, ...PlannedPhase[]];
  readonly forkOf: string | null;
  readonly version: string;
  /** Where the tape is; left out: in the folder that the configuration names. */
  readonly tape?: TapeSource;
  /** What of the tape is read; left out: all that lies in the range today. */
  readonly inputs?: readonly OffsetRange[];
  /** Of these partitions no other offsets are read, whatever the range says. */
  readonly offsets?: readonly OffsetRange[];
}

/** A tape that is opened for a run. Its name is for people: it decides nothing. */
export interface TapeSource {
  readonly name: string;
  open(): Promise<EventLog>;
}

/** Offsets of one partition, from the first on, before the last. */
export type OffsetRange = Omit<PartitionHash, "sha256">;

/** A plan whose tape is open and whose identity is known. */
export interface OpenPlan {
  readonly plan: RunPlan;
  readonly tape: EventLog;
  readonly tapeName: string;
  readonly identity: Identity;
  readonly runId: string;
  readonly topologies: readonly Topology[];
  /** Source events in the range. */
  readonly sourceEvents: number;
}

export interface ExecuteOptions {
  readonly root: string;
  readonly resume?: boolean;
  readonly eventsPerCommit?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly stopRequested?: () => boolean;
  /** Threads that solve the optimiser's problems; left out: this one. Changes nothing that is written. */
  readonly workers?: number;
  /** What those threads took, once the run ends or stops; left out: a file pool.json in its folder. */
  readonly onPool?: (figures: PoolFigures) => void;
  /**
   * Where the run's topics are written first; they are then read back into its folder, and the hashes
   * are of what was read. Left out: straight into the folder. `afresh`: nothing of before may be left.
   */
  readonly into?: (runId: string, afresh: boolean) => Promise<EventLog>;
  /** Called once the run is complete, while no other process can take its folder away. */
  readonly onComplete?: (folder: RunFolder, manifest: Manifest) => Promise<void>;
}

export interface Executed extends ClosedRunResult {
  readonly folder: RunFolder;
  readonly manifest: Manifest;
}

/** Opens the tape, fixes the range and hashes it. Close `tape` when done. */
export async function openPlan(plan: RunPlan): Promise<OpenPlan> {
  allocateYoung();
  const source = plan.tape ?? folderTape(plan.phases[0].config.tape);
  const tape = await source.open();
  try {
    const topologies = plan.phases.map(({ config }) => flowTopology(config.flow));
    const topics = (topologies[0] as Topology).sources.filter((t) => t !== "control.commands");
    const inputs = await inputsOf(tape, topics, plan);
    const market = inputs.filter(({ topic }) => PRICES.includes(topic as TopicName));
    if (!market.some(({ from, to }) => to > from))
      throw await emptyRange(tape, source.name, topics);
    for (const { config } of plan.phases) await checkTape(tape, config);
    const identity: Identity = {
      phases: plan.phases.map(({ fromUs, config }) => ({
        fromUs,
        config: config.canonical as Json,
        model: { name: config.flow.model.name, digest: config.model.digest },
      })),
      inputs,
      code: { version: plan.version, digest: codeDigest() },
      schemas: schemaDigests(),
    };
    const sourceEvents = inputs.reduce((sum, { from, to }) => sum + to - from, 0);
    return {
      plan,
      tape,
      tapeName: source.name,
      identity,
      runId: runIdOf(identity),
      topologies,
      sourceEvents,
    };
  } catch (error) {
    await tape.close();
    throw error;
  }
}

const folderTape = (folder: string): TapeSource => ({
  name: folder,
  async open() {
    if (existsSync(folder)) return openEmbeddedLog(folder, { mode: "read" });
    throw new TapedeckError("TAPE_UNKNOWN", `there is no tape at ${folder}`, { tape: folder });
  },
});

/**
 * What a plan reads that shall read what a run has read: a tape may have grown since. Nothing where
 * the configuration asks for another range or source than the run's did.
 */
export function inputsOfRun(manifest: Manifest, { canonical }: RunConfig): Pick<RunPlan, "inputs"> {
  const was = manifest.phases[0]?.config as RunConfig["canonical"];
  const asked = ({ range, source }: RunConfig["canonical"]) => ({ range, source }) as Plain;
  return diffConfigs(asked(was), asked(canonical)).length > 0 ? {} : { inputs: manifest.inputs };
}

/** Range and hash of each source partition. Instruments are read from the beginning. */
async function inputsOf(
  tape: EventLog,
  topics: readonly TopicName[],
  { inputs: known, offsets = [], phases }: RunPlan,
): Promise<readonly PartitionHash[]> {
  const { range } = phases[0].config;
  const inputs: PartitionHash[] = [];
  for (const { topic, partition, start, end } of await tape.partitions()) {
    if (!topics.includes(topic as TopicName)) continue;
    const asked = (known ?? offsets).find(
      (one) => one.topic === topic && one.partition === partition,
    );
    if (asked !== undefined) {
      // A tape may have lost its end since a run read it: the hashes then tell. What is asked for
      // now must be there.
      const to = known === undefined ? asked.to : Math.min(asked.to, end);
      if (to > end) throw offsetOutOfRange(topic, partition, asked.to, start, end);
      inputs.push(await hashPartition(tape, topic, partition, asked.from, to));
      continue;
    }
    if (known !== undefined) continue;
    const whole = catalogue[topic as TopicName].cleanup === "compact" || range.fromUs === null;
    const from = whole ? start : await tape.offsetAt(topic, partition, range.fromUs as number);
    const to = range.toUs === null ? end : await tape.offsetAt(topic, partition, range.toUs);
    inputs.push(await hashPartition(tape, topic, partition, from, Math.max(from, to)));
  }
  for (const { topic, partition } of offsets) {
    if (inputs.some((input) => input.topic === topic && input.partition === partition)) continue;
    const message = `offsets of ${topic}/${partition} were asked for: the flow reads no such partition`;
    throw new TapedeckError("STREAMS_OFFSET_OUT_OF_RANGE", message, { topic, partition });
  }
  return inputs;
}

async function emptyRange(tape: EventLog, folder: string, topics: readonly TopicName[]) {
  const counts = new Map<string, number>();
  for (const { topic, start, end } of await tape.partitions()) {
    if (end > start) counts.set(topic, (counts.get(topic) ?? 0) + end - start);
  }
  const held = [...counts].map(([topic, records]) => `${topic} (${records})`);
  return new TapedeckError(
    "TAPE_EMPTY",
    `${folder} has no ${topics[1]} in the range; it holds ${held.join(", ") || "nothing"}`,
    { tape: folder, topic: topics[1] ?? "" },
  );
}

/** Digest of each topic's schema, from the files that the codecs were made from. */
function schemaDigests(): Readonly<Record<string, string>> {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, "..", "..", "schemas"), join(here, "..", "..", "..", "schemas")];
  const folder = places.find((place) => existsSync(join(place, "market.ticks.avsc"))) as string;
  return Object.fromEntries(
    topicNames.map((topic) => [
      topic,
      createHash("sha256")
        .update(readFileSync(join(folder, `${topic}.avsc`)))
        .digest("hex"),
    ]),
  );
}

/** Runs the plan into its folder under `root`. */
export async function execute(open: OpenPlan, options: ExecuteOptions): Promise<Executed> {
  const folder = runFolder(resolve(runsOf(options.root), open.runId));
  const resumed = options.resume === true && existsSync(folder.manifest);
  if (!resumed) await discard(folder);
  mkdirSync(folder.path, { recursive: true });
  if (!resumed) {
    for (const [index, { config }] of open.plan.phases.entries()) {
      writeWhole(configPath(folder, index), config.document);
    }
    writeManifest(folder, manifestOf(open, null));
  }
  const manifest = readManifest(folder.manifest);
  if (manifest.state === "complete") {
    return { completed: true, sourceEvents: open.sourceEvents, timeUs: 0, folder, manifest };
  }
  const target = await openForRun(folder);
  try {
    const hashes = new OutputHashes();
    const onPool = (figures: PoolFigures): void =>
      writeWhole(join(folder.path, "pool.json"), `${JSON.stringify(figures, null, 2)}\n`);
    const result = await write(open, target, hashes, { onPool, ...options, afresh: !resumed });
    const manifest = manifestOf(open, result.completed ? hashes.digest() : null);
    if (result.completed) {
      writeWhole(folder.hashes, hashesText(manifest.outputs));
      writeManifest(folder, manifest);
      await options.onComplete?.(folder, manifest);
    }
    return { ...result, folder, manifest };
  } finally {
    await target.close();
  }
}

/** Replays into the run's log, by way of other topics where the options say so, and hashes that. */
async function write(
  open: OpenPlan,
  target: EventLog,
  hashes: OutputHashes,
  options: ExecuteOptions & { readonly afresh: boolean },
): Promise<ClosedRunResult> {
  const { into, afresh, stopRequested = () => false } = options;
  if (into === undefined) {
    await hashes.catchUp(target);
    return replay(open, target, { ...options, onBatch: (batch) => hashes.add(batch) });
  }
  const topics = await into(open.runId, afresh);
  try {
    const result = await replay(open, topics, { ...options, onBatch: () => undefined });
    if (!result.completed) return result;
    const ranges = await topics.partitions();
    const copied = await copyTopics({
      from: topics,
      to: target,
      ranges,
      createTopics: true,
      stopRequested,
    });
    if (copied.completed) await hashes.catchUp(target);
    return { ...result, completed: copied.completed };
  } finally {
    await topics.close();
  }
}

/** The run's log, to write: no other process has it then. */
async function openForRun(folder: RunFolder): Promise<EmbeddedLog> {
  try {
    return await openEmbeddedLog(folder.log, { mode: "write" });
  } catch (error) {
    if (!(error instanceof TapedeckError) || error.code !== "STORE_LOCKED") throw error;
    const message = `another process is making the run in ${folder.path}: ${error.message}`;
    throw new TapedeckError("RUN_BUSY", message, { run: basename(folder.path) }, error);
  }
}

/**
 * Removes a run. Its folder is moved away while its log is held, so that of two processes that make
 * one run neither can remove what the other writes.
 */
async function discard(folder: RunFolder): Promise<void> {
  if (!existsSync(folder.path)) return;
  const away = `${folder.path}.discarded`;
  const held = existsSync(folder.log) ? await openForRun(folder).catch(refuseBusy) : null;
  try {
    rmSync(folder.manifest, { force: true });
    rmSync(away, { recursive: true, force: true });
    renameSync(folder.path, away);
  } finally {
    await held?.close();
  }
  rmSync(away, { recursive: true, force: true });
}

/** A log that cannot be opened because it is damaged is removed like any other. */
function refuseBusy(error: unknown): null {
  if (error instanceof TapedeckError && error.code !== "RUN_BUSY") return null;
  throw error;
}

export interface ReplayOptions extends Omit<ExecuteOptions, "root" | "resume"> {
  readonly onBatch: (batch: RecordBatch) => void | Promise<void>;
}

/** Replays the plan's phases into `target`, from where `target` was left. */
export async function replay(
  open: OpenPlan,
  target: EventLog,
  options: ReplayOptions,
): Promise<ClosedRunResult> {
  const { topologies } = open;
  const asks = topologies.some(({ derived }) => derived.includes("pool.requests"));
  if (!asks || options.workers === undefined) return replayPhases(open, target, options);
  const answers = await openAnswers(options.workers);
  try {
    const { phases } = open.plan;
    const pooled = phases.map(({ config }) => flowTopology(config.flow, answers.answer));
    const { preparing } = answers;
    return await replayPhases({ ...open, topologies: pooled }, target, { ...options, preparing });
  } finally {
    options.onPool?.(answers.measured());
    await answers.close();
  }
}

async function replayPhases(
  open: OpenPlan,
  target: EventLog,
  options: ReplayOptions & Pick<ClosedRunOptions, "preparing">,
): Promise<ClosedRunResult> {
  const { plan, tape, identity, topologies } = open;
  const first = plan.phases[0].config;
  await writeCommands(target, first, options.onBatch);
  const ranges = new Map(identity.inputs.map((i) => [`${i.topic}/${i.partition}`, i]));
  const accept = acceptSymbols(first.symbols);
  let result: ClosedRunResult = { completed: true, sourceEvents: 0, timeUs: 0 };
  for (const [index, topology] of topologies.entries()) {
    result = await runClosed({
      ...options,
      topology,
      partitions: first.partitions,
      target,
      sourceOf: (topic) => (topic === "control.commands" ? target : tape),
      rangeOf: (topic, partition): Partial<ReadRange> => {
        if (topic === "control.commands") return {};
        const range = ranges.get(`${topic}/${partition}`);
        // A tape may have got a topic since the run that is replayed read it.
        if (range === undefined) return { toOffset: 0 };
        return { fromOffset: range.from, toOffset: range.to, accept };
      },
      untilUs: plan.phases[index + 1]?.fromUs ?? Number.POSITIVE_INFINITY,
    });
    if (!result.completed) break;
  }
  return result;
}

/** Which events a run of these symbols reads; null: all. */
export function acceptSymbols(
  symbols: readonly string[] | null,
): ((event: AnyEvent) => boolean) | null {
  if (symbols === null) return null;
  const wanted = new Set(symbols);
  return ({ topic, value }) =>
    wanted.has((value as Facts["market.bars"]).symbol) ||
    // A symbol may get its name by a change of another's.
    (topic === "market.corporate-actions" && wanted.has(value.newSymbol));
}

/** The configured operator's commands become events of the run, once. */
async function writeCommands(
  target: EventLog,
  config: RunConfig,
  onBatch: ReplayOptions["onBatch"],
): Promise<void> {
  await target.createTopic("control.commands", 1);
  const range = (await target.partitions()).find(({ topic }) => topic === "control.commands");
  if (config.commands.length === 0 || (range?.end ?? 0) > 0) return;
  const output = new OutputPartition("control.commands", 0, 0, 0);
  for (const [origin, { timeUs, value }] of config.commands.entries()) {
    output.write(timeUs, origin, null, 0, value);
  }
  const batch = output.take() as RecordBatch;
  await target.commit({ produced: [batch], checkpoints: [] });
  await onBatch(batch);
}

/** `outputs` is null while the run is not complete. */
function manifestOf(open: OpenPlan, outputs: readonly PartitionHash[] | null): Manifest {
  return {
    format: MANIFEST_FORMAT,
    runId: open.runId,
    state: outputs === null ? "running" : "complete",
    tape: open.tapeName,
    forkOf: open.plan.forkOf,
    engine: engineOf(),
    ...open.identity,
    topology: printTopology(open.topologies[0] as Topology),
    outputs: outputs ?? [],
    hash: outputs === null ? null : hashOfHashes(outputs),
  };
}

/** Where a phase's configuration is kept; the file can be given to `tapedeck backtest`. */
export const configPath = (folder: RunFolder, phase: number): string =>
  join(folder.path, phase === 0 ? "config.yaml" : `config-${phase + 1}.yaml`);

const writeManifest = (folder: RunFolder, manifest: Manifest): void =>
  writeWhole(folder.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
