// From a tick to its verdict through two transactional hops (bars, features and signals in one task;
// proposals, verdicts and orders in another) at 1,000 ticks a second: an instance in a process of its
// own, fed and read from here, on one clock. The feed does not wait for anybody (open loop).
//
// A tick's time starts when the transaction that appends it is answered, and ends when its verdict is
// read as committed. Beside it what one transaction takes on this broker by the same client (one record,
// one offset), sampled all the while.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connectKafka, type KafkaConnection } from "../../infra/kafka/client/connection.ts";
import type { KafkaLog } from "../../infra/kafka/log/kafka-log.ts";
import { RecordsWriter } from "../../infra/kafka/wire/records-writer.ts";
import { TopicDecoder } from "../../infra/kafka/wire/topic-decoder.ts";
import { flowTopology } from "../../processors/topology.ts";
import { Writer } from "../../schemas/avro.ts";
import { spotTerms } from "../../schemas/values/contract-terms.ts";
import { createOutputs, planTasks } from "../../streams/live-plan.ts";
import { writeRecord } from "../../streams/record.ts";
import { report } from "../measured.ts";
import { brokerOf, createBareTopic, deleteTopics, quickOr } from "./broker-of.ts";
import { logOf, schemaIds } from "./copy-flow.ts";
import { SYMBOLS, verdictConfig } from "./verdict-flow.ts";

const TICKS_PER_SECOND = 1_000;
const WARM_TICKS = quickOr(3_000, 15_000);
const TICKS = quickOr(5_000, 60_000);
const SAMPLE_MS = 100;
/** Longest that the last verdicts are waited for. */
const TAIL_MS = 5_000;
const HOPS = 2;
const BOUND = 3;

interface Setting {
  readonly name: string;
  readonly waitUs: number;
  readonly lingerMs: number;
}

/** As `tapedeck run` has them; and as one who wants his answer soon would set them. */
const settings: readonly Setting[] = [
  { name: "as it comes (wait 20 ms, linger 5 ms)", waitUs: 20_000, lingerMs: 5 },
  { name: "prompt (wait 2 ms, linger 0)", waitUs: 2_000, lingerMs: 0 },
];

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

const traceOf = (tick: number): string =>
  `00-${(tick + 1).toString(16).padStart(32, "0")}-00000000000000aa-01`;
const tickOf = (trace: string): number => Number.parseInt(trace.slice(3, 35), 16) - 1;

/** Commits what is due every time that it can; when each tick was due, and when it was in the log. */
class Feed {
  readonly due = new Float64Array(WARM_TICKS + TICKS);
  readonly appended = new Float64Array(WARM_TICKS + TICKS);
  private readonly log: KafkaLog;
  private readonly writer = new Writer(1 << 16);

  constructor(log: KafkaLog) {
    this.log = log;
  }

  async run(): Promise<void> {
    const startMs = performance.now() + 50;
    const all = this.due.length;
    for (let i = 0; i < all; i++) this.due[i] = startMs + (i * 1000) / TICKS_PER_SECOND;
    for (let next = 0; next < all; ) {
      const waitMs = (this.due[next] as number) - performance.now();
      if (waitMs > 0) await pause(waitMs);
      let end = next;
      while (end < all && (this.due[end] as number) <= performance.now()) end++;
      if (end === next) continue;
      await this.append(next, end);
      this.appended.fill(performance.now(), next, end);
      next = end;
    }
  }

  private append(from: number, to: number): Promise<void> {
    this.writer.pos = 0;
    const traces: string[] = [];
    let maxTimeUs = 0;
    for (let i = from; i < to; i++) {
      maxTimeUs = Math.floor((performance.timeOrigin + (this.due[i] as number)) * 1000);
      // Up and down with each tick of a symbol: its view turns each time.
      const price = 10_000 + (Math.floor(i / SYMBOLS) % 2 === 0 ? 100 : -100);
      const symbol = `S${i % SYMBOLS}`;
      const tick = { symbol, price, quantity: 100, venue: "XNAS", suspicious: false };
      writeRecord(this.writer, "market.ticks", maxTimeUs, i, null, 0, tick);
      traces.push(traceOf(i));
    }
    const bytes = this.writer.bytes.subarray(0, this.writer.pos);
    const place = { topic: "market.ticks", partition: 0, baseOffset: from, count: to - from };
    return this.log.commit({ produced: [{ ...place, maxTimeUs, bytes, traces }], checkpoints: [] });
  }
}

/** When each tick's first verdict came. */
class Verdicts {
  readonly arrived = new Float64Array(WARM_TICKS + TICKS);
  private over = false;

  async run(connection: KafkaConnection, topic: string): Promise<void> {
    const fetcher = connection.fetcher();
    const decoder = new TopicDecoder({ topic: "risk.verdicts", partition: 0 }, schemaIds);
    fetcher.add(topic, 0, 0);
    while (!this.over) {
      const piece = await fetcher.pull(100);
      const now = performance.now();
      for (const raw of piece?.batches ?? []) {
        for (const trace of decoder.decode(raw).batch?.traces ?? []) {
          const tick = trace === null ? -1 : tickOf(trace);
          if (this.arrived[tick] === 0) this.arrived[tick] = now;
        }
      }
    }
    fetcher.close();
  }

  stop(): void {
    this.over = true;
  }
}

/** What one transaction of a record and an offset takes. */
class RoundTrips {
  readonly milliseconds: number[] = [];
  private over = false;

