// The primitive types of Kafka's protocol, big-endian. Promises: what is written is read back; a
// read beyond the end throws a RangeError, as Buffer does.

const HIGH = 0x1_0000_0000;

export class BodyWriter {
  private bytes: Buffer;
  private pos = 0;

  constructor(capacity = 256) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  i8(value: number): this {
    this.room(1);
    this.pos = this.bytes.writeInt8(value, this.pos);
    return this;
  }

  i16(value: number): this {
    this.room(2);
    this.pos = this.bytes.writeInt16BE(value, this.pos);
    return this;
  }

  i32(value: number): this {
    this.room(4);
    this.pos = this.bytes.writeInt32BE(value, this.pos);
    return this;
  }

  /** A safe integer. */
  i64(value: number): this {
    this.room(8);
    const high = Math.floor(value / HIGH);
    this.pos = this.bytes.writeInt32BE(high, this.pos);
    this.pos = this.bytes.writeUInt32BE(value - high * HIGH, this.pos);
    return this;
  }

  big(value: bigint): this {
    this.room(8);
    this.pos = this.bytes.writeBigInt64BE(value, this.pos);
    return this;
  }

  bool(value: boolean): this {
    return this.i8(value ? 1 : 0);
  }

  text(value: string | null): this {
    if (value === null) return this.i16(-1);
    const size = Buffer.byteLength(value);
    this.i16(size).room(size);
    this.pos += this.bytes.write(value, this.pos);
    return this;
  }

  /** "Compact", as flexible versions have it (KIP-482): its length plus 1 as an unsigned varint. */
  compact(value: string): this {
    const bytes = Buffer.from(value);
    let rest = bytes.length + 1;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest).room(bytes.length);
    this.pos += bytes.copy(this.bytes, this.pos);
    return this;
  }

  /** No tagged fields (KIP-482). */
  untagged(): this {
    return this.byte(0);
  }

  /** A count, then each item. */
  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.i32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** What was written since the last take; the writer starts anew. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.pos);
    this.bytes = Buffer.allocUnsafe(256);
    this.pos = 0;
    return taken;
  }

  private byte(value: number): this {
    this.room(1);
    this.pos = this.bytes.writeUInt8(value, this.pos);
    return this;
  }

  private room(size: number): void {
    if (this.pos + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.pos + size));
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
  }
}

export class BodyReader {
  private readonly bytes: Buffer;
  private pos = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  i8(): number {
    return this.bytes.readInt8(this.step(1));
  }

  i16(): number {
    return this.bytes.readInt16BE(this.step(2));
  }

  i32(): number {
    return this.bytes.readInt32BE(this.step(4));
  }

  /** Exact within ±2^53, where offsets and times lie. */
  i64(): number {
    const at = this.step(8);
    return this.bytes.readInt32BE(at) * HIGH + this.bytes.readUInt32BE(at + 4);
  }

  big(): bigint {
    return this.bytes.readBigInt64BE(this.step(8));
  }

  bool(): boolean {
    return this.i8() !== 0;
  }

  text(): string | null {
    const size = this.i16();
    if (size < 0) return null;
    const at = this.step(size);
    return this.bytes.toString("utf8", at, at + size);
  }

  /** An unsigned varint. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes.readUInt8(this.step(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Null counts as "". */
  compact(): string {
    const size = Math.max(0, this.unsigned() - 1);
    const at = this.step(size);
    return this.bytes.toString("utf8", at, at + size);
  }

  /** Null counts as empty. */
  compactList<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.unsigned() - 1; left > 0; left--) items.push(read());
    return items;
  }

  /** Each tagged field by its tag; what `read` leaves of it is passed over. */
  tagged(read: (tag: number) => void = () => undefined): void {
    for (let left = this.unsigned(); left > 0; left--) {
      const tag = this.unsigned();
      const size = this.unsigned();
      const end = this.pos + size;
      read(tag);
      this.pos = end;
    }
  }

  /** A view, not a copy; null counts as empty. */
  blob(): Buffer {
    const size = Math.max(0, this.i32());
    const at = this.step(size);
    return this.bytes.subarray(at, at + size);
  }

  /** Null counts as empty. */
  list<T>(read: () => T): T[] {
    const count = this.i32();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  private step(size: number): number {
    const at = this.pos;
    if (at + size > this.bytes.length) throw new RangeError("an answer of Kafka is cut short");
    this.pos = at + size;
    return at;
  }
}
