// Random scripts of calls, run on a log and on the memory log alike. Promises: the same seed gives
// the same script; what is returned names every step whose outcome differed.

import { Random } from "../../quant/random.ts";
import type { Checkpoint, Commit, EntryChange, EventLog, RecordBatch } from "../log.ts";
import { entriesOf } from "./entries-contract.ts";
import { batchAt, checkpointOf, type LogSubject, readAll, refusal } from "./log-fixtures.ts";

const TOPICS = ["bars", "fills", "orders"] as const;
const TASKS = ["a", "b"] as const;

/** What a step did, as text that two logs can be compared by. */
async function outcome(call: Promise<unknown>): Promise<string> {
  const code = await refusal(call);
  if (code !== "accepted") return code;
  const text = JSON.stringify(await call, (_, value) => {
    if (value instanceof Map) return entriesOf(value);
    return value instanceof Uint8Array ? [...value].join() : value;
  });
  return text ?? "nothing";
}

/** The batch's own records only: logs may cut batches differently. */
async function readOne(log: EventLog, topic: string, partition: number, offset: number) {
  const batch = await log.read(topic, partition, offset);
  if (batch === null) return null;
  return readAll(log, topic, partition, offset);
}

interface Script {
  readonly random: Random;
  /** Where the script believes each partition ends, and how late it is: mostly right. */
  readonly ends: Map<string, { end: number; timeUs: number }>;
  readonly epochs: Map<string, number>;
}

function randomBatch(script: Script): RecordBatch {
  const { random, ends } = script;
  const topic = TOPICS[random.integer(TOPICS.length)] as string;
  const partition = random.integer(3);
  const known = ends.get(`${topic}/${partition}`) ?? { end: 0, timeUs: 0 };
  const count = random.integer(8) === 0 ? 0 : 1 + random.integer(30);
  const times = Array.from({ length: count }, () => known.timeUs + random.integer(50) - 10);
  const wrong = random.integer(25) === 0 ? 1 + random.integer(2) : 0;
  const batch = batchAt(
    topic,
    partition,
    known.end + wrong,
    times.map((time) => Math.max(0, time)),
    { floorUs: known.timeUs, payload: random.integer(60), fill: random.integer(256) },
  );
  return random.integer(40) === 0 ? { ...batch, count: count + 1 } : batch;
}

/** Few keys, so that they are put, put again and taken away; some that no log takes. */
function randomChanges(random: Random): readonly EntryChange[] {
  return Array.from({ length: random.integer(6) }, () => ({
    key: random.integer(60) === 0 ? "" : `key ${random.integer(12)}`,
    value: random.integer(3) === 0 ? null : new Uint8Array(random.integer(20)).fill(1),
  }));
}

function randomCommit(script: Script): Commit {
  const { random, epochs } = script;
  const produced: RecordBatch[] = [];
  const used = new Set<string>();
  for (let i = random.integer(4); i > 0; i--) {
    const batch = randomBatch(script);
    const place = `${batch.topic}/${batch.partition}`;
    if (!used.has(place)) produced.push(batch);
    used.add(place);
  }
  const checkpoints: Checkpoint[] = [];
  for (const task of TASKS) {
    if (random.integer(3) > 0) continue;
    const stale = random.integer(10) === 0 ? 1 : 0;
    const epoch = (epochs.get(task) ?? 0) - stale;
    const checkpoint = checkpointOf(task, epoch, random.integer(1000), random.integer(200));
    checkpoints.push({ ...checkpoint, changes: randomChanges(random) });
  }
  return { produced, checkpoints };
}

/** The script's own belief moves on only when the memory log took the commit. */
function accept(script: Script, commit: Commit): void {
  for (const { topic, partition, baseOffset, count, maxTimeUs } of commit.produced) {
    if (count === 0) continue;
    script.ends.set(`${topic}/${partition}`, { end: baseOffset + count, timeUs: maxTimeUs });
  }
}

/** Runs `steps` random calls on both logs; an empty answer is agreement. */
export async function differences(
  subject: LogSubject,
  oracle: EventLog,
  seed: number,
  steps: number,
): Promise<string[]> {
  const random = new Random(seed);
  const script: Script = { random, ends: new Map(), epochs: new Map() };
  const found: string[] = [];
  let log = subject.log;

  const both = async (what: string, call: (on: EventLog) => Promise<unknown>): Promise<string> => {
    const expected = await outcome(call(oracle));
    const actual = await outcome(call(log));
    if (actual !== expected) found.push(`${what}: ${actual}, not ${expected}`);
    return expected;
  };

  for (const topic of TOPICS) await both("createTopic", (on) => on.createTopic(topic, 3));
  for (let step = 0; step < steps && found.length === 0; step++) {
    const topic = TOPICS[random.integer(TOPICS.length)] as string;
    const partition = random.integer(3);
    const known = script.ends.get(`${topic}/${partition}`) ?? { end: 0, timeUs: 0 };
    const at = `step ${step} of seed ${seed}`;
    const kind = random.integer(20);
    if (kind < 9) {
      const commit = randomCommit(script);
      const result = await both(`${at} commit`, (on) => on.commit(commit));
      if (!/^[A-Z]/.test(result)) accept(script, commit);
    } else if (kind < 13) {
      const offset = random.integer(known.end + 3) - 1;
      await both(`${at} read`, (on) => readOne(on, topic, partition, offset));
    } else if (kind < 16) {
      const timeUs = random.integer(known.timeUs + 20);
      await both(`${at} offsetAt`, (on) => on.offsetAt(topic, partition, timeUs));
    } else if (kind === 16) {
      const partitions = 1 + random.integer(4);
      await both(`${at} createTopic`, (on) => on.createTopic(topic, partitions));
    } else if (kind === 17) {
      const task = TASKS[random.integer(TASKS.length)] as string;
      await both(`${at} openTask`, (on) => on.openTask(task));
      script.epochs.set(task, (script.epochs.get(task) ?? 0) + 1);
    } else if (kind === 18) {
      await both(`${at} partitions`, (on) => on.partitions());
    } else if (subject.reopen !== null) log = await subject.reopen();
  }
  await both("the end", (on) => on.partitions());
  for (const task of TASKS) await both(`what ${task} left`, (on) => on.openTask(task));
  for (const topic of TOPICS) {
    for (let p = 0; p < 3; p++)
      await both(`all of ${topic}/${p}`, (on) => readAll(on, topic, p, 0));
  }
  return found;
}
