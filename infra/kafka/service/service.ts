// An instance of a live flow: the groups it serves, each with its tasks. Promises: it runs until it
// is stopped or something fails that running again does not mend; stopping commits what was begun,
// within a stated time; a task that stands still although there is work is opened again.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { GroupPlan } from "../../../streams/task-groups.ts";
import { LateWatch } from "../../telemetry/late-watch.ts";
import type { Log } from "../../telemetry/logs.ts";
import type { ServiceGauges } from "../../telemetry/service-gauges.ts";
import { TickArrivals } from "../../telemetry/tick-arrivals.ts";
import { Watchdog } from "../../telemetry/watchdog.ts";
import type { KafkaConnection } from "../client/connection.ts";
import type { ResolvingSchemaIds } from "../log/decode-resolved.ts";
import { KafkaLog } from "../log/kafka-log.ts";
import type { Asked } from "./asking.ts";
import { type EndPlace, EndWatch } from "./end-watch.ts";
import { GroupService } from "./group-service.ts";
import { isServed, type LiveRun } from "./live-run.ts";
import {
  type CrashPoint,
  FETCH_BUFFER_BYTES,
  type InputProgress,
  type RunnerSettings,
  TaskRunner,
} from "./task-runner.ts";

export interface ServiceOptions {
  readonly run: LiveRun;
  readonly connection: KafkaConnection;
  readonly schemaIds: ResolvingSchemaIds | null;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  /** Processors to serve, each with the group that it is in; empty: all. */
  readonly only: readonly string[];
  readonly settings: RunnerSettings;
  /** Folder for local caches of state; null: none. */
  readonly stateDir: string | null;
  readonly sessionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  readonly log: Log;
  readonly gauges: ServiceGauges;
  readonly asked?: Asked;
  readonly mayCommit?: () => void;
  readonly at?: (point: CrashPoint, task: string) => void;
}

const WATCH_MS = 2_000;

export class Service {
  /** Rejects with what ended the instance; resolves when it was stopped. */
  readonly ended: Promise<void>;
  private readonly options: ServiceOptions;
  private readonly groups: readonly GroupService[];
  private readonly arrivals = new TickArrivals();
  private readonly watchdog = new Watchdog();
  private readonly lateness = new LateWatch();
  private readonly ends: EndWatch;
  /** Asked for while no task is open: Kafka may be silent then too. */
  private readonly standby: readonly EndPlace[];
  private readonly timer: NodeJS.Timeout;
  private finish: (error: unknown) => void = () => undefined;
  private stopping: Promise<void> | null = null;

  /** Throws STREAMS_PROCESSOR_UNKNOWN where `only` names one that is not in the flow. */
  constructor(options: ServiceOptions) {
    this.options = options;
    this.ends = new EndWatch(options.connection, options.log);
    this.ended = new Promise((resolve, reject) => {
      this.finish = (error) => (error === null ? resolve() : reject(error));
    });
    this.ended.catch(() => undefined);
    const served = servedGroups(options);
    const [first] = served.flat().flatMap(({ external }) => external);
    const { prefix } = options.run;
    this.standby = first === undefined ? [] : [{ ...first, topic: `${prefix}${first.topic}` }];
    this.groups = served.map((plans) => this.group(plans));
    for (const group of this.groups) group.start();
    this.timer = setInterval(() => this.watch(), WATCH_MS);
  }

  /** What has stood still and not moved again since: only a restart may help. */
  get ailments(): readonly object[] {
    return this.watchdog.stuck(performance.now()).filter(({ times }) => times > 2);
  }

  /** Waits at most `drainMs` for what is under way; what is not committed by then is undone. */
  stop(drainMs: number): Promise<void> {
    this.stopping ??= this.drain(drainMs);
    return this.stopping;
  }

