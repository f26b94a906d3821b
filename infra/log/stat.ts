// How much a log holds, from its tree alone: no batch is read.

import type { PartitionRange } from "../../streams/log.ts";
import type { LogReader } from "./log-reader.ts";
import { placeOf, ROW, taskIn } from "./rows.ts";
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
  /** What saved a checkpoint, and how large it is with its entries. */
  readonly checkpoints: readonly { readonly task: string; readonly bytes: number }[];
}

export function statOf(reader: LogReader, ranges: readonly PartitionRange[]): LogStat {
  const snapshot = reader.current();
  const numbers = new Map(reader.topics().map(({ number, name }) => [number, name]));
  const sizes = new Map<string, { batches: number; bytes: number }>();
  const checkpoints = new Map<string, number>();
  walk(reader.file, snapshot, {
    fault: () => {},
    entry: (key, { size }) => {
      if (key[0] === ROW.checkpoint || key[0] === ROW.entry) {
        const task = taskIn(key);
        checkpoints.set(task, (checkpoints.get(task) ?? 0) + size);
      }
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
    checkpoints: [...checkpoints].map(([task, bytes]) => ({ task, bytes })),
  };
}
