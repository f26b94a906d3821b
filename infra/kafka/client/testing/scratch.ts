// What the tests against a broker write and read. Promises: names that no other test has; the
// records of a fetch as text, those before the offset asked for left out.

import { randomUUID } from "node:crypto";
import type { EncodedRecords, RawBatch } from "../../wire/record-batch.ts";
import { RecordReader } from "../../wire/record-reader.ts";
import { RecordsWriter } from "../../wire/records-writer.ts";
import type { Fetcher, KafkaConnection } from "../connection.ts";

export const freshName = (what: string): string => `test.${randomUUID().slice(0, 8)}.${what}`;

export async function freshTopic(
  connection: KafkaConnection,
  what: string,
  partitions = 1,
  config: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = freshName(what);
  const admin = await connection.admin();
  // The records' time is long ago: the broker would delete them within minutes.
  const kept = { "retention.ms": "-1", ...config };
  const configEntries = Object.entries(kept).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
    waitForLeaders: false,
  });
  // A broker hears of it a moment later; kafkajs' own wait fails on that.
  while ((await connection.partitionsOf(topic)) !== partitions);
  return topic;
}

export function recordsOf(
  values: readonly (string | Uint8Array)[],
  key: Uint8Array | null = null,
): EncodedRecords {
  const writer = new RecordsWriter();
  // The time does not matter: any that the broker takes.
  for (const value of values) writer.add(1_700_000_000_000, key, Buffer.from(value));
  const records = writer.take();
  if (records === null) throw new Error("give at least one record");
  return records;
}

export function valuesIn(batches: readonly RawBatch[], from = 0): string[] {
  const reader = new RecordReader();
  const values: string[] = [];
  for (const batch of batches) {
    reader.open(batch);
    while (reader.next()) {
      if (reader.offset < from) continue;
      const value = batch.records.subarray(reader.valueStart, reader.valueEnd);
      values.push(Buffer.from(value).toString());
    }
  }
  return values;
}

/**
 * Everything committed in a partition, by single fetches, up to the end that it has now: a commit
 * is answered before the markers are written that make it visible, so this waits for them.
 */
export async function allValues(
  connection: KafkaConnection,
  topic: string,
  partition = 0,
  from = 0,
): Promise<string[]> {
  const end = await connection.listOffset(topic, partition, "end");
  const values: string[] = [];
  for (let next = from; next < end; ) {
    const fetched = await connection.fetch(topic, partition, next, { waitMs: 1_000 });
    values.push(...valuesIn(fetched.batches, next));
    next = fetched.nextOffset;
  }
  return values;
}

/** Pulls until `count` values came; those of each partition in their order. */
export async function pullValues(fetcher: Fetcher, count: number): Promise<string[]> {
  const values: string[] = [];
  while (values.length < count) {
    const fetched = await fetcher.pull(30_000);
    if (fetched === null) throw new Error(`${values.length} of ${count} values came`);
    values.push(...valuesIn(fetched.batches));
  }
  return values;
}
