// A broker that freezes while a shadow has caught up: its looks hang, and nothing that it knows changes.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka } from "../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../kafka/client/connection.ts";
import { BrokerProxy } from "../kafka/client/testing/broker-proxy.ts";
import { type LiveFixture, openLiveFixture } from "../kafka/service/testing/live-fixture.ts";
import { shadowReadiness } from "../telemetry/shadow-metrics.ts";
import { type ShadowFixture, shadowsBeside } from "./testing/shadow-fixture.ts";

/** Bounds a failure alone: a busy machine takes its time. */
const LONG = { timeout: 60_000, interval: 100 };

describeKafka("a broker that freezes under a shadow", ({ brokers }) => {
  let live: LiveFixture;
  let proxy: BrokerProxy;
  let through: KafkaConnection;
  let shadows: ShadowFixture;
  beforeAll(async () => {
    live = await openLiveFixture({ brokers, days: 1, ticksPerDay: 20 });
    await live.feedAll();
    const { quiet, service } = live.start();
    await quiet();
    await service.stop(5_000);
    proxy = await BrokerProxy.before(brokers[0] as string);
    through = await connectKafka({ brokers: [proxy.address], clientId: "silence" });
    shadows = shadowsBeside(live, through);
  });
  afterAll(async () => {
    await shadows.close();
    await live.close();
    await through.close();
    await proxy.close();
  });

  test("makes it unready until it answers again", async () => {
    const { service } = await shadows.shadow("silent", undefined, { untilCaughtUp: false });
    const served = service.serve();
    const ready = () => shadowReadiness(service.gauges).ready;
    await expect.poll(ready, LONG).toBe(true);
    proxy.judge = () => "hold";
    await expect.poll(ready, LONG).toBe(false);
    expect(shadowReadiness(service.gauges).reasons).toEqual([{ reason: "kafka-silent" }]);
    proxy.judge = () => "pass";
    void proxy.release();
    await expect.poll(ready, LONG).toBe(true);
    service.stop();
    expect((await served).first).toBeNull();
  });
});
