// The hash of a topic's partition: SHA-256 over its records' bytes in offset order. It does not
// depend on batches, and anybody can recompute it from the log.

import { createHash, type Hash } from "node:crypto";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";

export interface PartitionHash {
  readonly topic: string;
  readonly partition: number;
  /** First offset hashed. */
  readonly from: number;
  /** Offset after the last one hashed. */
  readonly to: number;
  readonly sha256: string;
}

/** Hashes a partition's records from one offset up to another. */
export async function hashPartition(
  log: EventLog,
  topic: string,
  partition: number,
  from: number,
  to: number,
): Promise<PartitionHash> {
  const hash = createHash("sha256");
  for (let offset = from; offset < to; ) {
    const batch = await log.read(topic, partition, offset);
    if (batch === null) break;
    hash.update(slice(batch, offset, to));
    offset = batch.baseOffset + batch.count;
  }
  return { topic, partition, from, to, sha256: hash.digest("hex") };
}

function slice(batch: RecordBatch, from: number, to: number): Uint8Array {
  const end = batch.baseOffset + batch.count;
  if (from <= batch.baseOffset && to >= end) return batch.bytes;
  const cursor = new RecordCursor(
    batch.topic as TopicName,
    batch.partition,
    batch.baseOffset,
    batch.bytes,
  );
  while (cursor.nextOffset < from) cursor.skip();
  const start = cursor.position;
  while (cursor.nextOffset < Math.min(to, end)) cursor.skip();
  return batch.bytes.subarray(start, cursor.position);
}

/** Rolling hashes of everything that a run writes. */
export class OutputHashes {
  private readonly partitions = new Map<string, { hash: Hash; batch: RecordBatch; to: number }>();

  /** Takes in what the target holds already: a resumed run goes on from it. */
  async catchUp(log: EventLog): Promise<void> {
    for (const { topic, partition, end } of await log.partitions()) {
      for (let offset = 0; offset < end; ) {
        const batch = await log.read(topic, partition, offset);
        if (batch === null) break;
        this.add(batch);
        offset = batch.baseOffset + batch.count;
      }
    }
  }

  add(batch: RecordBatch): void {
    const key = `${batch.topic}/${batch.partition}`;
    let entry = this.partitions.get(key);
    if (entry === undefined) {
      entry = { hash: createHash("sha256"), batch, to: 0 };
      this.partitions.set(key, entry);
    }
    entry.hash.update(batch.bytes);
    entry.to = batch.baseOffset + batch.count;
  }

  /** Ends the hashes; partitions by topic and number. */
  digest(): readonly PartitionHash[] {
    return [...this.partitions.values()]
      .map(({ hash, batch, to }) => ({
        topic: batch.topic,
        partition: batch.partition,
        from: 0,
        to,
        sha256: hash.digest("hex"),
      }))
      .sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
  }
}

/** One hash over all: of the lines "topic/partition from to sha256". */
export function hashOfHashes(hashes: readonly PartitionHash[]): string {
  const hash = createHash("sha256");
  for (const { topic, partition, from, to, sha256 } of hashes) {
    hash.update(`${topic}/${partition} ${from} ${to} ${sha256}\n`);
  }
  return hash.digest("hex");
}
