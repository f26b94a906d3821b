// The headers of a message, read back. Promises: whatever order they come in, and whatever others are
// among them, what is accepted is one envelope and nothing else; headers in the order in which we
// write them are read as bytes, without a string; what differs goes the slow way, which says why.

import type { TopicName } from "../../../schemas/generated/facts.ts";
import { catalogue, isTopicName } from "../../../streams/catalogue.ts";
import { readDecimal } from "./decimal-text.ts";
import {
  type Constants,
  causeTopics,
  constantBlock,
  constantsOf,
  HEADERS,
  type HeaderName,
  nameBytes,
  PARTITION_MAX,
  type Place,
} from "./envelope.ts";
import { type PoisonCode, shown } from "./poison.ts";
import type { RecordReader } from "./record-reader.ts";
import { TIME_TEXT_BYTES, TimeText } from "./time-text.ts";
import { formatTraceparent, parseTraceparent, TRACEPARENT_LENGTH } from "./trace.ts";

const MINUS = 0x2d;
const SLASH = 0x2f;
const HASH_SIGN = 0x23;

const TIME = Uint8Array.from([...nameBytes("ce_time"), TIME_TEXT_BYTES << 1]);
const ORIGIN = nameBytes("ce_origin");
const CAUSE = nameBytes("ce_cause");
const EFFECTIVE = nameBytes("ce_effectivetime");
const TRACE = Uint8Array.from([...nameBytes("traceparent"), TRACEPARENT_LENGTH << 1]);

/** Of a byte: 1 where it is a lower-case hexadecimal digit that is not 0, 0 of "0", 2 else. */
const HEX = new Uint8Array(256).fill(2);
for (const digit of "123456789abcdef") HEX[digit.charCodeAt(0)] = 1;
HEX["0".charCodeAt(0)] = 0;

type Slots = { [Name in HeaderName]?: Uint8Array };

/** `read` a message's headers; the fields are then its envelope. */
export class EnvelopeReader {
  /** Logical offset. */
  id = 0;
  ownUs = 0;
  effectiveUs = 0;
  origin = 0;
  /** Number of the cause's topic; 0 where there is no cause. */
  causeId = 0;
  causePartition = 0;
  causeOffset = 0;
  ordinal = 0;
  /** Where a traceparent of version 00 lies among the record's bytes; -1 where none does. */
  traceAt = -1;
  /** One that had to be put into that form; null where there is none, or none that can be used. */
  trace: string | null = null;
  /** What was found where `read` gives a reason. */
  detail = "";
  private readonly typed: boolean;
  private readonly constants: Constants;
  private readonly block: Uint8Array;
  private readonly blockView: DataView;
  private readonly times = new TimeText();
  private lastCause = 1;

  constructor(place: Place, typed: TopicName | null) {
    this.typed = typed !== null;
    this.constants = constantsOf(place, typed);
    this.block = constantBlock(this.constants);
    this.blockView = new DataView(this.block.buffer);
  }

  /** Why the headers are no envelope of this partition's; null where they are. */
  read(record: RecordReader): PoisonCode | null {
    this.clear();
    if (!this.readInOrder(record)) {
      this.clear();
      const code = this.readAny(record);
      if (code !== null) return code;
    }
    if (this.effectiveUs < 0) {
      this.effectiveUs = this.ownUs;
    } else if (this.effectiveUs <= this.ownUs) {
      return this.because(
        "WIRE_HEADER_INVALID",
        `ce_effectivetime ${this.effectiveUs} is not after ce_time's ${this.ownUs}`,
      );
    }
    return null;
  }

  private clear(): void {
    this.causeId = 0;
    this.traceAt = -1;
    this.trace = null;
    this.effectiveUs = -1;
  }

