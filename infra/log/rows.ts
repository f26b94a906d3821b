// The rows of a log: their keys, in an order that keeps a partition's batches together and by
// offset, and what their payloads hold. All numbers in keys are big-endian.

import type { RecordBatch } from "../../streams/log.ts";
import { OWNER_ROW } from "./owner.ts";
import { SEAL_BYTES } from "./sealed-row.ts";

/** First byte of a key. Never reused. */
export const ROW = {
  topic: 1,
  batch: 2,
  epoch: 3,
  checkpoint: 4,
  owner: OWNER_ROW,
  entry: 6,
} as const;

const BATCH_KEY_BYTES = 17;
/** Count, bytes of records, greatest time, when it was written. */
export const BATCH_HEAD_BYTES = 24;
/** From the row's first byte to its records. */
export const BATCH_PREFIX = SEAL_BYTES + BATCH_KEY_BYTES + BATCH_HEAD_BYTES;
/** Longest name of a task in UTF-8: LMDB's keys are short. */
export const MAX_NAME_BYTES = 400;

export interface BatchPlace {
  readonly topic: number;
  readonly partition: number;
  readonly base: number;
}

export function batchKey(topic: number, partition: number, base: number): Buffer {
  const key = Buffer.allocUnsafe(BATCH_KEY_BYTES);
  key[0] = ROW.batch;
  key.writeUInt32BE(topic, 1);
  key.writeUInt32BE(partition, 5);
  const high = Math.floor(base / 2 ** 32);
  key.writeUInt32BE(high, 9);
  key.writeUInt32BE(base - high * 2 ** 32, 13);
  return key;
}

/** null where the key is not a batch's. */
export function placeOf(key: Buffer): BatchPlace | null {
  if (key.length !== BATCH_KEY_BYTES || key[0] !== ROW.batch) return null;
  return {
    topic: key.readUInt32BE(1),
    partition: key.readUInt32BE(5),
    base: key.readUInt32BE(9) * 2 ** 32 + key.readUInt32BE(13),
  };
}

export function topicKey(number: number): Buffer {
  const key = Buffer.from([ROW.topic, 0, 0, 0, 0]);
  key.writeUInt32BE(number, 1);
  return key;
}

const nameKey = (row: number, name: string): Buffer =>
  Buffer.concat([Buffer.from([row]), Buffer.from(name, "utf8")]);

export const epochKey = (task: string): Buffer => nameKey(ROW.epoch, task);
export const checkpointKey = (task: string): Buffer => nameKey(ROW.checkpoint, task);
/** The name that a key of a task ends with. */
export const nameIn = (key: Buffer): string => key.toString("utf8", 1);

/** What the keys of a task's entries start with: the name's length keeps "a" apart from "ab". */
export function entryPrefix(task: string): Buffer {
  const name = Buffer.from(task, "utf8");
  return Buffer.concat([Buffer.from([ROW.entry, name.length >> 8, name.length & 0xff]), name]);
}

export const entryKey = (prefix: Buffer, key: string): Buffer =>
  Buffer.concat([prefix, Buffer.from(key, "utf8")]);

/** The task that a row of its state belongs to: its epoch, checkpoint or entry. */
export const taskIn = (key: Buffer): string =>
  key[0] === ROW.entry ? key.toString("utf8", 3, 3 + key.readUInt16BE(1)) : nameIn(key);

/** What a batch row says before its records. */
export interface BatchHead {
  readonly count: number;
  /** Bytes of its records; the sums of block-sums.ts follow them. */
  readonly size: number;
  readonly maxTimeUs: number;
  /** When it was written, in wall time: for people, never for decisions. */
  readonly recordedMs: number;
}

export function writeBatchHead(view: DataView, at: number, head: BatchHead): void {
  view.setUint32(at, head.count, true);
  view.setUint32(at + 4, head.size, true);
  view.setFloat64(at + 8, head.maxTimeUs, true);
  view.setFloat64(at + 16, head.recordedMs, true);
}

/** Reads a row that is at least BATCH_PREFIX long; what it says is checked by its seal alone. */
export function readBatchHead(row: Uint8Array): BatchHead {
  const view = new DataView(row.buffer, row.byteOffset, row.length);
  const at = BATCH_PREFIX - BATCH_HEAD_BYTES;
  return {
    count: view.getUint32(at, true),
    size: view.getUint32(at + 4, true),
    maxTimeUs: view.getFloat64(at + 8, true),
    recordedMs: view.getFloat64(at + 16, true),
  };
}

/** The batch that a whole row holds; its bytes are the row's. */
export function batchIn(row: Uint8Array, topic: string, place: BatchPlace): RecordBatch {
  const { count, size, maxTimeUs } = readBatchHead(row);
  return {
    topic,
    partition: place.partition,
    baseOffset: place.base,
    count,
    maxTimeUs,
    bytes: row.subarray(BATCH_PREFIX, BATCH_PREFIX + size),
  };
}
