// Messages that are no valid record of ours: why, and their bytes. Promises: a closed list of reasons;
// the bytes are a copy, and enough to send the message again (docs/wire.md has the table).

import { Reader } from "../../../schemas/avro.ts";
import type { ErrorCode } from "../../../schemas/errors.ts";
import { readHeaders } from "./record-reader.ts";
import type { Header } from "./records-writer.ts";

export type PoisonCode = Extract<
  ErrorCode,
  | "WIRE_RECORD_DAMAGED"
  | "WIRE_COMPRESSION_UNSUPPORTED"
  | "WIRE_COMPRESSION_DAMAGED"
  | "WIRE_BATCH_BOMB"
  | "WIRE_TOMBSTONE"
  | "WIRE_VALUE_TOO_LARGE"
  | "WIRE_HEADER_MISSING"
  | "WIRE_HEADER_REPEATED"
  | "WIRE_HEADER_INVALID"
  | "WIRE_TOPIC_FOREIGN"
  | "WIRE_FRAMING_INVALID"
  | "WIRE_SCHEMA_FOREIGN"
  | "WIRE_VALUE_TRAILING"
  | "WIRE_KEY_MISSING"
  | "WIRE_KEY_DIFFERS"
  | "WIRE_TIMESTAMP_DIFFERS"
  | "WIRE_TIME_REVERSED"
  | "WIRE_OFFSET_REPEATED"
  | "CODEC_TRUNCATED"
  | "CODEC_LONG_UNSAFE"
  | "CODEC_ENUM_UNKNOWN"
  | "CODEC_STRING_INVALID"
>;

export interface Poison {
  /** Where it lies in Kafka; of several messages the first. */
  readonly kafkaOffset: number;
  /** Messages that it stands for: more than 1 where a batch or its rest could not be read. */
  readonly count: number;
  readonly timestampMs: number;
  readonly code: PoisonCode;
  /** What was found, with the value; at most a few hundred printable characters. */
  readonly detail: string;
  /**
   * Key, value and headers as a Kafka record has them (`readMessage` takes them apart); of a damaged
   * record all of it, of an unreadable batch its packed records.
   */
  readonly raw: Uint8Array;
  /** What a reader needs to go on after it: logical offset that comes next, if known, and time reached. */
  readonly next: number | null;
  readonly reachedUs: number;
}

export interface Message {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

/** The message in a poison's `raw`, as views of it; null where the record itself is damaged. */
export function readMessage(raw: Uint8Array): Message | null {
  const reader = new Reader(raw);
  try {
    const key = readSized(reader, raw);
    const value = readSized(reader, raw);
    const count = reader.long();
    if (count < 0 || count * 2 > raw.length - reader.pos) return null;
    const headers = readHeaders(reader, reader.pos, raw.length, count);
    return headers === null ? null : { key, value, headers };
  } catch {
    return null;
  }
}

/** The key of a message of which `raw` holds the beginning; null where it has none, or it is cut off. */
export function readKey(raw: Uint8Array): Uint8Array | null {
  try {
    return readSized(new Reader(raw), raw);
  } catch {
    return null;
  }
}

function readSized(reader: Reader, raw: Uint8Array): Uint8Array | null {
  const size = reader.long();
  if (size === -1) return null;
  const start = reader.pos;
  if (size < -1 || start + size > raw.length) throw new RangeError();
  reader.pos = start + size;
  return raw.subarray(start, reader.pos);
}

const SHOWN_MAX = 80;

/** Bytes of a stranger for a message: printable ASCII as it is, the rest escaped, cut where long. */
export function shown(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, SHOWN_MAX)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x22;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return bytes.length > SHOWN_MAX ? `"${text}"… (${bytes.length} bytes)` : `"${text}"`;
}
