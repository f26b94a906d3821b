// The wire's cost: frames to messages, to a sealed batch, and back, without a network. One line a case;
// nanoseconds a record, the best of several rounds, and the sizes. `node bench/wire.ts [case]`.

import { sealBatch, splitBatches } from "../infra/kafka/wire/record-batch.ts";
import { RecordsWriter } from "../infra/kafka/wire/records-writer.ts";
import { TopicDecoder } from "../infra/kafka/wire/topic-decoder.ts";
import { TopicEncoder } from "../infra/kafka/wire/topic-encoder.ts";
import { Writer } from "../schemas/avro.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import type { RecordBatch } from "../streams/log.ts";
import { writeRecord } from "../streams/record.ts";

const RECORDS = 1000;
/** Many short rounds: on a shared machine the best of them was not interrupted. */
const ROUNDS = 1500;
const START_US = 1_711_636_200_000_000;
const PARTITION = 3;
const ids = { idOf: () => 7, isKnown: (_: TopicName, id: number) => id === 7 };

function batchOf<T extends TopicName>(
  topic: T,
  stepUs: number,
  caused: boolean,
  factOf: (i: number) => Facts[T],
): RecordBatch {
  const writer = new Writer(1 << 20);
  for (let i = 0; i < RECORDS; i++) {
    const cause = caused
      ? ({ topic: "market.bars", partition: PARTITION, offset: 1_234_567 + i } as const)
      : null;
    writeRecord(writer, topic, START_US + i * stepUs, 5_000_000 + i, cause, 0, factOf(i));
  }
  const maxTimeUs = START_US + (RECORDS - 1) * stepUs;
  const bytes = writer.bytes.slice(0, writer.pos);
  return { topic, partition: PARTITION, baseOffset: 1_000_000, count: RECORDS, maxTimeUs, bytes };
}

const symbolOf = (i: number): string => `SYM${i % 50}`;

const cases: Readonly<Record<string, () => RecordBatch>> = {
  tick: () =>
    batchOf("market.ticks", 1037, false, (i) => ({
      symbol: symbolOf(i),
      price: 182_500 + i,
      quantity: 100 + i,
      venue: "XNAS",
      suspicious: false,
    })),
  features: () =>
    batchOf("features", 1_000_000, true, (i) => ({
      symbol: symbolOf(i),
      barEndUs: START_US,
      price: 182_500 + i,
      logReturn: 0.001 * i,
      emaFast: 182_500.25 + i,
      emaSlow: 182_501.5 + i,
      atr: 12.5,
      volatility: 0.01,
      warm: true,
    })),
  snapshot: () =>
    batchOf("portfolio.snapshots", 60_000_000, true, (i) => ({
      portfolio: "main",
      currency: "USD",
      cause: "FILL",
      cash: 99_123_456_789n + BigInt(i),
      equity: 100_123_456_789n,
      peakEquity: 100_923_456_789n,
      grossExposure: 50_123_456_789n,
      netExposure: -50_123_456_789n,
      realisedPnl: 1_123_456_789n,
      fees: 123_456_789n,
      taxes: 0n,
      foreignCash: [],
      drawdownBps: 80,
      symbol: symbolOf(i),
      quantity: 1_000_000_000,
      cost: 50_000_123_456n,
      mark: 182_500_000,
    })),
};

/** Nanoseconds a record of the best round. */
function best(work: () => unknown): string {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    work();
    least = Math.min(least, ((performance.now() - started) * 1e6) / RECORDS);
  }
  return least.toFixed(0).padStart(5);
}

function measure(name: string, batch: RecordBatch): void {
  const place = { topic: batch.topic, partition: batch.partition };
  const encoder = new TopicEncoder(place, ids);
  const decoder = new TopicDecoder(place, ids);
  const records = encoder.encode(batch, 0);
  const sealed = sealBatch(records, null);
  const [raw] = splitBatches(sealed);
  if (raw === undefined) throw new Error("nothing was sealed");
  const encode = best(() => encoder.encode(batch, 0));
  const seal = best(() => sealBatch(records, null));
  const split = best(() => splitBatches(sealed));
  const decode = best(() => {
    decoder.seek(null, 0);
    return decoder.decode(raw);
  });
  const sizes = `frame ${batch.bytes.length / RECORDS}, message ${sealed.length / RECORDS} B`;
  console.log(
    `${name.padEnd(10)} encode ${encode} seal ${seal} split ${split} decode ${decode} ns; ${sizes}`,
  );
}

function measurePlain(): void {
  const writer = new RecordsWriter();
  const value = new Uint8Array(100).fill(7);
  const key = new Uint8Array(8).fill(1);
  const add = best(() => {
    for (let i = 0; i < RECORDS; i++) writer.add(START_US / 1000 + i, key, value);
    return writer.take();
  });
  console.log(`${"plain".padEnd(10)} encode ${add} ns; value 100 B, no headers`);
}

const [wanted] = process.argv.slice(2);
for (const [name, make] of Object.entries(cases)) {
  if (wanted === undefined || wanted === name) measure(name, make());
}
if (wanted === undefined || wanted === "plain") measurePlain();
