// Copies topics from one log to another: a tape to Kafka, Kafka to a tape, a run's topics into its
// folder. Promises: a record's bytes stay as they are; a copy that was cut short, killed or met by a
// broker's restart goes on behind what the target holds, after making sure that it holds the same
// bytes; topics stay in step, event time by event time; memory is bounded.

import { TapedeckError } from "../../schemas/errors.ts";
import { catalogue, isTopicName } from "../../streams/catalogue.ts";
import type { StopSignal } from "../../streams/followers.ts";
import type { EventLog, PartitionRange, RecordBatch } from "../../streams/log.ts";
import { offsetOfByte } from "../run/comparator.ts";
import { CommitWindow } from "./commit-window.ts";
import { CopyLane, joinBatches } from "./copy-lane.ts";
import type { Pace } from "./pace.ts";

export interface CopyOptions {
  readonly from: EventLog;
  readonly to: EventLog;
  /** Before the target's own names of topics, so that errors name what is there; left out: nothing. */
  readonly toPrefix?: string;
  /**
   * Source offsets, of every partition of each topic that is copied. The first record of each range
   * gets offset 0 in the target.
   */
  readonly ranges: readonly PartitionRange[];
  /** Makes the topics that the target lacks; else they must be there. */
  readonly createTopics: boolean;
  /** Nothing is handed over before its time; left out: as fast as it goes. */
  readonly pace?: Pace;
  /** Goes on behind the ranges' ends as the source grows, until the signal says stop. */
  readonly follow?: StopSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Asked between commits: true ends the copy there; another call goes on. */
  readonly stopRequested?: () => boolean;
}

export interface CopyProgress {
  /** Records that the target holds by now. */
  readonly records: number;
  /** Of those that were there before. */
  readonly resumed: number;
  /** Records in the ranges; Infinity where the copy follows. */
  readonly total: number;
  /** Effective time reached. */
  readonly timeUs: number;
  /** How long after its time the last commit was durable; 0 without a pace. */
  readonly lateMs: number;
}

export interface Copied extends Omit<CopyProgress, "lateMs"> {
  /** False if `stopRequested` ended it. */
  readonly completed: boolean;
  /** The worst `lateMs` since the copy first kept its pace. */
  readonly mostLateMs: number;
  /** How often it went on after a failure. */
  readonly recoveries: number;
}

/** Records that are handed over together, unless a pace says sooner. */
const GATHER_BYTES = 256 << 10;
/** In a row, with nothing copied between. */
const MOST_FAILURES = 10;

/** What another look at the target's end mends: who wrote last, and how far, shows there. */
const PASSING: readonly string[] = [
  "KAFKA_OUTCOME_UNKNOWN",
  "KAFKA_TRANSACTION_ABORTED",
  "KAFKA_UNREACHABLE",
  "STREAMS_OFFSET_CONFLICT",
];

/**
 * Copies the ranges, or goes on with a copy. TAPE_COPY_DIFFERS: the target holds other records;
 * STREAMS_FENCED: another process copies there; STREAMS_PARTITIONS_CHANGED, KAFKA_TOPIC_MISSING: the
 * target's topics do not fit.
 */
export function copyTopics(options: CopyOptions): Promise<Copied> {
  return new Copy(options).run();
}

class Copy {
  private readonly options: CopyOptions;
  private readonly lanes: readonly CopyLane[];
  private readonly byPlace: ReadonlyMap<string, CopyLane>;
  private readonly window: CommitWindow;
  private readonly total: number;
  private gatheredBytes = 0;
  private resumed = 0;
  private timeUs = 0;
  private mostLateMs = 0;

  constructor(options: CopyOptions) {
    this.options = options;
    const { from, to, ranges, follow } = options;
    const wanted = (range: PartitionRange): PartitionRange =>
      follow === undefined ? range : { ...range, end: Number.POSITIVE_INFINITY };
    this.lanes = ranges.map((range) => new CopyLane(from, wanted(range)));
    this.byPlace = new Map(this.lanes.map((lane) => [placeOf(lane), lane]));
    this.total = this.lanes.reduce((sum, { shift, end }) => sum + end - shift, 0);
    this.window = new CommitWindow(to, (produced) => this.durable(produced));
  }

