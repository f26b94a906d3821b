// The anomalies that a log's history may show (the list of Jepsen's kafka workload). Promises: finds
// an acknowledged record that is not there or is another one (lost write, inconsistent offset), a
// record that was read and is not there or is another one (aborted read), one event at two offsets
// (duplicate), and offsets that a task consumed twice (they go back).

import type { Checkpoint, Commit, RecordBatch } from "../log.ts";
import type { WrittenPartition } from "./written.ts";

export class Anomalies {
  private readonly acknowledged: RecordBatch[] = [];
  private readonly read: RecordBatch[] = [];
  private readonly consumed = new Map<string, number>();
  private wentBack: string | null = null;

  wasAcknowledged({ produced }: Commit): void {
    for (const batch of produced) {
      this.acknowledged.push({ ...batch, bytes: batch.bytes.slice() });
    }
  }

  wasRead(batch: RecordBatch): void {
    this.read.push(batch);
  }

  wasConsumed({ task, consumed }: Checkpoint): void {
    for (const { topic, partition, next } of consumed) {
      const lane = `${task} of ${topic}/${partition}`;
      const before = this.consumed.get(lane) ?? 0;
      if (next < before)
        this.wentBack ??= `consumed by ${lane} went back from ${before} to ${next}`;
      this.consumed.set(lane, next);
    }
  }

  /** The first anomaly; null if there is none. `written` is what the log holds in the end. */
  find(written: ReadonlyMap<string, WrittenPartition>): string | null {
    for (const batch of this.acknowledged) {
      const found = compare(batch, written);
      if (found !== null) return `acknowledged, then ${found}`;
    }
    for (const batch of this.read) {
      const found = compare(batch, written);
      if (found !== null) return `read, then ${found}`;
    }
    return this.wentBack ?? duplicate(written);
  }
}

function compare(
  batch: RecordBatch,
  written: ReadonlyMap<string, WrittenPartition>,
): string | null {
  const { topic, partition, baseOffset, count, bytes } = batch;
  const held = written.get(`${topic}/${partition}`);
  const start = held?.starts[baseOffset];
  const end = held?.starts[baseOffset + count];
  if (held === undefined || start === undefined || end === undefined) {
    return `lost: ${topic}/${partition} offsets ${baseOffset} to ${baseOffset + count - 1}`;
  }
  let same = end - start === bytes.length;
  for (let i = 0; same && i < bytes.length; i++) same = held.bytes[start + i] === bytes[i];
  return same ? null : `another: ${topic}/${partition} from offset ${baseOffset}`;
}

/** Of one producer's events, cause and ordinal are unique within the topic. */
function duplicate(written: ReadonlyMap<string, WrittenPartition>): string | null {
  const seen = new Set<string>();
  for (const { topic, partition, events } of written.values()) {
    for (const { cause, ordinal, origin, offset } of events) {
      const from =
        cause === null ? origin : `${cause.topic}/${cause.partition}/${cause.offset}#${ordinal}`;
      // Two tasks may each refuse one event, or admit it late.
      const own = topic.startsWith("tape.") ? partition : "";
      const identity = `${topic} ${own} ${from}`;
      if (seen.has(identity)) return `duplicate: ${topic}/${partition} offset ${offset}`;
      seen.add(identity);
    }
  }
  return null;
}
