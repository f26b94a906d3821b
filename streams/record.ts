// How one record lies in a batch. Promises: the bytes of a record depend on nothing but its event,
// so hashes do not see batch boundaries; a scan that skips the values costs a few nanoseconds each.
//
//   u32 size of the rest | u64 effective time in µs | varints: origin, cause topic (0: none),
//   [cause partition, cause offset, ordinal] | Avro value
//
// A size of 0 is a hole: a record that compaction took away; its offset stays taken.

import { type Codec, Reader, type Writer } from "../schemas/avro.ts";
import { TapedeckError } from "../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../schemas/generated/facts.ts";
import { catalogue, topicOfId } from "./catalogue.ts";
import type { AnyEvent, Position } from "./event.ts";

const SIZE_BYTES = 4;
const HIGH = 0x1_0000_0000;

/** Appends one record to `writer`. */
export function writeRecord<T extends TopicName>(
  writer: Writer,
  topic: T,
  timeUs: number,
  origin: number,
  cause: Position | null,
  ordinal: number,
  value: Facts[T],
): void {
  const causeId = cause === null ? 0 : catalogue[cause.topic].id;
  encodeRecord(writer, codecs[topic], timeUs, origin, causeId, cause, ordinal, value);
}

/** The same for a caller that keeps the topic's codec and the number of the cause's topic. */
export function encodeRecord<T>(
  writer: Writer,
  codec: Codec<T>,
  timeUs: number,
  origin: number,
  causeId: number,
  cause: Position | null,
  ordinal: number,
  value: T,
): void {
  writer.reserve(SIZE_BYTES + 8);
  const start = writer.pos;
  const high = Math.floor(timeUs / HIGH);
  writer.view.setUint32(start + 4, timeUs - high * HIGH, true);
  writer.view.setUint32(start + 8, high, true);
  writer.pos = start + 12;
  writer.long(origin);
  writer.long(causeId);
  if (cause !== null) {
    writer.long(cause.partition);
    writer.long(cause.offset);
    writer.long(ordinal);
  }
  codec.encode(writer, value);
  // The view is read again: the value may have grown the buffer.
  writer.view.setUint32(start, writer.pos - start - SIZE_BYTES, true);
}

/** An event's value alone, as Avro has it. */
export function encodeValue<E extends AnyEvent>(writer: Writer, event: E): void {
  (codecs[event.topic].encode as (to: Writer, value: E["value"]) => void)(writer, event.value);
}

/** Reads a batch's records one by one. */
export class RecordCursor {
  private readonly reader: Reader;
  private readonly topic: TopicName;
  private readonly codec: Codec<Facts[TopicName]>;
  private readonly partition: number;
  private readonly limit: number;
  private offset: number;
  private next = 0;

  constructor(topic: TopicName, partition: number, baseOffset: number, bytes: Uint8Array) {
    this.reader = new Reader(bytes);
    this.topic = topic;
    this.codec = codecs[topic] as Codec<Facts[TopicName]>;
    this.partition = partition;
    this.offset = baseOffset;
    this.limit = bytes.length;
  }

  /** Offset of the record that `read` or `skip` takes next. */
  get nextOffset(): number {
    return this.offset;
  }

  /** Byte at which that record starts. */
  get position(): number {
    return this.next;
  }

  get done(): boolean {
    return this.next >= this.limit;
  }

  /** Steps over a record without decoding it; false at the end. */
  skip(): boolean {
    if (this.done) return false;
    this.next = this.frameEnd();
    this.offset++;
    return true;
  }

  /** The next event, holes left out; null at the end. `minTimeUs` clamps its effective time. */
  read(minTimeUs = 0): AnyEvent | null {
    const reader = this.reader;
    while (!this.done) {
      const start = this.next;
      const end = this.frameEnd();
      const offset = this.offset++;
      this.next = end;
      if (end === start + SIZE_BYTES) continue;
      if (end < start + SIZE_BYTES + 8) throw damaged(this.topic, this.partition, offset);
      const view = reader.view;
      const timeUs = view.getUint32(start + 4, true) + view.getUint32(start + 8, true) * HIGH;
      reader.pos = start + 12;
      reader.end = end;
      const origin = reader.long();
      const causeId = reader.long();
      let cause: Position | null = null;
      let ordinal = 0;
      if (causeId !== 0) {
        const causeTopic = topicOfId(causeId);
        if (causeTopic === undefined) throw damaged(this.topic, this.partition, offset);
        cause = { topic: causeTopic, partition: reader.long(), offset: reader.long() };
        ordinal = reader.long();
      }
      const value = this.codec.decode(reader);
      return {
        topic: this.topic,
        partition: this.partition,
        offset,
        timeUs: Math.max(timeUs, minTimeUs),
        origin,
        cause,
        ordinal,
        value,
      } as AnyEvent;
    }
    return null;
  }

  private frameEnd(): number {
    const start = this.next;
    const end =
      start + SIZE_BYTES <= this.limit
        ? start + SIZE_BYTES + this.reader.view.getUint32(start, true)
        : Number.POSITIVE_INFINITY;
    if (end > this.limit) throw damaged(this.topic, this.partition, this.offset);
    return end;
  }
}

const damaged = (topic: string, partition: number, offset: number): TapedeckError =>
  new TapedeckError("CODEC_TRUNCATED", `${topic}/${partition} offset ${offset} is cut short`, {
    topic,
    partition,
    offset,
  });
