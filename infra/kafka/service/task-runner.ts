// One task of a group at work on Kafka. Promises: its state, offsets, outputs, admissions and dead
// letters leave in one transaction each time; while that is on its way the next one is worked on;
// what it holds in memory is bounded; whatever fails ends this runner and nothing of what it had
// not committed is seen: a new one goes on from the last commit.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { GroupTask } from "../../../streams/group-task.ts";
import type { Commit, EntryChange, RecordBatch } from "../../../streams/log.ts";
import { RecordCursor } from "../../../streams/record.ts";
import type { GroupPlan } from "../../../streams/task-groups.ts";
import type { Log } from "../../telemetry/logs.ts";
import {
  closeTaskGauges,
  count,
  type InputGauges,
  type ServiceGauges,
  type TaskGauges,
} from "../../telemetry/service-gauges.ts";
import { measureVerdicts, type TickArrivals } from "../../telemetry/tick-arrivals.ts";
import type { Fetched, Fetcher, KafkaConnection } from "../client/connection.ts";
import { decodeResolved, type ResolvingSchemaIds } from "../log/decode-resolved.ts";
import type { KafkaLog } from "../log/kafka-log.ts";
import type { Poison } from "../wire/poison.ts";
import { type Asked, Asking } from "./asking.ts";
import { Inflow } from "./inflow.ts";
import { asideKey, openGroup, type Source } from "./task-opening.ts";

export interface RunnerSettings {
  /** How long an event waits for an input without a head, in µs. */
  readonly waitUs: number;
  /** The same for an input that is known to hold unread records. */
  readonly lagWaitUs: number;
  /** The same for an answer of the pool; `lagWaitUs` if left out. */
  readonly answerWaitUs?: number;
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
  /** Where each letter that was written is told. */
  readonly lines?: Log;
  /** When ticks came to this process: from there verdicts are timed. */
  readonly arrivals: TickArrivals;
  /** Whether this task records what of the partition is no event: one of its readers does. */
  readonly putsAside: (topic: string, partition: number) => boolean;
  /** What is done elsewhere before a processor of the task decides. */
  readonly asked?: Asked;
  /** Asked before each commit: throws where nothing may be committed any more. */
  readonly mayCommit?: () => void;
  readonly at?: (point: CrashPoint, task: string) => void;
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
/** Of letters that wait to be written: a flood of what is no event is held to this. */
const LETTER_BYTES = 8 << 20;

export class TaskRunner {
  hasCommitted = false;
  private readonly options: RunnerOptions;
  private sources: ReadonlyMap<string, Source> = new Map();
  /** Messages put aside since the last transaction, whoever records them, and bytes of own letters. */
  private putAsideCount = 0;
  private letterBytes = 0;
  private gauges: TaskGauges | null = null;
  private fetcher: Fetcher | null = null;
  private inflow: Inflow | null = null;
  private asking: Asking | null = null;
  private stopping = false;
  /** The transaction under way. */
  private committing: Promise<void> | null = null;
  private failure: unknown = null;
  private firstAdmittedMs = 0;
  /** When an operator's command came that is not committed yet. */
  private commandMs: number | null = null;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.plan.name;
  }

  /** Commits what it has begun, then ends `run`. */
  stop(): void {
    this.stopping = true;
    this.inflow?.wake();
  }

  /** Ends `run` with an error, as if it had come from within. */
  fail(error: TapedeckError): void {
    this.failure ??= error;
    this.inflow?.wake();
  }

  /** Asks for every input anew from where it is: what was asked before may never be answered. */
  refetch(): void {
    for (const { topic, partition, nextOffset } of this.fetcher?.progress() ?? []) {
      this.fetcher?.seek(topic, partition, nextOffset);
    }
  }

  /** It stands still by right where it reads on only with an answer. */
  get isAsking(): boolean {
    return this.asking?.busy ?? false;
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
    try {
      const { group, sources, gauges } = await openGroup(this.options, nowUs);
      this.sources = sources;
      this.gauges = gauges;
      this.at("opened");
      const fetcher = connection.fetcher({ maxBufferedBytes: FETCH_BUFFER_BYTES });
      const inflow = new Inflow(fetcher);
      this.fetcher = fetcher;
      this.inflow = inflow;
      const { asked } = this.options;
      this.asking = asked === undefined ? null : new Asking(asked, () => inflow.wake());
      for (const source of sources.values()) {
        const { topic, partition, wanted } = source.input;
        const place = await source.aside.start(await log.view(topic, partition), wanted);
        source.decoder.seek(place.logical, place.floorUs);
        fetcher.add(source.kafkaTopic, partition, place.kafka);
      }
      while (!this.stopping) await this.turn(group, fetcher, inflow);
      await this.drain(group);
    } finally {
      // What the task had opened is given back however far it came.
      this.asking?.close();
      this.fetcher?.close();
      await this.committing?.catch(() => undefined);
      if (this.gauges !== null) closeTaskGauges(this.gauges);
      await log.close();
    }
  }

