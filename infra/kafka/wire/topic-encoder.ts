// Frames (streams/record.ts) to Kafka messages (docs/wire.md): one partition's writer. Promises: what
// goes out comes back byte for byte through TopicDecoder; a frame that could not is refused
// (STREAMS_BATCH_INVALID) before anything is sent. The hot path: under a microsecond a record, its
// value decoded as a check.

import { type Codec, Reader, Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../../schemas/generated/facts.ts";
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
import {
  copyText,
  decimal,
  SIZE_BYTES,
  signedDecimal,
  sizeRecord,
  writeKey,
} from "./message-bytes.ts";
import type { EncodedRecords } from "./record-batch.ts";
import type { SchemaIds } from "./schema-ids.ts";
import { TIME_TEXT_BYTES, TimeText } from "./time-text.ts";
import { placesOf, TRACEPARENT_LENGTH, type TracePlaces } from "./trace.ts";

const HIGH = 0x1_0000_0000;
const FRAME_HEAD = 12;
/** Of a record's varints, headers and their values, the constant block and the key left out. */
const ENVELOPE_MAX = 400;
const HASH_SIGN = 0x23;
const SLASH = 0x2f;

const EFFECTIVE = nameBytes("ce_effectivetime");
const ORIGIN = nameBytes("ce_origin");
const TIME = Uint8Array.from([...nameBytes("ce_time"), TIME_TEXT_BYTES << 1]);
const TRACE = Uint8Array.from([...nameBytes("traceparent"), TRACEPARENT_LENGTH << 1]);
/** Where the span id stands in a traceparent. */
const SPAN_AT = 36;
const SPAN_END = SPAN_AT + 16;
const CAUSE_NAME = nameBytes("ce_cause");
/** "ce_cause", room for its length, and "<topic>/", by the number of the cause's topic. */
const CAUSES = causeTopics.map((name) => Uint8Array.from([...CAUSE_NAME, 0, ...name]));

const NOTHING: EncodedRecords = {
  count: 0,
  firstTimestampMs: 0,
  maxTimestampMs: 0,
  bytes: new Uint8Array(0),
};

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
  // Of the part at hand.
  private count = 0;
  private firstTimestampMs = 0;
  private effectiveUs = 0;
  // Of the frame at hand.
  private start = 0;
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
    return this.encodeParts(batch, floorUs, Number.POSITIVE_INFINITY)[0] ?? NOTHING;
  }

  /** The same in parts of at most `maxBytes`, or of one record where that is larger; none is empty. */
  encodeParts(batch: RecordBatch, floorUs: number, maxBytes: number): readonly EncodedRecords[] {
    const { bytes, baseOffset } = batch;
    const { reader, writer } = this;
    if (batch.topic !== this.place.topic || batch.partition !== this.place.partition) {
      throw this.invalid(baseOffset, `is of ${batch.topic}/${batch.partition}`);
    }
    reader.bytes = bytes;
    reader.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    writer.pos = 0;
    this.count = 0;
    this.effectiveUs = floorUs;
    const parts: EncodedRecords[] = [];
    const last = lastFrame(reader.view, batch.count);
    let at = 0;
    for (let i = 0; i < batch.count; i++) {
      const offset = baseOffset + i;
      if (at + 4 > bytes.length) throw this.invalid(offset, "is missing");
      const end = at + 4 + reader.view.getUint32(at, true);
      if (end > bytes.length) throw this.invalid(offset, "is cut short");
      if (end === at + 4) {
        if (!this.compacted) throw this.invalid(offset, "is a hole");
      } else {
        if (this.count > 0 && writer.pos + this.mostOf(end - at) > maxBytes) {
          parts.push(this.takePart());
        }
        // What compaction took away may have been later than what is left.
        const leastUs = at === last ? batch.maxTimeUs : 0;
        this.record(batch, i, at, end, leastUs);
      }
      at = end;
    }
    if (at !== bytes.length) throw this.invalid(baseOffset + batch.count, "is not counted");
    if (this.count > 0) parts.push(this.takePart());
    return parts;
  }

  /** Bytes that the message of a frame takes at most. */
  private mostOf(frame: number): number {
    // Its key is part of the frame's value, which is copied beside.
    return SIZE_BYTES + ENVELOPE_MAX + this.block.length + FRAMING_BYTES + 2 * frame;
  }

  private takePart(): EncodedRecords {
    const { writer, count, firstTimestampMs, effectiveUs } = this;
    const bytes = writer.bytes.slice(0, writer.pos);
    writer.pos = 0;
    this.count = 0;
    return { count, firstTimestampMs, maxTimestampMs: Math.floor(effectiveUs / 1000), bytes };
  }

  /** Writes the message of the frame from `at` to `end`, the batch's `index`th. */
  private record(
    { baseOffset, traces, keys }: RecordBatch,
    index: number,
    at: number,
    end: number,
    leastUs: number,
  ): void {
    const { reader } = this;
    const offset = baseOffset + index;
    const ownUs = this.readHead(at, end, offset);
    this.effectiveUs = Math.max(this.effectiveUs, ownUs, leastUs);
    const timestampMs = Math.floor(this.effectiveUs / 1000);
    if (this.count === 0) this.firstTimestampMs = timestampMs;
    const valueStart = reader.pos;
    const size = end - valueStart;
    if (size > this.valueMax) throw this.invalid(offset, `has a value of ${size} bytes`);
    const key = this.codec === null ? null : (keys?.[index] ?? this.keyOf(end, offset));
    this.write(timestampMs - this.firstTimestampMs, valueStart, end, key);
    this.writeHeaders(offset, ownUs, this.effectiveUs, traces?.[index] ?? null);
    sizeRecord(this.writer, this.start);
    this.count++;
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

  /** A record up to its value. */
  private write(timestampDelta: number, valueStart: number, end: number, key: string | null): void {
    const { reader, writer, block } = this;
    const size = end - valueStart;
    const keyMax = key === null ? 0 : key.length * 3;
    writer.reserve(SIZE_BYTES + ENVELOPE_MAX + block.length + keyMax + FRAMING_BYTES + size);
    this.start = writer.pos;
    writer.pos += SIZE_BYTES;
    writer.bytes[writer.pos++] = 0; // attributes of a record: none are defined
    writer.long(timestampDelta);
    writer.long(this.count);
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
  }

  /** By the value, which is thus known to be one. */
  private keyOf(end: number, offset: number): string {
    const { reader, codec } = this;
    let value: Facts[TopicName];
    try {
      value = (codec as Codec<Facts[TopicName]>).decode(reader);
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

  /** "<topic>/<partition>/<offset>#<ordinal>": at most 64 bytes. */
  private writeCause(bytes: Uint8Array, start: number, name: Uint8Array): number {
    bytes.set(name, start);
    let at = writeDecimal(bytes, start + name.length, this.causePartition);
    bytes[at++] = SLASH;
    at = writeDecimal(bytes, at, this.causeOffset);
    bytes[at++] = HASH_SIGN;
    at = writeDecimal(bytes, at, this.ordinal);
    const lengthAt = start + CAUSE_NAME.length;
    const length = at - lengthAt - 1;
    if (length < 64) {
      bytes[lengthAt] = length << 1;
      return at;
    }
    bytes.copyWithin(lengthAt + 2, lengthAt + 1, at);
    bytes[lengthAt] = ((length << 1) & 0x7f) | 0x80;
    bytes[lengthAt + 1] = length >> 6;
    return at + 1;
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
    if (this.causeId === 0) copyText(trace as string, 0, TRACEPARENT_LENGTH, bytes, at);
    else {
      if (given) {
        copyText(trace, 0, SPAN_AT, bytes, at);
        copyText(trace, SPAN_END, TRACEPARENT_LENGTH, bytes, at);
      } else this.causePlaces().writeSource(bytes, at, this.causeOffset);
      this.traces.writeSpan(bytes, at + SPAN_AT, offset);
    }
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
