// What a service does for a record between two requests, without a broker: split, decode, order, process,
// encode, seal. Nanoseconds a record by stage, of the best of many short rounds, so that it can be
// told on a busy machine what a change is worth. `node bench/kafka/hot-path.ts`; --cpu-prof shows where.

import { CommitQueue } from "../../infra/kafka/log/commit-queue.ts";
import { sealBatch, splitBatches } from "../../infra/kafka/wire/record-batch.ts";
import { TopicDecoder } from "../../infra/kafka/wire/topic-decoder.ts";
import { TopicEncoder } from "../../infra/kafka/wire/topic-encoder.ts";
import { Writer } from "../../schemas/avro.ts";
import { GroupTask } from "../../streams/group-task.ts";
import type { RecordBatch } from "../../streams/log.ts";
import { writeRecord } from "../../streams/record.ts";
import type { GroupPlan } from "../../streams/task-groups.ts";
import { copyPlans, forecast, START_US, schemaIds } from "./copy-flow.ts";

const RECORDS = 2_000;
const ROUNDS = Number(process.argv[2] ?? 1_500);

function source(base: number): RecordBatch {
  const writer = new Writer(1 << 20);
  for (let i = base; i < base + RECORDS; i++) {
    writeRecord(writer, "forecasts", START_US + i * 100, i, null, 0, forecast(`SY00${i % 64}`, i));
  }
  const maxTimeUs = START_US + (base + RECORDS - 1) * 100;
  const bytes = writer.bytes.slice(0, writer.pos);
  return { topic: "forecasts", partition: 0, baseOffset: base, count: RECORDS, maxTimeUs, bytes };
}

const stages = new Map<string, number>();
function stage<T>(name: string, work: () => T): T {
  const begunMs = performance.now();
  const result = work();
  const ns = ((performance.now() - begunMs) * 1e6) / RECORDS;
  stages.set(name, Math.min(stages.get(name) ?? Number.POSITIVE_INFINITY, ns));
  return result;
}

const input = new TopicEncoder({ topic: "forecasts", partition: 0 }, schemaIds);
const decoder = new TopicDecoder({ topic: "forecasts", partition: 0 }, schemaIds);
const output = new TopicEncoder({ topic: "signals", partition: 0 }, schemaIds);
const waits = { waitUs: 20_000, lagWaitUs: 10_000_000 };
const opened = { epoch: 1, checkpoint: null, entries: new Map() };
const group = new GroupTask(copyPlans(1)[0] as GroupPlan, opened, waits);
const queue = new CommitQueue(async (waiting) => {
  for (const { resolve } of waiting) resolve();
});
let floorUs = 0;
let whole = Number.POSITIVE_INFINITY;
for (let round = 0; round < ROUNDS; round++) {
  const sealed = sealBatch(input.encode(source(round * RECORDS), 0), null);
  const begunMs = performance.now();
  const [raw] = stage("split, CRC", () => splitBatches(sealed));
  if (raw === undefined) throw new Error("nothing was sealed");
  const { batch } = stage("decode", () => decoder.decode(raw));
  if (batch === null) throw new Error("nothing was decoded");
  stage("receive", () => group.receive(batch, 1));
  const done = stage("admit, process", () => group.admit(2, RECORDS));
  if (done !== RECORDS) throw new Error(`${done} of ${RECORDS} were admitted`);
  const commit = stage("transaction", () => group.transaction());
  stage("queue", () => void queue.commit(commit));
  const [produced] = commit.produced as [RecordBatch];
  const records = stage("encode", () => output.encode(produced, floorUs));
  stage("seal, CRC", () => sealBatch(records, null));
  whole = Math.min(whole, ((performance.now() - begunMs) * 1e6) / RECORDS);
  floorUs = produced.maxTimeUs;
  if (round % 50 === 0) await queue.idle();
}
for (const [name, ns] of stages) console.log(`${name.padEnd(16)} ${ns.toFixed(0).padStart(5)} ns`);
console.log(`${"a whole round".padEnd(16)} ${whole.toFixed(0).padStart(5)} ns`);
