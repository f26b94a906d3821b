// Kafka's record batch, version 2 (KIP-98), as bytes. Promises: what is sealed here any Kafka broker
// takes; what a broker sent is given back only after its CRC-32C was checked. A batch that cannot be
// unpacked (unknown compression, damaged, or grown beyond a limit) keeps its place and says why, so
// that one hostile batch stops nobody; what many unpack to is bounded too.

import { TapedeckError } from "../../../schemas/errors.ts";
import { crc32c } from "./crc32c.ts";
import { type Defect, UNPACKED_MAX_BYTES, type Unpacked, unpack } from "./unpack.ts";

/** Records of one batch that is still to be sealed. */
export interface EncodedRecords {
  /** 0: nothing to send. */
  readonly count: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  /** Records one after the other, their offset deltas counted from 0. */
  readonly bytes: Uint8Array;
}

/** Who seals a batch; `baseSequence` is the sequence number of its first record. */
export interface BatchProducer {
  readonly id: bigint;
  readonly epoch: number;
  readonly baseSequence: number;
  readonly transactional: boolean;
}

/** One batch as a broker sent it. */
export interface RawBatch {
  readonly baseOffset: number;
  /** Offset of the last record that the batch had; compaction may have taken that record away. */
  readonly lastOffset: number;
  readonly count: number;
  /** -1 where it was produced without idempotence. */
  readonly producerId: bigint;
  readonly transactional: boolean;
  /** Holds a transaction's marker and no record of anybody's. */
  readonly control: boolean;
  /** The broker stamped it when it came in: the time of every record is `maxTimestampMs`. */
  readonly appendTime: boolean;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  /** Unpacked records: a view of what `splitBatches` was given unless they were compressed. */
  readonly records: Uint8Array;
  /** Why the records cannot be read; `records` are then the packed bytes. */
  readonly defect: Defect | null;
}

export const HEADER_BYTES = 61;
const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const SEQUENCE_AT = 53;
const COUNT_AT = 57;

const MAGIC = 2;
const COMPRESSION = 0x07;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The whole batch, at base offset 0, with its CRC-32C. Cost: a copy and 0.5 ns a byte. */
export function sealBatch(records: EncodedRecords, producer: BatchProducer | null): Uint8Array {
  const { count, bytes } = records;
  if (count < 1) {
    throw new TapedeckError("STREAMS_BATCH_INVALID", "a batch of no records cannot be sealed");
  }
  const batch = Buffer.allocUnsafeSlow(HEADER_BYTES + bytes.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - LEADER_EPOCH_AT, LENGTH_AT);
  // The partition leader's epoch is the broker's to fill in; it and the offset lie outside the CRC.
  batch.writeInt32BE(-1, LEADER_EPOCH_AT);
  batch.writeInt8(MAGIC, MAGIC_AT);
  batch.writeInt16BE(producer?.transactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT);
  batch.writeInt32BE(count - 1, LAST_DELTA_AT);
  batch.writeBigInt64BE(BigInt(records.firstTimestampMs), FIRST_TIMESTAMP_AT);
  batch.writeBigInt64BE(BigInt(records.maxTimestampMs), MAX_TIMESTAMP_AT);
  batch.writeBigInt64BE(producer?.id ?? -1n, PRODUCER_ID_AT);
  batch.writeInt16BE(producer?.epoch ?? -1, PRODUCER_EPOCH_AT);
  batch.writeInt32BE(producer?.baseSequence ?? -1, SEQUENCE_AT);
  batch.writeInt32BE(count, COUNT_AT);
  batch.set(bytes, HEADER_BYTES);
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT);
  return batch;
}

/**
 * The batches of a fetched record set, control batches included. A last batch that is cut short is
 * left out, as brokers cut one at the size that was asked for; so is what comes after the first
 * UNPACKED_MAX_BYTES that compressed ones unpacked to, of which at most twice as much is held: it is
 * there to be fetched from the next offset on. Throws WIRE_BATCH_DAMAGED where a CRC or a size is
 * wrong, WIRE_BATCH_VERSION for the formats before Kafka 0.11.
 */
export function splitBatches(bytes: Uint8Array): RawBatch[] {
  const batches: RawBatch[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let unpacked = 0;
  while (at + CRC_AT <= bytes.length && unpacked < UNPACKED_MAX_BYTES) {
    const size = view.getInt32(at + LENGTH_AT) + LEADER_EPOCH_AT;
    const magic = view.getInt8(at + MAGIC_AT);
    if (magic !== MAGIC) throw otherVersion(magic, offsetAt(view, at));
    if (size < HEADER_BYTES) throw damaged(offsetAt(view, at), `gives its size as ${size} bytes`);
    if (at + size > bytes.length) break;
    const batch = readBatch(bytes, view, at, at + size);
    batches.push(batch);
    unpacked += unpackedBytes(batch, bytes);
    at += size;
  }
  return batches;
}

/** A bomb cost the work of its limit, though nothing is kept of it. */
function unpackedBytes({ records, defect }: RawBatch, packed: Uint8Array): number {
  if (defect?.code === "WIRE_BATCH_BOMB") return UNPACKED_MAX_BYTES;
  return records.buffer === packed.buffer ? 0 : records.length;
}

function readBatch(bytes: Uint8Array, view: DataView, at: number, end: number): RawBatch {
  const baseOffset = offsetAt(view, at);
  const stored = view.getUint32(at + CRC_AT);
  if (crc32c(bytes, at + ATTRIBUTES_AT, end) !== stored) {
    throw damaged(baseOffset, "does not have the CRC-32C that it gives");
  }
  const attributes = view.getInt16(at + ATTRIBUTES_AT);
  const packed = bytes.subarray(at + HEADER_BYTES, end);
  const { records, defect }: Unpacked = unpack(packed, attributes & COMPRESSION);
  return {
    baseOffset,
    lastOffset: baseOffset + view.getInt32(at + LAST_DELTA_AT),
    count: view.getInt32(at + COUNT_AT),
    producerId: view.getBigInt64(at + PRODUCER_ID_AT),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    appendTime: (attributes & APPEND_TIME) !== 0,
    firstTimestampMs: Number(view.getBigInt64(at + FIRST_TIMESTAMP_AT)),
    maxTimestampMs: Number(view.getBigInt64(at + MAX_TIMESTAMP_AT)),
    records,
    defect,
  };
}

/** Kafka's offsets stay below 2^53 for as long as anyone will write. */
const offsetAt = (view: DataView, at: number): number => Number(view.getBigInt64(at));

const damaged = (baseOffset: number, what: string): TapedeckError =>
  new TapedeckError("WIRE_BATCH_DAMAGED", `the batch at Kafka offset ${baseOffset} ${what}`, {
    baseOffset,
  });

const otherVersion = (magic: number, baseOffset: number): TapedeckError =>
  new TapedeckError(
    "WIRE_BATCH_VERSION",
    `the batch at Kafka offset ${baseOffset} is of message format ${magic}; 2 is read`,
    { magic, baseOffset },
  );
