import { afterAll, beforeAll, expect, test } from "vitest";
import { runClosed } from "../../../streams/closed-run.ts";
import type { EventLog } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { readAll, same } from "../../../streams/testing/log-fixtures.ts";
import { describeKafka } from "../../broker/testing.ts";
import { type LiveFixture, openLiveFixture } from "./testing/live-fixture.ts";
import { readAdmissions, verifyLive } from "./verify-live.ts";

/** Partitions of derived topics whose bytes differ, with how many records each side has. */
async function differing(live: EventLog, replayed: EventLog): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { topic, partition } of await replayed.partitions()) {
    if (topic.startsWith("tape.")) continue;
    const a = await readAll(live, topic, partition, 0);
    const b = await readAll(replayed, topic, partition, 0);
    if (!same(a.bytes, b.bytes)) found.push(`${topic}/${partition} ${a.end} ${b.end}`);
  }
  return found;
}

async function replay({ run, market, live }: LiveFixture, asItWas: boolean): Promise<EventLog> {
  const target = createMemoryLog();
  const { topology, partitions } = run;
  const admissions = asItWas ? await readAdmissions(live) : [];
  await runClosed({ topology, partitions, sourceOf: () => market, target, admissions });
  return target;
}

const SYMBOL_TOPICS = /^(market\.bars|features|signals)\//;

describeKafka("a live flow", ({ brokers }) => {
  let fixture: LiveFixture;
  const said: object[] = [];
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers });
    await fixture.feedAll();
    const log = { write: (...line: unknown[]) => void said.push(line), with: () => log };
    const { quiet, service } = fixture.start({ log });
    await quiet();
    await service.stop(5_000);
  });
  afterAll(() => fixture.close());

  test("writes what a replay with its late admissions writes, byte by byte", async () => {
    expect((await readAdmissions(fixture.live)).length).toBeGreaterThan(0);
    expect(await differing(fixture.live, await replay(fixture, true))).toEqual([]);
  });

  test("says in its log that many events came late: all lay there before it began", () => {
    expect(said).toContainEqual([
      "warn",
      "many events came late",
      expect.objectContaining({ late: expect.any(Number), topics: expect.any(String) }),
    ]);
  });

  test("differs from a replay without them, but not where one input decides", async () => {
    const differences = await differing(fixture.live, await replay(fixture, false));
    expect(differences.length).toBeGreaterThan(0);
    expect(differences.filter((place) => SYMBOL_TOPICS.test(place))).toEqual([]);
  });

  test("is proven by its topics alone", async () => {
    const verdict = await verifyLive(fixture.run, fixture.live);
    expect(verdict).toMatchObject({ identical: true, settledUs: Number.POSITIVE_INFINITY });
    expect(verdict.records).toBeGreaterThan(1_000);
    const bare = await verifyLive(fixture.run, fixture.live, { ignoreAdmissions: true });
    expect(bare.identical).toBe(false);
  });

  test("goes on where it was stopped, with nothing done twice", async () => {
    const before = await fixture.live.partitions();
    const { quiet, service, gauges } = fixture.start();
    await quiet();
    await service.stop(5_000);
    expect(await fixture.live.partitions()).toEqual(before);
    expect([...gauges.tasks.values()].every(({ admitted }) => admitted === 0)).toBe(true);
  });
});

describeKafka("a live flow on several instances", ({ brokers }) => {
  let fixture: LiveFixture;
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers, partitions: 4, isolate: ["risk-gate"] });
  });
  afterAll(() => fixture.close());

  test("shares the tasks, survives that one leaves, and is proven as a whole", async () => {
    const first = fixture.start();
    await first.quiet();
    const second = fixture.start();
    await fixture.feedAll();
    await second.service.stop(5_000);
    await first.quiet();
    await first.service.stop(5_000);
    const verdict = await verifyLive(fixture.run, fixture.live);
    expect(verdict.differences).toEqual([]);
    expect(verdict.settledUs).toBe(Number.POSITIVE_INFINITY);
    expect(verdict.records).toBeGreaterThan(1_000);
    const oracle = await differing(fixture.live, await replay(fixture, false));
    expect(oracle.filter((place) => SYMBOL_TOPICS.test(place))).toEqual([]);
  });
});
