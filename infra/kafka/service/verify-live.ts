// The proof for a live run: replays what its tasks read, late events where they were let in, through
// today's code, and compares every byte with what they wrote. Promises: nothing live is touched or
// slowed; it may be asked while the run goes on: then it covers what is settled by then.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flowTopology } from "../../../processors/topology.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { LateAdmission } from "../../../schemas/generated/tape.admissions.ts";
import { fromOffset } from "../../../streams/batch.ts";
import { type Progress, runClosed } from "../../../streams/closed-run.ts";
import { settledUs } from "../../../streams/group-members.ts";
import type { EventLog, PartitionRange, RecordBatch } from "../../../streams/log.ts";
import { RecordCursor } from "../../../streams/record.ts";
import type { Topology } from "../../../streams/topology.ts";
import { openEmbeddedLog } from "../../log/embedded-log.ts";
import { Comparator, type Difference } from "../../run/comparator.ts";
import { OutputHashes, type PartitionHash } from "../../run/hashes.ts";
import type { KafkaLog } from "../log/kafka-log.ts";
import { FailedAnswers } from "./failed-answers.ts";
import type { LiveRun } from "./live-run.ts";

export interface LiveVerdict {
  readonly identical: boolean;
  /** Events of derived topics that were compared. */
  readonly records: number;
  /** Of each partition, over what was compared. */
  readonly outputs: readonly PartitionHash[];
  readonly differences: readonly Difference[];
  readonly admissions: number;
  /** Of each topic with late events how many were, and how many it holds. */
  readonly late: readonly LateShare[];
  /** Effective time up to which the run was settled; Infinity: all that lay there was read. */
  readonly settledUs: number;
}

export interface LateShare {
  readonly topic: string;
  /** Events that came late to one task or more. */
  readonly late: number;
  readonly events: number;
}

export interface VerifyLiveOptions {
  /** Replays as if no event had been late: shows what the admissions are worth. */
  readonly ignoreAdmissions?: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

/** While a run goes on an event may still be let in so much late, in µs of event time. */
const GRACE_US = 10_000_000;

/** `live` reads the run's topics and changelogs. Throws LIVE_NOTHING_COMMITTED where there is nothing to prove. */
export async function verifyLive(
  run: LiveRun,
  live: KafkaLog,
  options: VerifyLiveOptions = {},
): Promise<LiveVerdict> {
  // Derived ends before the sources', and both before the checkpoints: what is compared was made
  // from what is replayed.
  const derived = await rangesOf(live, run.topology.derived);
  const sources = await rangesOf(live, run.topology.sources);
  const untilUs = await settled(run, live, [...derived, ...sources]);
  const admissions = await readAdmissions(live);
  const scratch = mkdtempSync(join(tmpdir(), "tapedeck-live-"));
  const target = await openEmbeddedLog(scratch, { mode: "write" });
  try {
    const comparator = new Comparator({
      partitions: async () => derived,
      readRaw: (topic, partition, offset) => live.read(topic, partition, offset),
    });
    const hashes = new OutputHashes();
    await runClosed({
      topology: await asItRan(run, live),
      partitions: run.partitions,
      sourceOf: () => live,
      target,
      admissions: options.ignoreAdmissions === true ? [] : admissions,
      untilUs,
      resumable: false,
      rangeOf: (topic, partition) => ({ toOffset: endOf(sources, topic, partition) }),
      onBatch: async (batch) => {
        const compared = upTo(batch, endOf(derived, batch.topic, batch.partition));
        if (compared === null || !run.topology.derived.includes(batch.topic as never)) return;
        hashes.add(compared);
        await comparator.add(compared);
      },
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    // Beyond the settled time the run may have written what the replay did not come to.
    if (untilUs === Number.POSITIVE_INFINITY) await comparator.finish(target, run.topology.derived);
    const { differences, records } = comparator;
    return {
      identical: differences.length === 0,
      records,
      outputs: hashes.digest(),
      differences,
      admissions: admissions.length,
      late: lateShares(admissions, [...sources, ...derived]),
      settledUs: untilUs,
    };
  } finally {
    await target.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** With what the pool gave no answer to: solved now, all that follows would be another run's. */
async function asItRan(run: LiveRun, live: KafkaLog): Promise<Topology> {
  const { topology, config, partitions } = run;
  if (!topology.derived.includes("pool.answers")) return topology;
  const failed = new FailedAnswers(live, partitions);
  await failed.read();
  return flowTopology(config.flow, failed.answer);
}

async function settled(
  run: LiveRun,
  live: KafkaLog,
  ends: readonly PartitionRange[],
): Promise<number> {
  const checkpoints = await Promise.all(run.groups.map(({ name }) => live.getCheckpoint(name)));
  if (checkpoints.every((checkpoint) => checkpoint === null)) {
    throw new TapedeckError("LIVE_NOTHING_COMMITTED", `${run.app} has committed nothing`, {
      app: run.app,
    });
  }
  const times = run.groups.map((plan, index) =>
    settledUs(plan, checkpoints[index] ?? null, (topic, partition) =>
      endOf(ends, topic, partition),
    ),
  );
  return Math.min(...times) - GRACE_US;
}

/** Topics of which the greatest share was late come first. */
export function lateShares(
  admissions: readonly LateAdmission[],
  ranges: readonly PartitionRange[],
): readonly LateShare[] {
  const late = new Map<string, Set<string>>();
  for (const { topic, partition, offset } of admissions) {
    late.set(topic, (late.get(topic) ?? new Set()).add(`${partition}/${offset}`));
  }
  const eventsOf = (topic: string): number =>
    ranges.reduce((sum, range) => sum + (range.topic === topic ? range.end - range.start : 0), 0);
  return [...late]
    .map(([topic, places]) => ({ topic, late: places.size, events: eventsOf(topic) }))
    .toSorted((a, b) => b.late / b.events - a.late / a.events);
}

const rangesOf = async (
  log: EventLog,
  topics: readonly string[],
): Promise<readonly PartitionRange[]> =>
  (await log.partitions()).filter(({ topic }) => topics.includes(topic));

const endOf = (ranges: readonly PartitionRange[], topic: string, partition: number): number =>
  ranges.find((range) => range.topic === topic && range.partition === partition)?.end ?? 0;

/** The late admissions of all tasks, each task's in the order of its own. */
export async function readAdmissions(live: EventLog): Promise<readonly LateAdmission[]> {
  const admissions: LateAdmission[] = [];
  for (const { partition, start, end } of await rangesOf(live, ["tape.admissions"])) {
    for (let next = start; next < end; ) {
      const batch = await live.read("tape.admissions", partition, next);
      if (batch === null) break;
      const records = new RecordCursor("tape.admissions", partition, next, batch.bytes);
      for (let event = records.read(); event !== null; event = records.read()) {
        admissions.push(event.value as LateAdmission);
      }
      next = batch.baseOffset + batch.count;
    }
  }
  return admissions;
}

/** What of a batch lies before `end`; null if nothing does. */
function upTo(batch: RecordBatch, end: number): RecordBatch | null {
  const { baseOffset, count, bytes } = batch;
  if (baseOffset + count <= end) return batch;
  if (baseOffset >= end) return null;
  const rest = fromOffset(batch, end);
  const kept = bytes.length - rest.bytes.length;
  return { ...batch, count: end - baseOffset, bytes: bytes.subarray(0, kept) };
}
