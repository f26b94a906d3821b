// 1, 2 and 4 processes over 8 partitions, each message copied exactly once. On a machine of few cores the
// broker and the processes share them, so the rate says little: what a message costs in processor time
// says whether more processes would bring more.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connectKafka, type KafkaConnection } from "../../infra/kafka/client/connection.ts";
import { report } from "../measured.ts";
import { brokerOf, deleteTopics, quickOr } from "./broker-of.ts";
import { copyTopology, createCopyOutputs, feedForecasts, logOf } from "./copy-flow.ts";
import type { InstanceReport } from "./scaling-instance.ts";

const PARTITIONS = 8;
const EVENTS = quickOr(25_000, 250_000);
/** Of all messages: what comes before is warming up. */
const WARM_SHARE = 0.25;
const PREFIX = "scale.";
const LOOK_MS = 20;
const broker = brokerOf();

async function ask(child: ChildProcess): Promise<InstanceReport> {
  const answered = once(child, "message");
  child.send("report");
  return (await answered)[0] as InstanceReport;
}

async function total(children: readonly ChildProcess[]): Promise<InstanceReport> {
  const reports = await Promise.all(children.map(ask));
  return {
    admitted: reports.reduce((sum, { admitted }) => sum + admitted, 0),
    cpuSeconds: reports.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

async function until(children: readonly ChildProcess[], admitted: number) {
  for (;;) {
    const now = await total(children);
    if (now.admitted >= admitted) return { ...now, atMs: performance.now() };
    await pause(LOOK_MS);
  }
}

async function run(connection: KafkaConnection, processes: number) {
  const app = `scale-${processes}`;
  const log = logOf(connection, app, PREFIX);
  await createCopyOutputs(log, PARTITIONS);
  const script = join(import.meta.dirname, "scaling-instance.ts");
  const args = [broker, PREFIX, app, String(PARTITIONS)];
  const children = Array.from({ length: processes }, () => fork(script, args));
  await Promise.all(children.map((child) => once(child, "message")));
  const all = PARTITIONS * EVENTS;
  const start = await until(children, all * WARM_SHARE);
  const end = await until(children, all);
  await Promise.all(
    children.map((child) => {
      const gone = once(child, "exit");
      child.disconnect();
      return gone;
    }),
  );
  await log.close();
  const written = [...copyTopology().derived, "tape.admissions", "tape.dead-letters"];
  const topics = [...written.map((topic) => `${PREFIX}${topic}`), `${app}.copier.changelog`];
  await deleteTopics(connection, topics);
  const messages = end.admitted - start.admitted;
  return {
    rate: messages / ((end.atMs - start.atMs) / 1000),
    cpuSeconds: ((end.cpuSeconds - start.cpuSeconds) / messages) * 1e6,
  };
}

const connection = await connectKafka({ brokers: [broker], clientId: "scaling" });
const feed = logOf(connection, "scale.feed", PREFIX);
await feedForecasts(feed, PARTITIONS, EVENTS);
await feed.close();
console.log(`${availableParallelism()} cores, shared with the broker`);
let single: { rate: number; cpuSeconds: number } | null = null;
for (const processes of [1, 2, 4]) {
  const now = await run(connection, processes);
  single ??= now;
  const name = `scaling, 8 partitions, ${processes} process${processes === 1 ? "" : "es"}`;
  const against = processes === 1 ? {} : { against: "one process" };
  const reference = (value: number): number | null => (processes === 1 ? null : value);
  report({
    name: `${name}, rate`,
    value: now.rate,
    unit: "msg/s",
    reference: reference(single.rate),
    ratio: reference(now.rate / single.rate),
    ...against,
  });
  report({
    name: `${name}, processor time of a million messages`,
    value: now.cpuSeconds,
    unit: "s",
    reference: reference(single.cpuSeconds),
    ratio: reference(single.cpuSeconds / now.cpuSeconds),
    ...against,
  });
}
await deleteTopics(connection, [`${PREFIX}forecasts`]);
await connection.close();
