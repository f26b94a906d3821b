// The last word of a fault run: everything committed in a partition, read when nothing is open any
// more, and noted in the history as such.

import type { KafkaConnection } from "../../kafka/client/connection.ts";
import { RecordReader } from "../../kafka/wire/record-reader.ts";
import type { Operation } from "../history/operation.ts";

const WAIT_MS = 1_000;

/**
 * Reads a partition from its first record to the end that it has now; waits where a transaction is
 * still open below it. Offsets are Kafka's. `textOf` names a record as its sender did. Rejects with
 * what `fetch` rejects with; a transaction that nobody ends keeps it waiting until the broker does.
 */
export async function finalRead(
  connection: KafkaConnection,
  process: string,
  topic: string,
  partition: number,
  record: (operation: Operation) => void,
  textOf: (value: Uint8Array) => string = (value) => Buffer.from(value).toString(),
): Promise<void> {
  const end = await connection.listOffset(topic, partition, "end");
  const start = await connection.listOffset(topic, partition, "start");
  const reader = new RecordReader();
  for (let next = start; next < end; ) {
    const fetched = await connection.fetch(topic, partition, next, { waitMs: WAIT_MS });
    const records: [number, string][] = [];
    for (const batch of fetched.batches) {
      reader.open(batch);
      while (reader.next()) {
        // A fetch begins with the batch that holds the offset.
        if (reader.offset < next) continue;
        records.push([
          reader.offset,
          textOf(batch.records.subarray(reader.valueStart, reader.valueEnd)),
        ]);
      }
    }
    if (records.length > 0) {
      record({ op: "poll", process, transaction: null, topic, partition, records });
    }
    next = fetched.nextOffset;
  }
  record({ op: "caught-up", process, topic, partition });
}
