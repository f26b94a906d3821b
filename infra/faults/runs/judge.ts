// What came of a stage once its faults are over: the histories, the topics themselves, and what two
// replays of the same market write. Promises: nothing is taken for right because it looks alike;
// each finding says where.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { LateAdmission } from "../../../schemas/generated/tape.admissions.ts";
import { runClosed } from "../../../streams/closed-run.ts";
import { settledUs } from "../../../streams/group-members.ts";
import type { EventLog } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { readAdmissions, verifyLive } from "../../kafka/service/verify-live.ts";
import { describeAnomaly } from "../history/anomaly.ts";
import { checkHistory, type HistoryReport } from "../history/check-history.ts";
import { readHistories } from "../history/record-history.ts";
import { namedRecords } from "./attempt-names.ts";
import type { Stage } from "./stage.ts";
import type { ReadPlace } from "./tape-reader.ts";

export interface Verdict {
  /** How often each was found; empty: all is as it must be. */
  readonly anomalies: ReadonlyMap<string, number>;
  /** A line for each of the first. */
  readonly examples: readonly string[];
  readonly seen: HistoryReport["seen"];
  /** Derived events that were compared, and late admissions among them. */
  readonly records: number;
  readonly admissions: number;
}

const REST_POLL_MS = 100;
const WAIT_MS = 1_000;
/** Topics whose tasks have one input that decides: no late admission can change them. */
const ONE_INPUT = ["market.bars", "features", "signals"];

/** Stops the feed and waits until every task has done all there is. FAULTS_NO_PROGRESS. */
export async function rest(stage: Stage, withinMs: number): Promise<void> {
  await stage.feed.stop();
  const { run, live } = stage;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const before = await endsOf(stage);
    const endOf = (topic: string, partition: number): number =>
      before.get(`${topic}/${partition}`) ?? 0;
    const times = await Promise.all(
      run.groups.map(async (plan) => settledUs(plan, await live.getCheckpoint(plan.name), endOf)),
    );
    const unfinished = run.groups.filter((_, index) => times[index] !== Number.POSITIVE_INFINITY);
    // What was read is all there is only if nothing came meanwhile.
    if (unfinished.length === 0) {
      const after = await endsOf(stage);
      if ([...after].every(([place, end]) => before.get(place) === end)) return;
    }
    if (performance.now() > deadline) {
      const tasks = unfinished.map(({ name }) => name).join(", ");
      throw new TapedeckError(
        "FAULTS_NO_PROGRESS",
        `with all faults over ${tasks} did not come to the end within ${withinMs} ms`,
        { tasks, withinMs },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, REST_POLL_MS));
  }
}

async function endsOf({ run, live, places }: Stage): Promise<ReadonlyMap<string, number>> {
  const tape = places.filter(({ task }) => task === null);
  const ends = await Promise.all(
    tape.map(async ({ topic, partition }): Promise<[string, number]> => {
      const name = topic.slice(run.prefix.length);
      return [`${name}/${partition}`, (await (await live.view(name, partition)).end()).logical];
    }),
  );
  return new Map(ends);
}

/**
 * No service runs any more. `atRest`: all that was to be done is done; else only the histories and the
 * topics themselves are judged, since no replay knows how far each task had come.
 */
export async function judge(stage: Stage, atRest: boolean): Promise<Verdict> {
  const anomalies = new Map<string, number>();
  const examples: string[] = [];
  const found = (kind: string, what: string): void => {
    anomalies.set(kind, (anomalies.get(kind) ?? 0) + 1);
    if (examples.length < 20) examples.push(`${kind} ${what}`);
  };
  for (const place of stage.places) await readFinally(stage, place, found);
  const { counts, examples: shown, seen } = checkHistory(readHistories(stage.histories()));
  for (const [kind, count] of counts) anomalies.set(kind, count);
  examples.push(...shown.map(describeAnomaly));
  const compared = atRest ? await compareWithReplays(stage, found) : { records: 0, admissions: 0 };
  return { anomalies, examples, seen, ...compared };
}

