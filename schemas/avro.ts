// Avro's binary encoding, as pure functions over bytes: what the generated codecs are made of.
// Promises: the bytes that any Avro library reads and writes; a value that cannot be written exactly
// is refused, never rounded; a damaged record throws CODEC_TRUNCATED, never reads past its end.

import { TapedeckError } from "./errors.ts";
import { readUtf8, utf8Length, writeUtf8 } from "./utf8.ts";

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const HIGH = 2 ** 32;
// Varints of 64 bits are taken in parts of 28, 28 and 8 bits, so that all work is on 32-bit integers.
const PART = 0xfff_ffff;

// A bigint crosses to a pair of 32-bit integers and back without arithmetic on bigints.
const crossing = new DataView(new ArrayBuffer(8));

/** A growing byte buffer. `bytes.subarray(0, pos)` is what has been written. */
export class Writer {
  bytes: Uint8Array;
  view: DataView;
  pos = 0;

  constructor(capacity = 1 << 16) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `size` more bytes; callers of `raw` writes ask first. */
  reserve(size: number): void {
    if (this.pos + size > this.bytes.length) this.grow(size);
  }

  private grow(size: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.pos + size));
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  boolean(value: boolean): void {
    this.reserve(1);
    this.bytes[this.pos++] = value ? 1 : 0;
  }

  /** Avro's int: a 32-bit integer. */
  int(value: number): void {
    if (!Number.isInteger(value) || value > INT_MAX || value < INT_MIN) {
      throw new TapedeckError("CODEC_INT_RANGE", `${value} is not a 32-bit integer`, { value });
    }
    this.long(value);
  }

  /** Zigzag varint of a safe integer. */
  long(value: number): void {
    this.reserve(10);
    if ((value | 0) === value) {
      this.varint(((value << 1) ^ (value >> 31)) >>> 0);
      return;
    }
    if (!Number.isSafeInteger(value)) {
      throw new TapedeckError("CODEC_LONG_UNSAFE", `${value} is not an integer within ±2^53`, {
        value,
      });
    }
    // Keep sign and magnitude apart: a zigzag of 54 bits is no safe integer.
    const sign = value < 0 ? 1 : 0;
    const magnitude = sign === 1 ? -value - 1 : value;
    const low = magnitude >>> 0;
    this.varints((low << 1) | sign, (((magnitude - low) / HIGH) << 1) | (low >>> 31));
  }

  /** Zigzag varint of any 64-bit integer. */
  bigLong(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw new TapedeckError("CODEC_MONEY_RANGE", `${value} does not fit 64 bits`, { value });
    }
    this.reserve(10);
    crossing.setBigInt64(0, value, true);
    const low = crossing.getInt32(0, true);
    const high = crossing.getInt32(4, true);
    const mask = high >> 31;
    this.varints((low << 1) ^ mask, ((high << 1) | (low >>> 31)) ^ mask);
  }

  /** An unsigned 32-bit varint; room for it must be there. */
  private varint(value: number): void {
    const bytes = this.bytes;
    let at = this.pos;
    let rest = value;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.pos = at;
  }

  /** An unsigned 64-bit varint in two halves; room for it must be there. */
  private varints(low: number, high: number): void {
    const second = ((low >>> 28) | (high << 4)) & PART;
    const third = high >>> 24;
    if ((second | third) === 0) {
      this.varint(low & PART);
      return;
    }
    this.continued(low);
    if (third === 0) {
      this.varint(second);
      return;
    }
    this.continued(second);
    this.varint(third);
  }

  private continued(part: number): void {
    const bytes = this.bytes;
    const at = this.pos;
    bytes[at] = part | 0x80;
    bytes[at + 1] = (part >>> 7) | 0x80;
    bytes[at + 2] = (part >>> 14) | 0x80;
    bytes[at + 3] = (part >>> 21) | 0x80;
    this.pos = at + 4;
  }

  double(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.pos, value, true);
    this.pos += 8;
  }

  string(value: string): void {
    const length = value.length;
    // ASCII, the usual case, has as many bytes as units: its length is known before it is written.
    const sized = length < 64 ? 1 : 2;
    if (length >= 8192) {
      this.utf8(value);
      return;
    }
    this.reserve(length + sized);
    const bytes = this.bytes;
    const start = this.pos;
    let at = start + sized;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.utf8(value);
        return;
      }
      bytes[at++] = unit;
    }
    if (sized === 1) bytes[start] = length << 1;
    else {
      bytes[start] = ((length << 1) & 0x7f) | 0x80;
      bytes[start + 1] = length >> 6;
    }
    this.pos = at;
  }

  private utf8(value: string): void {
    const size = utf8Length(value);
    this.long(size);
    this.reserve(size);
    this.pos = writeUtf8(value, this.bytes, this.pos);
  }

  blob(value: Uint8Array): void {
    this.long(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.pos);
    this.pos += value.length;
  }

  /** `index` is 0 where `value` is no symbol of the enum: the place of UNKNOWN. */
  enumeration(index: number, value: string): void {
    if (index === 0) {
      throw new TapedeckError("CODEC_ENUM_UNKNOWN", `${value} is not a symbol of the enum`, {
        value,
      });
    }
    this.long(index);
  }
}

