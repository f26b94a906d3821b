// What an open log knows of its topics, and how a batch of theirs becomes a row.

import type { Followers } from "../../streams/followers.ts";
import type { RecordBatch } from "../../streams/log.ts";
import type { Arena } from "./arena.ts";
import { sumsSize } from "./block-sums.ts";
import { BATCH_HEAD_BYTES, batchKey, writeBatchHead } from "./rows.ts";
import type { TopicRow } from "./small-rows.ts";

export interface Partition {
  readonly number: number;
  readonly topic: Topic;
  start: number;
  /** With everything asked for; `durable` leaves out what is under way. */
  end: number;
  maxTimeUs: number;
  readonly durable: { start: number; end: number; maxTimeUs: number };
  readonly followers: Followers;
}

export interface Topic {
  row: TopicRow;
  readonly partitions: readonly Partition[];
  /** Until it is durable: the promise that says so. */
  made: Promise<void> | null;
}

/** Puts a batch's row into the arena; the writer thread adds its sums and seals it. */
export function putBatch(arena: Arena, partition: Partition, batch: RecordBatch): void {
  const key = batchKey(partition.topic.row.number, partition.number, batch.baseOffset);
  putRecords(arena, key, batch.count, batch.maxTimeUs, batch.bytes);
}

export function putRecords(
  arena: Arena,
  key: Uint8Array,
  count: number,
  maxTimeUs: number,
  bytes: Uint8Array,
): void {
  const size = bytes.length;
  const at = arena.put(key, BATCH_HEAD_BYTES + size + sumsSize(size));
  writeBatchHead(arena.view, at, { count, size, maxTimeUs, recordedMs: Date.now() });
  arena.bytes.set(bytes, at + BATCH_HEAD_BYTES);
}
