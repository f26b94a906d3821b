import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka } from "../../broker/testing.ts";
import { newServiceGauges } from "../../telemetry/service-gauges.ts";
import { KafkaLog } from "../log/kafka-log.ts";
import { openGroup } from "./task-opening.ts";
import { type LiveFixture, openLiveFixture } from "./testing/live-fixture.ts";

describeKafka("a task that is opened", ({ brokers }) => {
  let live: LiveFixture;
  beforeAll(async () => {
    live = await openLiveFixture({ brokers, days: 1, ticksPerDay: 100 });
    await live.feedAll();
  });
  afterAll(() => live.close());

  test("is its next owner's, if that came and worked while this one was held up", async () => {
    const { app, prefix, connection, schemaIds, run } = live;
    const tasksOf = (name: string) => run.groups.filter(({ group }) => group === name).length;
    const common = { tasksOf, replicationFactor: 1, minInsyncReplicas: 1, stateDir: null };
    const log = new KafkaLog({ app, prefix, connection, schemaIds, ...common });
    const heldUp = Object.assign(Object.create(log) as KafkaLog, {
      async openTask(task: string) {
        const opened = await log.openTask(task);
        const { quiet, service } = live.start();
        await quiet();
        await service.stop(5_000);
        return opened;
      },
    });
    const gauges = newServiceGauges({
      version: "test",
      codeDigest: "test",
      readyLagRecords: 0,
      readyLagSeconds: 0,
    });
    const settings = { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 10_000 };
    const plan = run.groups.find(({ group }) => group === "bar-builder");
    if (plan === undefined) throw new Error("the flow has bar builders");
    const opening = openGroup({ plan, log: heldUp, schemaIds, settings, gauges }, () => 0);
    await expect(opening).rejects.toMatchObject({ code: "STREAMS_FENCED" });
    await log.close();
  });
});
