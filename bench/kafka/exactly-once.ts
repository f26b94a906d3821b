// Consume, transform, produce, exactly once, values of 100 bytes, one task: ours by the path that
// services use, ours without our envelope, Kafka Streams, kafkajs; in turns, on one broker.
//
// Rate is messages a second between two counts of a run that is warm by then. "On one client core" is
// the same divided by the processor time of the whole client process: it does not move with what else the
// machine is doing, broker included.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectKafka, type KafkaConnection } from "../../infra/kafka/client/connection.ts";
import { median, report } from "../measured.ts";
import { brokerOf, createBareTopic, deleteTopics, quickOr } from "./broker-of.ts";
import { copyTopology, feedBare, feedForecasts, logOf } from "./copy-flow.ts";
import { streamsCommand } from "./peer/streams-peer.ts";
import type { Span } from "./span.ts";

const FROM = quickOr(200_000, 1_000_000);
const UNTIL = quickOr(600_000, 3_000_000);
const ROUNDS = quickOr(1, 3);
const PREFIX = "copy.";
const BARE = "copy.bare";
const BOUND_RATE = 150_000;
/** Of Kafka Streams' messages per client processor second. */
const BOUND_SHARE = 0.5;

type Name = "ours" | "bare" | "streams" | "kafkajs";
const here = import.meta.dirname;
const broker = brokerOf();

function run(name: Name, command: string, args: readonly string[]): Span {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${name} ended with ${status}: ${stderr}`);
  const span = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Span;
  const rate = Math.round(span.messages / span.seconds);
  console.log(`${name}: ${rate} messages/s, ${perCore(span)} on one client core`);
  return span;
}

const perCore = ({ messages, cpuSeconds }: Span): number => Math.round(messages / cpuSeconds);

async function round(connection: KafkaConnection, index: number): Promise<Record<Name, Span>> {
  const span = [String(FROM), String(UNTIL)];
  const written = copyTopology().derived.map((topic) => `${PREFIX}${topic}`);
  const node = (script: string, ...args: readonly string[]) =>
    [join(here, script), broker, ...args, ...span] as const;
  const out = (name: string): string => `${BARE}.${name}.${index}`;
  for (const name of ["raw", "streams", "kafkajs"]) await createBareTopic(connection, out(name));
  const app = `copy-${index}`;
  const ours = run("ours", process.execPath, node("copy-ours.ts", PREFIX, app));
  const runtime = ["tape.admissions", "tape.dead-letters"].map((topic) => `${PREFIX}${topic}`);
  await deleteTopics(connection, [...written, ...runtime, `${app}.copier.changelog`]);
  const bare = run("bare", process.execPath, node("copy-raw.ts", BARE, out("raw"), `raw-${index}`));
  const state = mkdtempSync(join(tmpdir(), "tapedeck-streams-"));
  const [java, ...jvm] = await streamsCommand();
  const settings = [broker, BARE, out("streams"), `streams-${index}`, state, ...span];
  const streams = run("streams", java as string, [...jvm, ...settings]);
  rmSync(state, { recursive: true, force: true });
  const peer = node("copy-kafkajs.ts", BARE, out("kafkajs"), `kafkajs-${index}`);
  const kafkajs = run("kafkajs", process.execPath, peer);
  await deleteTopics(connection, ["raw", "streams", "kafkajs"].map(out));
  return { ours, bare, streams, kafkajs };
}

const connection = await connectKafka({ brokers: [broker], clientId: "bench" });
await createBareTopic(connection, BARE);
await feedBare(connection, BARE, UNTIL + 20_000);
const feed = logOf(connection, "copy.feed", PREFIX);
await feedForecasts(feed, 1, UNTIL + 20_000);
await feed.close();
const rounds: Record<Name, Span>[] = [];
for (let index = 0; index < ROUNDS; index++) rounds.push(await round(connection, index));

const rate = (name: Name): number =>
  median(rounds.map((spans) => spans[name].messages / spans[name].seconds));
const core = (name: Name): number => median(rounds.map((spans) => perCore(spans[name])));

function figures(name: Name, title: string): void {
  for (const [against, peer] of [
    ["Kafka Streams 4.3.0, exactly_once_v2, one thread", "streams"],
    ["kafkajs 2.2.4, one transaction a batch", "kafkajs"],
  ] as const) {
    if (peer === name) continue;
    const [value, reference] = [rate(name), rate(peer)];
    report({
      name: `${title}, rate`,
      value,
      unit: "msg/s",
      reference,
      ratio: value / reference,
      against,
      ...(name === "ours" && value < BOUND_RATE ? { missed: `at least ${BOUND_RATE} msg/s` } : {}),
    });
    const [own, other] = [core(name), core(peer)];
    const short = name === "ours" && peer === "streams" && own < BOUND_SHARE * other;
    report({
      name: `${title}, on one client core`,
      value: own,
      unit: "msg/s",
      reference: other,
      ratio: own / other,
      against,
      ...(short ? { missed: `at least ${BOUND_SHARE} of the peer's` } : {}),
    });
  }
}

figures("ours", "exactly once, one task");
figures("bare", "exactly once, without our envelope");
await deleteTopics(connection, [BARE, `${PREFIX}forecasts`]);
await connection.close();