/** A tape so broken that the product refuses to read it is a finding, not the end of the judgement. */
async function compareWithReplays(
  stage: Stage,
  found: Found,
): Promise<Pick<Verdict, "records" | "admissions">> {
  try {
    const admissions = await readAdmissions(stage.live);
    await compareWithOracle(stage, admissions, found);
    const replay = await verifyLive(stage.run, stage.live);
    for (const { topic, partition, offset, field } of replay.differences) {
      found("differs-from-replay", `${topic}/${partition} at ${offset}: ${field}`);
    }
    if (replay.settledUs !== Number.POSITIVE_INFINITY) found("not-at-rest", `${replay.settledUs}`);
    return { records: replay.records, admissions: admissions.length };
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    found("unreadable", `${error.code} ${error.message}`);
    return { records: 0, admissions: 0 };
  }
}

type Found = (kind: string, what: string) => void;

/** The last word of the history; and each place in a partition is held by one record, none is free. */
async function readFinally(
  { connection, record, run }: Stage,
  { topic, partition, task }: ReadPlace,
  found: Found,
): Promise<void> {
  const end = await connection.listOffset(topic, partition, "end");
  let logical = 0;
  for (let next = 0; next < end; ) {
    const fetched = await connection.fetch(topic, partition, next, { waitMs: WAIT_MS });
    const records: (readonly [number, string])[] = [];
    for (const raw of fetched.batches) {
      for (const one of namedRecords(raw, partition)) {
        if (one.offset < next) continue;
        records.push([one.offset, one.name]);
        if (task !== null) continue;
        const place = `${topic.slice(run.prefix.length)}/${partition}`;
        if (one.logical === null) found("no-place", `${place}: ${one.name}`);
        else if (one.logical < logical) found("place-taken-twice", `${place} at ${one.logical}`);
        else if (one.logical > logical) found("place-left-free", `${place} at ${logical}`);
        logical = Math.max(logical, (one.logical ?? 0) + 1);
      }
    }
    if (records.length > 0) {
      record({ op: "poll", process: "final", transaction: null, topic, partition, records });
    }
    next = fetched.nextOffset;
  }
  record({ op: "caught-up", process: "final", topic, partition });
}

/** The market itself, never through Kafka, by the same topology. */
async function compareWithOracle(
  stage: Stage,
  admissions: readonly LateAdmission[],
  found: Found,
): Promise<void> {
  const bare = await replay(stage, []);
  await compare(stage, bare, (topic) => ONE_INPUT.includes(topic), "differs-from-oracle", found);
  const asItWas = await replay(stage, admissions);
  const isDerived = (topic: string): boolean =>
    (stage.run.topology.derived as readonly string[]).includes(topic);
  await compare(stage, asItWas, isDerived, "differs-with-admissions", found);
}

async function replay(
  { run, market, feed }: Stage,
  admissions: readonly LateAdmission[],
): Promise<EventLog> {
  const target = createMemoryLog();
  await runClosed({
    topology: run.topology,
    partitions: run.partitions,
    sourceOf: () => market,
    target,
    admissions,
    resumable: false,
    rangeOf: (topic, partition) => ({ toOffset: feed.ends.get(`${topic}/${partition}`) ?? 0 }),
  });
  return target;
}

async function compare(
  { live }: Stage,
  oracle: EventLog,
  isCompared: (topic: string) => boolean,
  kind: string,
  found: Found,
): Promise<void> {
  for (const { topic, partition, end } of await oracle.partitions()) {
    if (!isCompared(topic)) continue;
    const there = (await (await live.view(topic, partition)).end()).logical;
    if (there !== end) found(kind, `${topic}/${partition} has ${there} events, not ${end}`);
    const [a, b] = [await bytesOf(live, topic, partition), await bytesOf(oracle, topic, partition)];
    if (Buffer.compare(a, b) !== 0) found(kind, `${topic}/${partition}: other bytes`);
  }
}

async function bytesOf(log: EventLog, topic: string, partition: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let next = 0; ; ) {
    const batch = await log.read(topic, partition, next);
    if (batch === null) return Buffer.concat(parts);
    parts.push(batch.bytes);
    next = batch.baseOffset + batch.count;
  }
}
