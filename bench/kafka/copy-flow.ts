// The smallest flow: every event read leads to one event written, both with values of about 100 bytes.
// What it costs is what the way to and from Kafka costs. Beside it the same as bare messages, for peers
// that know nothing of our envelope.

import type { KafkaConnection } from "../../infra/kafka/client/connection.ts";
import type { ResolvingSchemaIds } from "../../infra/kafka/log/decode-resolved.ts";
import { KafkaLog } from "../../infra/kafka/log/kafka-log.ts";
import { RecordsWriter } from "../../infra/kafka/wire/records-writer.ts";
import { Writer } from "../../schemas/avro.ts";
import type { Forecast } from "../../schemas/generated/forecasts.ts";
import { topicNames } from "../../streams/catalogue.ts";
import { emit } from "../../streams/event.ts";
import { createOutputs, planTasks } from "../../streams/live-plan.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { Processor } from "../../streams/processor.ts";
import { writeRecord } from "../../streams/record.ts";
import { type GroupPlan, planGroups } from "../../streams/task-groups.ts";
import { buildTopology, type Topology } from "../../streams/topology.ts";

const MODEL = "gru-64x2.seed-7.fold-3.of-2026-11-20.bc";
const COPIED_BY = "copied-from-the-forecast-of-the-same-symbol-with-its-mean-as-strength";
const SYMBOLS = 64;
export const START_US = Date.UTC(2026, 0, 5, 14, 30) * 1000;
const BATCH = 5_000;

/** Numbers that a registry would give; the bytes of the wire are the same. */
export const schemaIds: ResolvingSchemaIds = {
  idOf: (topic) => topicNames.indexOf(topic) + 1,
  isKnown: (topic, id) => id === topicNames.indexOf(topic) + 1,
  resolve: async () => undefined,
};

/** A forecast of 100 bytes in, a signal of 101 out. */
export const copier: Processor<{ seen: number }, "forecasts", "signals"> = {
  name: "copier",
  version: 1,
  scope: "symbol",
  inputs: ["forecasts"],
  outputs: { signals: 0 },
  onFailure: "stop",
  initial: () => ({ seen: 0 }),
  evolve(state) {
    state.seen++;
    return state;
  },
  decide: (_, { value: { symbol, mean, lower, horizonUs } }) => [
    emit("signals", {
      symbol,
      model: COPIED_BY,
      strength: mean,
      price: horizonUs,
      volatility: lower,
    }),
  ],
};

export const copyTopology = (): Topology =>
  buildTopology({ sources: ["forecasts"], processors: [copier] });

export const copyPlans = (partitions: number): readonly GroupPlan[] =>
  planGroups(copyTopology(), partitions, () => partitions);

export const logOf = (
  connection: KafkaConnection,
  app: string,
  prefix: string,
  stateDir: string | null = null,
): KafkaLog =>
  new KafkaLog({
    connection,
    app,
    prefix,
    schemaIds,
    replicationFactor: 1,
    minInsyncReplicas: 1,
    stateDir,
  });

/** Makes what the copier writes. */
export const createCopyOutputs = (log: KafkaLog, partitions: number): Promise<void> =>
  createOutputs(
    log,
    copyTopology(),
    planTasks(copyTopology(), partitions, () => partitions),
  );

export function forecast(symbol: string, i: number): Forecast {
  return {
    symbol,
    model: MODEL,
    horizonUs: 60_000_000,
    mean: (i % 1000) / 1000,
    lower: -0.01,
    upper: 0.01,
    coverage: 0.9,
    alpha: 0.1,
    kappaPlus: i % 7,
    verdict: "PASS",
  };
}

/** Fills `forecasts` with `events` a partition. */
export async function feedForecasts(
  log: KafkaLog,
  partitions: number,
  events: number,
): Promise<void> {
  await log.createTopic("forecasts", partitions);
  const symbols = symbolsBy(partitions);
  let waiting: Promise<void>[] = [];
  const writer = new Writer(1 << 20);
  for (let base = 0; base < events; base += BATCH) {
    const count = Math.min(BATCH, events - base);
    for (let partition = 0; partition < partitions; partition++) {
      const own = symbols[partition] as readonly string[];
      writer.pos = 0;
      for (let i = base; i < base + count; i++) {
        const symbol = own[i % own.length] as string;
        writeRecord(writer, "forecasts", START_US + i * 100, i, null, 0, forecast(symbol, i));
      }
      const bytes = writer.bytes.subarray(0, writer.pos);
      const maxTimeUs = START_US + (base + count - 1) * 100;
      const batch = { topic: "forecasts", partition, baseOffset: base, count, maxTimeUs, bytes };
      waiting.push(log.commit({ produced: [batch], checkpoints: [] }));
    }
    if (waiting.length >= 16) {
      await Promise.all(waiting);
      waiting = [];
    }
  }
  await Promise.all(waiting);
}

function symbolsBy(partitions: number): readonly (readonly string[])[] {
  const symbols = Array.from({ length: partitions }, (): string[] => []);
  for (let i = 0; symbols.some(({ length }) => length < SYMBOLS); i++) {
    const symbol = `SY${String(i).padStart(4, "0")}`;
    symbols[partitionOf(symbol, partitions)]?.push(symbol);
  }
  return symbols.map((own) => own.slice(0, SYMBOLS));
}

/** Fills partition 0 of a topic with messages of a key of 6 and a value of 100 bytes, no headers. */
export async function feedBare(
  connection: KafkaConnection,
  topic: string,
  events: number,
): Promise<void> {
  const producer = await connection.producer(`${topic}.feed`, 60_000);
  const keys = (symbolsBy(1)[0] as readonly string[]).map((symbol) => Buffer.from(symbol));
  const value = new Uint8Array(100).map((_, i) => (i * 37) % 251);
  for (let base = 0; base < events; base += BATCH) {
    const writer = new RecordsWriter();
    for (let i = base; i < Math.min(events, base + BATCH); i++) {
      writer.add(START_US / 1000 + Math.floor(i / 10), keys[i % keys.length] as Buffer, value);
    }
    const records = writer.take();
    if (records !== null) await producer.commit({ batches: [{ topic, partition: 0, records }] });
  }
  producer.close();
}