  /** Takes what came, works on what is ready, commits what is due, and waits for more. */
  private async turn(group: GroupTask, fetcher: Fetcher, inflow: Inflow): Promise<void> {
    const { settings } = this.options;
    this.failure ??= inflow.failure ?? this.asking?.failure ?? null;
    if (this.failure !== null) throw this.failure;
    const piece = this.lettersFull ? null : inflow.take();
    if (piece !== null) await this.take(group, piece, fetcher);
    this.observe(group, fetcher);
    const now = nowUs();
    if (group.admitted < settings.maxEvents) {
      const before = group.admitted;
      const done = group.admit(now, settings.maxEvents - before);
      if (done > 0 && before === 0) this.firstAdmittedMs = performance.now();
      if (done > 0) this.at("admitted");
      this.asking?.look(group);
    }
    this.commitIfDue(group);
    await this.rest(group, inflow);
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
      if (batch.topic === "control.commands") this.commandMs ??= performance.now();
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
      // What the last fetch said holds no longer where nothing is heard.
      gauges.lagRecords = lag === null || gauges.unheard ? Number.NaN : lag + input.held;
      gauges.admittedUs = input.reachedUs;
      if (source.paused && !input.full) {
        source.paused = false;
        fetcher.resume(topic, partition);
      }
    }
  }

  private commitIfDue(group: GroupTask): void {
    const { maxEvents } = this.options.settings;
    if (this.committing !== null) return;
    const waiting = group.admitted > 0;
    if (!waiting && this.putAsideCount === 0) return;
    if (waiting && this.untilDueMs > 0 && !this.lettersFull && group.admitted < maxEvents) return;
    this.begin(this.transaction(group));
  }

  /**
   * Until what was admitted is to be committed. A command's consequences linger for nothing; and while one waits for its
   * turn, no transaction begins that they would have to wait for, as long as an event waits at most.
   */
  private get untilDueMs(): number {
    const { lingerMs, waitUs } = this.options.settings;
    const now = performance.now();
    const left = lingerMs - (now - this.firstAdmittedMs);
    if (this.commandMs === null) return left;
    if (!this.holdsCommand) return 0;
    return Math.max(left, waitUs / 1000 - (now - this.commandMs));
  }

  private get holdsCommand(): boolean {
    for (const { input } of this.sources.values()) {
      if (input.topic === "control.commands" && input.held > 0) return true;
    }
    return false;
  }

  private transaction(group: GroupTask): Commit {
    const { admitted } = group;
    if (this.commandMs !== null && !this.holdsCommand) this.commandMs = null;
    const { produced, checkpoints } = group.transaction();
    const aside = this.asideChanges();
    this.putAsideCount = 0;
    this.letterBytes = 0;
    if (this.gauges !== null) {
      this.gauges.admitted += admitted;
      this.gauges.stateEntries = group.entries;
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
      return value === null ? [] : [{ key: asideKey(topic, partition), value }];
    });
  }

  private begin(commit: Commit): void {
    const begunMs = performance.now();
    this.options.mayCommit?.();
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
        tellRare(commit.produced, this.gauges, this.options.lines);
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
    this.inflow?.wake();
  }

  private note(error: unknown): void {
    if (this.gauges === null) return;
    const code = error instanceof TapedeckError ? error.code : null;
    if (code === "STREAMS_FENCED") this.gauges.fenced++;
    else if (code === "KAFKA_OUTCOME_UNKNOWN") this.gauges.unknown++;
    else this.gauges.aborted++;
  }

  /** Until something comes, a commit ends, or the next event's waiting is over. */
  private async rest(group: GroupTask, inflow: Inflow): Promise<void> {
    const { maxEvents } = this.options.settings;
    if (this.lettersFull) await this.committing;
    const readyMs = (group.readyUs - nowUs()) / 1000;
    const dueMs =
      group.admitted > 0 && this.committing === null ? this.untilDueMs : Number.POSITIVE_INFINITY;
    const full = group.admitted >= maxEvents;
    await inflow.wait(Math.min(full ? Number.POSITIVE_INFINITY : readyMs, dueMs));
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

/**
 * Of what was committed: late events by topic, dead letters by reason and a line for each, of which the
 * log counts a flood. They are rare, so they are read back.
 */
function tellRare(produced: readonly RecordBatch[], gauges: TaskGauges | null, lines?: Log): void {
  for (const { topic, partition, baseOffset, bytes } of produced) {
    if (topic !== "tape.admissions" && topic !== "tape.dead-letters") continue;
    const records = new RecordCursor(topic, partition, baseOffset, bytes);
    for (let event = records.read(); event !== null; event = records.read()) {
      if (event.topic === "tape.admissions" && gauges !== null) {
        count(gauges.late, event.value.topic);
      }
      if (event.topic !== "tape.dead-letters") continue;
      const { code, origin, partition: of, position } = event.value;
      if (gauges !== null) count(gauges.deadLetters, code);
      lines?.write("warn", "put aside as a dead letter", {
        letter: `${partition}/${event.offset}`,
        ...{ code, topic: origin, partition: of, offset: position },
      });
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
