// What a task keeps between events, as bytes. Promises: what comes back is the same value exactly
// (-0, NaN and the order of keys included), the same value gives the same bytes on any machine, and
// what is not plain data is refused by the path where it stands, never dropped.
//
// Plain data: null, booleans, numbers, bigints, strings, arrays, Maps and records. An object that
// is reached by two paths comes back as two.

import { Reader, Writer } from "../schemas/avro.ts";
import { TapedeckError } from "../schemas/errors.ts";

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const INTEGER = 3;
const DOUBLE = 4;
const NAN = 5;
const STRING = 6;
const BIGINT = 7;
const WIDE_BIGINT = 8;
const ARRAY = 9;
const MAP = 10;
const RECORD = 11;
const NUMBERS = 12; // an array of doubles: an indicator's window, most of what there is to store

/** Engines may differ in a NaN's bits: this is what is stored for all. */
const NAN_BITS = 0x7ff8_0000_0000_0000n;

/** Deeper than any state means a cycle. */
const MAX_DEPTH = 100;

// Kept between calls: a commit encodes every task's state, and its pages are warm by then.
const scratch = new Writer();

/** Bytes of plain data; anything else throws STREAMS_STATE_UNSUPPORTED. Linear in its size. */
export function encodeState(value: unknown): Uint8Array {
  scratch.pos = 0;
  try {
    write(scratch, value, 0);
  } catch (error) {
    if (error instanceof Unsupported) {
      const path = `state${error.path.reverse().join("")}`;
      throw new TapedeckError("STREAMS_STATE_UNSUPPORTED", `${path} is ${error.what}`, { path });
    }
    throw error;
  }
  return scratch.bytes.slice(0, scratch.pos);
}

/** The value that `encodeState` was given; damaged bytes throw CODEC_TRUNCATED. */
export function decodeState(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = read(reader, 0);
  if (reader.pos !== bytes.length) throw damaged(reader);
  return value;
}

class Unsupported extends Error {
  readonly what: string;
  readonly path: string[] = [];

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

function tag(writer: Writer, kind: number): void {
  writer.reserve(1);
  writer.bytes[writer.pos++] = kind;
}

function write(writer: Writer, value: unknown, depth: number): void {
  if (typeof value === "number") {
    writeNumber(writer, value);
  } else if (typeof value === "string") {
    tag(writer, STRING);
    writer.string(value);
  } else if (typeof value === "boolean") {
    tag(writer, value ? TRUE : FALSE);
  } else if (typeof value === "bigint") {
    writeBigint(writer, value);
  } else if (value === null) {
    tag(writer, NULL);
  } else if (typeof value !== "object") {
    throw new Unsupported(value === undefined ? "undefined" : `a ${typeof value}`);
  } else if (depth >= MAX_DEPTH) {
    throw new Unsupported(`nested deeper than ${MAX_DEPTH}: is there a cycle?`);
  } else if (Array.isArray(value)) {
    writeArray(writer, value, depth + 1);
  } else if (value instanceof Map) {
    writeMap(writer, value, depth + 1);
  } else {
    writeRecord(writer, value as Readonly<Record<string, unknown>>, depth + 1);
  }
}

function writeNumber(writer: Writer, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    tag(writer, INTEGER);
    writer.long(value);
  } else if (Number.isNaN(value)) {
    tag(writer, NAN);
  } else {
    tag(writer, DOUBLE);
    writer.double(value);
  }
}

function writeBigint(writer: Writer, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    tag(writer, BIGINT);
    writer.bigLong(value);
    return;
  }
  tag(writer, WIDE_BIGINT);
  writer.boolean(value < 0n);
  writer.string((value < 0n ? -value : value).toString(16));
}

function writeArray(writer: Writer, items: readonly unknown[], depth: number): void {
  if (isNumbers(items)) {
    writeNumbers(writer, items);
    return;
  }
  tag(writer, ARRAY);
  writer.long(items.length);
  for (let i = 0; i < items.length; i++) {
    try {
      write(writer, items[i], depth);
    } catch (error) {
      throw located(error, `[${i}]`);
    }
  }
}