  async run(): Promise<Copied> {
    await this.prepareTopics();
    await this.findEnds(true);
    let recoveries = 0;
    for (let failures = 0; ; ) {
      const before = this.records;
      try {
        if (failures > 0) await this.findEnds(false);
        const completed = await this.carry();
        const { records, resumed, total, timeUs, mostLateMs } = this;
        return { completed, records, resumed, total, timeUs, mostLateMs, recoveries };
      } catch (error) {
        // What else was under way has failed for the same reason.
        await this.window.settled().catch(() => undefined);
        const passes = error instanceof TapedeckError && PASSING.includes(error.code);
        failures = this.records > before ? 1 : failures + 1;
        if (!passes || failures > MOST_FAILURES) throw error;
        recoveries++;
      }
    }
  }

  private get records(): number {
    return this.lanes.reduce((sum, { durable }) => sum + durable, 0);
  }

  /** As many partitions as in the source: a record's place is part of what is copied. */
  private async prepareTopics(): Promise<void> {
    const { to, toPrefix = "", createTopics } = this.options;
    const has = countPartitions(await to.partitions());
    const needed = countPartitions(this.lanes);
    const lacking = [...needed.keys()].filter((topic) => !has.has(topic));
    if (lacking.length > 0 && !createTopics) {
      throw missing(lacking.map((topic) => `${toPrefix}${topic}`));
    }
    for (const [topic, wanted] of needed) {
      const found = has.get(topic) ?? 0;
      if (found === 0) await to.createTopic(topic, wanted);
      else if (found !== wanted) throw otherCount(`${toPrefix}${topic}`, found, wanted);
    }
  }

  /** Looks where the target ends, and that it holds the same up to there; more than the range is fine. */
  private async findEnds(first: boolean): Promise<void> {
    const { to } = this.options;
    this.gatheredBytes = 0;
    for (const range of await to.partitions()) {
      const lane = this.byPlace.get(placeOf(range));
      if (lane === undefined) continue;
      const start = first ? range.start : Math.max(range.start, lane.durable);
      await this.compare(lane, start, range.end);
      const last =
        range.end > range.start ? await to.read(lane.topic, lane.partition, range.end - 1) : null;
      lane.seek(range.end, last?.maxTimeUs ?? 0);
      if (first) this.resumed += range.end;
    }
  }

  /** Cost: reads both, a batch of each at a time. */
  private async compare(lane: CopyLane, start: number, end: number): Promise<void> {
    const { from, to } = this.options;
    const { topic, partition, shift } = lane;
    let source: RecordBatch | null = null;
    let at = 0;
    let sourceNext = start + shift;
    for (let offset = start; offset < end; ) {
      const held = await to.read(topic, partition, offset);
      if (held === null) throw differs(lane, offset);
      for (let byte = 0; byte < held.bytes.length; ) {
        if (source === null || at === source.bytes.length) {
          source = await from.read(topic, partition, sourceNext);
          if (source === null) throw differs(lane, sourceNext - shift);
          sourceNext = source.baseOffset + source.count;
          at = 0;
        }
        const size = Math.min(held.bytes.length - byte, source.bytes.length - at);
        const theirs = held.bytes.subarray(byte, byte + size);
        if (Buffer.compare(theirs, source.bytes.subarray(at, at + size)) !== 0) {
          throw differs(
            lane,
            offsetOfByte(held, byte + firstDifferent(theirs, source.bytes.subarray(at))),
          );
        }
        byte += size;
        at += size;
      }
      offset = held.baseOffset + held.count;
    }
  }

