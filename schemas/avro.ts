// Avro's binary encoding, as pure functions over bytes: what the generated codecs are made of.
// Promises: the bytes that any Avro library reads and writes; a value that cannot be written
// exactly is refused, never rounded; a damaged record throws CODEC_TRUNCATED, never reads past its end.

import { TapedeckError } from "./errors.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

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
    if (this.pos + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.pos + size));
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  boolean(value: boolean): void {
    this.reserve(1);
    this.bytes[this.pos++] = value ? 1 : 0;
  }

  /** Zigzag varint of a safe integer; serves Avro's int and long. */
  long(value: number): void {
    this.reserve(10);
    const bytes = this.bytes;
    if (value >= -0x4000_0000 && value < 0x4000_0000 && (value | 0) === value) {
      let rest = (value << 1) ^ (value >> 31);
      while (rest > 0x7f) {
        bytes[this.pos++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      bytes[this.pos++] = rest;
      return;
    }
    if (!Number.isSafeInteger(value)) {
      throw new TapedeckError("CODEC_LONG_UNSAFE", `${value} is not an integer within ±2^53`, {
        value,
      });
    }
    // Zigzag of a 53-bit magnitude needs 54 bits: keep sign and magnitude apart.
    const negative = value < 0;
    let rest = negative ? -value - 1 : value;
    bytes[this.pos++] = ((rest % 64) << 1) | (negative ? 1 : 0) | 0x80;
    rest = Math.floor(rest / 64);
    while (rest > 0x7f) {
      bytes[this.pos++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    bytes[this.pos++] = rest;
  }

  /** Zigzag varint of any 64-bit integer. */
  bigLong(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) {
      this.long(number);
      return;
    }
    if (value > INT64_MAX || value < INT64_MIN) {
      throw new TapedeckError("CODEC_MONEY_RANGE", `${value} does not fit 64 bits`, { value });
    }
    this.reserve(10);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 0x7fn) {
      this.bytes[this.pos++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.pos++] = Number(rest);
  }

  double(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.pos, value, true);
    this.pos += 8;
  }

  string(value: string): void {
    const length = value.length;
    // Three bytes a UTF-16 unit at most, five for the length.
    this.reserve(length * 3 + 5);
    const start = this.pos;
    if (length < 64) {
      // Optimistic: short ASCII needs a one-byte length, known before the text is written.
      const bytes = this.bytes;
      bytes[start] = length << 1;
      let at = start + 1;
      for (let i = 0; i < length; i++) {
        const unit = value.charCodeAt(i);
        if (unit > 0x7f) {
          this.utf8(value);
          return;
        }
        bytes[at++] = unit;
      }
      this.pos = at;
      return;
    }
    this.utf8(value);
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

  enumeration(index: number | undefined, value: string): void {
    if (index === undefined) {
      throw new TapedeckError("CODEC_ENUM_UNKNOWN", `${value} is not a symbol of the enum`, {
        value,
      });
    }
    this.long(index);
  }
}

function utf8Length(value: string): number {
  let size = 0;
  for (const point of value) {
    const code = point.codePointAt(0) ?? 0;
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return size;
}

function writeUtf8(value: string, bytes: Uint8Array, start: number): number {
  let at = start;
  for (const point of value) {
    const code = point.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) {
      throw new TapedeckError("CODEC_STRING_INVALID", "a string holds half a surrogate pair");
    }
    if (code < 0x80) bytes[at++] = code;
    else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    }
  }
  return at;
}

// Symbols, models and portfolios repeat in every record: one string object serves them all.
const INTERNED = 4096;
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

  private byte(): number {
    if (this.pos >= this.end) throw this.truncated();
    return this.bytes[this.pos++] as number;
  }

  boolean(): boolean {
    return this.byte() === 1;
  }

  long(): number {
    let byte = this.byte();
    const negative = (byte & 1) === 1;
    let magnitude = (byte & 0x7f) >> 1;
    let scale = 64;
    while (byte > 0x7f) {
      byte = this.byte();
      magnitude += (byte & 0x7f) * scale;
      scale *= 128;
      if (scale > 2 ** 70) throw this.truncated();
    }
    if (magnitude > Number.MAX_SAFE_INTEGER) {
      throw new TapedeckError("CODEC_LONG_UNSAFE", "a long beyond ±2^53", { position: this.pos });
    }
    return negative ? -magnitude - 1 : magnitude;
  }

  bigLong(): bigint {
    const start = this.pos;
    let at = start;
    while (at < this.end && (this.bytes[at] as number) > 0x7f) at++;
    if (at - start < 7) return BigInt(this.long());
    let value = 0n;
    let shift = 0n;
    let byte: number;
    do {
      byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (shift > 70n) throw this.truncated();
    } while (byte > 0x7f);
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
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
    if (size < 0 || start + size > this.end) throw this.truncated();
    this.pos = start + size;
    if (size > 32) return readUtf8(this.bytes, start, start + size);
    let hash = size;
    for (let i = start; i < start + size; i++) {
      const byte = this.bytes[i] as number;
      if (byte > 0x7f) return readUtf8(this.bytes, start, start + size);
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const slot = (hash ^ (hash >>> 12)) & (INTERNED - 1);
    const candidate = interned[slot] as string;
    if (candidate.length === size) {
      let i = 0;
      while (i < size && candidate.charCodeAt(i) === this.bytes[start + i]) i++;
      if (i === size) return candidate;
    }
    const text = readUtf8(this.bytes, start, start + size);
    interned[slot] = text;
    return text;
  }

  blob(): Uint8Array {
    const size = this.long();
    if (size < 0 || this.pos + size > this.end) throw this.truncated();
    const value = this.bytes.slice(this.pos, this.pos + size);
    this.pos += size;
    return value;
  }

  enumeration<T>(symbols: readonly T[]): T {
    const index = this.long();
    const symbol = symbols[index];
    if (symbol === undefined) {
      throw new TapedeckError("CODEC_ENUM_UNKNOWN", `no symbol ${index} in the enum`, { index });
    }
    return symbol;
  }

  /** Calls `item` for each element of an Avro array or map, block by block. */
  blocks(item: () => void): void {
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) {
        this.long(); // the block's size in bytes, given with a negative count
        count = -count;
      }
      // An element is at least one byte in every schema of ours: refuse a count that cannot be.
      if (count > this.end - this.pos) throw this.truncated();
      for (let i = 0; i < count; i++) item();
    }
  }
}

function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  const units: string[] = [];
  let at = start;
  while (at < end) {
    const first = bytes[at++] as number;
    let code = first;
    if (first > 0x7f) {
      const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : -1;
      if (more < 0 || at + more > end) {
        throw new TapedeckError("CODEC_STRING_INVALID", "bytes are not UTF-8", { position: at });
      }
      code = first & (0x3f >> more);
      for (let i = 0; i < more; i++) code = (code << 6) | ((bytes[at++] as number) & 0x3f);
    }
    if (code > 0x10ffff) {
      throw new TapedeckError("CODEC_STRING_INVALID", "bytes are not UTF-8", { position: at });
    }
    units.push(String.fromCodePoint(code));
  }
  return units.join("");
}

/** Writes and reads one schema's values. */
export interface Codec<T> {
  encode(writer: Writer, value: T): void;
  decode(reader: Reader): T;
}
