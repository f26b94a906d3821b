// One task of a group at work on Kafka. Promises: its state, offsets, outputs, admissions and dead
// letters leave in one transaction each time; while that is on its way the next one is worked on;
// what it holds in memory is bounded; whatever fails ends this runner and nothing of what it had
// not committed is seen: a new one goes on from the last commit.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { GroupInput } from "../../../streams/group-input.ts";
import { GroupTask } from "../../../streams/group-task.ts";
import type { Commit, EntryChange, OpenedTask, RecordBatch } from "../../../streams/log.ts";
import { RecordCursor } from "../../../streams/record.ts";
import type { GroupPlan } from "../../../streams/task-groups.ts";
import {
  closeTaskGauges,
  count,
  type InputGauges,
  openTaskGauges,
  type ServiceGauges,
  type TaskGauges,
} from "../../telemetry/service-gauges.ts";
import { measureVerdicts, type TickArrivals } from "../../telemetry/tick-arrivals.ts";
import type { Fetched, Fetcher, KafkaConnection } from "../client/connection.ts";
import { decodeResolved, type ResolvingSchemaIds } from "../log/decode-resolved.ts";
import type { KafkaLog } from "../log/kafka-log.ts";
import type { Poison } from "../wire/poison.ts";
import { TopicDecoder } from "../wire/topic-decoder.ts";
import { Aside } from "./aside.ts";

export interface RunnerSettings {
  /** How long an event waits for an input without a head, in µs. */
  readonly waitUs: number;
  /** The same for an input that is known to hold unread records. */
  readonly lagWaitUs: number;
  /** How long what was done waits for more before it is committed. */
  readonly lingerMs: number;
  /** Events in one transaction, at most. */
  readonly maxEvents: number;
}

/** Where a task may be told to die, for tests of just that. */
export type CrashPoint =
  | "opened"
  | "received"
  | "admitted"
  | "before-commit"
  | "committing"
  | "committed";

export interface RunnerOptions {
  readonly plan: GroupPlan;
  readonly connection: KafkaConnection;
  /** The task's own: a log's commits wait for each other. */
  readonly log: KafkaLog;
  readonly schemaIds: ResolvingSchemaIds | null;
  readonly settings: RunnerSettings;
  readonly gauges: ServiceGauges;
  /** When ticks came to this process: from there verdicts are timed. */
  readonly arrivals: TickArrivals;
  /** Whether this task records what of the partition is no event: one of its readers does. */
  readonly putsAside: (topic: string, partition: number) => boolean;
  readonly at?: (point: CrashPoint, task: string) => void;
}

/** One input partition as it comes from Kafka. */
interface Source {
  readonly input: GroupInput;
  readonly decoder: TopicDecoder;
  readonly gauges: InputGauges;
  readonly kafkaTopic: string;
  readonly aside: Aside;
  paused: boolean;
}

export interface InputProgress {
  /** As Kafka has it. */
  readonly topic: string;
  readonly partition: number;
  /** Kafka offset that is fetched next. */
  readonly fetched: number;
  /** Records fetched and not yet admitted. */
  readonly held: number;
  /** Logical offset up to which all was admitted. */
  readonly consumed: number;
  readonly bufferedBytes: number;
  readonly gauges: InputGauges;
}

/** Bound of what a task's fetches hold. */
export const FETCH_BUFFER_BYTES = 64 << 20;
/** Nothing happens for so long at most: lag is looked at as often. */
const IDLE_MS = 100;
const ASIDE = "aside ";
/** Of letters that wait to be written: a flood of what is no event is held to this. */
const LETTER_BYTES = 8 << 20;

