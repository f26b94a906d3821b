// A lane that reads a partition of a log. Decodes one event at a time, so a long batch costs no
// memory; keeps the next batch on its way, so a scan does not wait for the log between batches.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "./event.ts";
import type { Lane } from "./lanes.ts";
import type { EventLog, RecordBatch } from "./log.ts";
import { RecordCursor } from "./record.ts";

/** Which events of a partition are wanted. */
export interface ReadRange {
  readonly fromOffset: number;
  /** First offset that is not wanted. */
  readonly toOffset: number;
  /** Effective time at and after which nothing is wanted. */
  readonly toUs: number;
  /** Where only some events of the partition are wanted. */
  readonly accept: ((event: AnyEvent) => boolean) | null;
}

export const everything: ReadRange = {
  fromOffset: 0,
  toOffset: Number.POSITIVE_INFINITY,
  toUs: Number.POSITIVE_INFINITY,
  accept: null,
};

export class PartitionReader implements Lane {
  readonly topic: TopicName;
  readonly rank: number;
  readonly partition: number;
  head: AnyEvent | null = null;
  /** True until there is certainly nothing more to read: while true and head is null, load. */
  open = true;
  /** Effective time reached: later events are clamped to it. */
  reachedUs: number;
  /** Offset after the last event that was taken by `advance`. */
  consumed: number;
  /** Events taken by `advance`. */
  taken = 0;
  private readonly log: EventLog;
  private range: ReadRange;
  /** Offset after the last event that was looked at, wanted or not. */
  private passed: number;
  private cursor: RecordCursor | null = null;
  private pending: Promise<RecordBatch | null> | null = null;

  constructor(
    log: EventLog,
    topic: TopicName,
    partition: number,
    rank: number,
    range: ReadRange,
    reachedUs = 0,
  ) {
    this.log = log;
    this.topic = topic;
    this.partition = partition;
    this.rank = rank;
    this.range = range;
    this.reachedUs = reachedUs;
    this.consumed = range.fromOffset;
    this.passed = range.fromOffset;
  }

  advance(): void {
    this.consumed = (this.head as AnyEvent).offset + 1;
    this.taken++;
    this.head = this.next();
  }

  /** Lets the wanted part grow: `load` then looks for what is new. Never shrinks it. */
  extend(toOffset: number): void {
    if (toOffset <= this.range.toOffset) return;
    this.range = { ...this.range, fromOffset: this.passed, toOffset };
    this.pending = null;
    if (this.open) return;
    // The cursor may have passed the event that was the first not wanted.
    this.cursor = null;
    this.open = true;
  }

  /** Fetches until there is a head or the partition's wanted part is over. */
  async load(): Promise<void> {
    while (this.head === null && this.open) {
      const offset = this.cursor === null ? this.range.fromOffset : this.cursor.nextOffset;
      const batch = await (this.pending ?? this.fetch(offset));
      this.pending = null;
      if (batch === null) {
        this.open = false;
        return;
      }
      this.cursor = new RecordCursor(this.topic, this.partition, batch.baseOffset, batch.bytes);
      const end = batch.baseOffset + batch.count;
      this.pending = this.fetch(end);
      while (this.cursor.nextOffset < offset) this.cursor.skip();
      this.head = this.next();
    }
  }

  private fetch(offset: number): Promise<RecordBatch | null> {
    if (offset >= this.range.toOffset) return Promise.resolve(null);
    const batch = this.log.read(this.topic, this.partition, offset);
    // It is awaited later: until then a failure must not count as unhandled.
    batch.catch(() => undefined);
    return batch;
  }

  private next(): AnyEvent | null {
    const { cursor, range } = this;
    if (cursor === null) return null;
    for (;;) {
      const event = cursor.read(this.reachedUs);
      if (event === null) return null;
      if (event.timeUs >= range.toUs || event.offset >= range.toOffset) {
        this.open = false;
        return null;
      }
      this.reachedUs = event.timeUs;
      this.passed = event.offset + 1;
      if (range.accept === null || range.accept(event)) return event;
    }
  }
}
