// What the rows beside the batches hold: topics, owners of tasks, checkpoints.

import { Reader, Writer } from "../../schemas/avro.ts";
import type { Checkpoint, Consumed } from "../../streams/log.ts";

export interface TopicRow {
  readonly number: number;
  readonly name: string;
  readonly partitions: number;
  /** Records older than the partition's newest by more may go; null: none for their age. */
  readonly keepUs: number | null;
  /** Bytes of a partition to keep; null: all. */
  readonly keepBytes: number | null;
}

const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), "utf8");
export const encodeTopic = (row: TopicRow): Uint8Array => text(row);
export const decodeTopic = (payload: Uint8Array): TopicRow =>
  JSON.parse(Buffer.from(payload).toString("utf8")) as TopicRow;

export function encodeEpoch(epoch: number): Uint8Array {
  const writer = new Writer(16);
  writer.long(epoch);
  return writer.bytes.slice(0, writer.pos);
}

export const decodeEpoch = (payload: Uint8Array): number => new Reader(payload).long();

export function encodeCheckpoint({ epoch, consumed, state }: Checkpoint): Uint8Array {
  const writer = new Writer(64 + 48 * consumed.length + state.length);
  writer.long(epoch);
  writer.long(consumed.length);
  for (const { topic, partition, next } of consumed) {
    writer.string(topic);
    writer.long(partition);
    writer.long(next);
  }
  writer.blob(state);
  return writer.bytes.subarray(0, writer.pos);
}

export function decodeCheckpoint(task: string, payload: Uint8Array): Checkpoint {
  const reader = new Reader(payload);
  const epoch = reader.long();
  const consumed: Consumed[] = [];
  for (let left = reader.long(); left > 0; left--) {
    consumed.push({ topic: reader.string(), partition: reader.long(), next: reader.long() });
  }
  // The state is a copy: what is read of the file may be reused.
  const length = reader.long();
  return { task, epoch, consumed, state: payload.slice(reader.pos, reader.pos + length) };
}