// Symbols, models and portfolios repeat in every record: one string object serves them all.
const INTERNED = 4096;
const INTERNED_BYTES = 128;
const interned: string[] = new Array<string>(INTERNED).fill("");

/** Reads what Writer writes, from `pos` up to `end`. */
export class Reader {
  bytes: Uint8Array;
  view: DataView;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = pos;
    this.end = end;
  }

  private truncated(): TapedeckError {
    return new TapedeckError("CODEC_TRUNCATED", `the record ends at byte ${this.end}`, {
      position: this.pos,
    });
  }

  private damaged(what: string): TapedeckError {
    return new TapedeckError("CODEC_TRUNCATED", `${what} at byte ${this.pos}`, {
      position: this.pos,
    });
  }

  /** What `goesOn` said last. */
  wentOn = false;

  /** Asked where an older version of the schema ended: whether the record has the fields since then. */
  goesOn(): boolean {
    this.wentOn = this.pos < this.end;
    return this.wentOn;
  }

  boolean(): boolean {
    if (this.pos >= this.end) throw this.truncated();
    const byte = this.bytes[this.pos++] as number;
    if (byte > 1) throw this.damaged(`no boolean is ${byte}`);
    return byte === 1;
  }

  /** The branch of a union [null, type]: true where a value follows. */
  present(): boolean {
    const branch = this.long();
    if (branch !== 0 && branch !== 1) throw this.damaged(`no union has branch ${branch}`);
    return branch === 1;
  }

  int(): number {
    const value = this.long();
    if (value > INT_MAX || value < INT_MIN) throw this.damaged(`${value} is not a 32-bit integer`);
    return value;
  }

  long(): number {
    const bytes = this.bytes;
    const start = this.pos;
    // Ten bytes ahead: no varint can run out of the record, so its bytes need no check each.
    if (start + 10 > this.end) return this.longAtEnd();
    const first = bytes[start] as number;
    if (first <= 0x7f) {
      this.pos = start + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    let low = (first & 0x7f) | (((bytes[start + 1] as number) & 0x7f) << 7);
    if ((bytes[start + 1] as number) <= 0x7f) {
      this.pos = start + 2;
      return (low >>> 1) ^ -(low & 1);
    }
    const third = bytes[start + 2] as number;
    low |= (third & 0x7f) << 14;
    if (third <= 0x7f) {
      this.pos = start + 3;
      return (low >>> 1) ^ -(low & 1);
    }
    const fourth = bytes[start + 3] as number;
    low |= (fourth & 0x7f) << 21;
    this.pos = start + 4;
    if (fourth <= 0x7f) return (low >>> 1) ^ -(low & 1);
    return this.wide(low, this.part());
  }

  private longAtEnd(): number {
    const low = this.part();
    return this.last ? (low >>> 1) ^ -(low & 1) : this.wide(low, this.part());
  }

  /** A long from the first 28 bits of its varint and the next. */
  private wide(low: number, high: number): number {
    const magnitude = (low >>> 1) + high * 2 ** 27;
    const negative = (low & 1) === 1;
    if (!this.last || magnitude > Number.MAX_SAFE_INTEGER - (negative ? 1 : 0)) {
      throw new TapedeckError("CODEC_LONG_UNSAFE", "a long beyond ±2^53", { position: this.pos });
    }
    return negative ? -magnitude - 1 : magnitude;
  }

  bigLong(): bigint {
    const first = this.part();
    const second = this.last ? 0 : this.part();
    let third = 0;
    if (!this.last) {
      third = this.part();
      if (!this.last || third > 0xff) throw this.damaged("a long wider than 64 bits");
    }
    const low = first | (second << 28);
    const high = (second >>> 4) | (third << 24);
    const mask = -(first & 1);
    crossing.setInt32(0, ((low >>> 1) | (high << 31)) ^ mask, true);
    crossing.setInt32(4, (high >>> 1) ^ mask, true);
    return crossing.getBigInt64(0, true);
  }

  /** Whether `part` met the end of its varint. */
  private last = true;

  /** Up to 28 bits of a varint. */
  private part(): number {
    const bytes = this.bytes;
    const end = this.end;
    let at = this.pos;
    let part = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw this.truncated();
      const byte = bytes[at++] as number;
      part |= (byte & 0x7f) << shift;
      if (byte <= 0x7f) {
        this.pos = at;
        this.last = true;
        return part;
      }
    }
    this.pos = at;
    this.last = false;
    return part;
  }

  double(): number {
    if (this.pos + 8 > this.end) throw this.truncated();
    const value = this.view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  string(): string {
    const size = this.long();
    const start = this.pos;
    const end = start + size;
    if (size < 0 || end > this.end) throw this.truncated();
    this.pos = end;
    const bytes = this.bytes;
    if (size === 0) return "";
    if (size > INTERNED_BYTES) return readUtf8(bytes, start, end);
    // Where names that belong together differ: at both ends, in the middle, in the last digit but one.
    const outer = Math.imul(bytes[start] as number, 31) ^ Math.imul(bytes[end - 1] as number, 67);
    const middle = Math.imul(bytes[start + (size >> 1)] as number, 523);
    const inner = size > 1 ? Math.imul(bytes[end - 2] as number, 1021) : 0;
    const slot = (outer ^ middle ^ inner ^ size) & (INTERNED - 1);
    const candidate = interned[slot] as string;
    if (candidate.length === size) {
      let i = 0;
      while (i < size && candidate.charCodeAt(i) === bytes[start + i]) i++;
      if (i === size) return candidate;
    }
    const text = readUtf8(bytes, start, end);
    // As many units as bytes: ASCII, which is what the comparison above takes it for.
    if (text.length === size) interned[slot] = text;
    return text;
  }

  blob(): Uint8Array {
    const size = this.long();
    if (size < 0 || this.pos + size > this.end) throw this.truncated();
    // Not slice(): where the bytes are a Buffer it would share them, and they are the log's.
    const value = new Uint8Array(size);
    value.set(this.bytes.subarray(this.pos, this.pos + size));
    this.pos += size;
    return value;
  }

  /** `symbols` leaves out UNKNOWN, which comes first in every enum and is refused. */
  enumeration<T>(symbols: readonly T[]): T {
    const index = this.long();
    const symbol = symbols[index - 1];
    if (symbol === undefined) {
      throw new TapedeckError("CODEC_ENUM_UNKNOWN", `no symbol ${index} in the enum`, { index });
    }
    return symbol;
  }

  /** How many elements of an Avro array or map come next; 0 at its end. */
  block(): number {
    const count = this.long();
    if (count < 0) this.long(); // the block's size in bytes, given with a negative count
    const size = Math.abs(count);
    // An element is at least one byte in every schema of ours: refuse a count that cannot be.
    if (size > this.end - this.pos) throw this.truncated();
    return size;
  }
}

/** Writes and reads one schema's values. */
export interface Codec<T> {
  encode(writer: Writer, value: T): void;
  decode(reader: Reader): T;
}
