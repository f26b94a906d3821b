// Cuts the records of one batch into several batches that a topic takes. Promises: the same records
// in the same order, each part within the limit unless it is one record; records that fit are
// handed back as they are. A record's offset and time count from its batch's first record, so both
// are written anew; all else is copied.

import type { EncodedRecords } from "../wire/record-batch.ts";

interface Part {
  readonly pieces: Uint8Array[];
  size: number;
  count: number;
  firstTimestampMs: number;
  maxTimestampMs: number;
}

/** Cost: nothing where the records fit into `maxBytes`; else a pass over them and a copy. */
export function splitRecords(records: EncodedRecords, maxBytes: number): EncodedRecords[] {
  if (records.bytes.length <= maxBytes || records.count <= 1) return [records];
  const { bytes } = records;
  const parts: EncodedRecords[] = [];
  let part: Part | null = null;
  for (let at = 0; at < bytes.length; ) {
    const length = readVarint(bytes, at);
    const bodyAt = length.next;
    const time = readVarint(bytes, bodyAt + 1);
    const offset = readVarint(bytes, time.next);
    const end = bodyAt + length.value;
    const timestampMs = records.firstTimestampMs + time.value;
    // The two deltas can only get shorter, but for the time's, by at most nine bytes.
    if (part !== null && part.size + (end - at) + 9 > maxBytes) {
      parts.push(joined(part));
      part = null;
    }
    part ??= {
      pieces: [],
      size: 0,
      count: 0,
      firstTimestampMs: timestampMs,
      maxTimestampMs: timestampMs,
    };
    append(part, bytes[bodyAt] ?? 0, timestampMs, bytes.subarray(offset.next, end));
    at = end;
  }
  if (part !== null) parts.push(joined(part));
  return parts;
}

function append(part: Part, attributes: number, timestampMs: number, rest: Uint8Array): void {
  const inner = [attributes];
  writeVarint(inner, timestampMs - part.firstTimestampMs);
  writeVarint(inner, part.count);
  const head: number[] = [];
  writeVarint(head, inner.length + rest.length);
  head.push(...inner);
  part.pieces.push(Uint8Array.from(head), rest);
  part.size += head.length + rest.length;
  part.count++;
  part.maxTimestampMs = Math.max(part.maxTimestampMs, timestampMs);
}

function joined(part: Part): EncodedRecords {
  const bytes = new Uint8Array(part.size);
  let at = 0;
  for (const piece of part.pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const { count, firstTimestampMs, maxTimestampMs } = part;
  return { count, firstTimestampMs, maxTimestampMs, bytes };
}

/** Zigzag, up to 64 bits; exact within ±2^53, where times and sizes lie. */
function readVarint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let at = from;
  let scale = 1;
  let raw = 0;
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError("records are cut short");
    raw += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 128;
  }
  return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: at };
}

function writeVarint(to: number[], value: number): void {
  let raw = value >= 0 ? value * 2 : -value * 2 - 1;
  while (raw >= 128) {
    to.push((raw % 128) + 128);
    raw = Math.floor(raw / 128);
  }
  to.push(raw);
}
