// Follows a live flow with a candidate until a signal, a failure, or until it has caught up. Promises: a
// signal commits what is under way; what the cluster fails at is tried again from the last commit;
// report and metrics tell how it fares.

import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { errorKinds, TapedeckError } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { KafkaLog } from "../kafka/log/kafka-log.ts";
import { EndWatch } from "../kafka/service/end-watch.ts";
import type { KafkaSession } from "../kafka/session.ts";
import { explainModelFailure } from "../models/model-failure.ts";
import { watchModel } from "../models/watched-model.ts";
import { writeWhole } from "../run/run-folder.ts";
import { openHealthServer } from "../telemetry/health-server.ts";
import { type Log, type LogLevel, openLog } from "../telemetry/logs.ts";
import { registryOf } from "../telemetry/metrics.ts";
import {
  newShadowGauges,
  type ShadowGauges,
  shadowMetrics,
  shadowReadiness,
} from "../telemetry/shadow-metrics.ts";
import { CauseBook } from "./causes.ts";
import type { FirstDifference } from "./divergence.ts";
import { gapOf } from "./exposure-gap.ts";
import { LiveLook } from "./live-look.ts";
import { renderShadow } from "./render-shadow.ts";
import { reportJson, type ShadowReport, shadowReport } from "./shadow-data.ts";
import {
  prepareTopics,
  readShadow,
  recordShadow,
  type ShadowPlan,
  type ShadowStart,
} from "./shadow-plan.ts";
import { ShadowRun } from "./shadow-run.ts";

export interface StartShadowOptions {
  readonly plan: ShadowPlan;
  readonly session: Pick<KafkaSession, "connection" | "log">;
  /** Where the shadow is written down. */
  readonly root: string;
  readonly createTopics: boolean;
  /** A new shadow begins where live is, without state. */
  readonly fromLive: boolean;
  /** Ends once everything is followed that live had done when it began. */
  readonly untilCaughtUp: boolean;
  /** The page; its JSON lies beside it. Null: none. */
  readonly reportPath: string | null;
  readonly pollMs: number;
  /** Null: none are served. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly logs: { readonly level: LogLevel; readonly file: string | null };
}

const REPORT_EVERY_MS = 5_000;
const WATCH_MS = 2_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** Resolves with the last report when a signal stopped it or it has caught up; throws what ended it else. */
export async function startShadow(options: StartShadowOptions): Promise<ShadowReport> {
  const { plan, logs } = options;
  const log = openLog({
    app: `shadow.${plan.name}`,
    instance: `${hostname()}-${process.pid}`,
    level: logs.level,
    file: logs.file,
    text: logs.file === null && process.stderr.isTTY === true,
  });
  const unwatch = watchModel(plan.candidate.model);
  const service = new ShadowService(options, log);
  const stop = (signal: NodeJS.Signals): void => {
    log.write("info", "stopping", { signal });
    service.stop();
  };
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await service.serve();
  } catch (error) {
    throw explainModelFailure(error, plan.candidate.model.source);
  } finally {
    for (const signal of signals) process.off(signal, stop);
    unwatch();
    await log.close();
  }
}

export class ShadowService {
  readonly gauges: ShadowGauges;
  /** Where metrics are served, once they are; null where they are not. */
  readonly metricsUrl: Promise<string | null>;
  private serving: (url: string | null) => void = () => undefined;
  private readonly options: StartShadowOptions;
  private readonly log: Log;
  private readonly stopping = new AbortController();
  private run: ShadowRun | null = null;
  private causes: CauseBook | null = null;
  private start: ShadowStart | null = null;
  private reportedMs = Number.NEGATIVE_INFINITY;

  constructor(options: StartShadowOptions, log: Log) {
    this.options = options;
    this.log = log;
    this.metricsUrl = new Promise((resolve) => {
      this.serving = resolve;
    });
    const { name, candidate } = options.plan;
    this.gauges = newShadowGauges(name, candidate.flow.portfolio.currency);
  }

  stop(): void {
    this.stopping.abort();
  }

  async serve(): Promise<ShadowReport> {
    const { metrics } = this.options;
    const health =
      metrics === null
        ? null
        : await openHealthServer({
            ...metrics,
            registry: registryOf(this.gauges, shadowMetrics, { processFigures: true }),
            ready: () => shadowReadiness(this.gauges),
            ailments: () => [],
          });
    this.serving(health?.url ?? null);
    if (health !== null) this.log.write("info", "serving", { metrics: `${health.url}/metrics` });
    const watching = this.watchKafka();
    try {
      return await this.follow();
    } finally {
      clearInterval(watching);
      await health?.close();
    }
  }

  /** A step may take long, and a look at live may hang: whether Kafka answers is asked beside both. */
  private watchKafka(): NodeJS.Timeout {
    const { plan, session } = this.options;
    const { topology, prefix } = plan.live;
    const places = topology.sources.slice(0, 1).map((topic) => ({
      topic: `${prefix}${topic}`,
      partition: 0,
    }));
    const watch = new EndWatch(session.connection, this.log);
    return setInterval(() => {
      watch.look(places, () => undefined);
      this.gauges.kafkaSilent = watch.silent;
    }, WATCH_MS);
  }