  /** True where the headers are exactly such as TopicEncoder writes, and all of them are sound. */
  private readInOrder(record: RecordReader): boolean {
    const { bytes, view } = record.reader;
    const { block, end } = { block: this.block, end: record.end };
    let at = record.headersStart;
    if (at + block.length >= end || !this.sameBlock(view, at)) return false;
    at += block.length;
    let stop = valueEnd(bytes, at, end);
    this.id = readDecimal(bytes, at + 1, stop);
    if (this.id < 0 || !matches(bytes, stop, TIME)) return false;
    at = stop + TIME.length;
    this.ownUs = this.times.read(bytes, at);
    if (this.ownUs < 0) return false;
    at += TIME_TEXT_BYTES;
    let left = record.headerCount - 6;
    if (this.typed) {
      left--;
      if (!matches(bytes, at, ORIGIN)) return false;
      at += ORIGIN.length;
      stop = valueEnd(bytes, at, end);
      if (!this.readOrigin(bytes, at + 1, stop)) return false;
      at = stop;
      if (left > 0 && matches(bytes, at, CAUSE)) {
        left--;
        at += CAUSE.length;
        stop = valueEnd(bytes, at, end);
        if (!this.readCause(bytes, at + 1, stop)) return false;
        at = stop;
      }
    }
    if (left > 0 && matches(bytes, at, EFFECTIVE)) {
      left--;
      at += EFFECTIVE.length;
      stop = valueEnd(bytes, at, end);
      this.effectiveUs = readDecimal(bytes, at + 1, stop);
      if (this.effectiveUs < 0) return false;
      at = stop;
    }
    if (left > 0 && this.typed && matches(bytes, at, TRACE)) {
      left--;
      at += TRACE.length;
      if (at + TRACEPARENT_LENGTH > end || !usualTrace(bytes, at)) return false;
      this.traceAt = at;
      at += TRACEPARENT_LENGTH;
    }
    return left === 0 && at === end;
  }

  private sameBlock(view: DataView, start: number): boolean {
    const { blockView } = this;
    const size = blockView.byteLength;
    let i = 0;
    for (; i + 4 <= size; i += 4) {
      if (view.getInt32(start + i, true) !== blockView.getInt32(i, true)) return false;
    }
    for (; i < size; i++) if (view.getInt8(start + i) !== blockView.getInt8(i)) return false;
    return true;
  }

  /** -2^53 + 1 to 2^53 - 1; "-0" is none. */
  private readOrigin(bytes: Uint8Array, start: number, end: number): boolean {
    const negative = bytes[start] === MINUS;
    const size = readDecimal(bytes, negative ? start + 1 : start, end);
    this.origin = negative ? -size : size;
    return size > 0 || (size === 0 && !negative);
  }

  private readCause(bytes: Uint8Array, start: number, end: number): boolean {
    const known = causeTopics[this.lastCause] as Uint8Array;
    if (!matches(bytes, start, known)) return this.readCauseOf(bytes, start, end);
    const slash = indexOf(bytes, SLASH, start + known.length, end);
    const sign = indexOf(bytes, HASH_SIGN, slash + 1, end);
    this.causeId = this.lastCause;
    this.causePartition = readDecimal(bytes, start + known.length, slash);
    this.causeOffset = readDecimal(bytes, slash + 1, sign);
    this.ordinal = readDecimal(bytes, sign + 1, end);
    const { causePartition, causeOffset, ordinal } = this;
    return (
      causePartition >= 0 && causePartition <= PARTITION_MAX && causeOffset >= 0 && ordinal >= 0
    );
  }

  /** A cause of another topic than the last one's. */
  private readCauseOf(bytes: Uint8Array, start: number, end: number): boolean {
    const slash = indexOf(bytes, SLASH, start, end);
    const name = text(bytes, start, Math.min(slash, start + 100));
    if (!isTopicName(name) || slash >= end) return false;
    this.lastCause = catalogue[name].id;
    return this.readCause(bytes, start, end);
  }

  /** Headers in any order, with any others among them. */
  private readAny(record: RecordReader): PoisonCode | null {
    const slots: Slots = {};
    let repeatedTrace = false;
    let headers: ReturnType<RecordReader["headers"]>;
    try {
      headers = record.headers();
    } catch {
      return this.because(
        "WIRE_RECORD_DAMAGED",
        `its ${record.headerCount} headers do not fit it, or have names that are no UTF-8`,
      );
    }
    for (const { key, value } of headers) {
      if (!isHeaderName(key)) continue;
      if (slots[key] !== undefined) {
        if (key !== "traceparent") return this.because("WIRE_HEADER_REPEATED", key);
        repeatedTrace = true;
      }
      if (value === null && key !== "traceparent") {
        return this.because("WIRE_HEADER_INVALID", `${key} is null`);
      }
      slots[key] = value ?? new Uint8Array(0);
    }
    return this.readConstants(slots) ?? this.readValues(slots, repeatedTrace);
  }

