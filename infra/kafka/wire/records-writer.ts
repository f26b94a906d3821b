// Records of any key, value and headers, as a batch holds them: changelogs, dead letters, tests. What
// goes through here once a record on the hot path has its own encoder (topic-encoder.ts).

import { Writer } from "../../../schemas/avro.ts";
import type { EncodedRecords } from "./record-batch.ts";

export interface Header {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** What a record's varints for its sizes may take, beside its bytes. */
const SIZES_MAX = 40;

/** Collects records of one partition. */
export class RecordsWriter {
  private writer = new Writer(1024);
  private readonly body = new Writer(1024);
  private count = 0;
  private firstTimestampMs = 0;
  private maxTimestampMs = 0;

  add(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly Header[] = [],
  ): void {
    if (this.count === 0) this.firstTimestampMs = timestampMs;
    this.maxTimestampMs =
      this.count === 0 ? timestampMs : Math.max(this.maxTimestampMs, timestampMs);
    const { body, writer } = this;
    body.pos = 0;
    writeBytes(body, key);
    writeBytes(body, value);
    body.long(headers.length);
    for (const header of headers) {
      body.string(header.key);
      writeBytes(body, header.value);
    }
    writeRecord(writer, timestampMs - this.firstTimestampMs, this.count, body.bytes, 0, body.pos);
    this.count++;
  }

  /** What was added since the last call, as bytes of the caller's own; null if nothing. */
  take(): EncodedRecords | null {
    if (this.count === 0) return null;
    const { count, firstTimestampMs, maxTimestampMs, writer } = this;
    const bytes = writer.bytes.subarray(0, writer.pos);
    this.writer = new Writer(1024);
    this.count = 0;
    return { count, firstTimestampMs, maxTimestampMs, bytes };
  }
}

function writeBytes(writer: Writer, bytes: Uint8Array | null): void {
  if (bytes === null) {
    writer.long(-1);
    return;
  }
  writer.blob(bytes);
}

const zigzagSize = (value: number): number => {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (rest > 0x7f) {
    rest = Math.floor(rest / 128);
    size++;
  }
  return size;
};

/** A record around `bytes`, which begin with the length of its key. */
function writeRecord(
  writer: Writer,
  timestampDelta: number,
  offsetDelta: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  writer.reserve(SIZES_MAX + end - start);
  writer.long(1 + zigzagSize(timestampDelta) + zigzagSize(offsetDelta) + end - start);
  writer.bytes[writer.pos++] = 0; // attributes of a record: none are defined
  writer.long(timestampDelta);
  writer.long(offsetDelta);
  writer.bytes.set(bytes.subarray(start, end), writer.pos);
  writer.pos += end - start;
}
