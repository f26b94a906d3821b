// Shadows beside a live flow on a real broker.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeCluster, describeKafka } from "../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../kafka/client/connection.ts";
import { recordsOf } from "../kafka/client/testing/scratch.ts";
import { type LiveFixture, openLiveFixture } from "../kafka/service/testing/live-fixture.ts";
import { readAdmissions } from "../kafka/service/verify-live.ts";
import { compareAcls, grantAcls } from "../kafka/topics/acl-admin.ts";
import { leastGrants } from "../kafka/topics/acl-rules.ts";
import type { ShadowReport } from "./shadow-data.ts";
import { pacedFeed } from "./testing/paced-feed.ts";
import { type ShadowFixture, shadowsBeside } from "./testing/shadow-fixture.ts";

const OPEN_US = Date.UTC(2024, 0, 2, 14, 30) * 1000;
const NOON_US = Date.UTC(2024, 0, 2, 18) * 1000;

/** A limit that live's decisions break. */
const tighter = (yaml: string): string =>
  yaml.replace("maxOrderValue: 600000", "maxOrderValue: 150000");

/** A limit that no decision comes near: it is told in each verdict, and changes none. */
const looser = (yaml: string): string => yaml.replace("maxPosition: 100000", "maxPosition: 100001");

const parted = ({ topics }: ShadowReport): number =>
  topics.reduce((sum, { differing, missing, extra }) => sum + differing + missing + extra, 0);

async function until(comes: () => boolean): Promise<void> {
  while (!comes()) await pause(20);
}

const topicIn = ({ topics }: ShadowReport, name: string) =>
  topics.find(({ topic }) => topic === name);

describeKafka("shadows of a flow that runs", ({ brokers }) => {
  let live: LiveFixture;
  let shadows: ShadowFixture;
  let halfway: readonly ShadowReport[];
  beforeAll(async () => {
    live = await openLiveFixture({ brokers, isolate: ["risk-gate"] });
    shadows = shadowsBeside(live, live.connection);
    const { quiet, service } = live.start();
    const feed = await pacedFeed(live.market, live.feed, OPEN_US, 4);
    await feed.until(NOON_US);
    const following = { untilCaughtUp: false };
    const begun = await Promise.all([
      shadows.shadow("same", undefined, following),
      shadows.shadow("tighter", tighter, following),
      shadows.shadow("late", undefined, { ...following, fromLive: true }),
    ]);
    const served = Promise.all(begun.map((each) => each.service.serve()));
    // How far it is behind is measured from its first look on, where live goes on after that.
    const { gauges } = begun[0].service;
    await until(() => !Number.isNaN(gauges.lagSeconds));
    await feed.until(Number.POSITIVE_INFINITY);
    await until(() => gauges.behind.size > 0);
    // Wherever each has got to by now: it goes on in the tests.
    for (const each of begun) each.service.stop();
    halfway = await served;
    await quiet();
    await service.stop(5_000);
  });
  afterAll(async () => {
    await shadows.close();
    await live.close();
  });

  test("with live's own configuration: live's bytes, though it was late, stopped and went on", async () => {
    const { plan, service } = await shadows.shadow("same");
    const report = await service.serve();
    expect((await readAdmissions(live.live)).length).toBeGreaterThan(0);
    expect(halfway[0]?.sourceEvents).toBeGreaterThan(0);
    expect(halfway[0]?.behind.length).toBeGreaterThan(0);
    expect(report.first).toBeNull();
    expect(report).toMatchObject({ sameDecisions: true, undecided: 0, lagSeconds: 0 });
    expect(report.admissions).toMatchObject({ missed: 0, waiting: 0 });
    expect(report.admissions.followed).toBeGreaterThan(0);
    expect(await shadows.differing(plan)).toEqual([]);
    for (const { topic, agreed } of report.topics) expect(agreed, topic).toBeGreaterThan(0);
  });

  test("with a limit that bites: the field that differs first, and what it came to", async () => {
    const { service } = await shadows.shadow("tighter", tighter);
    const report = await service.serve();
    expect(report.changes).toEqual([{ key: "risk.maxOrderValue", a: 600_000, b: 150_000 }]);
    expect(report.sameDecisions).toBe(false);
    const { first } = report;
    expect(first).toMatchObject({ topic: "risk.verdicts", kind: "differing" });
    expect(first?.fields).toContainEqual({
      field: "reason",
      live: "NONE",
      shadow: "MaxOrderValueExceeded",
    });
    // In full, each with its causes up to a tick.
    const causes = ["risk.verdicts", "weights.proposals", "signals", "features", "market.bars"];
    for (const side of [first?.live, first?.shadow]) {
      expect(side?.map(({ topic }) => topic)).toEqual([...causes, "market.ticks"]);
    }
    // What comes before the risk gate is untouched by it.
    for (const topic of ["market.bars", "features", "signals"]) {
      expect(topicIn(report, topic)).toMatchObject({ differing: 0, missing: 0, extra: 0 });
    }
    const gross = report.greatest.find(({ measure }) => measure === "gross");
    expect(Number(gross?.gap)).not.toBe(0);
    expect(report.curve.timeUs.length).toBeGreaterThan(10);
  });

  test("with a limit that changes nothing: the verdicts tell it, and all else is as live", async () => {
    const { plan, service } = await shadows.shadow("looser", looser);
    const report = await service.serve();
    expect(report.sameDecisions).toBe(false);
    const verdicts = topicIn(report, "risk.verdicts");
    expect(verdicts).toMatchObject({ agreed: 0, missing: 0, extra: 0 });
    expect(verdicts?.fields).toEqual([{ field: "checks", events: verdicts?.differing }]);
    expect(parted(report)).toBe(verdicts?.differing);
    for (const { topic, partitions, identical } of report.topics) {
      expect(identical, topic).toBe(topic === "risk.verdicts" ? 0 : partitions);
    }
    expect(report.admissions.missed).toBe(0);
    // A changed verdict lies where it lay: so whatever names it has the same bytes.
    expect(await shadows.differing(plan)).toEqual([expect.stringMatching(/^risk\.verdicts\/0 /)]);
  });

  test("begun in the middle: it says from when, and goes on from there", async () => {
    const { service } = await shadows.shadow("late", undefined, { fromLive: false });
    const report = await service.serve();
    expect(report.start).toEqual(halfway[2]?.start);
    expect(report.start?.timeUs).toBeGreaterThan(OPEN_US);
    expect(report.sourceEvents).toBeLessThan(
      (await live.market.partitions()).reduce((sum, { end }) => sum + end, 0) / 2 + 2_000,
    );
    const bars = topicIn(report, "market.bars");
    expect(bars?.agreed).toBeGreaterThan(100);
    // But for the bars that were being built, and what live wrote while its ends were looked up.
    const { agreed = 0, differing = 0, missing = 0 } = bars ?? {};
    expect(differing + missing).toBeLessThan(agreed / 4);
    let written = 0;
    for (const { topic, partition, end } of await live.live.partitions()) {
      if (topic !== "market.bars") continue;
      written += end - (report.start?.derived[`${topic}/${partition}`] ?? 0);
    }
    expect(agreed + differing + missing).toBe(written);
  });

  test("of one name do not go on with other decisions", async () => {
    const { service } = await shadows.shadow("same", tighter);
    await expect(service.serve()).rejects.toMatchObject({
      code: "SHADOW_CHANGED",
      message: expect.stringContaining("risk.maxOrderValue was 600000, is 150000"),
    });
  });

  test("say which topics are missing, unless they may make them", async () => {
    const { service } = await shadows.shadow("bare", undefined, { createTopics: false });
    await expect(service.serve()).rejects.toMatchObject({
      code: "SHADOW_TOPICS_MISSING",
      message: expect.stringContaining(`shadow.${live.app}.bare.orders`),
    });
  });

  test("write their page and its data, and serve their metrics", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tapedeck-shadow-page-"));
    const reportPath = join(folder, "page", "shadow.html");
    const options = { reportPath, untilCaughtUp: false, metrics: { host: "127.0.0.1", port: 0 } };
    const { service } = await shadows.shadow("tighter", tighter, options);
    const served = service.serve();
    try {
      const url = await service.metricsUrl;
      await expect.poll(() => service.gauges.caughtUp, { timeout: 60_000 }).toBe(true);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/tapedeck_shadow_differing_total{[^}]*topic="risk.verdicts"} [1-9]/);
      expect(metrics).toMatch(/tapedeck_shadow_lag_seconds{[^}]*} 0\n/);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    } finally {
      service.stop();
    }
    const report = await served;
    expect(existsSync(reportPath)).toBe(true);
    const beside = JSON.parse(readFileSync(join(folder, "page", "shadow.json"), "utf8"));
    expect(beside.topics.length).toBe(report.topics.length);
    expect(readFileSync(reportPath, "utf8")).toContain("MaxOrderValueExceeded");
    rmSync(folder, { recursive: true, force: true });
  });
});

