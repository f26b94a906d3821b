// A shadow beside a live flow on a real broker.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromOffset } from "../../streams/batch.ts";
import type { RecordBatch } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";
import { readAll, same } from "../../streams/testing/log-fixtures.ts";
import { describeKafka } from "../broker/testing.ts";
import { loadConfig } from "../config/load-config.ts";
import { KafkaLog } from "../kafka/log/kafka-log.ts";
import {
  flowYaml,
  type LiveFixture,
  openLiveFixture,
  silent,
} from "../kafka/service/testing/live-fixture.ts";
import { readAdmissions } from "../kafka/service/verify-live.ts";
import { renderShadow } from "./render-shadow.ts";
import { reportJson, type ShadowReport } from "./shadow-data.ts";
import { planShadow } from "./shadow-plan.ts";
import { ShadowService, type StartShadowOptions } from "./start-shadow.ts";

const PARTITIONS = 2;

/** A shadow's log on the fixture's broker, under names of its own. */
function logOf({ connection, schemaIds }: LiveFixture, app: string, prefix: string): KafkaLog {
  const cluster = { replicationFactor: 1, minInsyncReplicas: 1, stateDir: null };
  return new KafkaLog({ connection, schemaIds, app, prefix, ...cluster });
}

async function shadowOf(
  fixture: LiveFixture,
  name: string,
  change: (yaml: string) => string = (yaml) => yaml,
  options: Partial<StartShadowOptions> = {},
) {
  const { app, folder, run, connection } = fixture;
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, change(flowYaml(folder, PARTITIONS)));
  const partitionsOf = (topic: string) => connection.partitionsOf(topic);
  const candidate = await loadConfig(path);
  const plan = await planShadow(`${app}.${name}`, run, null, candidate, partitionsOf);
  const service = new ShadowService(
    {
      plan,
      session: { connection, log: (of, prefix) => logOf(fixture, of, prefix) },
      root: folder,
      createTopics: true,
      fromLive: false,
      untilCaughtUp: true,
      reportPath: null,
      pollMs: 20,
      metrics: null,
      logs: { level: "error", file: null },
      ...options,
    },
    silent,
  );
  return { plan, service };
}

const parted = ({ topics }: ShadowReport): number =>
  topics.reduce((sum, { differing, missing, extra }) => sum + differing + missing + extra, 0);

/** Partitions in which the shadow's bytes are not live's. */
async function differing(fixture: LiveFixture, prefix: string): Promise<readonly string[]> {
  const shadow = logOf(fixture, "reader", prefix);
  const found: string[] = [];
  for (const { topic, partition, end } of await shadow.partitions()) {
    if (!fixture.run.topology.derived.includes(topic as never)) continue;
    const own = await readAll(shadow, topic, partition, 0);
    const live = await readAll(fixture.live, topic, partition, 0);
    if (!same(own.bytes, live.bytes)) found.push(`${topic}/${partition} ${end} ${live.end}`);
  }
  await shadow.close();
  return found;
}

async function removeShadows({ app, connection }: LiveFixture): Promise<void> {
  const admin = await connection.admin();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`shadow.${app}.`));
  await admin.deleteTopics({ topics });
}

const SLICE_US = 600_000_000;

/** Copies the market to Kafka a stretch of its time after the other, as a feed would bring it. */
async function feedPaced({ market, feed }: LiveFixture, betweenMs: number): Promise<void> {
  const ranges = (await market.partitions()).map((range) => ({ ...range, next: range.start }));
  let firstUs = Number.POSITIVE_INFINITY;
  for (const { topic, partition, end } of ranges) {
    const batch = end === 0 ? null : await market.read(topic, partition, 0);
    if (batch === null || topic !== "market.ticks") continue;
    const event = new RecordCursor(topic, partition, 0, batch.bytes).read();
    firstUs = Math.min(firstUs, event?.timeUs ?? firstUs);
  }
  for (let untilUs = firstUs; ranges.some(({ next, end }) => next < end); untilUs += SLICE_US) {
    for (const range of ranges) {
      const { topic, partition } = range;
      const to = await market.offsetAt(topic, partition, untilUs);
      while (range.next < to) {
        const batch = await market.read(topic, partition, range.next);
        if (batch === null) break;
        const whole = batch.baseOffset + batch.count <= to;
        await feed.commit({ produced: [whole ? batch : upTo(batch, to)], checkpoints: [] });
        range.next = Math.min(to, batch.baseOffset + batch.count);
        if (betweenMs > 0) await pause(betweenMs / ranges.length);
      }
    }
  }
}

function upTo(batch: RecordBatch, end: number): RecordBatch {
  const rest = fromOffset(batch, end);
  const bytes = batch.bytes.subarray(0, batch.bytes.length - rest.bytes.length);
  return { ...batch, count: end - batch.baseOffset, bytes };
}

describeKafka("a shadow beside a flow that runs", ({ brokers }) => {
  let fixture: LiveFixture;
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers, partitions: PARTITIONS, isolate: ["risk-gate"] });
  });
  afterAll(async () => {
    await removeShadows(fixture);
    await fixture.close();
  });

  test("follows it, stopped and started on the way, and what differs is the candidate's", async () => {
    const live = fixture.start();
    const same = await shadowOf(fixture, "same", undefined, { untilCaughtUp: false });
    const other = await shadowOf(fixture, "other", tighter, { untilCaughtUp: false });
    const following = Promise.all([same.service.serve(), other.service.serve()]);
    const t0 = performance.now();
    await feedPaced(fixture, 60);
    const t1 = performance.now();
    for (const { service } of [same, other]) service.stop();
    const halfway = await following;
    console.log(halfway.map((r) => [r.timeUs, r.sourceEvents, parted(r)]));
    await live.quiet();
    await live.service.stop(5_000);
    const t2 = performance.now();
    const [end, candidate] = await Promise.all(
      [await shadowOf(fixture, "same"), await shadowOf(fixture, "other", tighter)].map(
        ({ service }) => service.serve(),
      ),
    );
    writeFileSync("/tmp/shadow-same.json", reportJson(end as ShadowReport));
    writeFileSync("/tmp/shadow.json", reportJson(candidate as ShadowReport));
    console.log(performance.now() - t0, t1 - t0, t2 - t0);
    writeFileSync("/tmp/shadow.html", renderShadow(candidate as ShadowReport));
    expect(parted(end as ShadowReport)).toBe(0);
    expect(await differing(fixture, same.plan.prefix)).toEqual([]);
  });
});

/** A limit that live's decisions break. */
const tighter = (yaml: string): string =>
  yaml.replace("maxOrderValue: 600000", "maxOrderValue: 150000");

describeKafka("a shadow of a flow that has run", ({ brokers }) => {
  let fixture: LiveFixture;
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers, partitions: PARTITIONS });
    await fixture.feedAll();
    const { quiet, service } = fixture.start();
    await quiet();
    await service.stop(5_000);
  });
  afterAll(async () => {
    await removeShadows(fixture);
    await fixture.close();
  });

  test("with live's own configuration writes what live wrote, byte by byte", async () => {
    const { plan, service } = await shadowOf(fixture, "same");
    const report = await service.serve();
    expect((await readAdmissions(fixture.live)).length).toBeGreaterThan(0);
    expect(report).toMatchObject({ sameDecisions: true, first: null, undecided: 0, lagSeconds: 0 });
    expect(report.admissions).toMatchObject({ missed: 0, waiting: 0 });
    expect(report.admissions.followed).toBeGreaterThan(0);
    expect(parted(report)).toBe(0);
    expect(await differing(fixture, plan.prefix)).toEqual([]);
  });
});
