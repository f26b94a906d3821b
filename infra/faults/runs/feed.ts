// Plays a recorded market to Kafka at a steady pace, in the order of its times. Promises: each event is
// written once, whatever fails: after a failure the partitions' ends say what was written, and it
// goes on from there; what it asks for and is told is in the history of its connection.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { fromOffset, untilOffset } from "../../../streams/batch.ts";
import type { EventLog, RecordBatch } from "../../../streams/log.ts";
import { RecordCursor } from "../../../streams/record.ts";
import type { KafkaLog } from "../../kafka/log/kafka-log.ts";

interface Event {
  readonly place: string;
  readonly offset: number;
  readonly timeUs: number;
}

/** A step of the feed: of each partition the events up to an offset. */
type Step = ReadonlyMap<string, { readonly from: number; readonly to: number }>;

const STEP_MS = 100;
const RETRY_MS = 20;
/** Once it is to stop. */
const LAST_TRIES_MS = 60_000;

export class Feed {
  private readonly log: KafkaLog;
  private readonly batches: ReadonlyMap<string, readonly RecordBatch[]>;
  private readonly events: readonly Event[];
  private readonly perStep: number;
  private readonly ended: Map<string, number>;
  private next = 0;
  /** When it was asked to stop. */
  private stopMs: number | null = null;
  private playing: Promise<void> = Promise.resolve();
  /** How often a commit failed. */
  failures = 0;

  private constructor(
    log: KafkaLog,
    batches: ReadonlyMap<string, readonly RecordBatch[]>,
    perSecond: number,
  ) {
    this.log = log;
    this.batches = batches;
    this.events = inOrder(batches);
    this.ended = new Map([...batches.keys()].map((place) => [place, 0]));
    this.perStep = Math.max(1, Math.round((perSecond * STEP_MS) / 1000));
  }

  /** `log` is the feed's alone. */
  static async open(log: KafkaLog, market: EventLog, perSecond: number): Promise<Feed> {
    const batches = new Map<string, RecordBatch[]>();
    for (const { topic, partition, start, end } of await market.partitions()) {
      const list: RecordBatch[] = [];
      for (let next = start; next < end; ) {
        const batch = await market.read(topic, partition, next);
        if (batch === null) break;
        list.push(batch);
        next = batch.baseOffset + batch.count;
      }
      if (list.length > 0) batches.set(`${topic}/${partition}`, list);
    }
    return new Feed(log, batches, perSecond);
  }

  /** Of each partition the offset after what was written. */
  get ends(): ReadonlyMap<string, number> {
    return this.ended;
  }

  start(): void {
    this.playing = this.play();
    this.playing.catch(() => undefined);
  }

  /** Ends when what is under way is written. Rejects with what it could not get over. */
  async stop(): Promise<void> {
    this.stopMs ??= performance.now();
    await this.playing;
  }

  private async play(): Promise<void> {
    let due = performance.now();
    while (this.stopMs === null) {
      if (this.next >= this.events.length) throw new Error("the market has nothing left to play");
      await this.carry(this.take());
      due = Math.max(due + STEP_MS, performance.now() - 5 * STEP_MS);
      await pause(Math.max(0, due - performance.now()));
    }
  }

  private take(): Step {
    const step = new Map<string, { from: number; to: number }>();
    for (const { place, offset } of this.events.slice(this.next, this.next + this.perStep)) {
      const range = step.get(place);
      if (range === undefined) step.set(place, { from: offset, to: offset + 1 });
      else range.to = offset + 1;
    }
    this.next += this.perStep;
    return step;
  }

  /** Until it is written. An unknown outcome is read back: the partitions hold all of the step or nothing. */
  private async carry(step: Step): Promise<void> {
    for (;;) {
      try {
        await this.log.commit({ produced: this.batchesOf(step), checkpoints: [] });
        break;
      } catch (error) {
        if (!(error instanceof TapedeckError) || this.triedEnough) throw error;
        this.failures++;
        await pause(RETRY_MS);
        if (error.code === "STREAMS_OFFSET_CONFLICT" && (await this.isWritten(step))) break;
      }
    }
    for (const [place, { to }] of step) this.ended.set(place, to);
  }

  private get triedEnough(): boolean {
    return this.stopMs !== null && performance.now() - this.stopMs > LAST_TRIES_MS;
  }

  /** What is there was written by an attempt whose outcome was not known. */
  private async isWritten(step: Step): Promise<boolean> {
    const ends = await Promise.all(
      [...step].map(async ([place, { to }]) => {
        const slash = place.lastIndexOf("/");
        const view = await this.log.view(place.slice(0, slash), Number(place.slice(slash + 1)));
        return (await view.end()).logical === to;
      }),
    ).catch(() => [false]);
    return ends.every((isThere) => isThere);
  }

  private batchesOf(step: Step): readonly RecordBatch[] {
    return [...step].flatMap(([place, { from, to }]) => {
      const found: RecordBatch[] = [];
      let floorUs = 0;
      for (const batch of this.batches.get(place) ?? []) {
        if (batch.baseOffset < to && batch.baseOffset + batch.count > from) {
          const rest = fromOffset(batch, Math.max(from, batch.baseOffset));
          const part = untilOffset(rest, to, floorUs);
          if (part !== null) found.push(part);
        }
        floorUs = batch.maxTimeUs;
      }
      return found;
    });
  }
}

/** All events by time; those of one time in the order of their partitions. */
function inOrder(batches: ReadonlyMap<string, readonly RecordBatch[]>): readonly Event[] {
  const events: Event[] = [];
  for (const [place, list] of batches) {
    for (const { topic, partition, baseOffset, bytes } of list) {
      const records = new RecordCursor(topic as TopicName, partition, baseOffset, bytes);
      for (let event = records.read(); event !== null; event = records.read()) {
        events.push({ place, offset: event.offset, timeUs: event.timeUs });
      }
    }
  }
  return events.sort((a, b) => a.timeUs - b.timeUs);
}
