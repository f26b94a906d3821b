// A partition being written: events become records here, in offset order, with effective times
// that never fall. Two buffers take turns, so one can be written to while the other is committed.

import { type Codec, Writer } from "../schemas/avro.ts";
import { codecs, type Facts, type TopicName } from "../schemas/generated/facts.ts";
import { catalogue } from "./catalogue.ts";
import type { Position } from "./event.ts";
import type { RecordBatch } from "./log.ts";
import { encodeRecord } from "./record.ts";

export class OutputPartition<T extends TopicName = TopicName> {
  readonly topic: T;
  readonly partition: number;
  /** Offset that the next event gets. */
  nextOffset: number;
  /** Effective time of the last event. */
  lastTimeUs: number;
  private readonly codec: Codec<Facts[T]>;
  /** The last cause's topic and its number: the next cause is nearly always of the same one. */
  private causeTopic: TopicName | null = null;
  private causeId = 0;
  private writer = new Writer(4096);
  private spare = new Writer(4096);
  private count = 0;
  /** Null until a record of the batch has one. */
  private traces: (string | null)[] | null = null;
  private keys: string[] = [];

  constructor(topic: T, partition: number, nextOffset: number, lastTimeUs: number) {
    this.topic = topic;
    this.partition = partition;
    this.codec = codecs[topic];
    this.nextOffset = nextOffset;
    this.lastTimeUs = lastTimeUs;
  }

  /**
   * Writes one event at `timeUs`, or at the last effective time if that is later. Gives its offset.
   * `key` is for logs that keep it beside the value; say it of every event or of none.
   */
  write(
    timeUs: number,
    origin: number,
    cause: Position | null,
    ordinal: number,
    value: Facts[T],
    trace?: string,
    key?: string,
  ): number {
    if (timeUs > this.lastTimeUs) this.lastTimeUs = timeUs;
    const causeId = cause === null ? 0 : this.idOf(cause.topic);
    const { writer, codec, lastTimeUs } = this;
    encodeRecord(writer, codec, lastTimeUs, origin, causeId, cause, ordinal, value);
    if (trace !== undefined) {
      this.traces ??= new Array<null>(this.count).fill(null);
      this.traces.push(trace);
    } else this.traces?.push(null);
    if (key !== undefined) this.keys.push(key);
    this.count++;
    return this.nextOffset++;
  }

  private idOf(topic: TopicName): number {
    if (topic !== this.causeTopic) {
      this.causeTopic = topic;
      this.causeId = catalogue[topic].id;
    }
    return this.causeId;
  }

  /** What was written since the last call; null if nothing. Valid until the call after the next. */
  take(): RecordBatch | null {
    if (this.count === 0) return null;
    const full = this.writer;
    const { traces, keys } = this;
    const batch: RecordBatch = {
      topic: this.topic,
      partition: this.partition,
      baseOffset: this.nextOffset - this.count,
      count: this.count,
      maxTimeUs: this.lastTimeUs,
      bytes: full.bytes.subarray(0, full.pos),
      ...(traces === null ? {} : { traces }),
      ...(keys.length === this.count ? { keys } : {}),
    };
    this.traces = null;
    this.keys = [];
    this.writer = this.spare;
    this.writer.pos = 0;
    this.spare = full;
    this.count = 0;
    return batch;
  }
}
