// A partition being written: events become records here, in offset order, with effective times
// that never fall. Two buffers take turns, so one can be written to while the other is committed.

import { Writer } from "../schemas/avro.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import type { Position } from "./event.ts";
import type { RecordBatch } from "./log.ts";
import { writeRecord } from "./record.ts";

export class OutputPartition<T extends TopicName = TopicName> {
  readonly topic: T;
  readonly partition: number;
  /** Offset that the next event gets. */
  nextOffset: number;
  /** Effective time of the last event. */
  lastTimeUs: number;
  private writer = new Writer(4096);
  private spare = new Writer(4096);
  private count = 0;

  constructor(topic: T, partition: number, nextOffset: number, lastTimeUs: number) {
    this.topic = topic;
    this.partition = partition;
    this.nextOffset = nextOffset;
    this.lastTimeUs = lastTimeUs;
  }

  /** Writes one event at `timeUs`, or at the last effective time if that is later. Gives its offset. */
  write(
    timeUs: number,
    origin: number,
    cause: Position | null,
    ordinal: number,
    value: Facts[T],
  ): number {
    if (timeUs > this.lastTimeUs) this.lastTimeUs = timeUs;
    writeRecord(this.writer, this.topic, this.lastTimeUs, origin, cause, ordinal, value);
    this.count++;
    return this.nextOffset++;
  }

  /** What was written since the last call; null if nothing. Valid until the call after the next. */
  take(): RecordBatch | null {
    if (this.count === 0) return null;
    const full = this.writer;
    const batch: RecordBatch = {
      topic: this.topic,
      partition: this.partition,
      baseOffset: this.nextOffset - this.count,
      count: this.count,
      maxTimeUs: this.lastTimeUs,
      bytes: full.bytes.subarray(0, full.pos),
    };
    this.writer = this.spare;
    this.writer.pos = 0;
    this.spare = full;
    this.count = 0;
    return batch;
  }
}