export class TaskRunner {
  hasCommitted = false;
  private readonly options: RunnerOptions;
  private readonly sources = new Map<string, Source>();
  /** Messages put aside since the last transaction, whoever records them, and bytes of own letters. */
  private putAsideCount = 0;
  private letterBytes = 0;
  private gauges: TaskGauges | null = null;
  private fetcher: Fetcher | null = null;
  private stopping = false;
  private wake: (() => void) | null = null;
  /** The transaction under way. */
  private committing: Promise<void> | null = null;
  private failure: unknown = null;
  private pulling: Promise<void> | null = null;
  private pulled: Fetched | null = null;
  private firstAdmittedMs = 0;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.plan.name;
  }

  /** Commits what it has begun, then ends `run`. */
  stop(): void {
    this.stopping = true;
    this.wake?.();
  }

  /** Ends `run` with an error, as if it had come from within. */
  fail(error: TapedeckError): void {
    this.failure ??= error;
    this.wake?.();
  }

  /** Asks for every input anew from where it is: what was asked before may never be answered. */
  refetch(): void {
    for (const { topic, partition, nextOffset } of this.fetcher?.progress() ?? []) {
      this.fetcher?.seek(topic, partition, nextOffset);
    }
  }

  /** Its inputs as they stand. */
  get progress(): readonly InputProgress[] {
    return (this.fetcher?.progress() ?? []).flatMap((read): InputProgress[] => {
      const { topic, partition, nextOffset, bufferedBytes } = read;
      const source = this.sources.get(`${topic}/${partition}`);
      if (source === undefined) return [];
      const { input, gauges } = source;
      const { held, consumed } = input;
      return [{ topic, partition, fetched: nextOffset, held, consumed, bufferedBytes, gauges }];
    });
  }

  /** Ends when it is stopped; throws what ended it else. */
  async run(): Promise<void> {
    const { connection, log } = this.options;
    const group = await this.open();
    const fetcher = connection.fetcher({ maxBufferedBytes: FETCH_BUFFER_BYTES });
    this.fetcher = fetcher;
    try {
      for (const source of this.sources.values()) {
        const { topic, partition, wanted } = source.input;
        const place = await source.aside.start(await log.view(topic, partition), wanted);
        source.decoder.seek(place.logical, place.floorUs);
        fetcher.add(source.kafkaTopic, partition, place.kafka);
      }
      while (!this.stopping) await this.turn(group, fetcher);
      await this.drain(group);
    } finally {
      fetcher.close();
      await this.committing?.catch(() => undefined);
      if (this.gauges !== null) closeTaskGauges(this.gauges);
      await log.close();
    }
  }

  private async open(): Promise<GroupTask> {
    const { plan, log, settings, gauges } = this.options;
    const begunMs = performance.now();
    const opened = await log.openTask(plan.name);
    const group = new GroupTask(plan, opened, settings);
    const names = plan.external.map(({ topic, partition }) => ({ topic, partition }));
    this.gauges = openTaskGauges(gauges, plan.name, plan.group, names, []);
    for (const [index, input] of group.inputs.entries()) this.addSource(input, index, opened);
    for (const { topic, partition, from, to } of group.missing) {
      for (let next = from; next < to; ) {
        const batch = await log.read(topic, partition, next);
        if (batch === null) throw missingInternal(plan.name, topic, partition, next, to);
        group.receive(batch, nowUs());
        next = batch.baseOffset + batch.count;
      }
    }
    this.gauges.stateEntries = group.entries;
    this.gauges.restoreSeconds = (performance.now() - begunMs) / 1000;
    if (log.lastRestore?.cached ?? 0) this.gauges.warmRestores++;
    else this.gauges.coldRestores++;
    this.at("opened");
    return group;
  }

  private addSource(input: GroupInput, index: number, opened: OpenedTask): void {
    const { topic, partition } = input;
    const { log, schemaIds } = this.options;
    const kafkaTopic = log.kafkaName(topic);
    this.sources.set(`${kafkaTopic}/${partition}`, {
      input,
      decoder: new TopicDecoder({ topic, partition }, schemaIds),
      gauges: (this.gauges as TaskGauges).inputs[index] as InputGauges,
      kafkaTopic,
      aside: new Aside(opened.entries.get(`${ASIDE}${topic}/${partition}`)),
      paused: false,
    });
  }

  /** Takes what came, works on what is ready, commits what is due, and waits for more. */
  private async turn(group: GroupTask, fetcher: Fetcher): Promise<void> {
    const { settings } = this.options;
    if (this.failure !== null) throw this.failure;
    const piece = this.lettersFull ? null : this.pulled;
    if (piece !== null) {
      this.pulled = null;
      await this.take(group, piece, fetcher);
    }
    this.observe(group, fetcher);
    const now = nowUs();
    if (group.admitted < settings.maxEvents) {
      const before = group.admitted;
      const done = group.admit(now, settings.maxEvents - before);
      if (done > 0 && before === 0) this.firstAdmittedMs = performance.now();
      if (done > 0) this.at("admitted");
    }
    this.commitIfDue(group);
    await this.rest(group, fetcher);
  }

  /** Nothing more is taken before some of it is written. */
  private get lettersFull(): boolean {
    return this.letterBytes > LETTER_BYTES;
  }

  private async take(group: GroupTask, piece: Fetched, fetcher: Fetcher): Promise<void> {
    const source = this.sources.get(`${piece.topic}/${piece.partition}`);
    if (source === undefined) return;
    const { input, decoder } = source;
    const view = await this.options.log.view(input.topic, input.partition);
    for (const raw of piece.batches) {
      const { batch, poison, runs } = await decodeResolved(decoder, raw, this.options.schemaIds);
      for (const each of poison) this.putAside(group, source, each);
      if (batch === null) continue;
      view.learn(runs, batch);
      if (!group.receive(batch, nowUs())) throw skipped(this.name, batch.topic, batch.baseOffset);
      source.gauges.newestUs = batch.maxTimeUs;
      if (input.source && batch.topic !== "market.instruments") {
        const next = batch.baseOffset + batch.count;
        this.options.arrivals.arrived(batch.topic, batch.partition, next, performance.now());
      }
    }
    const { next: logical, reachedUs: floorUs } = decoder;
    if (logical !== null) view.trust({ logical, kafka: piece.nextOffset, floorUs });
    this.at("received");
    if (input.full && !source.paused) {
      source.paused = true;
      fetcher.pause(source.kafkaTopic, input.partition);
    }
  }

  private putAside(group: GroupTask, { input, aside }: Source, poison: Poison): void {
    const { topic, partition } = input;
    if (!aside.isNew(poison)) return;
    this.putAsideCount++;
    if (!this.options.putsAside(topic, partition)) return;
    const { kafkaOffset: position, code, detail, raw } = poison;
    const letter = { origin: topic, partition, position, code, detail, raw };
    group.putAside(letter, letterTimeUs(poison));
    this.letterBytes += raw.length;
  }

  /** Tells the group and the gauges how far behind each input is. */
  private observe(group: GroupTask, fetcher: Fetcher): void {
    for (const { topic, partition, nextOffset, stableEnd } of fetcher.progress()) {
      const source = this.sources.get(`${topic}/${partition}`);
      if (source === undefined) continue;
      const { input, gauges } = source;
      const lag = stableEnd < 0 ? null : Math.max(0, stableEnd - nextOffset);
      group.setLag(input.topic, partition, lag);
      gauges.lagRecords = lag === null ? Number.NaN : lag + input.held;
      gauges.admittedUs = input.reachedUs;
      if (source.paused && !input.full) {
        source.paused = false;
        fetcher.resume(topic, partition);
      }
    }
  }

  private commitIfDue(group: GroupTask): void {
    const { lingerMs, maxEvents } = this.options.settings;
    if (this.committing !== null) return;
    const waiting = group.admitted > 0;
    if (!waiting && this.putAsideCount === 0) return;
    const due = performance.now() - this.firstAdmittedMs >= lingerMs;
    if (waiting && !due && group.admitted < maxEvents) return;
    this.begin(this.transaction(group));
  }

  private transaction(group: GroupTask): Commit {
    const { admitted } = group;
    const { produced, checkpoints } = group.transaction();
    const aside = this.asideChanges();
    this.putAsideCount = 0;
    this.letterBytes = 0;
    if (this.gauges !== null) {
      this.gauges.admitted += admitted;
      this.gauges.stateEntries = group.entries;
      countRare(produced, this.gauges);
    }
    return {
      produced,
      checkpoints: checkpoints.map((checkpoint) => ({
        ...checkpoint,
        changes: [...(checkpoint.changes ?? []), ...aside],
      })),
    };
  }

  private asideChanges(): readonly EntryChange[] {
    return [...this.sources.values()].flatMap(({ input, aside }): EntryChange[] => {
      const { topic, partition, consumed } = input;
      const value = aside.take(consumed);
      return value === null ? [] : [{ key: `${ASIDE}${topic}/${partition}`, value }];
    });
  }

  private begin(commit: Commit): void {
    const begunMs = performance.now();
    this.at("before-commit");
    const sent = this.options.log.commit(commit);
    this.at("committing");
    this.committing = sent.then(
      () => {
        this.hasCommitted = true;
        this.at("committed");
        if (this.gauges !== null) {
          this.gauges.committed++;
          this.gauges.commitSeconds.add((performance.now() - begunMs) / 1000);
        }
        this.timeVerdicts(commit);
        this.settled(null);
      },
      (error) => {
        this.note(error);
        this.settled(error);
      },
    );
  }

  private timeVerdicts({ produced }: Commit): void {
    const { gauges, arrivals } = this.options;
    for (const { topic, traces } of produced) {
      if (topic !== "risk.verdicts" || traces === undefined) continue;
      measureVerdicts(gauges, arrivals, traces, performance.now());
    }
  }

  private settled(failure: unknown): void {
    this.committing = null;
    this.failure ??= failure;
    this.wake?.();
  }

  private note(error: unknown): void {
    if (this.gauges === null) return;
    const code = error instanceof TapedeckError ? error.code : null;
    if (code === "STREAMS_FENCED") this.gauges.fenced++;
    else if (code === "KAFKA_OUTCOME_UNKNOWN") this.gauges.unknown++;
    else this.gauges.aborted++;
  }

  /** Until something comes, a commit ends, or the next event's waiting is over. */
  private async rest(group: GroupTask, fetcher: Fetcher): Promise<void> {
    const { lingerMs } = this.options.settings;
    if (this.lettersFull) await this.committing;
    if (this.pulled !== null) return;
    this.pulling ??= fetcher.pull(IDLE_MS).then(
      (piece) => {
        this.pulled = piece;
        this.pulling = null;
      },
      (error) => {
        this.pulling = null;
        // It goes on by itself; what does not is told by the next pull too.
        if (!(error instanceof TapedeckError) || error.code !== "KAFKA_UNREACHABLE") {
          this.failure ??= error;
        }
      },
    );
    const waits: Promise<unknown>[] = [
      this.pulling,
      new Promise<void>((done) => (this.wake = done)),
    ];
    const readyMs = (group.readyUs - nowUs()) / 1000;
    const dueMs =
      group.admitted > 0 && this.committing === null
        ? lingerMs - (performance.now() - this.firstAdmittedMs)
        : Number.POSITIVE_INFINITY;
    const full = group.admitted >= this.options.settings.maxEvents;
    const ms = Math.min(full ? Number.POSITIVE_INFINITY : readyMs, dueMs);
    if (ms <= 0) {
      // Work is ready: what came meanwhile gets its turn first.
      await Promise.race([...waits, new Promise((resolve) => setImmediate(resolve))]);
    } else if (ms < IDLE_MS) {
      const timer = new AbortController();
      const slept = pause(ms, undefined, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([...waits, slept]);
      timer.abort();
    } else await Promise.race(waits);
    this.wake = null;
  }

  /** The last transaction: what was admitted is not thrown away. */
  private async drain(group: GroupTask): Promise<void> {
    await this.committing;
    if (this.failure !== null) throw this.failure;
    if (group.admitted === 0 && this.putAsideCount === 0) return;
    this.begin(this.transaction(group));
    await this.committing;
    if (this.failure !== null) throw this.failure;
  }

  private at(point: CrashPoint): void {
    this.options.at?.(point, this.name);
  }
}

