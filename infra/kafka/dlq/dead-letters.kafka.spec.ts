// 200 messages of 20 kinds that are no event, between the ticks of a live flow whose service is killed in
// the middle of it: what becomes of them, and what a fix makes of them.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Writer } from "../../../schemas/avro.ts";
import type { Facts } from "../../../schemas/generated/facts.ts";
import { RecordCursor, writeRecord } from "../../../streams/record.ts";
import { readAll } from "../../../streams/testing/log-fixtures.ts";
import { describeKafka } from "../../broker/testing.ts";
import { loadFix } from "../../dlq/fix-file.ts";
import { type Letter, readLetters } from "../../dlq/letters.ts";
import { FaultProcesses } from "../../faults/processes.ts";
import { KafkaLog } from "../log/kafka-log.ts";
import {
  fixedSchemaIds,
  type LiveFixture,
  openLiveFixture,
  type RunningService,
} from "../service/testing/live-fixture.ts";
import { verifyLive } from "../service/verify-live.ts";
import { Ledger, operatorOf } from "./ledger.ts";
import { type RedriveOptions, redrive } from "./redrive.ts";
import { poisonKinds } from "./testing/poison-kinds.ts";
import { QUANTITIES, type Sent, type SpoiltFeed, spoiltFeed } from "./testing/spoilt-feed.ts";
import { openStrangeProducer, type StrangeProducer } from "./testing/strange-producer.ts";

const SERVICE = join(import.meta.dirname, "testing/live-process.ts");
const MESSAGES = 200;
const PIECE = 12;

const FIX = `import type { DeadLetterFix } from "tapedeck";

const fix: DeadLetterFix = ({ headers, timeUs }) => {
  const told = headers["x-tick"];
  if (told === undefined) return null;
  const { symbol, price, quantity } = JSON.parse(told) as Record<string, never>;
  const value = { symbol, price, quantity, venue: "", suspicious: false };
  return timeUs === null ? { value } : { value, timeUs };
};

export default fix;
`;