function isNumbers(items: readonly unknown[]): items is readonly number[] {
  for (let i = 0; i < items.length; i++) if (typeof items[i] !== "number") return false;
  return items.length > 0;
}

function writeNumbers(writer: Writer, items: readonly number[]): void {
  tag(writer, NUMBERS);
  writer.long(items.length);
  writer.reserve(items.length * 8);
  const { view } = writer;
  for (let i = 0; i < items.length; i++) {
    const value = items[i] as number;
    if (Number.isNaN(value)) view.setBigUint64(writer.pos, NAN_BITS, true);
    else view.setFloat64(writer.pos, value, true);
    writer.pos += 8;
  }
}

function writeMap(writer: Writer, entries: ReadonlyMap<unknown, unknown>, depth: number): void {
  tag(writer, MAP);
  writer.long(entries.size);
  for (const [key, value] of entries) {
    try {
      write(writer, key, depth);
      write(writer, value, depth);
    } catch (error) {
      throw located(error, `.get(${String(key)})`);
    }
  }
}

function writeRecord(
  writer: Writer,
  record: Readonly<Record<string, unknown>>,
  depth: number,
): void {
  if (Object.getPrototypeOf(record) !== Object.prototype) {
    throw new Unsupported(`a ${record.constructor?.name ?? "record without prototype"}`);
  }
  const keys = Object.keys(record);
  tag(writer, RECORD);
  writer.long(keys.length);
  for (const key of keys) {
    try {
      if (key === "__proto__") throw new Unsupported("a key that JavaScript keeps for itself");
      writer.string(key);
      write(writer, record[key], depth);
    } catch (error) {
      throw located(error, `.${key}`);
    }
  }
}

function located(error: unknown, step: string): unknown {
  if (error instanceof Unsupported) error.path.push(step);
  return error;
}

const damaged = (reader: Reader): TapedeckError =>
  new TapedeckError("CODEC_TRUNCATED", `a task's state is damaged at byte ${reader.pos}`, {
    position: reader.pos,
  });

/** Too great a count ends in a truncated element: each takes a byte at least. */
function readCount(reader: Reader): number {
  const count = reader.long();
  if (count < 0) throw damaged(reader);
  return count;
}

function read(reader: Reader, depth: number): unknown {
  if (reader.pos >= reader.end || depth > MAX_DEPTH) throw damaged(reader);
  switch (reader.bytes[reader.pos++]) {
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case INTEGER:
      return reader.long();
    case DOUBLE:
      return reader.double();
    case NAN:
      return Number.NaN;
    case STRING:
      return reader.string();
    case BIGINT:
      return reader.bigLong();
    case WIDE_BIGINT:
      return readWideBigint(reader);
    case ARRAY: {
      const items: unknown[] = [];
      const count = readCount(reader);
      for (let i = 0; i < count; i++) items.push(read(reader, depth + 1));
      return items;
    }
    case NUMBERS:
      return readNumbers(reader);
    case MAP: {
      const entries = new Map<unknown, unknown>();
      const count = readCount(reader);
      for (let i = 0; i < count; i++) {
        const key = read(reader, depth + 1);
        entries.set(key, read(reader, depth + 1));
      }
      return entries;
    }
    case RECORD: {
      const record: Record<string, unknown> = {};
      const count = readCount(reader);
      for (let i = 0; i < count; i++) {
        const key = reader.string();
        if (key === "__proto__") throw damaged(reader);
        record[key] = read(reader, depth + 1);
      }
      return record;
    }
    default:
      throw damaged(reader);
  }
}

/** Its own place, so that engines see an array of doubles and go on storing one as such. */
function readNumbers(reader: Reader): number[] {
  const items: number[] = [];
  const count = readCount(reader);
  for (let i = 0; i < count; i++) items.push(reader.double());
  return items;
}

function readWideBigint(reader: Reader): bigint {
  const negative = reader.boolean();
  const digits = reader.string();
  if (!/^[0-9a-f]+$/.test(digits)) throw damaged(reader);
  const magnitude = BigInt(`0x${digits}`);
  return negative ? -magnitude : magnitude;
}
