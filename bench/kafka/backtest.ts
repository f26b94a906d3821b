// A backtest from topics: ticks read from the broker, bars built, decided, filled and booked, all of it
// written to an embedded log; beside it the same ticks from an embedded tape. A process of its own each
// time, warming up included.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectKafka } from "../../infra/kafka/client/connection.ts";
import { openEmbeddedLog } from "../../infra/log/embedded-log.ts";
import { runConfig, writeTape } from "../market-tape.ts";
import { median, report } from "../measured.ts";
import type { Backtested } from "./backtest-child.ts";
import { brokerOf, deleteTopics, quickOr } from "./broker-of.ts";
import { logOf } from "./copy-flow.ts";

/** Ten ticks each. */
const BARS = quickOr(20_000, 150_000);
const ROUNDS = quickOr(1, 3);
const PREFIX = "tape.";
const BOUND = 150_000;
const broker = brokerOf();

function run(from: string, folder: string): Backtested {
  const script = join(import.meta.dirname, "backtest-child.ts");
  const args = [
    script,
    from,
    broker,
    PREFIX,
    join(folder, "run.yaml"),
    mkdtempSync(`${folder}/to-`),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the backtest ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Backtested;
}

const folder = mkdtempSync(join(tmpdir(), "tapedeck-bench-"));
const connection = await connectKafka({ brokers: [broker], clientId: "backtest" });
try {
  const tape = join(folder, "tape");
  await writeTape(tape, BARS, "ticks");
  writeFileSync(join(folder, "run.yaml"), runConfig(tape, "ticks"));
  const source = await openEmbeddedLog(tape, { mode: "read" });
  const log = logOf(connection, "tape.feed", PREFIX);
  for (const { topic, partition, start, end } of await source.partitions()) {
    await log.createTopic(topic, 1);
    for (let next = start; next < end; ) {
      const batch = await source.read(topic, partition, next);
      if (batch === null) break;
      await log.commit({ produced: [batch], checkpoints: [] });
      next = batch.baseOffset + batch.count;
    }
  }
  await log.createTopic("control.commands", 1);
  await log.close();
  await source.close();
  const kafka: Backtested[] = [];
  const embedded: Backtested[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    kafka.push(run("kafka", folder));
    embedded.push(run("tape", folder));
  }
  const hashes = new Set([...kafka, ...embedded].map(({ hash }) => hash));
  if (hashes.size !== 1) throw new Error("the same ticks led to other bytes");
  const [first] = kafka as [Backtested];
  console.log(`${first.sources} ticks and instruments, ${first.events} events written; same bytes`);
  const figure = (name: string, of: (run: Backtested) => number, bound?: number): void => {
    const [value, reference] = [median(kafka.map(of)), median(embedded.map(of))];
    report({
      name,
      value,
      unit: "events/s",
      reference,
      ratio: value / reference,
      against: "the same from an embedded tape",
      ...(bound !== undefined && value < bound ? { missed: `at least ${bound} events/s` } : {}),
    });
  };
  figure("backtest from Kafka, events read", ({ sources, seconds }) => sources / seconds, BOUND);
  figure("backtest from Kafka, read, on one core", (run) => run.sources / run.cpuSeconds);
  figure(
    "backtest from Kafka, read and written",
    (run) => (run.sources + run.events) / run.seconds,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const admin = await connection.admin();
const ours = (topic: string): boolean => topic.startsWith(PREFIX);
await deleteTopics(connection, (await admin.listTopics()).filter(ours));
await connection.close();
