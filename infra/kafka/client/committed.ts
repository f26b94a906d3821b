// What of a fetched piece of a partition is committed data. Promises: control batches and the
// batches of aborted transactions are left out, and the next offset lies behind all that was seen,
// so a stretch without data is passed and never taken for the end.
// Source of the rule: KIP-98; `aborted` names the transactions of the fetched range that were
// aborted, and each one ends at its producer's abort marker.

import type { RawBatch } from "../wire/record-batch.ts";
import type { FetchedPartition } from "./requests.ts";

/** The transactions of a fetched range that were aborted, each by its producer and first offset. */
export type Aborted = FetchedPartition["aborted"];

export interface CommittedPart {
  readonly batches: readonly RawBatch[];
  readonly nextOffset: number;
}

/** Batches in order of offset; `offset` is the one that was asked for. Cost: none per record. */
export function committedPart(
  batches: readonly RawBatch[],
  aborted: Aborted,
  offset: number,
): CommittedPart {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  const kept: RawBatch[] = [];
  let nextOffset = offset;
  let started = 0;
  for (const batch of batches) {
    for (let next = waiting[started]; next !== undefined; next = waiting[started]) {
      if (next.firstOffset > batch.lastOffset) break;
      open.add(next.producerId);
      started++;
    }
    nextOffset = Math.max(nextOffset, batch.lastOffset + 1);
    if (batch.control) {
      if (isAbortMarker(batch.records)) open.delete(batch.producerId);
    } else if (!(batch.transactional && open.has(batch.producerId))) {
      // Compaction leaves batches without records; a batch may lie before the offset asked for.
      if (batch.count > 0 && batch.lastOffset >= offset) kept.push(batch);
    }
  }
  return { batches: kept, nextOffset };
}

/** A control record's key: version int16, type int16; type 0 is abort, 1 commit. */
export function isAbortMarker(records: Uint8Array): boolean {
  // length, attributes, time delta, offset delta, length of the key: then the key.
  let at = afterVarint(records, 0) + 1;
  for (let field = 0; field < 3; field++) at = afterVarint(records, at);
  return at + 4 <= records.length && records[at + 2] === 0 && records[at + 3] === 0;
}

function afterVarint(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
}
