// Kafka messages to frames (streams/record.ts): one partition's reader. Promises: every record of ours
// comes out as the bytes that went in, at its logical offset, none twice and none left out; every other
// message comes out as poison with its reason and bytes; no message stops the ones beside it. A missing
// record is no message's fault: it throws WIRE_OFFSET_MISSING.

import { type Codec, Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../../schemas/generated/facts.ts";
import { utf8Length, writeUtf8 } from "../../../schemas/utf8.ts";
import { catalogue, isTopicName, keyOf } from "../../../streams/catalogue.ts";
import type { RecordBatch } from "../../../streams/log.ts";
import { copyBytes, FRAMING_BYTES, type Place, VALUE_MAX_BYTES } from "./envelope.ts";
import { EnvelopeReader } from "./envelope-reader.ts";
import { type Poison, type PoisonCode, shown } from "./poison.ts";
import type { RawBatch } from "./record-batch.ts";
import { RecordReader } from "./record-reader.ts";
import type { SchemaIds } from "./schema-ids.ts";
import { placesOf, TRACEPARENT_LENGTH, type TracePlaces } from "./trace.ts";

const HIGH = 0x1_0000_0000;
/** size, time; varints of origin, cause's topic, partition and offset, ordinal */
const FRAME_MAX = 12 + 5 * 10;
/** Holes that one batch may stand behind: 4 bytes each. */
const HOLES_MAX = 4_000_000;

/** From `logical` on, one by one: the record at `logical + n` lies at Kafka offset `kafka + n`. */
export interface OffsetRun {
  readonly logical: number;
  readonly kafka: number;
}

export interface Decoded {
  /** The records in order; null where there are none. Its bytes are the caller's. */
  readonly batch: RecordBatch | null;
  readonly poison: readonly Poison[];
  /** Where the records lie in Kafka; holes are in no run. */
  readonly runs: readonly OffsetRun[];
  /**
   * Schema ids that must be looked up first. Where there are any, nothing was decoded: resolve them
   * and decode the batch again.
   */
  readonly unresolved: readonly number[];
}

type Unplaced = Omit<Poison, "next" | "reachedUs">;

const NOTHING: Decoded = { batch: null, poison: [], runs: [], unresolved: [] };

/** Reads one partition's batches in order. `schemas` null: nothing is typed, all of it is opaque. */
export class TopicDecoder {
  /** Logical offset that comes next; null: whatever comes. */
  next: number | null;
  /** Greatest effective time so far. */
  reachedUs: number;
  /**
   * Whether a source event without a trace gets the one that is derived from its place. False for who
   * only reads: traces are then given where a record has one, and cost nothing where none has.
   */
  derivesTraces = true;
  private readonly place: Place;
  private readonly typed: TopicName | null;
  private readonly schemas: SchemaIds | null;
  private readonly codec: Codec<Facts[TopicName]> | null;
  private readonly compacted: boolean;
  private readonly valueMax: number;
  private readonly records = new RecordReader();
  private readonly envelope: EnvelopeReader;
  private readonly places: TracePlaces;
  private readonly out = new Writer(1 << 16);
  private readonly traces = new Writer(1 << 16);
  /** How many of the batch's records have a trace. */
  private traced = 0;
  /** What was found where `check` gives a reason. */
  private detail = "";
  /** A schema id that must be looked up before the value can be read; -1 where there is none. */
  private unknownId = -1;
  /** The last schema id that turned out to be the topic's. */
  private knownId = -1;

  /** `next` and `floorUs`: where reading goes on, and the greatest effective time before it. */
  constructor(place: Place, schemas: SchemaIds | null, next: number | null = null, floorUs = 0) {
    const { topic, partition } = place;
    const typed = schemas !== null && isTopicName(topic) ? topic : null;
    this.place = place;
    this.typed = typed;
    this.schemas = schemas;
    this.codec = typed === null ? null : (codecs[typed] as Codec<Facts[TopicName]>);
    this.compacted = typed !== null && catalogue[typed].cleanup === "compact";
    this.valueMax = typed === "tape.dead-letters" ? Number.MAX_SAFE_INTEGER : VALUE_MAX_BYTES;
    this.envelope = new EnvelopeReader(place, typed);
    this.places = placesOf(topic, partition);
    this.next = next;
    this.reachedUs = floorUs;
  }

  /** Goes on elsewhere. */
  seek(next: number | null, floorUs: number): void {
    this.next = next;
    this.reachedUs = floorUs;
  }

  /** Throws WIRE_OFFSET_MISSING, WIRE_TIMESTAMP_TYPE; where it throws, nothing was taken. */
  decode(raw: RawBatch): Decoded {
    if (raw.control) return NOTHING;
    if (raw.defect !== null) {
      const { next, reachedUs } = this;
      return { ...NOTHING, poison: [{ ...defectOf(raw), next, reachedUs }] };
    }
    if (raw.appendTime) throw this.stamped(raw);
    const { records, envelope, out } = this;
    const poison: Poison[] = [];
    const runs: OffsetRun[] = [];
    const unresolved = new Set<number>();
    let [next, reachedUs, count, shift] = [this.next, this.reachedUs, 0, 0];
    out.pos = 0;
    this.traces.pos = 0;
    this.traced = 0;
    records.open(raw);
    while (records.next()) {
      const code = this.check(records, next, reachedUs);
      if (code !== null) {
        poison.push({ ...this.poisonOf(raw, code), next, reachedUs });
        continue;
      }
      if (this.unknownId >= 0) unresolved.add(this.unknownId);
      if (unresolved.size > 0) continue;
      const { id, effectiveUs } = envelope;
      const missing = next === null ? 0 : id - next;
      if (missing > 0) {
        this.fill(missing, id, count);
        count += missing;
      }
      if (runs.length === 0 || records.offset - id !== shift) {
        shift = records.offset - id;
        runs.push({ logical: id, kafka: records.offset });
      }
      if (this.codec !== null) this.keepTrace(count, id);
      this.writeFrame(records);
      count++;
      next = id + 1;
      reachedUs = effectiveUs;
    }
    if (unresolved.size > 0) return { ...NOTHING, unresolved: [...unresolved] };
    this.next = next;
    this.reachedUs = reachedUs;
    if (count === 0 || next === null) return { ...NOTHING, poison };
    const batch: RecordBatch = {
      ...this.place,
      baseOffset: next - count,
      count,
      maxTimeUs: reachedUs,
      bytes: out.bytes.slice(0, out.pos),
      ...(this.keepsTraces ? { traces: this.tracesOf(count) } : {}),
    };
    return { batch, poison, runs, unresolved: [] };
  }

  /**
   * Keeps the text of the record's trace: its own, or of a source event that brought none the one that
   * is derived, so that what is made from it goes on from there. Texts become strings all at once.
   */
  private keepTrace(index: number, id: number): void {
    const { envelope, traces } = this;
    const { traceAt, trace, causeId } = envelope;
    const derives = this.derivesTraces && causeId === 0;
    if (traceAt < 0 && trace === null && !derives) return;
    this.traced++;
    // What lies between is of records that have none.
    const at = index * TRACEPARENT_LENGTH;
    traces.reserve(at + TRACEPARENT_LENGTH - traces.pos);
    traces.bytes.fill(0, traces.pos, at);
    traces.pos = at + TRACEPARENT_LENGTH;
    const { bytes } = traces;
    if (traceAt >= 0) {
      const from = this.records.reader.bytes;
      for (let i = 0; i < TRACEPARENT_LENGTH; i++) bytes[at + i] = from[traceAt + i] as number;
    } else if (trace !== null) {
      for (let i = 0; i < TRACEPARENT_LENGTH; i++) bytes[at + i] = trace.charCodeAt(i);
    } else this.places.writeSource(bytes, at, id);
  }

  private get keepsTraces(): boolean {
    return this.codec !== null && (this.derivesTraces || this.traced > 0);
  }

  private tracesOf(count: number): (string | null)[] {
    const { bytes, pos } = this.traces;
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, pos).toString("latin1");
    return Array.from({ length: count }, (_, i) => {
      const at = i * TRACEPARENT_LENGTH;
      return at >= pos || bytes[at] === 0 ? null : all.slice(at, at + TRACEPARENT_LENGTH);
    });
  }

  /** Why the message is no record of ours; null where it is one, or its schema is to be looked up. */
  private check(record: RecordReader, next: number | null, reachedUs: number): PoisonCode | null {
    this.unknownId = -1;
    if (record.damage !== null) return this.because("WIRE_RECORD_DAMAGED", record.damage);
    const { valueStart, valueEnd } = record;
    if (valueStart < 0) return this.because("WIRE_TOMBSTONE", "its value is null");
    const size = valueEnd - valueStart;
    if (size > this.valueMax) {
      return this.because("WIRE_VALUE_TOO_LARGE", `${size} bytes; the most is ${this.valueMax}`);
    }
    const { envelope } = this;
    const code = envelope.read(record);
    if (code !== null) return this.because(code, envelope.detail);
    if (this.codec === null) {
      return record.keyStart < 0 ? this.checkPlace(record, next, reachedUs) : this.otherKey(record);
    }
    const reason = this.checkValue(record, this.codec);
    if (reason !== null || this.unknownId >= 0) return reason;
    return this.checkPlace(record, next, reachedUs);
  }

  private checkValue(record: RecordReader, codec: Codec<Facts[TopicName]>): PoisonCode | null {
    const { reader, valueStart, valueEnd } = record;
    const topic = this.typed as TopicName;
    if (valueEnd - valueStart < FRAMING_BYTES || reader.bytes[valueStart] !== 0) {
      const head = shown(reader.bytes.subarray(valueStart, Math.min(valueEnd, valueStart + 5)));
      return this.because("WIRE_FRAMING_INVALID", `the value begins with ${head}`);
    }
    const id = reader.view.getUint32(valueStart + 1);
    if (id !== this.knownId) {
      const known = this.schemas?.isKnown(topic, id);
      if (known === "unknown") {
        this.unknownId = id;
        return null;
      }
      if (known !== true) {
        const why = this.schemas?.refusal?.(topic, id) ?? `schema id ${id} is none of ${topic}'s`;
        return this.because("WIRE_SCHEMA_FOREIGN", why);
      }
      this.knownId = id;
    }
    reader.pos = valueStart + FRAMING_BYTES;
    reader.end = valueEnd;
    let value: Facts[TopicName];
    try {
      value = codec.decode(reader);
    } catch (error) {
      if (!(error instanceof TapedeckError)) throw error;
      return this.because(error.code as PoisonCode, error.message);
    }
    if (reader.pos !== valueEnd) {
      const more = valueEnd - reader.pos;
      return this.because("WIRE_VALUE_TRAILING", `${more} bytes follow the value`);
    }
    if (record.keyStart < 0) return this.because("WIRE_KEY_MISSING", "its key is null");
    const key = keyOf(topic, value);
    return sameText(key, reader.bytes, record.keyStart, record.keyEnd)
      ? null
      : this.otherKey(record);
  }

  private otherKey({ reader, keyStart, keyEnd }: RecordReader): PoisonCode {
    const key = shown(reader.bytes.subarray(keyStart, keyEnd));
    return this.because("WIRE_KEY_DIFFERS", `its key ${key} is not its value's`);
  }

  /** Whether time and offset go on from what came before. */
  private checkPlace(
    { timestampMs }: RecordReader,
    next: number | null,
    reachedUs: number,
  ): PoisonCode | null {
    const { id, effectiveUs } = this.envelope;
    if (timestampMs !== Math.floor(effectiveUs / 1000)) {
      const detail = `its timestamp ${timestampMs} ms is not its effective time ${effectiveUs} µs`;
      return this.because("WIRE_TIMESTAMP_DIFFERS", detail);
    }
    if (next !== null && id < next) {
      return this.because("WIRE_OFFSET_REPEATED", `ce_id ${id} was read before; ${next} is next`);
    }
    if (effectiveUs < reachedUs) {
      const detail = `its effective time ${effectiveUs} µs is before its partition's ${reachedUs}`;
      return this.because("WIRE_TIME_REVERSED", detail);
    }
    return null;
  }

  private because(code: PoisonCode, detail: string): PoisonCode {
    this.detail = detail;
    return code;
  }

  private poisonOf(raw: RawBatch, code: PoisonCode): Unplaced {
    const { offset, timestampMs, bodyStart, end, lost } = this.records;
    return {
      kafkaOffset: offset,
      count: 1 + lost,
      timestampMs,
      code,
      detail: this.detail,
      raw: Uint8Array.from(raw.records.subarray(bodyStart, end)),
    };
  }

  private writeFrame(record: RecordReader): void {
    const { out, envelope, codec } = this;
    const { reader, valueEnd } = record;
    const valueStart = codec === null ? record.valueStart : record.valueStart + FRAMING_BYTES;
    const size = valueEnd - valueStart;
    out.reserve(FRAME_MAX + size);
    const start = out.pos;
    const high = Math.floor(envelope.ownUs / HIGH);
    out.view.setUint32(start + 4, envelope.ownUs - high * HIGH, true);
    out.view.setUint32(start + 8, high, true);
    out.pos = start + 12;
    if (codec !== null) {
      out.long(envelope.origin);
      out.long(envelope.causeId);
      if (envelope.causeId !== 0) {
        out.long(envelope.causePartition);
        out.long(envelope.causeOffset);
        out.long(envelope.ordinal);
      }
    }
    copyBytes(reader.bytes, valueStart, valueEnd, out.bytes, out.pos);
    out.pos += size;
    out.view.setUint32(start, out.pos - start - 4, true);
  }

  /** Holes, where compaction may make them; else the records before `id` are missing. */
  private fill(missing: number, id: number, count: number): void {
    if (!this.compacted || count + missing > HOLES_MAX) {
      const { topic, partition } = this.place;
      const kafkaOffset = this.records.offset;
      const expected = id - missing;
      throw new TapedeckError(
        "WIRE_OFFSET_MISSING",
        `${topic}/${partition}: offset ${expected} comes next, Kafka offset ${kafkaOffset} has ${id}`,
        { topic, partition, expected, found: id, kafkaOffset },
      );
    }
    const { out } = this;
    out.reserve(4 * missing);
    out.bytes.fill(0, out.pos, out.pos + 4 * missing);
    out.pos += 4 * missing;
  }

  private stamped({ baseOffset }: RawBatch): TapedeckError {
    const { topic, partition } = this.place;
    return new TapedeckError(
      "WIRE_TIMESTAMP_TYPE",
      `${topic}/${partition}: Kafka offset ${baseOffset} carries the broker's time, not the event's`,
      { topic, partition, baseOffset },
    );
  }
}

function defectOf({ baseOffset, count, firstTimestampMs, records, defect }: RawBatch): Unplaced {
  const { code, detail } = defect as NonNullable<RawBatch["defect"]>;
  return {
    kafkaOffset: baseOffset,
    count: Math.max(1, count),
    timestampMs: firstTimestampMs,
    code,
    detail,
    raw: Uint8Array.from(records),
  };
}

function sameText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length === end - start) {
    let i = 0;
    while (
      i < text.length &&
      text.charCodeAt(i) === bytes[start + i] &&
      text.charCodeAt(i) < 0x80
    ) {
      i++;
    }
    if (i === text.length) return true;
  }
  const size = utf8Length(text);
  if (size !== end - start) return false;
  const expected = new Uint8Array(size);
  writeUtf8(text, expected, 0);
  return expected.every((byte, i) => byte === bytes[start + i]);
}
