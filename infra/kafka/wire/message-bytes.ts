// Pieces of a Kafka message as bytes: a record's size, its key, numbers as text. Where room is needed it
// must be there.

import type { Writer } from "../../../schemas/avro.ts";
import { utf8Length, writeUtf8 } from "../../../schemas/utf8.ts";
import { writeDecimal } from "./decimal-text.ts";

/** Bytes kept for a record's size: that of nearly every one takes two. */
export const SIZE_BYTES = 2;
const MINUS = 0x2d;

/** Copies ASCII to its place in a text that begins at `at`. */
export function copyText(
  text: string,
  start: number,
  end: number,
  bytes: Uint8Array,
  at: number,
): void {
  for (let i = start; i < end; i++) bytes[at + i] = text.charCodeAt(i);
}

/** Fills in the size of the record that was written from `start` on, after room of two bytes. */
export function sizeRecord(writer: Writer, start: number): void {
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

export function writeKey(writer: Writer, key: string): void {
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
export function decimal(bytes: Uint8Array, at: number, value: number): number {
  const end = writeDecimal(bytes, at + 1, value);
  bytes[at] = (end - at - 1) << 1;
  return end;
}

export function signedDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) return decimal(bytes, at, value);
  bytes[at + 1] = MINUS;
  const end = writeDecimal(bytes, at + 2, -value);
  bytes[at] = (end - at - 1) << 1;
  return end;
}
