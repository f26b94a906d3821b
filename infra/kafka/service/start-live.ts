// Serves a planned live run in this process until a signal or a failure ends it. Promises: SIGTERM and
// SIGINT commit what is under way within the drain time; metrics, health and logs tell how it fares.

import { hostname } from "node:os";
import { packageVersion } from "../../cli/version.ts";
import { explainModelFailure } from "../../models/model-failure.ts";
import { watchModel } from "../../models/watched-model.ts";
import { ASKING, type LiveAnswers } from "../../run/live-answers.ts";
import { type HealthServer, openHealthServer } from "../../telemetry/health-server.ts";
import { type LogLevel, openLog, type ServiceLog } from "../../telemetry/logs.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { readiness } from "../../telemetry/readiness.ts";
import { newServiceGauges, type ServiceGauges } from "../../telemetry/service-gauges.ts";
import type { KafkaSession } from "../session.ts";
import { tellServing } from "./instances.ts";
import { latchCheck } from "./latch-file.ts";
import { isServed, type LiveRun } from "./live-run.ts";
import { Service } from "./service.ts";
import type { CrashPoint, RunnerSettings } from "./task-runner.ts";

export type { CrashPoint } from "./task-runner.ts";

export interface LiveOptions {
  readonly run: LiveRun;
  readonly session: KafkaSession;
  readonly only: readonly string[];
  readonly settings: RunnerSettings;
  readonly stateDir: string;
  /** Who answers the optimiser, where there is one. */
  readonly answers?: LiveAnswers | null;
  /** Where a latch is looked for before each commit. */
  readonly root: string;
  readonly sessionTimeoutMs: number;
  readonly drainMs: number;
  readonly metrics: { readonly host: string; readonly port: number };
  readonly logs: { readonly level: LogLevel; readonly file: string | null };
  /** For tests that end the process at a named point. */
  readonly at?: (point: CrashPoint, task: string) => void;
}

const READY_RECORDS = 1_000;
const READY_SECONDS = 5;
const TRANSACTION_TIMEOUT_MS = 30_000;

const NO_ORDER_GATE =
  "no order gate: orders reach the venue unchecked, and a kill waits for the router; " +
  "write risk.orders into the configuration (docs/risk.md; an empty one has the kill switch alone)";

/** Resolves when a signal stopped it; throws what ended it else. */
export async function startLive(options: LiveOptions): Promise<void> {
  const { run, logs } = options;
  const log = openLog({
    app: run.app,
    instance: `${hostname()}-${process.pid}`,
    level: logs.level,
    file: logs.file,
    text: logs.file === null && process.stderr.isTTY === true,
  });
  const gauges = newServiceGauges({
    version: packageVersion(),
    codeDigest: run.digest,
    readyLagRecords: READY_RECORDS,
    readyLagSeconds: READY_SECONDS,
  });
  if (run.config.flow.orderRisk === undefined) log.write("warn", NO_ORDER_GATE);
  const unwatch = watchModel(run.config.model);
  try {
    await serve(options, log, gauges);
  } catch (error) {
    throw explainModelFailure(error, run.config.model.source);
  } finally {
    unwatch();
    await log.close();
  }
}

async function serve(options: LiveOptions, log: ServiceLog, gauges: ServiceGauges): Promise<void> {
  const { run, session, drainMs, answers = null } = options;
  const { connection, schemaIds, cluster } = session;
  let service: Service | null = null;
  const health = await openHealthServer({
    ...options.metrics,
    registry: createRegistry(gauges, {
      processFigures: true,
      ...(answers === null ? {} : { pool: () => answers.gauges() }),
    }),
    ready: () => readiness(gauges),
    ailments: () => [...(service?.ailments ?? []), ...(answers?.ailments() ?? [])],
  });
  const stop = (signal: NodeJS.Signals): void => {
    log.write("info", "stopping", { signal, drainMs });
    void service?.stop(drainMs);
  };
  const signals = ["SIGTERM", "SIGINT"] as const;
  try {
    if (answers !== null && asksHere(options)) await answers.open(log);
    service = new Service({
      run,
      connection,
      schemaIds,
      replicationFactor: cluster.replicationFactor,
      minInsyncReplicas: cluster.minInsyncReplicas,
      only: options.only,
      settings: options.settings,
      stateDir: options.stateDir,
      sessionTimeoutMs: options.sessionTimeoutMs,
      transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
      log,
      gauges,
      ...(answers === null ? {} : { asked: answers.asked(log) }),
      mayCommit: latchCheck(options.root, run.app),
      ...(options.at === undefined ? {} : { at: options.at }),
    });
    for (const signal of signals) process.on(signal, stop);
    announce(options, health, log);
    tellServing();
    await service.ended;
    log.write("info", "stopped");
  } catch (error) {
    await service?.stop(drainMs);
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
    await health.close();
  }
}

/** Whether the task that asks the pool may come to this instance. */
const asksHere = ({ run, only }: LiveOptions): boolean =>
  run.groups.some(
    (plan) =>
      isServed(plan, only) && plan.members.some(({ processor }) => processor.name === ASKING),
  );

function announce({ run, only }: LiveOptions, health: HealthServer, log: ServiceLog): void {
  log.write("info", "serving", {
    digest: run.digest,
    only: only.join(", ") || "all",
    tasks: run.groups.map(({ name }) => name).join(", "),
    metrics: `${health.url}/metrics`,
  });
}
