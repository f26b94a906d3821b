// Several logs read as one: a run's own log and the ranges of the tapes that it read. Promises: a
// topic is served by the first log that has it, within its ranges; nothing can be written.

import type { Commit, EventLog, PartitionRange, RecordBatch } from "./log.ts";
import { topicUnknown } from "./log-errors.ts";

export interface LogPart {
  readonly log: EventLog;
  /** What of the log can be seen; null: everything. */
  readonly ranges: readonly PartitionRange[] | null;
}

/** Closing it closes every part. */
export async function joinLogs(parts: readonly LogPart[]): Promise<EventLog> {
  const owners = new Map<string, { log: EventLog; ranges: readonly PartitionRange[] }>();
  for (const { log, ranges } of parts) {
    const visible = ranges ?? (await log.partitions());
    for (const topic of new Set(visible.map((range) => range.topic))) {
      if (owners.has(topic)) continue;
      owners.set(topic, { log, ranges: visible.filter((range) => range.topic === topic) });
    }
  }
  const ownerOf = (topic: string): EventLog => {
    const owner = owners.get(topic);
    if (owner === undefined) throw topicUnknown(topic);
    return owner.log;
  };
  const endOf = (topic: string, partition: number): number =>
    owners.get(topic)?.ranges.find((range) => range.partition === partition)?.end ?? 0;
  return {
    createTopic: (topic) => refuse(topic),
    commit: (commit: Commit) => refuse(commit.produced[0]?.topic ?? ""),
    openTask: (task) => refuse(task),
    partitions: async () =>
      [...owners.keys()].sort().flatMap((topic) => owners.get(topic)?.ranges ?? []),
    read: async (topic, partition, offset): Promise<RecordBatch | null> =>
      offset < endOf(topic, partition) ? ownerOf(topic).read(topic, partition, offset) : null,
    offsetAt: async (topic, partition, timeUs) =>
      Math.min(endOf(topic, partition), await ownerOf(topic).offsetAt(topic, partition, timeUs)),
    follow: async () => false,
    close: async () => {
      for (const { log } of parts) await log.close();
    },
  };
}

const refuse = (what: string): Promise<never> =>
  Promise.reject(new Error(`a joined log is read only; ${what} cannot be written`));
