// What a fault run calls a record: the attempt that wrote it, as producer id, epoch, partition and
// sequence number. Promises: who sends and who reads come to the same name, each from what it sees
// for itself; two attempts to write the same event have two names, so that of an event that was
// written again after a failure it can be told which attempt is there.

import type { EncodedRecords, RawBatch } from "../../kafka/wire/record-batch.ts";
import { HEADER_BYTES } from "../../kafka/wire/record-batch.ts";
import { RecordReader } from "../../kafka/wire/record-reader.ts";

export interface NamedRecord {
  /** Kafka's. */
  readonly offset: number;
  readonly name: string;
  /** The place that the record says it has in its partition; null: it says none (changelogs). */
  readonly logical: number | null;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Of the record batch's header (KIP-98), from its start. */
const BASE_OFFSET_AT = 0;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const SEQUENCE_AT = 53;

export const attemptName = (
  producerId: bigint,
  epoch: number,
  partition: number,
  sequence: number,
): string => `${producerId}.${epoch}.${partition}.${sequence}`;

/** The records of a fetched batch. */
export function namedRecords(raw: RawBatch, partition: number): readonly NamedRecord[] {
  const header = headerOf(raw);
  const epoch = header.getInt16(PRODUCER_EPOCH_AT);
  const sequence = header.getInt32(SEQUENCE_AT);
  const nameAt = (offset: number): string =>
    attemptName(raw.producerId, epoch, partition, sequence + offset - raw.baseOffset);
  return readRecords(raw).map((record) => ({ ...record, name: nameAt(record.offset) }));
}

/** Keys and values of what is about to be sent, in order. */
export function encodedRecords(records: EncodedRecords): readonly Omit<NamedRecord, "name">[] {
  return readRecords({
    baseOffset: 0,
    lastOffset: records.count - 1,
    count: records.count,
    producerId: -1n,
    transactional: true,
    control: false,
    appendTime: false,
    firstTimestampMs: records.firstTimestampMs,
    maxTimestampMs: records.maxTimestampMs,
    records: records.bytes,
    defect: null,
  });
}

function readRecords(raw: RawBatch): readonly Omit<NamedRecord, "name">[] {
  const reader = new RecordReader();
  reader.open(raw);
  const found: Omit<NamedRecord, "name">[] = [];
  while (reader.next()) {
    const { offset, timestampMs, key, value } = reader;
    const id = reader.headers().find((header) => header.key === "ce_id")?.value ?? null;
    const logical = id === null ? null : Number(Buffer.from(id).toString());
    found.push({ offset, timestampMs, key, value, logical });
  }
  return found;
}

/** It lies right before the records where they are a view of what was fetched: uncompressed, as ours. */
function headerOf({ records, baseOffset, producerId }: RawBatch): DataView {
  const start = records.byteOffset - HEADER_BYTES;
  if (start >= 0) {
    const header = new DataView(records.buffer, start, HEADER_BYTES);
    const isThere =
      header.getBigInt64(BASE_OFFSET_AT) === BigInt(baseOffset) &&
      header.getBigInt64(PRODUCER_ID_AT) === producerId;
    if (isThere) return header;
  }
  throw new Error(`the batch at ${baseOffset} is not where its header is: compressed?`);
}
