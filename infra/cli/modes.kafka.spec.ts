// The ways between a tape and Kafka, as commands on a real broker: played, recorded, run from there, run
// into there, killed and gone on with; every byte against the tape that it began with.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventLog } from "../../streams/log.ts";
import { readAll } from "../../streams/testing/log-fixtures.ts";
import { describeKafka, freshPrefix } from "../broker/testing.ts";
import { type FaultProcess, FaultProcesses } from "../faults/processes.ts";
import { removeTopics } from "../kafka/run-tape.ts";
import { type KafkaSession, openKafka } from "../kafka/session.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { runTapedeck, TAPEDECK } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-modes-"));
const TAPE = join(folder, "tape");
const TICKS_A_DAY = 2_000;
/** Midnight after the first of the simulated days. */
const AFTER_FIRST_DAY = "2024-01-03";

interface Run {
  readonly run: string;
  readonly hash: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

function tapedeck(...args: readonly string[]) {
  const ended = runTapedeck(args, { cwd: folder });
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  return ended;
}

function json(...args: readonly string[]) {
  const { status, stdout, stderr } = tapedeck(...args, "--json");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

/** Bytes and greatest times of each partition that holds something. */
async function contentOf(log: EventLog) {
  const held = (await log.partitions()).filter(({ end }) => end > 0);
  return Promise.all(
    held.map(async ({ topic, partition }) => {
      const { bytes, end, maxTimeUs } = await readAll(log, topic, partition, 0);
      return { topic, partition, end, maxTimeUs, bytes: Buffer.from(bytes).toString("base64") };
    }),
  );
}

async function contentOfTape(path: string) {
  const log = await openEmbeddedLog(path, { mode: "read" });
  try {
    return await contentOf(log);
  } finally {
    await log.close();
  }
}

describeKafka("between a tape and Kafka", () => {
  const prefixes: string[] = [];
  const runs: string[] = [];
  const processes = new FaultProcesses(join(folder, "processes"));
  let session: KafkaSession;
  let embedded: Run;

  const fresh = (): string => {
    prefixes.push(freshPrefix());
    return prefixes.at(-1) as string;
  };

  const read = async (prefix: string) => {
    const log = session.log("reader", prefix);
    try {
      return await contentOf(log);
    } finally {
      await log.close();
    }
  };

  const start = (name: string, ...args: readonly string[]): Promise<FaultProcess> =>
    processes.start({ name, script: TAPEDECK, args });

  /** Resolves when the partition holds so many records; fails if the process ends before. */
  async function untilHeld(process: FaultProcess, place: string, records: number): Promise<void> {
    const ended = process.ended.then(() => true);
    for (;;) {
      const log = session.log("reader", place.slice(0, place.indexOf("market")));
      const held = await log.partitions();
      await log.close();
      const topic = place.slice(place.indexOf("market"));
      const range = held.find((one) => one.topic === topic && one.partition === 0);
      if ((range?.end ?? 0) >= records) return;
      if (await Promise.race([ended, Promise.resolve(false)])) {
        throw new Error(`it ended too early: ${process.errors()}`);
      }
    }
  }

  beforeAll(async () => {
    json("schemas", "publish");
    const market = ["--partitions", "2", "--days", "3", "--instruments", "3"];
    json("simulate", "--tape", TAPE, ...market, "--ticks-per-day", String(TICKS_A_DAY));
    writeFileSync(
      join(folder, "run.yaml"),
      "tape: tape\nsource: ticks\npartitions: 2\nbars: { interval: 5m }\nsizing: { method: equal-weight, gross: 1.0 }\n",
    );
    embedded = json("backtest", "run.yaml");
    runs.push(embedded.run);
    session = await openKafka();
  });

  afterEach(() => processes.close());

  afterAll(async () => {
    for (const prefix of [...prefixes, ...runs.map((id) => `run.${id}.`)]) {
      await removeTopics(session, prefix);
    }
    await session.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a tape that was played and recorded is the same to the byte; again does nothing", async () => {
    const prefix = fresh();
    const play = ["play", TAPE, "--speed", "max", "--prefix", prefix];
    const refused = tapedeck(...play);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(
      `KAFKA_TOPIC_MISSING: there is no topic ${prefix}market.instruments, `,
    );
    const played = json(...play, "--create-topics");
    expect(played).toMatchObject({ completed: true, resumed: 0, total: played.records });
    expect(await read(prefix)).toEqual(await contentOfTape(TAPE));
    expect(json("record", "back", "--prefix", prefix)).toMatchObject({ records: played.records });
    const back = join(folder, ".tapedeck", "tapes", "back");
    expect(await contentOfTape(back)).toEqual(await contentOfTape(TAPE));
    expect(json(...play)).toMatchObject({ records: played.records, resumed: played.records });
    expect(await read(prefix)).toEqual(await contentOfTape(TAPE));
    // Another market does not go on where this one ended.
    json("simulate", "--tape", "other", "--partitions", "2", "--days", "4", "--seed", "8");
    const other = tapedeck("play", "other", "--speed", "max", "--prefix", prefix);
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/TAPE_COPY_DIFFERS: market\.\w+\/\d holds other records/);
  });

  test("where no flow is there are no letters to list, and nothing to record", () => {
    const letters = tapedeck("dlq", "list", "--prefix", "nowhere.");
    expect(letters.status).toBe(2);
    expect(letters.stderr).toContain(
      "KAFKA_TOPIC_MISSING: the cluster has no topic nowhere.tape.dead-letters",
    );
    const recorded = tapedeck("record", "nothing", "--prefix", "nowhere.");
    expect(recorded.status).toBe(2);
    expect(recorded.stderr).toContain("TAPE_TOPICS_MISSING");
    expect(recorded.stderr).toContain("--prefix");
  });

  test("a backtest from topics is the embedded one: whole, by time and by offset", async () => {
    const prefix = fresh();
    json("play", TAPE, "--speed", "max", "--prefix", prefix, "--create-topics");
    const tape = await contentOfTape(TAPE);
    const lastUs = Math.max(...tape.map(({ maxTimeUs }) => maxTimeUs));
    const day = (n: number): string => formatIsoUs(lastUs - n * 86_400e6);
    for (const [i, part] of [
      [],
      ["--range", `${day(2)}..${day(1)}`],
      ["--range", `..${day(1.01)}`],
      ["--offsets", "market.ticks/0=700..1900,market.ticks/1=10..11"],
    ].entries()) {
      const here: Run = json("backtest", "run.yaml", ...part, "--root", `embedded-${i}`);
      const there: Run = json(
        ...["backtest", "run.yaml", "--from", "kafka", "--prefix", prefix],
        ...[...part, "--root", `kafka-${i}`],
      );
      const { report: _, ...expected } = here as Run & { report: string };
      expect(there).toMatchObject(expected);
      expect(there.counts["market.bars"]).toBeGreaterThan(0);
      const verified = tapedeck("verify", "latest", "--root", `kafka-${i}`);
      expect(verified.stdout).toMatch(
        /^identical: [\d,]+ events replayed, every byte as recorded\n/,
      );
      expect(verified.status).toBe(0);
    }
    const strange = ["--offsets", "market.ticks/2=0..1", "--from", "kafka", "--prefix", prefix];
    expect(tapedeck("backtest", "run.yaml", ...strange).stderr).toContain("market.ticks/2");
    const beyond = ["--offsets", "market.ticks/0=0..999999999"];
    expect(tapedeck("backtest", "run.yaml", ...beyond).stderr).toContain("keeps offsets 0 to");
  });

  test("a run into topics is read back from there, and is verified without the cluster", async () => {
    const prefix = fresh();
    json("play", TAPE, "--speed", "max", "--prefix", prefix, "--create-topics");
    const way = ["--from", "kafka", "--prefix", prefix, "--into", "kafka", "--root", "into"];
    // Twice: what the first one left in its topics is removed.
    for (const _ of [1, 2]) {
      const there: Run = json("backtest", "run.yaml", ...way);
      expect(there.hashes).toEqual(embedded.hashes);
      expect([there.run, there.hash]).toEqual([embedded.run, embedded.hash]);
    }
    const written = await read(`run.${embedded.run}.`);
    expect(written.map(({ topic }) => topic)).toContain("portfolio.snapshots");
    const log = join(folder, ".tapedeck", "runs", embedded.run, "log");
    expect(written).toEqual(await contentOfTape(log));
    const moved = ["verify", "latest", "--root", "into", "--set", `tape=${TAPE}`];
    expect(tapedeck(...moved).stdout).toMatch(/^identical/);
  });

  test("a run into topics that was killed goes on from its topics", async () => {
    const root = join(folder, "killed");
    const run = ["backtest", join(folder, "run.yaml"), "--into", "kafka", "--root", root];
    await removeTopics(session, `run.${embedded.run}.`);
    const killed = await start("backtest", ...run, "--commit-every", "20");
    await untilHeld(killed, `run.${embedded.run}.market.bars`, 5);
    await killed.kill();
    const before = await read(`run.${embedded.run}.`);
    const bars = before.find(({ topic }) => topic === "market.bars");
    expect(bars?.end).toBeLessThan(embedded.counts["market.bars"] as number);
    const whole: Run = json(...run, "--resume");
    expect(whole.hash).toBe(embedded.hash);
  });

  test("a play that is killed in the middle goes on from there", async () => {
    const prefix = fresh();
    const play = ["play", TAPE, "--prefix", prefix, "--create-topics"];
    const killed = await start("play", ...play, "--speed", "2000x");
    await untilHeld(killed, `${prefix}market.ticks`, 500);
    await killed.kill();
    const left = (await read(prefix)).find(({ topic }) => topic === "market.ticks");
    expect(left?.end).toBeLessThan(2 * TICKS_A_DAY);
    const rest = json(...play, "--speed", "max");
    expect(rest.resumed).toBeGreaterThanOrEqual(left?.end ?? 0);
    expect(await read(prefix)).toEqual(await contentOfTape(TAPE));
  });

  test("of two that play to one place the earlier one is fenced and says so", async () => {
    const prefix = fresh();
    const play = ["play", TAPE, "--prefix", prefix, "--create-topics"];
    const first = await start("first", ...play, "--speed", "500x");
    await untilHeld(first, `${prefix}market.ticks`, 100);
    json(...play, "--speed", "max");
    expect(await first.ended).toEqual({ code: 4, signal: null });
    expect(first.errors()).toContain("error STREAMS_FENCED");
    expect(await read(prefix)).toEqual(await contentOfTape(TAPE));
  });

  test("a recording that follows has all by the time it is stopped", async () => {
    const prefix = fresh();
    json(
      "play",
      TAPE,
      "--speed",
      "max",
      "--prefix",
      prefix,
      "--create-topics",
      "--range",
      `..${AFTER_FIRST_DAY}`,
    );
    const path = join(folder, "followed");
    const recording = await start("record", "record", path, "--prefix", prefix, "--follow");
    const play = ["play", TAPE, "--prefix", prefix, "--speed", "100000x"];
    const played = json(...play);
    for (;;) {
      const log = await openEmbeddedLog(path, { mode: "read" }).catch(() => null);
      const held = (await log?.partitions()) ?? [];
      await log?.close();
      if (held.reduce((sum, { end }) => sum + end, 0) === played.records) break;
    }
    process.kill(recording.pid, "SIGINT");
    expect(await recording.ended, recording.errors()).toEqual({ code: 0, signal: null });
    expect(await contentOfTape(path)).toEqual(await contentOfTape(TAPE));
  });

  test("the demo through Kafka has the embedded demo's hashes, and leaves no topic", async () => {
    const demo = ["demo", "--days", "2", "--root", "demo"];
    const plain = json(...demo);
    const there = json(...demo, "--log", "kafka");
    expect(there).toMatchObject({ identical: true, run: plain.run, hash: plain.hash });
    expect(there.hashes).toEqual(plain.hashes);
    const admin = await session.connection.admin();
    const topics = await admin.listTopics();
    const own = [there.prefix, `run.${plain.run}.`];
    expect(topics.filter((name) => own.some((prefix) => name.startsWith(prefix)))).toEqual([]);
    expect(readdirSync(join(folder, "demo"))).not.toContain("kafka");
  });

  test("the demo says the three ways to a cluster where there is none", () => {
    const env = { PATH: process.env.PATH ?? "", HOME: folder };
    const { status, stderr } = runTapedeck(["demo", "--log", "kafka"], { cwd: folder, env });
    expect(status).toBe(2);
    expect(stderr).toContain("KAFKA_NOT_CONFIGURED");
    for (const way of ["--cluster FILE", "TAPEDECK_KAFKA=host:port", "npm run kafka -- up"]) {
      expect(stderr).toContain(way);
    }
  });
});
