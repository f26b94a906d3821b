// How much a log holds, from its tree alone: no batch is read.

import type { PartitionRange } from "../../streams/log.ts";
import type { LogReader } from "./log-reader.ts";
import { nameIn, placeOf, ROW } from "./rows.ts";
import { walk } from "./tree.ts";

export interface LogStat {
  readonly fileBytes: number;
  /** Transactions since the log was made. */
  readonly transactions: number;
  readonly partitions: readonly (PartitionRange & {
    readonly batches: number;
    /** As stored: rows with their headers. */
    readonly bytes: number;
  })[];
  /** What saved a checkpoint, and how large it is. */
  readonly checkpoints: readonly { readonly task: string; readonly bytes: number }[];
}

export function statOf(reader: LogReader, ranges: readonly PartitionRange[]): LogStat {
  const snapshot = reader.current();
  const numbers = new Map(reader.topics().map(({ number, name }) => [number, name]));
  const sizes = new Map<string, { batches: number; bytes: number }>();
  const checkpoints: { task: string; bytes: number }[] = [];
  walk(reader.file, snapshot, {
    fault: () => {},
    entry: (key, { size }) => {
      if (key[0] === ROW.checkpoint) checkpoints.push({ task: nameIn(key), bytes: size });
      const place = placeOf(key);
      if (place === null) return;
      const id = `${numbers.get(place.topic)}/${place.partition}`;
      const sum = sizes.get(id) ?? { batches: 0, bytes: 0 };
      sizes.set(id, { batches: sum.batches + 1, bytes: sum.bytes + size });
    },
  });
  return {
    fileBytes: reader.file.size,
    transactions: snapshot.txn,
    partitions: ranges.map((range) => ({
      ...range,
      ...(sizes.get(`${range.topic}/${range.partition}`) ?? { batches: 0, bytes: 0 }),
    })),
    checkpoints,
  };
}