  private async follow(): Promise<ShadowReport> {
    for (let failures = 0; ; ) {
      try {
        return await this.followOnce(() => {
          failures = 0;
        });
      } catch (error) {
        if (!mayTryAgain(error) || this.stopping.signal.aborted) throw error;
        this.log.write("warn", "opening again", { error });
        this.gauges.restarts++;
        const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++);
        await this.rest(ms);
      }
    }
  }

  private async followOnce(moved: () => void): Promise<ShadowReport> {
    const { plan, session, createTopics } = this.options;
    const shadowLog = session.log(plan.prefix.slice(0, -1), plan.prefix);
    const aside = [this.liveLog(), session.log(plan.prefix.slice(0, -1), plan.prefix)] as const;
    try {
      const partitionsOf = (topic: string) => session.connection.partitionsOf(topic);
      await prepareTopics(plan, shadowLog, partitionsOf, createTopics);
      const livePartitions = await this.livePartitions();
      this.start = await this.startOf(livePartitions);
      this.causes = new CauseBook(...aside, plan.topology.sources);
      const { live, candidate, topology, sameDecisions } = plan;
      this.run = await ShadowRun.open({
        live,
        candidate,
        topology,
        sameDecisions: sameDecisions && this.start === null,
        start: this.start,
        liveLog: () => this.liveLog(),
        shadowLog,
        livePartitions,
        nowMs: () => performance.now(),
      });
      this.log.write("info", "following", {
        live: live.app,
        candidate: plan.digest,
        sameDecisions,
      });
      return await this.loop(this.run, moved);
    } finally {
      await this.run?.close();
      this.run = null;
      await Promise.all([shadowLog, ...aside].map((one) => one.close()));
    }
  }

  private async loop(run: ShadowRun, moved: () => void): Promise<ShadowReport> {
    const { untilCaughtUp, pollMs } = this.options;
    let goalUs: number | null = null;
    for (;;) {
      const more = await run.step();
      moved();
      goalUs ??= run.newestUs;
      this.tell(run);
      const done = run.reachedUs > goalUs && !more;
      if (this.stopping.signal.aborted || (untilCaughtUp && done)) {
        return await this.report(run, false);
      }
      if (performance.now() - this.reportedMs >= REPORT_EVERY_MS) await this.report(run, true);
      if (!more) await this.rest(pollMs);
    }
  }

  private liveLog(): KafkaLog {
    const { plan, session } = this.options;
    return session.log(plan.live.app, plan.live.prefix);
  }

  private async livePartitions(): Promise<(topic: TopicName) => number> {
    const { plan, session } = this.options;
    const counts = new Map<TopicName, number>();
    for (const topic of plan.live.topology.sources) {
      const count = await session.connection.partitionsOf(`${plan.live.prefix}${topic}`);
      counts.set(topic, count ?? 0);
    }
    return (topic) => counts.get(topic) ?? 0;
  }

  /** As it was written down; of a new shadow, as it is asked for. */
  private async startOf(livePartitions: (topic: TopicName) => number): Promise<ShadowStart | null> {
    const { plan, root, fromLive } = this.options;
    const before = readShadow(root, plan.name);
    let start = before?.start ?? null;
    if (before === null && fromLive) {
      const { live: run, topology } = plan;
      const log = this.liveLog();
      const sources = run.topology.sources.map((topic) => ({
        topic,
        partitions: livePartitions(topic),
      }));
      const look = await new LiveLook({ run, log, topology, sameDecisions: false }, sources).look();
      await log.close();
      start = {
        sources: Object.fromEntries(look.sourceEnds),
        derived: Object.fromEntries(look.ends),
        admissions: Object.fromEntries(look.admissions),
        timeUs: look.newestUs,
      };
    }
    recordShadow(plan, root, start);
    return start;
  }

  private tell(run: ShadowRun): void {
    const { gauges } = this;
    const { divergence } = run.comparison;
    for (const [topic, tally] of divergence.tallies) gauges.topics.set(topic, tally);
    for (const [topic, { seconds }] of run.behind.topics) gauges.behind.set(topic, seconds);
    gauges.caughtUp = run.reachedUs > run.newestUs;
    gauges.lagSeconds = run.lagSeconds;
    gauges.undecided = divergence.undecided;
    gauges.admissionsMissed = [...run.orders.values()].reduce((sum, { missed }) => sum + missed, 0);
    const { last } = run.exposure;
    if (last === null) return;
    const units = 10 ** this.options.plan.candidate.flow.portfolio.currencyScale;
    for (const measure of ["equity", "gross", "net"] as const) {
      gauges.gaps[measure] = Number(gapOf(last, measure)) / units;
    }
  }

  private async report(run: ShadowRun, following: boolean): Promise<ShadowReport> {
    const { plan, reportPath } = this.options;
    const { divergence } = run.comparison;
    const causes = this.causes as CauseBook;
    const firsts = [
      divergence.first,
      ...[...divergence.tallies.values()].map(({ first }) => first),
    ];
    await causes.keep(firsts.filter((one): one is FirstDifference => one !== null));
    const report = shadowReport({
      plan,
      start: this.start,
      run,
      writtenMs: Date.now(),
      following,
      chains: (difference) => causes.of(difference),
    });
    if (reportPath !== null) {
      writeWhole(jsonBeside(reportPath), reportJson(report));
      writeWhole(reportPath, renderShadow(report));
    }
    this.reportedMs = performance.now();
    return report;
  }

  private rest(ms: number): Promise<void> {
    const { signal } = this.stopping;
    return pause(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** shadow.html and shadow.json. */
export const jsonBeside = (page: string): string => `${page.replace(/\.html?$/i, "")}.json`;

/** The store's errors pass. Another owner of this shadow's task does not: it is the one that goes on. */
function mayTryAgain(error: unknown): boolean {
  if (!(error instanceof TapedeckError) || error.code === "STREAMS_FENCED") return false;
  return errorKinds[error.code].exit === 4 || errorKinds[error.code].retriable;
}
