// Plays a fault's rounds and judges what came of them. Promises: what stands still, a service that
// fails by itself or cannot be stopped in good order is a finding like any other; a stage is judged
// even where its play broke off.

import { copyFileSync, cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../../quant/random.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { topicNames } from "../../../streams/catalogue.ts";
import { within } from "../../broker/bounded.ts";
import type { Cluster } from "../../broker/cluster.ts";
import { type Registry, startRegistry } from "../../broker/registry.ts";
import { readLocalSchemas } from "../../kafka/registry/local-schemas.ts";
import { publish } from "../../kafka/registry/publication.ts";
import { openRegistry } from "../../kafka/registry/registry-client.ts";
import { registryAt } from "../../kafka/registry/settings.ts";
import type { FaultResult } from "../fault-table.ts";
import { startFaultProxy } from "../proxy.ts";
import type { DefectName } from "./defects.ts";
import type { Fault } from "./fault.ts";
import { judge, rest, type Verdict } from "./judge.ts";
import { openStage, type Stage } from "./stage.ts";

export interface RunFaultOptions {
  readonly cluster: Cluster;
  readonly rounds: number;
  readonly seed: number;
  readonly defect?: DefectName | null;
  /** Rows whose name does not have it are left out. */
  readonly only?: string;
  /** How long a round may take before the flow counts as standing still; 30 s. */
  readonly patienceMs?: number;
  readonly progress?: (line: string) => void;
  /** Folder for what the stages leave: histories, logs. Absent: nothing is left. */
  readonly keep?: string;
}

export interface FaultReport {
  /** A row for each kind of round. */
  readonly results: readonly FaultResult[];
  /** What was found, in words, and what the play had to tell. */
  readonly examples: readonly string[];
  readonly told: readonly string[];
  readonly verdicts: readonly Verdict[];
}

const REST_MS = 60_000;
/** What may take this long on a busy machine stands still if it takes longer; of a round, beside its recovery. */
const STEP_MS = 180_000;
const ROUND_MS = 60_000;
const SIGKILL = 9;
const SIGTERM = 15;

export async function runFault(fault: Fault, options: RunFaultOptions): Promise<FaultReport> {
  const recoveries = new Map<string, (number | null)[]>();
  const anomalies = new Map<string, number>();
  const examples: string[] = [];
  const told: string[] = [];
  const verdicts: Verdict[] = [];
  for (let done = 0; done < options.rounds; done += fault.stageRounds) {
    const rounds = Math.min(fault.stageRounds, options.rounds - done);
    const note = (row: string, ms: number | null): void => {
      recoveries.set(row, [...(recoveries.get(row) ?? []), ms]);
      options.progress?.(`${row}: ${ms === null ? "nothing to recover" : `${Math.round(ms)} ms`}`);
    };
    const tell = (line: string): void => void told.push(line);
    const verdict = await playOnce(fault, options, rounds, options.seed + done, note, tell);
    verdicts.push(verdict);
    for (const [kind, count] of verdict.anomalies) {
      anomalies.set(kind, (anomalies.get(kind) ?? 0) + count);
    }
    examples.push(...verdict.examples);
  }
  const results = [...recoveries].map(([row, list]) => ({
    fault: row,
    rounds: list.length,
    anomalies,
    recoveriesMs: list.filter((ms) => ms !== null),
  }));
  if (results.length === 0) {
    results.push({ fault: fault.name, rounds: 0, anomalies, recoveriesMs: [] });
  }
  return { results, examples, told, verdicts };
}

async function playOnce(
  fault: Fault,
  { cluster, defect = null, keep, only = "", patienceMs = 30_000 }: RunFaultOptions,
  rounds: number,
  seed: number,
  note: (row: string, recoveryMs: number | null) => void,
  tell: (line: string) => void,
): Promise<Verdict> {
  const proxy = fault.proxy ? await startFaultProxy({ brokers: cluster.brokers, seed }) : null;
  const registry = fault.registry === true ? await startFilledRegistry() : null;
  const stage = await openStage({
    ...fault.stage,
    brokers: cluster.brokers,
    ...(proxy === null ? {} : { through: proxy.brokers }),
    seed,
    defect,
    ...(registry === null ? {} : { registry: registry.url }),
    ...(keep === undefined ? {} : { keep }),
  });
  let isSound = false;
  try {
    const failures: string[] = [];
    let atRest = true;
    try {
      const random = new Random(seed);
      const given = { stage, cluster, proxy, registry, random, rounds, only, patienceMs };
      const longestMs = STEP_MS + rounds * fault.rows * (patienceMs + ROUND_MS);
      await within(longestMs, fault.play({ ...given, note, tell }), "the play");
      proxy?.setRules([]);
      await rest(stage, REST_MS);
    } catch (error) {
      if (!(error instanceof TapedeckError)) throw error;
      atRest = false;
      failures.push(`${error.code} ${error.message}`);
    }
    const fed = within(STEP_MS, stage.feed.stop(), "the feed");
    await fed.catch((error) => failures.push(String(error)));
    const ended = within(STEP_MS, endServices(stage), "asking services to end");
    failures.push(...(await ended.catch((error) => [String(error)])));
    const verdict = await within(STEP_MS, judge(stage, atRest), "judging");
    const anomalies = new Map(verdict.anomalies);
    if (failures.length > 0) anomalies.set("failed", failures.length);
    isSound = anomalies.size === 0;
    if (isSound) return verdict;
    const found = [...failures, ...verdict.examples];
    keepFindings(cluster, stage, [...[...anomalies].map(String), ...found]);
    const kept = `what was recorded is kept in ${stage.folder}`;
    return { ...verdict, anomalies, examples: [...found, kept] };
  } finally {
    // A planted mistake is found again.
    await stage.close(!isSound && defect === null);
    await proxy?.close();
    await registry?.close();
  }
}

/** Whoever looks for the cause later has neither what this run printed nor its brokers. */
function keepFindings({ nodes }: Cluster, { folder, run }: Stage, lines: readonly string[]): void {
  writeFileSync(join(folder, "findings.txt"), `${lines.join("\n")}\n`);
  for (const { id, logFile, dataDir } of nodes) {
    copyFileSync(logFile, join(folder, `broker-${id}.log`));
    for (const name of readdirSync(dataDir)) {
      // Segments lie in a folder for each partition; changelogs are named after the app.
      if (!name.startsWith(run.prefix) && !name.startsWith(run.app)) continue;
      cpSync(join(dataDir, name), join(folder, `broker-${id}`, name), { recursive: true });
    }
  }
}

async function startFilledRegistry(): Promise<Registry> {
  const registry = await startRegistry();
  const client = openRegistry(registryAt(registry.url));
  await publish(client, readLocalSchemas(topicNames), false);
  client.close();
  return registry;
}

/** Each ends with 0 when it is asked to; who ended before did so because it was killed. */
async function endServices({ services }: Stage): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const service of services) {
    service.resume();
    const { code, signal } = await service.terminate();
    // Asked to leave before it had come: it heeds the signal in its own way once it serves.
    const hasServed = service.lines.some((line) => line.startsWith("ready"));
    if (code === 0 || signal === SIGKILL || (signal === SIGTERM && !hasServed)) continue;
    failures.push(`${service.name} ended with ${code ?? `signal ${signal}`}: ${service.errors()}`);
  }
  return failures;
}
