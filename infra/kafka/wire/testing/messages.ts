// Messages taken apart and put together again, so that a test can spoil one of them in one place.

import type { TopicName } from "../../../../schemas/generated/facts.ts";
import { crc32c } from "../crc32c.ts";
import { type EncodedRecords, type RawBatch, sealBatch, splitBatches } from "../record-batch.ts";
import { RecordReader } from "../record-reader.ts";
import { type Header, RecordsWriter } from "../records-writer.ts";
import type { SchemaIds } from "../schema-ids.ts";

export interface LooseMessage {
  timestampMs: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: Header[];
}

/** Each topic has one id; 900 is not known yet, and others are nobody's. */
export const ID_NOT_RESOLVED = 900;
const numbers = new Map<TopicName, number>();
export const testIds: SchemaIds = {
  idOf(topic) {
    const id = numbers.get(topic) ?? 100 + numbers.size;
    numbers.set(topic, id);
    return id;
  },
  isKnown: (topic, id) => (id === ID_NOT_RESOLVED ? "unknown" : id === testIds.idOf(topic)),
};

/** A sealed batch as a broker would hand it out, its first record at `kafkaOffset`. */
export function stored(records: EncodedRecords, kafkaOffset = 0): Uint8Array {
  const sealed = Uint8Array.from(sealBatch(records, null));
  new DataView(sealed.buffer).setBigInt64(0, BigInt(kafkaOffset));
  return sealed;
}

export function onlyBatch(bytes: Uint8Array): RawBatch {
  const [batch, ...more] = splitBatches(bytes);
  if (batch === undefined || more.length > 0) throw new Error("not one batch");
  return batch;
}

export function takeApart(records: EncodedRecords): LooseMessage[] {
  const reader = new RecordReader();
  reader.open(onlyBatch(stored(records)));
  const messages: LooseMessage[] = [];
  while (reader.next()) {
    const { timestampMs, key, value } = reader;
    messages.push({ timestampMs, key, value, headers: reader.headers() });
  }
  return messages;
}

export function putTogether(messages: readonly LooseMessage[], kafkaOffset = 0): RawBatch {
  const writer = new RecordsWriter();
  for (const { timestampMs, key, value, headers } of messages) {
    writer.add(timestampMs, key, value, headers);
  }
  const records = writer.take();
  if (records === null) throw new Error("no messages");
  return onlyBatch(stored(records, kafkaOffset));
}

/** Changes bytes of a sealed batch and gives it the CRC that fits again. */
export function resealed(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const bytes = Uint8Array.from(batch);
  const view = new DataView(bytes.buffer);
  change(view);
  view.setUint32(17, crc32c(bytes, 21));
  return bytes;
}
