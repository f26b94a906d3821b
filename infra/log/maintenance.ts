// Makes a log smaller without moving an offset. Promises: a partition keeps its last batch, so its
// end is never forgotten; compaction leaves the last record of each key as it was, byte by byte;
// each step is its own transaction, so stopping in the middle harms nothing.

import { TapedeckError } from "../../schemas/errors.ts";
import { catalogue, isTopicName, keyOf } from "../../streams/catalogue.ts";
import type { RecordBatch } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";
import type { LogReader } from "./log-reader.ts";
import type { LogWriter } from "./log-writer.ts";
import { batchKey } from "./rows.ts";
import { type Partition, putBatch, type Topic } from "./topic-state.ts";

/** Each batch of the durable part of a partition. */
function* batchesOf(reader: LogReader, partition: Partition): Generator<RecordBatch> {
  const { name, number } = partition.topic.row;
  const end = partition.durable.end;
  for (let offset = partition.start; offset < end; ) {
    const batch = reader.read(name, number, partition.number, offset);
    if (batch === null) return;
    yield batch;
    offset = batch.baseOffset + batch.count;
  }
}

/** Drops the batches that the topic's limits let go. Cost: reads what is dropped, and sizes. */
export async function dropOld(
  reader: LogReader,
  writer: LogWriter,
  partition: Partition,
): Promise<void> {
  const { keepUs, keepBytes, number } = partition.topic.row;
  if (keepUs === null && keepBytes === null) return;
  const { end, maxTimeUs } = partition.durable;
  let excess = Number.NEGATIVE_INFINITY;
  if (keepBytes !== null) {
    excess = -keepBytes;
    for (const { bytes } of batchesOf(reader, partition)) excess += bytes.length;
  }
  const gone: Buffer[] = [];
  let start = partition.start;
  for (const batch of batchesOf(reader, partition)) {
    const next = batch.baseOffset + batch.count;
    const old = keepUs !== null && batch.maxTimeUs < maxTimeUs - keepUs;
    if (next >= end || !(old || excess > 0)) break;
    gone.push(batchKey(number, partition.number, batch.baseOffset));
    excess -= batch.bytes.length;
    start = next;
  }
  if (gone.length === 0) return;
  // From now on they are refused: they may be gone at any moment.
  partition.start = start;
  await writer.submit(
    (arena) => {
      for (const key of gone) arena.remove(key);
    },
    () => {
      partition.durable.start = start;
      reader.refresh();
    },
  );
}

/** Turns replaced records into holes. Memory: one entry per key. Cost: reads the topic twice. */
export async function compactTopic(
  reader: LogReader,
  writer: LogWriter,
  topic: Topic,
): Promise<{ readonly holes: number; readonly freedBytes: number }> {
  const { name } = topic.row;
  if (!isTopicName(name) || catalogue[name].cleanup !== "compact") {
    throw new TapedeckError("STREAMS_NOT_COMPACTED", `${name} keeps every record`, { topic: name });
  }
  let holes = 0;
  let freedBytes = 0;
  for (const partition of topic.partitions) {
    const last = new Map<string, number>();
    for (const batch of batchesOf(reader, partition)) {
      const cursor = new RecordCursor(name, partition.number, batch.baseOffset, batch.bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) {
        last.set(keyOf(name, event.value as never), event.offset);
      }
    }
    const live = new Set(last.values());
    for (const batch of batchesOf(reader, partition)) {
      const smaller = withHoles(batch, live);
      if (smaller === null) continue;
      await writer.submit(
        (arena) => putBatch(arena, partition, smaller.batch),
        () => reader.refresh(),
      );
      holes += smaller.holes;
      freedBytes += batch.bytes.length - smaller.batch.bytes.length;
    }
  }
  return { holes, freedBytes };
}

/** The batch with a hole in place of every record that is not live; null if nothing changes. */
function withHoles(
  batch: RecordBatch,
  live: ReadonlySet<number>,
): { batch: RecordBatch; holes: number } | null {
  const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length);
  const bytes = new Uint8Array(batch.bytes.length);
  let length = 0;
  let holes = 0;
  let at = 0;
  for (let offset = batch.baseOffset; at < batch.bytes.length; offset++) {
    const end = at + 4 + view.getUint32(at, true);
    if (live.has(offset)) {
      bytes.set(batch.bytes.subarray(at, end), length);
      length += end - at;
    } else {
      // A size of 0 is a hole: four zero bytes, which are there already.
      if (end > at + 4) holes++;
      length += 4;
    }
    at = end;
  }
  return holes === 0 ? null : { batch: { ...batch, bytes: bytes.subarray(0, length) }, holes };
}
