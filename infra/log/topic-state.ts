// What an open log knows of its topics, and how a batch of theirs becomes a row.

import type { Followers } from "../../streams/followers.ts";
import type { RecordBatch } from "../../streams/log.ts";
import type { Arena } from "./arena.ts";
import { BATCH_HEAD_BYTES, batchKey, type TopicRow, writeBatchHead } from "./rows.ts";

export interface Partition {
  readonly number: number;
  readonly topic: Topic;
  start: number;
  /** With everything asked for; `durable` leaves out what is under way. */
  end: number;
  maxTimeUs: number;
  readonly durable: { end: number; maxTimeUs: number };
  readonly followers: Followers;
}

export interface Topic {
  row: TopicRow;
  readonly partitions: readonly Partition[];
  /** Until it is durable: the promise that says so. */
  made: Promise<void> | null;
}

/** Puts a batch's row into the arena; the writer thread seals it. */
export function putBatch(arena: Arena, partition: Partition, batch: RecordBatch): void {
  const { bytes, count, maxTimeUs, baseOffset } = batch;
  const key = batchKey(partition.topic.row.number, partition.number, baseOffset);
  const at = arena.put(key, BATCH_HEAD_BYTES + bytes.length);
  writeBatchHead(arena.view, at, { count, maxTimeUs, recordedMs: Date.now() });
  arena.bytes.set(bytes, at + BATCH_HEAD_BYTES);
}