/** Late events by topic, dead letters by reason: both are rare, so they are read back. */
function countRare(produced: readonly RecordBatch[], gauges: TaskGauges): void {
  for (const { topic, partition, baseOffset, bytes } of produced) {
    if (topic !== "tape.admissions" && topic !== "tape.dead-letters") continue;
    const records = new RecordCursor(topic, partition, baseOffset, bytes);
    for (let event = records.read(); event !== null; event = records.read()) {
      if (event.topic === "tape.admissions") count(gauges.late, event.value.topic);
      else if (event.topic === "tape.dead-letters") count(gauges.deadLetters, event.value.code);
    }
  }
}

/** A stranger's clock is not trusted with times to come: every later letter would have to wait for them. */
function letterTimeUs({ timestampMs, reachedUs }: Poison): number {
  return timestampMs >= 0 && timestampMs <= Date.now() ? timestampMs * 1000 : reachedUs;
}

/** The owner's clock: only its differences count. */
const nowUs = (): number => Math.floor(performance.now() * 1000);

const skipped = (task: string, topic: string, offset: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    `${task} got ${topic} from offset ${offset} on, and misses what lies before`,
    { task, topic, offset },
  );

const missingInternal = (
  task: string,
  topic: string,
  partition: number,
  next: number,
  to: number,
): TapedeckError =>
  new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    `${task} has written ${topic}/${partition} up to ${to}, but the log ends at ${next}`,
    { task, topic, partition, next, to },
  );
