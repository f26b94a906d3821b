// kafkajs' own record batches, an independent reading of the format: an oracle for tests.

import { createRequire } from "node:module";
import type { Header } from "../records-writer.ts";

const require = createRequire(import.meta.url);
const protocol = "kafkajs/src/protocol";

interface TheirRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}

export interface TheirBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly records: readonly TheirRecord[];
}

export interface WantedBatch {
  readonly firstOffset: bigint;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  /** 0 none, 1 gzip. */
  readonly compression?: number;
  readonly transactional?: boolean;
  readonly producerId?: bigint;
  readonly records: readonly {
    readonly offsetDelta: number;
    readonly timestampDelta: number;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: readonly Header[];
  }[];
}

const decode = require(`${protocol}/recordBatch/v0/decoder.js`) as (
  decoder: unknown,
) => Promise<TheirBatch>;
const Decoder = require(`${protocol}/decoder.js`) as new (bytes: Buffer) => unknown;
const { RecordBatch } = require(`${protocol}/recordBatch/v0/index.js`) as {
  RecordBatch: (batch: unknown) => Promise<{ readonly buffer: Buffer }>;
};
const Record = require(`${protocol}/recordBatch/record/v0/index.js`) as (
  record: unknown,
) => unknown;
const Long = require("kafkajs/src/utils/long.js") as { fromValue(value: string): unknown };

export const readByKafkajs = (batch: Uint8Array): Promise<TheirBatch> =>
  decode(new Decoder(Buffer.from(batch)));

/** Header names must differ: kafkajs takes an object of them. */
export async function writeByKafkajs(batch: WantedBatch): Promise<Buffer> {
  const { buffer } = await RecordBatch({
    compression: batch.compression ?? 0,
    firstOffset: Long.fromValue(String(batch.firstOffset)),
    firstTimestamp: batch.firstTimestamp,
    maxTimestamp: batch.maxTimestamp,
    lastOffsetDelta: batch.records.at(-1)?.offsetDelta ?? 0,
    transactional: batch.transactional ?? false,
    producerId: Long.fromValue(String(batch.producerId ?? -1n)),
    records: batch.records.map(({ headers, ...record }) =>
      Record({
        ...record,
        headers: Object.fromEntries(
          headers.map(({ key, value }) => [key, Buffer.from(value ?? [])]),
        ),
      }),
    ),
  });
  return buffer;
}
