// Frames (streams/record.ts) to Kafka messages: one partition's writer. Promises: what goes out comes
// back byte for byte through TopicDecoder; a frame that could not is refused (STREAMS_BATCH_INVALID)
// before anything is sent. The hot path: under a microsecond a record, its value decoded as a check.

import { type Codec, Reader, Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../../schemas/generated/facts.ts";
import { utf8Length, writeUtf8 } from "../../../schemas/utf8.ts";
import { catalogue, isTopicName, keyOf, topicOfId } from "../../../streams/catalogue.ts";
import type { RecordBatch } from "../../../streams/log.ts";
import { writeDecimal } from "./decimal-text.ts";
import {
  causeTopics,
  constantBlock,
  constantsOf,
  copyBytes,
  FRAMING_BYTES,
  nameBytes,
  PARTITION_MAX,
  type Place,
  VALUE_MAX_BYTES,
} from "./envelope.ts";
import type { EncodedRecords } from "./record-batch.ts";
import type { SchemaIds } from "./schema-ids.ts";
import { TIME_TEXT_BYTES, TimeText } from "./time-text.ts";
import { placesOf, TRACEPARENT_LENGTH, type TracePlaces } from "./trace.ts";

const HIGH = 0x1_0000_0000;
const FRAME_HEAD = 12;
/** Of a record's varints, headers and their values, the constant block and the key left out. */
const ENVELOPE_MAX = 400;
/** Bytes kept for a record's size: that of nearly every one takes two. */
const SIZE_BYTES = 2;
const HASH_SIGN = 0x23;
const SLASH = 0x2f;
const MINUS = 0x2d;

const EFFECTIVE = nameBytes("ce_effectivetime");
const ORIGIN = nameBytes("ce_origin");
const TIME = Uint8Array.from([...nameBytes("ce_time"), TIME_TEXT_BYTES << 1]);
const TRACE = Uint8Array.from([...nameBytes("traceparent"), TRACEPARENT_LENGTH << 1]);
/** Where the span id stands in a traceparent. */
const SPAN_AT = 36;
const CAUSE_NAME = nameBytes("ce_cause");
/** "ce_cause", room for its length, and "<topic>/", by the number of the cause's topic. */
const CAUSES = causeTopics.map((name) => Uint8Array.from([...CAUSE_NAME, 0, ...name]));

/** Writes one partition's messages. `schemas` null: nothing is typed, all of it travels opaque. */
export class TopicEncoder {
  private readonly place: Place;
  private readonly typed: TopicName | null;
  private readonly codec: Codec<Facts[TopicName]> | null;
  private readonly compacted: boolean;
  private readonly schemaId: number;
  private readonly valueMax: number;
  private readonly block: Uint8Array;
  private readonly headerCount: number;
  private readonly times = new TimeText();
  private readonly traces: TracePlaces;
  private readonly writer = new Writer(1 << 16);
  private readonly reader = new Reader(new Uint8Array(0));
  // Of the frame at hand.
  private origin = 0;
  private causeId = 0;
  private causePartition = 0;
  private causeOffset = 0;
  private ordinal = 0;
  // Of the cause before it.
  private knownCause: TracePlaces;
  private knownCauseId = 0;
  private knownCausePartition = 0;

  constructor(place: Place, schemas: SchemaIds | null) {
    const { topic, partition } = place;
    const typed = schemas !== null && isTopicName(topic) ? topic : null;
    this.place = place;
    this.typed = typed;
    this.codec = typed === null ? null : (codecs[typed] as Codec<Facts[TopicName]>);
    this.compacted = typed !== null && catalogue[typed].cleanup === "compact";
    this.schemaId = typed === null || schemas === null ? 0 : schemas.idOf(typed);
    this.valueMax = typed === "tape.dead-letters" ? Number.MAX_SAFE_INTEGER : VALUE_MAX_BYTES;
    this.block = constantBlock(constantsOf(place, typed));
    this.headerCount = typed === null ? 6 : 7;
    this.traces = placesOf(topic, partition);
    this.knownCause = this.traces;
  }

  /**
   * The batch's messages; `floorUs` is the partition's greatest effective time before it. A hole, of a
   * compacted topic only, is no message. A derived record's trace is its cause's, and goes on from
   * there; a source record's is its own.
   */
  encode(batch: RecordBatch, floorUs: number): EncodedRecords {
    const { bytes, baseOffset } = batch;
    const { reader, writer } = this;
    if (batch.topic !== this.place.topic || batch.partition !== this.place.partition) {
      throw this.invalid(baseOffset, `is of ${batch.topic}/${batch.partition}`);
    }
    reader.bytes = bytes;
    reader.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    writer.pos = 0;
    const last = lastFrame(reader.view, batch.count);
    let effectiveUs = floorUs;
    let [count, firstTimestampMs, at] = [0, 0, 0];
    for (let i = 0; i < batch.count; i++) {
      const offset = baseOffset + i;
      if (at + 4 > bytes.length) throw this.invalid(offset, "is missing");
      const end = at + 4 + reader.view.getUint32(at, true);
      if (end > bytes.length) throw this.invalid(offset, "is cut short");
      if (end === at + 4) {
        if (!this.compacted) throw this.invalid(offset, "is a hole");
      } else {
        const ownUs = this.readHead(at, end, offset);
        if (ownUs > effectiveUs) effectiveUs = ownUs;
        // What compaction took away may have been later than what is left.
        if (at === last && batch.maxTimeUs > effectiveUs) effectiveUs = batch.maxTimeUs;
        const timestampMs = Math.floor(effectiveUs / 1000);
        if (count === 0) firstTimestampMs = timestampMs;
        const trace = batch.traces?.[i] ?? null;
        this.write(timestampMs - firstTimestampMs, count, offset, ownUs, effectiveUs, end, trace);
        count++;
      }
      at = end;
    }
    if (at !== bytes.length) throw this.invalid(baseOffset + batch.count, "is not counted");
    return {
      count,
      firstTimestampMs,
      maxTimestampMs: Math.floor(effectiveUs / 1000),
      bytes: writer.bytes.slice(0, writer.pos),
    };
  }

  /** Reads what stands before the frame's value, where it leaves the reader; gives its own time. */
  private readHead(start: number, end: number, offset: number): number {
    const { reader } = this;
    if (end < start + FRAME_HEAD) throw this.invalid(offset, "has no time");
    const timeUs =
      reader.view.getUint32(start + 4, true) + reader.view.getUint32(start + 8, true) * HIGH;
    if (!Number.isSafeInteger(timeUs)) throw this.invalid(offset, `has the time ${timeUs}`);
    reader.pos = start + FRAME_HEAD;
    reader.end = end;
    if (this.codec === null) return timeUs;
    try {
      this.origin = this.long(offset);
      this.causeId = this.long(offset);
      if (this.causeId !== 0) {
        this.causePartition = this.long(offset);
        this.causeOffset = this.long(offset);
        this.ordinal = this.long(offset);
      }
    } catch (error) {
      throw this.invalid(offset, "has a damaged envelope", error);
    }
    const { causeId, causePartition, causeOffset, ordinal } = this;
    const placed =
      causeId === 0 ||
      (CAUSES[causeId] !== undefined &&
        causePartition >= 0 &&
        causePartition <= PARTITION_MAX &&
        causeOffset >= 0 &&
        ordinal >= 0);
    if (!placed) {
      const cause = `${causeId}/${causePartition}/${causeOffset}#${ordinal}`;
      throw this.invalid(offset, `has the cause ${cause}, which no event is`);
    }
    return timeUs;
  }

  /** A varint of the frame's head, in its shortest form. */
  private long(offset: number): number {
    const { reader } = this;
    const start = reader.pos;
    const value = reader.long();
    if (reader.bytes[reader.pos - 1] === 0 && reader.pos - start > 1) {
      throw this.invalid(offset, "has a number with needless bytes");
    }
    return value;
  }

  private write(
    timestampDelta: number,
    index: number,
    offset: number,
    ownUs: number,
    effectiveUs: number,
    end: number,
    trace: string | null,
  ): void {
    const { reader, writer, block, codec } = this;
    const valueStart = reader.pos;
    const size = end - valueStart;
    if (size > this.valueMax) throw this.invalid(offset, `has a value of ${size} bytes`);
    const key = codec === null ? null : this.keyOf(codec, end, offset);
    const keyMax = key === null ? 0 : key.length * 3;
    writer.reserve(SIZE_BYTES + ENVELOPE_MAX + block.length + keyMax + FRAMING_BYTES + size);
    const start = writer.pos;
    writer.pos = start + SIZE_BYTES;
    writer.bytes[writer.pos++] = 0; // attributes of a record: none are defined
    writer.long(timestampDelta);
    writer.long(index);
    if (key === null) {
      writer.long(-1);
      writer.long(size);
    } else {
      writeKey(writer, key);
      writer.long(FRAMING_BYTES + size);
      writer.bytes[writer.pos] = 0;
      writer.view.setUint32(writer.pos + 1, this.schemaId);
      writer.pos += FRAMING_BYTES;
    }
    copyBytes(reader.bytes, valueStart, end, writer.bytes, writer.pos);
    writer.pos += size;
    this.writeHeaders(offset, ownUs, effectiveUs, trace);
    sizeRecord(writer, start);
  }

  private keyOf(codec: Codec<Facts[TopicName]>, end: number, offset: number): string {
    const { reader } = this;
    let value: Facts[TopicName];
    try {
      value = codec.decode(reader);
    } catch (error) {
      throw this.invalid(offset, "has a value that its schema does not read", error);
    }
    if (reader.pos !== end) throw this.invalid(offset, "has bytes after its value");
    return keyOf(this.typed as TopicName, value);
  }

  private writeHeaders(
    offset: number,
    ownUs: number,
    effectiveUs: number,
    trace: string | null,
  ): void {
    const { writer, block, causeId } = this;
    const { bytes } = writer;
    const countAt = writer.pos;
    let headers = this.headerCount;
    bytes.set(block, countAt + 1);
    let at = countAt + 1 + block.length;
    at = decimal(bytes, at, offset);
    bytes.set(TIME, at);
    at = this.times.write(bytes, at + TIME.length, ownUs);
    if (this.codec !== null) {
      bytes.set(ORIGIN, at);
      at = signedDecimal(bytes, at + ORIGIN.length, this.origin);
      if (causeId !== 0) {
        headers++;
        at = this.writeCause(bytes, at, CAUSES[causeId] as Uint8Array);
      }
    }
    if (effectiveUs > ownUs) {
      headers++;
      bytes.set(EFFECTIVE, at);
      at = decimal(bytes, at + EFFECTIVE.length, effectiveUs);
    }
    const traceEnd = this.codec === null ? at : this.writeTrace(bytes, at, trace, offset);
    if (traceEnd > at) headers++;
    bytes[countAt] = headers << 1;
    writer.pos = traceEnd;
  }

  /** "<topic>/<partition>/<offset>#<ordinal>": at most 54 bytes, so its length takes one. */
  private writeCause(bytes: Uint8Array, start: number, name: Uint8Array): number {
    bytes.set(name, start);
    let at = writeDecimal(bytes, start + name.length, this.causePartition);
    bytes[at++] = SLASH;
    at = writeDecimal(bytes, at, this.causeOffset);
    bytes[at++] = HASH_SIGN;
    at = writeDecimal(bytes, at, this.ordinal);
    bytes[start + CAUSE_NAME.length] = (at - start - CAUSE_NAME.length - 1) << 1;
    return at;
  }

  /**
   * A source record's trace is left out where a reader derives it. What is made from one whose trace
   * is not known takes the one that is derived from its cause's place.
   */
  private writeTrace(
    bytes: Uint8Array,
    start: number,
    trace: string | null,
    offset: number,
  ): number {
    const given = trace !== null && trace.length === TRACEPARENT_LENGTH;
    if (this.causeId === 0 && !given) return start;
    bytes.set(TRACE, start);
    const at = start + TRACE.length;
    if (given) for (let i = 0; i < TRACEPARENT_LENGTH; i++) bytes[at + i] = trace.charCodeAt(i);
    else this.causePlaces().writeSource(bytes, at, this.causeOffset);
    if (this.causeId !== 0) this.traces.writeSpan(bytes, at + SPAN_AT, offset);
    return at + TRACEPARENT_LENGTH;
  }

  /** The traces of the cause's partition, kept from one record to the next. */
  private causePlaces(): TracePlaces {
    const { causeId, causePartition } = this;
    if (causeId !== this.knownCauseId || causePartition !== this.knownCausePartition) {
      this.knownCause = placesOf(topicOfId(causeId) as string, causePartition);
      this.knownCauseId = causeId;
      this.knownCausePartition = causePartition;
    }
    return this.knownCause;
  }

  private invalid(offset: number, what: string, cause?: unknown): TapedeckError {
    const { topic, partition } = this.place;
    const why = cause instanceof TapedeckError ? `: ${cause.message}` : "";
    return new TapedeckError(
      "STREAMS_BATCH_INVALID",
      `the record for ${topic}/${partition} offset ${offset} ${what}${why}`,
      { topic, partition, offset },
      cause,
    );
  }
}

/** Where the last frame that is no hole starts; -1 if there is none. */
function lastFrame(view: DataView, count: number): number {
  let at = 0;
  let last = -1;
  for (let i = 0; i < count && at + 4 <= view.byteLength; i++) {
    const size = view.getUint32(at, true);
    if (size > 0) last = at;
    at += 4 + size;
  }
  return last;
}

/** Fills in the size of the record that was written from `start` on, after room of two bytes. */
function sizeRecord(writer: Writer, start: number): void {
  const size = writer.pos - start - SIZE_BYTES;
  const zigzag = size * 2;
  if (zigzag >= 0x80 && zigzag < 0x4000) {
    writer.bytes[start] = (zigzag & 0x7f) | 0x80;
    writer.bytes[start + 1] = zigzag >>> 7;
    return;
  }
  const end = writer.pos;
  writer.pos = start;
  const bytes = writer.bytes.slice(start + SIZE_BYTES, end);
  writer.reserve(bytes.length + 10);
  writer.long(size);
  writer.bytes.set(bytes, writer.pos);
  writer.pos += bytes.length;
}

function writeKey(writer: Writer, key: string): void {
  const size = key.length;
  const { bytes } = writer;
  if (size < 64) {
    const start = writer.pos;
    let at = start + 1;
    let all = 0;
    for (let i = 0; i < size; i++) {
      const unit = key.charCodeAt(i);
      all |= unit;
      bytes[at++] = unit;
    }
    if (all <= 0x7f) {
      bytes[start] = size << 1;
      writer.pos = at;
      return;
    }
  }
  writer.long(utf8Length(key));
  writer.pos = writeUtf8(key, writer.bytes, writer.pos);
}

/** A decimal with the byte of its length before it. */
function decimal(bytes: Uint8Array, at: number, value: number): number {
  const end = writeDecimal(bytes, at + 1, value);
  bytes[at] = (end - at - 1) << 1;
  return end;
}

function signedDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) return decimal(bytes, at, value);
  bytes[at + 1] = MINUS;
  const end = writeDecimal(bytes, at + 2, -value);
  bytes[at] = (end - at - 1) << 1;
  return end;
}