  /** True when all is copied; false when it was told to stop. */
  private async carry(): Promise<boolean> {
    const { stopRequested, follow } = this.options;
    let completed = true;
    for (;;) {
      if (stopRequested?.() === true) {
        completed = false;
        break;
      }
      if (follow?.aborted === true) break;
      await Promise.all(this.lanes.map((lane) => lane.load()));
      const ready = this.lanes.filter((lane) => lane.ready);
      if (ready.length > 0) await this.step(ready);
      else if (follow === undefined) break;
      else await this.grown(follow);
    }
    await this.hand();
    await this.window.settled();
    return completed;
  }

  /** Cuts off what may go now, or waits until something may. */
  private async step(ready: readonly CopyLane[]): Promise<void> {
    const { pace } = this.options;
    // No lane passes what is at hand of the others, so that they stay in step.
    let untilUs = Math.min(...ready.map(({ lastUs }) => lastUs)) + 1;
    if (pace !== undefined) {
      pace.begin(() => firstOf(ready));
      const dueUs = pace.dueUs();
      const headUs = Math.min(...ready.map((lane) => lane.headUs));
      if (headUs > dueUs) return pace.wait(headUs);
      untilUs = Math.min(untilUs, dueUs + 1);
    }
    for (const lane of ready) this.gatheredBytes += lane.gather(untilUs);
    if (pace !== undefined || this.gatheredBytes >= GATHER_BYTES) await this.hand();
  }

  private async hand(): Promise<void> {
    const produced: RecordBatch[] = [];
    for (const lane of this.lanes) {
      const batch = joinBatches(lane.gathered);
      lane.gathered.length = 0;
      if (batch !== null) produced.push(batch);
    }
    this.gatheredBytes = 0;
    await this.window.hand(produced);
  }

  /** Waits for any partition to grow, or for the signal. */
  private async grown(stop: StopSignal): Promise<void> {
    await this.hand();
    await this.window.settled();
    await Promise.race(this.lanes.map((lane) => lane.grown(stop)));
  }

  private durable(produced: readonly RecordBatch[]): void {
    const { pace, onProgress } = this.options;
    let timeUs = 0;
    for (const batch of produced) {
      const lane = this.byPlace.get(placeOf(batch)) as CopyLane;
      lane.durable = batch.baseOffset + batch.count;
      timeUs = Math.max(timeUs, batch.maxTimeUs);
    }
    this.timeUs = Math.max(this.timeUs, timeUs);
    const lateMs = Math.max(0, pace?.lateMs(timeUs) ?? 0);
    this.mostLateMs = Math.max(this.mostLateMs, lateMs);
    const { records, resumed, total } = this;
    onProgress?.({ records, resumed, total, timeUs: this.timeUs, lateMs });
  }
}

const placeOf = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}/${partition}`;

/** Where the clock starts: what is there once for all (instruments) may be hours before the market. */
function firstOf(ready: readonly CopyLane[]): number {
  const market = ready.filter(
    ({ topic }) => !(isTopicName(topic) && catalogue[topic].cleanup === "compact"),
  );
  return Math.min(...(market.length > 0 ? market : ready).map(({ headUs }) => headUs));
}

function countPartitions(places: readonly { readonly topic: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic } of places) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}

function firstDifferent(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

const missing = (topics: readonly string[]): TapedeckError =>
  new TapedeckError("KAFKA_TOPIC_MISSING", `there is no topic ${topics.join(", ")} to copy to`, {
    topic: topics[0] ?? "",
    missing: topics.length,
  });

const otherCount = (topic: string, has: number, wanted: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_PARTITIONS_CHANGED",
    `${topic} has ${has} partitions; what is to be copied there has ${wanted}`,
    { topic, has, wanted },
  );

const differs = ({ topic, partition }: CopyLane, offset: number): TapedeckError =>
  new TapedeckError(
    "TAPE_COPY_DIFFERS",
    `${topic}/${partition} holds other records than the source's from offset ${offset} on`,
    { topic, partition, offset },
  );
