// One partition read record by record without decoding: bytes and effective time, the event where it is
// asked for. Promises: records come in offset order, none twice.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";
import { readCommitted } from "./read-committed.ts";

export interface Frame {
  readonly offset: number;
  readonly timeUs: number;
  readonly bytes: Uint8Array;
}

const SIZE_BYTES = 4;
const HIGH = 0x1_0000_0000;

export class FrameLane {
  readonly topic: TopicName;
  readonly partition: number;
  /** The next record; null until `fill`, or where there is none before the end. */
  head: Frame | null = null;
  /** Offset of the next record to take. */
  next: number;
  private readonly log: EventLog;
  private end: number;
  private batch: Uint8Array = new Uint8Array(0);
  private cursor: RecordCursor | null = null;

  constructor(log: EventLog, topic: TopicName, partition: number, from: number) {
    this.log = log;
    this.topic = topic;
    this.partition = partition;
    this.next = from;
    this.end = from;
  }

  /** True where the next record must be read first. */
  get dry(): boolean {
    return this.head === null && this.next < this.end;
  }

  /** Records before `end` are there, or will be in a moment. */
  extend(end: number): void {
    this.end = Math.max(this.end, end);
    if (this.head === null) this.step();
  }

  /** Reads until there is a head. Throws STREAMS_OFFSET_OUT_OF_RANGE where a record never shows. */
  async fill(): Promise<void> {
    if (!this.dry) return;
    const { topic, partition, next } = this;
    const batch = await readCommitted(this.log, topic, partition, next);
    this.batch = batch.bytes;
    this.cursor = new RecordCursor(topic, partition, batch.baseOffset, batch.bytes);
    while (this.cursor.nextOffset < next) this.cursor.skip();
    this.step();
  }

  take(): void {
    this.next++;
    this.head = null;
    this.step();
  }

  /** Makes the next record of the batch at hand the head. */
  private step(): void {
    const { cursor, batch } = this;
    if (cursor === null || this.next >= this.end) return;
    const start = cursor.position;
    const offset = cursor.nextOffset;
    if (!cursor.skip()) {
      this.cursor = null;
      return;
    }
    const bytes = batch.subarray(start, cursor.position);
    this.head = { offset, timeUs: timeOf(bytes), bytes };
  }

  /** The head, decoded. */
  event(): AnyEvent {
    const { offset, bytes } = this.head as Frame;
    return new RecordCursor(this.topic, this.partition, offset, bytes).read() as AnyEvent;
  }
}

function timeOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(SIZE_BYTES, true) + view.getUint32(SIZE_BYTES + 4, true) * HIGH;
}