  async run(connection: KafkaConnection, topic: string): Promise<void> {
    const producer = await connection.producer(`${topic}.probe`, 30_000);
    const offsets = [{ topic, partition: 0, offset: 0 }];
    while (!this.over) {
      const writer = new RecordsWriter();
      writer.add(Date.now(), null, new Uint8Array(10));
      const records = writer.take();
      if (records === null) break;
      const begunMs = performance.now();
      await producer.commit({
        batches: [{ topic, partition: 0, records }],
        offsets: { groupId: `${topic}.probe`, offsets },
      });
      this.milliseconds.push(performance.now() - begunMs);
      await pause(SAMPLE_MS);
    }
    producer.close();
  }

  stop(): void {
    this.over = true;
  }
}

async function createTopics(log: KafkaLog): Promise<void> {
  const topology = flowTopology((await verdictConfig()).flow);
  for (const topic of topology.sources) await log.createTopic(topic, 1);
  await createOutputs(
    log,
    topology,
    planTasks(topology, 1, () => 1),
  );
  const writer = new Writer();
  for (let i = 0; i < SYMBOLS; i++) {
    const instrument = {
      symbol: `S${i}`,
      assetClass: "EQUITY",
      currency: "USD",
      currencyScale: 2,
      priceScale: 2,
      quantityScale: 0,
      tickSize: 1,
      lotSize: 1,
      multiplier: 1,
      calendar: "24x7",
      timeZone: "UTC",
      ...spotTerms,
    } as const;
    writeRecord(writer, "market.instruments", 0, i, null, 0, instrument);
  }
  const bytes = writer.bytes.subarray(0, writer.pos);
  const place = { topic: "market.instruments", partition: 0, baseOffset: 0, count: SYMBOLS };
  await log.commit({ produced: [{ ...place, maxTimeUs: 0, bytes }], checkpoints: [] });
}

async function measure(setting: Setting, prefix: string): Promise<void> {
  const broker = brokerOf();
  const connection = await connectKafka({ brokers: [broker], clientId: "tick-to-verdict" });
  const app = prefix.slice(0, -1);
  const log = logOf(connection, `${app}.feed`, prefix);
  await createTopics(log);
  await createBareTopic(connection, `${prefix}probe`);
  const args = [broker, prefix, app, String(setting.waitUs), String(setting.lingerMs)];
  const child = fork(join(import.meta.dirname, "serve-flow.ts"), args);
  await once(child, "message");
  const [feed, verdicts, trips] = [new Feed(log), new Verdicts(), new RoundTrips()];
  const reading = verdicts.run(connection, `${prefix}risk.verdicts`);
  const probing = trips.run(connection, `${prefix}probe`);
  await feed.run();
  const last = feed.due.length - 1;
  for (let left = TAIL_MS; left > 0 && verdicts.arrived[last] === 0; left -= 50) await pause(50);
  verdicts.stop();
  trips.stop();
  await Promise.all([reading, probing]);
  child.disconnect();
  await once(child, "exit");
  publish(setting, feed, verdicts, trips);
  await log.close();
  const admin = await connection.admin();
  const own = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  await deleteTopics(connection, own);
  await connection.close();
}

function publish(setting: Setting, feed: Feed, verdicts: Verdicts, trips: RoundTrips): void {
  const sinceAppended: number[] = [];
  const sinceDue: number[] = [];
  for (let i = WARM_TICKS; i < feed.due.length; i++) {
    const at = verdicts.arrived[i] as number;
    if (at === 0) continue;
    sinceAppended.push(at - (feed.appended[i] as number));
    sinceDue.push(at - (feed.due[i] as number));
  }
  const answered = Float64Array.from(sinceAppended).sort();
  const due = Float64Array.from(sinceDue).sort();
  const trip = Float64Array.from(trips.milliseconds.slice(trips.milliseconds.length >> 2)).sort();
  const { name, waitUs, lingerMs } = setting;
  const share = ((100 * answered.length) / TICKS).toFixed(1);
  const ms = (value: number): string => value.toFixed(1);
  console.log(
    `${name}: ${share} % of ticks led to a verdict; from due, the feed's own transaction included: ` +
      `p50 ${ms(quantile(due, 0.5))}, p99 ${ms(quantile(due, 0.99))} ms; a transaction: ` +
      `p50 ${ms(quantile(trip, 0.5))}, p99 ${ms(quantile(trip, 0.99))} ms of ${trip.length}`,
  );
  const batchingMs = HOPS * lingerMs + waitUs / 1000;
  for (const [label, quantileAt] of [
    ["p50", 0.5],
    ["p99", 0.99],
    ["p99.9", 0.999],
  ] as const) {
    const value = quantile(answered, quantileAt);
    const reference = HOPS * quantile(trip, quantileAt) + batchingMs;
    const bound = label === "p99" && value > BOUND * reference;
    report({
      name: `tick to verdict, ${name}, ${label}`,
      value,
      unit: "ms",
      reference,
      ratio: reference / value,
      against: `two transactions' ${label} + ${batchingMs} ms of batching`,
      ...(bound ? { missed: `at most ${BOUND} times the reference` } : {}),
    });
  }
  if (answered.length < TICKS / 2) throw new Error(`only ${share} % of the ticks led to a verdict`);
}

for (const [index, setting] of settings.entries()) await measure(setting, `verdict${index}.`);
