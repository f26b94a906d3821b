// What a restart of a task with a million keys of state costs: with the local cache of an instance that
// ran here before, and without, when all of it is read from the changelog in Kafka.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectKafka } from "../../infra/kafka/client/connection.ts";
import { median, report } from "../measured.ts";
import { brokerOf, deleteTopics, quickOr } from "./broker-of.ts";
import { logOf } from "./copy-flow.ts";
import { feedKeys } from "./keeper-flow.ts";
import type { Opened } from "./restart-child.ts";

const KEYS = quickOr(100_000, 1_000_000);
const ROUNDS = quickOr(1, 3);
const PREFIX = "keep.";
const APP = "keep";
const WARM_BOUND_S = 5;
const broker = brokerOf();

function child(what: "fill" | "open", folder: string): string {
  const script = join(import.meta.dirname, "restart-child.ts");
  const args = [script, what, broker, PREFIX, APP, folder, String(KEYS)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${what} ended with ${status}: ${stderr}`);
  return stdout;
}

function open(folder: string): Opened {
  const opened = JSON.parse(child("open", folder)) as Opened;
  if (opened.entries < KEYS) throw new Error(`the task came back with ${opened.entries} entries`);
  return opened;
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function figure(name: string, rounds: readonly Opened[], boundS: number | null): void {
  const [first] = rounds;
  if (first === undefined) return;
  const value = median(rounds.map(({ seconds }) => seconds));
  const cpu = median(rounds.map(({ cpuSeconds }) => cpuSeconds));
  console.log(
    `${name}: ${first.entries} entries, ${first.cached} of them cached; ${first.records} records, ` +
      `${mib(first.bytes)} from Kafka; ${cpu.toFixed(2)} s of processor time; ` +
      `${mib(first.residentBytes)} resident`,
  );
  report({
    name,
    value,
    unit: "s",
    reference: boundS,
    ratio: boundS === null ? null : boundS / value,
    ...(boundS === null ? {} : { against: "bound" }),
    ...(boundS !== null && value > boundS ? { missed: `under ${boundS} s` } : {}),
  });
  report({
    name: `${name}, from Kafka`,
    value: first.bytes / 2 ** 20,
    unit: "MiB",
    reference: null,
    ratio: null,
  });
}

const connection = await connectKafka({ brokers: [broker], clientId: "restart" });
const folder = mkdtempSync(join(tmpdir(), "tapedeck-bench-"));
try {
  const feed = logOf(connection, `${APP}.feed`, PREFIX);
  await feedKeys(feed, KEYS);
  await feed.close();
  child("fill", folder);
  const warm = Array.from({ length: ROUNDS }, () => open(folder));
  const cold = Array.from({ length: ROUNDS }, () => open("none"));
  const keys = KEYS === 1_000_000 ? "a million" : String(KEYS);
  figure(`restart with ${keys} keys, local cache`, warm, WARM_BOUND_S);
  figure(`restart with ${keys} keys, from the changelog`, cold, null);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const admin = await connection.admin();
const ours = (topic: string): boolean => topic.startsWith(PREFIX);
await deleteTopics(connection, (await admin.listTopics()).filter(ours));
await connection.close();