  private async drain(drainMs: number): Promise<void> {
    clearInterval(this.timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), drainMs);
    });
    const stopped = Promise.all(this.groups.map((group) => group.stop()));
    const how = await Promise.race([stopped, late]);
    clearTimeout(timer);
    this.tellLate();
    if (how === "late") this.options.log.write("warn", "stopped with work undone", { drainMs });
    this.finish(null);
  }

  private group(plans: readonly GroupPlan[]): GroupService {
    const { run, connection, stateDir, sessionTimeoutMs, log, gauges } = this.options;
    return new GroupService({
      app: run.app,
      digest: run.digest,
      plans,
      connection,
      makeRunner: (plan) => this.runner(plan),
      stateDir,
      sessionTimeoutMs,
      log,
      gauges,
      failed: (error) => this.finish(error),
      released: (task) => this.watchdog.forget(task),
    });
  }

  private runner(plan: GroupPlan): TaskRunner {
    const { run, connection, schemaIds, settings, gauges, asked, mayCommit, at } = this.options;
    const log = new KafkaLog({
      connection,
      app: run.app,
      prefix: run.prefix,
      digest: run.digest,
      schemaIds,
      replicationFactor: this.options.replicationFactor,
      minInsyncReplicas: this.options.minInsyncReplicas,
      stateDir: this.options.stateDir,
      tasksOf: (group) => run.groups.filter((each) => each.group === group).length,
      transactionTimeoutMs: this.options.transactionTimeoutMs,
    });
    return new TaskRunner({
      plan,
      connection,
      log,
      schemaIds,
      settings,
      gauges,
      lines: this.options.log.with({ task: plan.name }),
      arrivals: this.arrivals,
      putsAside: (topic, partition) => firstReader(run, topic, partition) === plan,
      ...(asked === undefined ? {} : { asked }),
      ...(mayCommit === undefined ? {} : { mayCommit }),
      ...(at === undefined ? {} : { at }),
    });
  }

  /** Asks the broker how much there is to read, whatever the fetches say. */
  private watch(): void {
    const { gauges } = this.options;
    const runners = this.running;
    gauges.bufferLimitBytes = runners.length * FETCH_BUFFER_BYTES;
    const inputs = runners.flatMap(({ progress }) => progress);
    gauges.bufferBytes = inputs.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
    const places = inputs.length > 0 ? inputs : this.standby;
    this.ends.look(places, (place, end) => this.heard(place, end));
    gauges.kafkaSilent = this.ends.silent;
    for (const input of inputs) {
      if (!this.ends.isSilent(input)) continue;
      input.gauges.unheard = true;
      input.gauges.lagRecords = Number.NaN;
    }
    this.tellLate();
  }

  private tellLate(): void {
    const { gauges, log } = this.options;
    for (const [task, { admitted, late }] of gauges.tasks) {
      const spell = this.lateness.observe(task, admitted, late, performance.now());
      if (spell === null) continue;
      const see = "docs/kafka.md, Starting behind";
      log.write("warn", "many events came late", { task, ...spell, see });
    }
  }

  private get running(): readonly TaskRunner[] {
    return this.groups.flatMap(({ running }) => running);
  }

  private heard({ topic, partition }: EndPlace, end: number): void {
    for (const runner of this.running) {
      for (const input of runner.progress) {
        if (input.topic === topic && input.partition === partition) this.judge(runner, input, end);
      }
    }
  }

  private judge(runner: TaskRunner, input: InputProgress, end: number): void {
    const { gauges, log } = this.options;
    const { topic, partition, fetched, held, consumed } = input;
    const lag = Math.max(0, end - fetched) + held;
    input.gauges.unheard = false;
    input.gauges.lagRecords = lag;
    const of = { task: runner.name, topic, partition };
    // How long an answer may take its pool says.
    const left = runner.isAsking ? 0 : lag;
    const trip = this.watchdog.observe(of, left, consumed, performance.now());
    if (trip === null) return;
    log.write("error", "input stands still", { ...trip });
    const task = gauges.tasks.get(runner.name);
    if (task !== undefined) task.watchdogTrips++;
    if (trip.times === 1) runner.refetch();
    else runner.fail(stalled(trip.task, topic, partition, trip.sinceMs));
  }
}

/** The groups' plans, those of one group together. */
function servedGroups({ run, only }: ServiceOptions): readonly (readonly GroupPlan[])[] {
  const byName = new Map<string, GroupPlan[]>();
  for (const plan of run.groups) {
    const list = byName.get(plan.group) ?? [];
    byName.set(plan.group, [...list, plan]);
  }
  const known = run.topology.processors.map(({ name }) => name);
  const stranger = only.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new TapedeckError(
      "STREAMS_PROCESSOR_UNKNOWN",
      `no processor is named ${stranger}; there are ${known.join(", ")}`,
      { processor: stranger },
    );
  }
  return [...byName.values()].filter(([plan]) => plan !== undefined && isServed(plan, only));
}

/** Of the tasks that read a partition, the one that records what in it is no event. */
const firstReader = (run: LiveRun, topic: string, partition: number): GroupPlan | undefined =>
  run.groups.find(({ external }) =>
    external.some((one) => one.topic === topic && one.partition === partition),
  );

const stalled = (task: string, topic: string, partition: number, sinceMs: number): TapedeckError =>
  new TapedeckError(
    "KAFKA_INPUT_STALLED",
    `${task} has not moved in ${topic}/${partition} for ${Math.round(sinceMs / 1000)} s`,
    { task, topic, partition, sinceMs },
  );