const users = ["admin", "shadow"];
const secured = {
  sasl: users.map((name) => ({ name, password: `secret-${name}` })),
  acls: { superUsers: ["admin"] },
};
const saslOf = (username: string) =>
  ({ mechanism: "plain", username, password: `secret-${username}` }) as const;

describeCluster("a shadow that may write its own topics alone", secured, (cluster) => {
  let live: LiveFixture;
  let own: KafkaConnection;
  let shadows: ShadowFixture;
  beforeAll(async () => {
    const { brokers } = cluster();
    live = await openLiveFixture({ brokers, days: 1, sasl: saslOf("admin") });
    const { app, prefix, run } = live;
    const role = `shadow-${app}.proof`;
    const grants = leastGrants({
      topology: run.topology,
      isolate: [],
      namespace: { app, prefix },
      shadows: [`${app}.proof`],
      principal: "User:{role}",
    })
      .filter((grant) => grant.role === role)
      .map((grant) => ({ ...grant, principal: "User:shadow" }));
    const admin = await live.connection.admin();
    await grantAcls(admin, (await compareAcls(admin, grants)).missing);
    own = await connectKafka({ brokers, clientId: "shadow", sasl: saslOf("shadow") });
    shadows = shadowsBeside(live, own);
    await live.feedAll();
    const { quiet, service } = live.start();
    await quiet();
    await service.stop(5_000);
  });
  afterAll(async () => {
    await shadows.close();
    await own.close();
    await live.close();
  });

  test("follows live all the same", async () => {
    const { plan, service } = await shadows.shadow("proof");
    const report = await service.serve();
    expect(report.first).toBeNull();
    expect(report.topics.reduce((sum, { agreed }) => sum + agreed, 0)).toBeGreaterThan(500);
    expect(await shadows.differing(plan)).toEqual([]);
  });

  test("cannot order: the broker refuses it", async () => {
    const producer = await own.producer(`shadow.${live.app}.proof.closed-run`, 20_000);
    const orders = { topic: `${live.prefix}orders`, partition: 0, records: recordsOf(["x"]) };
    const written = producer.commit({ batches: [orders] });
    await expect(written).rejects.toMatchObject({
      code: "KAFKA_AUTHORIZATION_FAILED",
      facts: { error: "TOPIC_AUTHORIZATION_FAILED", topic: orders.topic },
    });
    producer.close();
  });
});