describeKafka("dead letters of a live flow", ({ brokers }) => {
  let fixture: LiveFixture;
  let stranger: StrangeProducer;
  let processes: FaultProcesses;
  let feed: SpoiltFeed;
  let service: RunningService;
  let operator: KafkaLog;

  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers, days: 2, ticksPerDay: 400 });
    stranger = await openStrangeProducer(brokers);
    processes = new FaultProcesses(join(fixture.folder, "processes"));
    feed = await spoiltFeed(fixture, stranger, MESSAGES, PIECE);
    const { connection, prefix, app } = fixture;
    const common = { connection, prefix, schemaIds: fixedSchemaIds, stateDir: null };
    const cluster = { replicationFactor: 1, minInsyncReplicas: 1 };
    operator = new KafkaLog({ ...common, ...cluster, app: operatorOf(app), shared: true });
  });
  afterAll(async () => {
    await operator.close();
    await processes.close();
    await stranger.close();
    await fixture.close();
  });

  /** A service as a process of its own. */
  async function startProcess(at: string) {
    const { folder, app, prefix } = fixture;
    const args = [brokers.join(","), join(folder, "flow.yaml"), app, prefix, at];
    const process = await processes.start({ name: "service", script: SERVICE, args });
    await process.line(/^opened bar-builder/);
    return process;
  }
  async function letters(): Promise<Letter[]> {
    const all: Letter[] = [];
    for await (const letter of readLetters(fixture.live)) all.push(letter);
    return all;
  }
  /** Sum of what was traded. */
  async function quantities(topic: "market.ticks" | "market.bars"): Promise<number> {
    let sum = 0;
    for (const { topic: name, partition } of await fixture.live.partitions()) {
      if (name !== topic) continue;
      const { bytes } = await readAll(fixture.live, topic, partition, 0);
      const records = new RecordCursor(topic, partition, 0, bytes);
      for (let event = records.read(); event !== null; event = records.read()) {
        if (event.topic === "market.bars") sum += event.value.volume;
        else if (event.topic === "market.ticks") sum += event.value.quantity;
      }
    }
    return sum;
  }
  /** A day later, a tick of each symbol: of nothing, so that bars close and no quantity is added. */
  async function closeBars(): Promise<void> {
    for (const { topic, partition, end } of await fixture.live.partitions()) {
      if (topic !== "market.ticks") continue;
      const { bytes, maxTimeUs } = await readAll(fixture.live, topic, partition, 0);
      const records = new RecordCursor(topic, partition, 0, bytes);
      const last = new Map<string, Facts["market.ticks"]>();
      for (let event = records.read(); event !== null; event = records.read()) {
        if (event.topic === topic) last.set(event.value.symbol, event.value);
      }
      const writer = new Writer(1024);
      const timeUs = maxTimeUs + 86_400_000_000;
      for (const tick of last.values()) {
        writeRecord(writer, topic, timeUs, 0, null, 0, { ...tick, quantity: 0 });
      }
      const batch = { topic, partition, baseOffset: end, count: last.size, maxTimeUs: timeUs };
      const produced = [{ ...batch, bytes: writer.bytes.slice(0, writer.pos) }];
      await fixture.feed.commit({ produced, checkpoints: [] });
    }
  }
  /** What Kafka's own tools show: groups and partitions that are behind, and by how much. */
  async function lagOfGroups(): Promise<readonly string[]> {
    const { connection, run, app } = fixture;
    const admin = await connection.admin();
    const behind: string[] = [];
    for (const group of new Set(run.groups.map((plan) => plan.group))) {
      const offsets = await admin.fetchOffsets({ groupId: `${app}.${group}` });
      for (const { topic, partitions } of offsets) {
        for (const { partition, offset } of partitions) {
          const lag = (await connection.listOffset(topic, partition, "end")) - Number(offset);
          if (lag > 0) behind.push(`${group} ${topic}/${partition} ${lag}`);
        }
      }
    }
    return behind;
  }
  const placeOf = ({ kind, partition, kafkaOffset }: Sent): string =>
    `${kind.code} market.ticks/${partition}/${kafkaOffset}`;
  const lag = (): number =>
    [...service.gauges.tasks.values()]
      .flatMap(({ inputs }) => inputs)
      .reduce((sum, { lagRecords }) => sum + lagRecords, 0);
  const redriveAll = (more: Partial<RedriveOptions>) => {
    const { connection, live, app, prefix } = fixture;
    const common = { connection, schemaIds: fixedSchemaIds, live, operator, app, prefix };
    return redrive({ ...common, selects: () => true, fix: null, dryRun: false, ...more });
  };

  test("each becomes one letter with its reason and place, though the task is killed", async () => {
    expect(poisonKinds.length).toBe(20);
    const beganMs = performance.now();
    let running = await startProcess("");
    await feed.run(60);
    await running.kill();
    await feed.run(90);
    running = await startProcess("committing");
    await feed.run(120);
    process.kill(running.pid, "SIGUSR2");
    await running.line(/^armed/);
    await feed.run(150);
    expect(await running.ended).toMatchObject({ signal: 9 });
    service = fixture.start();
    await feed.run();
    await service.quiet();
    const found = (await letters()).map(
      ({ refused }) => `${refused.code} ${refused.origin}/${refused.partition}/${refused.position}`,
    );
    expect(feed.sent.length).toBe(MESSAGES);
    expect(found.toSorted()).toEqual(feed.sent.map(placeOf).toSorted());
    expect(lag()).toBe(0);
    expect(await lagOfGroups()).toEqual([]);
    const counts = poisonKinds.map(({ code }) => code);
    console.log(
      `${found.length} letters of ${new Set(counts).size} reasons, ${Math.round(performance.now() - beganMs)} ms`,
    );
  });

  test("no good event was lost: every byte is what a replay of the market gives", async () => {
    for (const { topic, partition, end } of await fixture.market.partitions()) {
      expect((await readAll(fixture.live, topic, partition, 0)).end).toBe(end);
    }
    const verdict = await verifyLive(fixture.run, fixture.live);
    expect(verdict).toMatchObject({ identical: true, settledUs: Number.POSITIVE_INFINITY });
    console.log(`${verdict.records} events proven, ${verdict.admissions} late`);
  });

  test("without a fix what is still no event stays, and holds back what follows it", async () => {
    const { decisions, sent } = await redriveAll({ dryRun: true });
    expect(sent.size).toBe(0);
    const kinds = Map.groupBy(decisions, ({ action }) => action);
    expect([...kinds.keys()].toSorted()).toEqual(["fail", "hold"]);
    for (const { letter } of kinds.get("fail") ?? []) {
      expect(["WIRE_OFFSET_REPEATED", "WIRE_TIME_REVERSED"]).not.toContain(letter.refused.code);
    }
  });

  test("a fix makes events of them, sent in the order of their keys, and processed", async () => {
    const beganMs = performance.now();
    const { fix } = await writeFix();
    const before = await fixture.live.partitions();
    const { decisions, sent } = await redriveAll({ fix, together: 30 });
    const done = Map.groupBy(decisions, ({ action }) => action);
    const lost = feed.sent.filter(({ kind }) => kind.lost === true).length;
    expect([done.get("send")?.length, done.get("drop")?.length, decisions.length]).toEqual([
      MESSAGES - lost,
      lost,
      MESSAGES,
    ]);
    expect(sent.size).toBe(MESSAGES - lost);
    const redriven: string[] = [];
    const bySymbol = new Map<string, number[]>();
    for (const { topic, partition, end } of before) {
      if (topic !== "market.ticks") continue;
      const { bytes } = await readAll(fixture.live, topic, partition, end);
      const records = new RecordCursor(topic, partition, end, bytes);
      for (let event = records.read(); event !== null; event = records.read()) {
        if (event.topic !== "market.ticks") continue;
        const { symbol, quantity } = event.value;
        redriven.push(`${symbol} ${quantity}`);
        bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), quantity - QUANTITIES]);
      }
    }
    const wanted = feed.sent.filter(({ kind }) => kind.lost !== true);
    expect(redriven.toSorted()).toEqual(
      wanted.map(({ tick }) => `${tick.symbol} ${tick.quantity}`).toSorted(),
    );
    for (const [symbol, numbers] of bySymbol) {
      expect(numbers, symbol).toEqual(numbers.toSorted((a, b) => a - b));
    }
    await service.quiet();
    expect(lag()).toBe(0);
    expect((await letters()).length).toBe(MESSAGES);
    expect(await quantities("market.bars")).toBeLessThan(QUANTITIES);
    await closeBars();
    await service.quiet();
    // Every tick that came before is in a bar by now, the redriven ones too.
    expect(await quantities("market.bars")).toBe(await quantities("market.ticks"));
    const verdict = await verifyLive(fixture.run, fixture.live);
    expect(verdict).toMatchObject({ identical: true, settledUs: Number.POSITIVE_INFINITY });
    console.log(
      `${sent.size} redriven, ${lost} dropped; ${bySymbol.size} keys in order; ${verdict.records} events proven, ${Math.round(performance.now() - beganMs)} ms`,
    );
  });

  test("nothing is sent twice, and the ledger says where each went", async () => {
    const { fix } = await writeFix();
    expect(await redriveAll({ fix })).toMatchObject({ decisions: [] });
    const ledger = await Ledger.look(fixture.connection, fixture.app, fixture.prefix);
    const states = (await letters()).map((letter) => ledger.stateOf(letter)?.state);
    expect(new Set(states)).toEqual(new Set(["redriven", "dropped"]));
  });

  async function writeFix() {
    const path = join(fixture.folder, "fix.ts");
    writeFileSync(path, FIX);
    return loadFix(path, fixture.folder);
  }
});