  private readConstants(slots: Slots): PoisonCode | null {
    for (const name of Object.keys(this.constants) as (keyof Constants)[]) {
      const value = slots[name];
      if (value === undefined) return this.because("WIRE_HEADER_MISSING", name);
      const expected = this.constants[name];
      if (value.length !== expected.length || !matches(value, 0, expected)) {
        const detail = `${name} is ${shown(value)}, not ${shown(expected)}`;
        return this.because("WIRE_TOPIC_FOREIGN", detail);
      }
    }
    return null;
  }

  private readValues(slots: Slots, repeatedTrace: boolean): PoisonCode | null {
    const { ce_id: id, ce_time: time, ce_origin: origin, ce_cause: cause } = slots;
    const { ce_effectivetime: effective, traceparent } = slots;
    if (id === undefined) return this.because("WIRE_HEADER_MISSING", "ce_id");
    if (time === undefined) return this.because("WIRE_HEADER_MISSING", "ce_time");
    this.id = readDecimal(id, 0, id.length);
    if (this.id < 0) return this.invalid("ce_id", id, "a logical offset");
    this.ownUs = time.length === TIME_TEXT_BYTES ? this.times.read(time, 0) : -1;
    if (this.ownUs < 0) return this.invalid("ce_time", time, "such as 2024-03-28T14:30:00.000001Z");
    if (this.typed) {
      if (origin === undefined) return this.because("WIRE_HEADER_MISSING", "ce_origin");
      if (!this.readOrigin(origin, 0, origin.length)) {
        return this.invalid("ce_origin", origin, "a whole number within ±2^53");
      }
      if (cause !== undefined && !this.readCause(cause, 0, cause.length)) {
        return this.invalid("ce_cause", cause, "a place such as market.ticks/0/17#0");
      }
    }
    if (effective !== undefined) {
      this.effectiveUs = readDecimal(effective, 0, effective.length);
      if (this.effectiveUs < 0) return this.invalid("ce_effectivetime", effective, "microseconds");
    }
    if (this.typed && traceparent !== undefined && !repeatedTrace) {
      const trace = parseTraceparent(text(traceparent, 0, Math.min(traceparent.length, 512)));
      if (trace !== null) this.trace = formatTraceparent(trace);
    }
    return null;
  }

  private invalid(name: HeaderName, value: Uint8Array, wanted: string): PoisonCode {
    return this.because("WIRE_HEADER_INVALID", `${name} is ${shown(value)}, not ${wanted}`);
  }

  private because(code: PoisonCode, detail: string): PoisonCode {
    this.detail = detail;
    return code;
  }
}

const names: ReadonlySet<string> = new Set(HEADERS);
const isHeaderName = (name: string): name is HeaderName => names.has(name);

/** End of the value whose length is the byte at `at`; -1 if it has another, or ends beyond `limit`. */
function valueEnd(bytes: Uint8Array, at: number, limit: number): number {
  const length = bytes[at] as number;
  const end = at + 1 + (length >> 1);
  return length < 0x80 && (length & 1) === 0 && end <= limit ? end : -1;
}

function matches(bytes: Uint8Array, at: number, pattern: Uint8Array): boolean {
  for (let i = 0; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return true;
}

/** `end` where the byte is not there. */
function indexOf(bytes: Uint8Array, byte: number, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== byte) at++;
  return at;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** A traceparent of version 00, well-formed; others are taken the slow way. */
function usualTrace(bytes: Uint8Array, at: number): boolean {
  const DASH = 0x2d;
  const dashes = bytes[at + 2] === DASH && bytes[at + 35] === DASH && bytes[at + 52] === DASH;
  if (!dashes || bytes[at] !== 0x30 || bytes[at + 1] !== 0x30) return false;
  const trace = hexUpTo(bytes, at + 3, at + 35);
  const parent = hexUpTo(bytes, at + 36, at + 52);
  return trace === 1 && parent === 1 && hexUpTo(bytes, at + 53, at + 55) < 2;
}

/** 0: all zeros, 1: hexadecimal digits, 2 or 3: something else among them. */
function hexUpTo(bytes: Uint8Array, start: number, end: number): number {
  let kind = 0;
  for (let i = start; i < end; i++) kind |= HEX[bytes[i] as number] as number;
  return kind;
}
