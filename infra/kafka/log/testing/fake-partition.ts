// One Kafka partition in memory, for what a broker need not be asked: messages as batches with their
// places, read as a fetch gives them.

import type { KafkaConnection } from "../../client/connection.ts";
import type { RawBatch } from "../../wire/record-batch.ts";
import { type LooseMessage, putTogether } from "../../wire/testing/messages.ts";

export interface FakePartition {
  readonly connection: Pick<KafkaConnection, "fetch" | "listOffset">;
  /** Appends one batch; a marker follows it where it is of a transaction. Gives its Kafka offset. */
  append(messages: readonly LooseMessage[], transactional?: boolean): number;
  readonly batches: readonly RawBatch[];
  /** Kafka offset that comes next. */
  readonly end: number;
}

/** `pieceBatches`: batches in one fetch at most. It begins with what `before` holds. */
export function fakePartition(pieceBatches = 4, before?: FakePartition): FakePartition {
  const batches = [...(before?.batches ?? [])];
  let end = before?.end ?? 0;
  return {
    batches,
    get end() {
      return end;
    },
    append(messages, transactional = true) {
      const base = end;
      batches.push(putTogether(messages, base));
      end += messages.length + (transactional ? 1 : 0);
      return base;
    },
    connection: {
      async fetch(topic, partition, offset) {
        const from = batches.filter(({ lastOffset }) => lastOffset >= offset);
        const piece = from.slice(0, pieceBatches);
        const next = from[pieceBatches]?.baseOffset ?? end;
        const place = { topic, partition, stableEnd: end, start: 0 };
        return { ...place, batches: piece, nextOffset: next };
      },
      async listOffset(_topic, _partition, at) {
        if (at === "start") return 0;
        if (typeof at !== "object") return end;
        return batches.find((one) => one.maxTimestampMs >= at.timestampMs)?.baseOffset ?? -1;
      },
    },
  };
}

/**
 * As a leader reads that was elected a moment ago: where the partition ends it tells rightly, but its
 * next `times` fetches stop at Kafka offset `seen`, as if nothing lay behind.
 */
export function lagging(
  { connection }: FakePartition,
  seen: number,
  times: number,
): FakePartition["connection"] {
  let left = times;
  return {
    listOffset: connection.listOffset,
    async fetch(topic, partition, offset, options) {
      const fetched = await connection.fetch(topic, partition, offset, options);
      if (left-- <= 0) return fetched;
      const batches = fetched.batches.filter(({ lastOffset }) => lastOffset < seen);
      const nextOffset = Math.max(offset, Math.min(fetched.nextOffset, seen));
      return { ...fetched, batches, nextOffset, stableEnd: seen };
    },
  };
}
