// The reference log: the meaning of EventLog in the plainest code that has it. Promises: what a
// test may hold every other log against. Keeps everything in memory; copies what it is given.

import { checkBatch, firstAtOrAfter, fromOffset } from "./batch.ts";
import { checkEntryKeys } from "./entries.ts";
import { Followers } from "./followers.ts";
import type { Checkpoint, Commit, EventLog, PartitionRange, RecordBatch } from "./log.ts";
import {
  closed,
  fenced,
  MAX_PARTITIONS,
  offsetConflict,
  offsetOutOfRange,
  partitionCountInvalid,
  partitionsChanged,
  partitionUnknown,
  topicUnknown,
} from "./log-errors.ts";

interface Partition {
  readonly batches: RecordBatch[];
  end: number;
  maxTimeUs: number;
  readonly followers: Followers;
}

/** The first batch for which `holds` is true, where it is true of every batch after that one. */
function firstWhere(
  batches: readonly RecordBatch[],
  holds: (batch: RecordBatch) => boolean,
): RecordBatch | undefined {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(batches[middle] as RecordBatch)) high = middle;
    else low = middle + 1;
  }
  return batches[low];
}

export function createMemoryLog(): EventLog {
  const topics = new Map<string, Partition[]>();
  const epochs = new Map<string, number>();
  const checkpoints = new Map<string, Checkpoint>();
  const entries = new Map<string, Map<string, Uint8Array>>();
  let open = true;

  function partitionOf(topic: string, partition: number): Partition {
    if (!open) throw closed();
    const partitions = topics.get(topic);
    if (partitions === undefined) throw topicUnknown(topic);
    const found = partitions[partition];
    if (found === undefined) throw partitionUnknown(topic, partition, partitions.length);
    return found;
  }

  /** Throws what is wrong with the commit; changes nothing. */
  function check(commit: Commit): void {
    const ends = new Map<Partition, number>();
    for (const batch of commit.produced) {
      const partition = partitionOf(batch.topic, batch.partition);
      const end = ends.get(partition) ?? partition.end;
      if (batch.baseOffset !== end) {
        throw offsetConflict(batch.topic, batch.partition, batch.baseOffset, end);
      }
      checkBatch(batch);
      ends.set(partition, end + batch.count);
    }
    for (const { task, epoch } of commit.checkpoints) {
      const current = epochs.get(task) ?? 0;
      if (epoch !== current || current === 0) throw fenced(task, epoch, current);
    }
    for (const checkpoint of commit.checkpoints) checkEntryKeys(checkpoint);
  }

  function apply(commit: Commit): void {
    for (const batch of commit.produced) {
      if (batch.count === 0) continue;
      const partition = partitionOf(batch.topic, batch.partition);
      partition.maxTimeUs = Math.max(partition.maxTimeUs, batch.maxTimeUs);
      // Without its traces: they are no part of what is kept.
      const { topic, baseOffset, count } = batch;
      partition.batches.push({
        topic,
        partition: batch.partition,
        baseOffset,
        count,
        maxTimeUs: partition.maxTimeUs,
        bytes: batch.bytes.slice(),
      });
      partition.end += batch.count;
    }
    for (const { task, epoch, consumed, state, changes = [] } of commit.checkpoints) {
      const copies = consumed.map((each) => ({ ...each }));
      checkpoints.set(task, { task, epoch, consumed: copies, state: state.slice() });
      const own = entries.get(task) ?? new Map<string, Uint8Array>();
      entries.set(task, own);
      for (const { key, value } of changes) {
        if (value === null) own.delete(key);
        else own.set(key, value.slice());
      }
    }
    for (const batch of commit.produced) {
      const partition = partitionOf(batch.topic, batch.partition);
      partition.followers.grown(partition.end);
    }
  }

  return {
    async createTopic(topic, partitions) {
      if (!open) throw closed();
      const known = topics.get(topic);
      if (known !== undefined) {
        if (known.length !== partitions) throw partitionsChanged(topic, known.length, partitions);
        return;
      }
      if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
        throw partitionCountInvalid(topic, partitions);
      }
      topics.set(
        topic,
        Array.from({ length: partitions }, () => ({
          batches: [],
          end: 0,
          maxTimeUs: 0,
          followers: new Followers(),
        })),
      );
    },

    async partitions() {
      if (!open) throw closed();
      const ranges: PartitionRange[] = [];
      for (const topic of [...topics.keys()].sort()) {
        topics.get(topic)?.forEach(({ end }, partition) => {
          ranges.push({ topic, partition, start: 0, end });
        });
      }
      return ranges;
    },

    async commit(commit) {
      if (!open) throw closed();
      check(commit);
      apply(commit);
    },

    async read(topic, partition, offset) {
      const { batches, end } = partitionOf(topic, partition);
      if (!Number.isInteger(offset) || offset < 0 || offset > end) {
        throw offsetOutOfRange(topic, partition, offset, 0, end);
      }
      const batch = firstWhere(batches, (each) => offset < each.baseOffset + each.count);
      return batch === undefined ? null : fromOffset(batch, offset);
    },

    async offsetAt(topic, partition, timeUs) {
      const { batches, end } = partitionOf(topic, partition);
      const batch = firstWhere(batches, (each) => each.maxTimeUs >= timeUs);
      return batch === undefined ? end : firstAtOrAfter(batch, timeUs);
    },

    async follow(topic, partition, offset, stop) {
      const { end, followers } = partitionOf(topic, partition);
      return end > offset ? true : followers.wait(offset, stop);
    },

    async openTask(task) {
      if (!open) throw closed();
      const epoch = (epochs.get(task) ?? 0) + 1;
      epochs.set(task, epoch);
      const checkpoint = checkpoints.get(task) ?? null;
      return { epoch, checkpoint, entries: new Map(entries.get(task)) };
    },

    async close() {
      open = false;
      for (const partitions of topics.values()) {
        for (const { followers } of partitions) followers.closed();
      }
    },
  };
}
