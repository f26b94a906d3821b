// A broker that freezes under a flow that has nothing to do: nothing but a question tells that it is gone.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka } from "../../broker/testing.ts";
import type { Log } from "../../telemetry/logs.ts";
import { readiness } from "../../telemetry/readiness.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";
import { BrokerProxy } from "../client/testing/broker-proxy.ts";
import { type LiveFixture, openLiveFixture } from "./testing/live-fixture.ts";

/** Bounds a failure alone: a busy machine takes its time. */
const LONG = { timeout: 60_000, interval: 100 };

describeKafka("a broker that freezes", ({ brokers }) => {
  let fixture: LiveFixture;
  let proxy: BrokerProxy;
  let through: KafkaConnection;
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers, days: 1, ticksPerDay: 20 });
    await fixture.feedAll();
    proxy = await BrokerProxy.before(brokers[0] as string);
    through = await connectKafka({ brokers: [proxy.address], clientId: "silence" });
  });
  afterAll(async () => {
    proxy.judge = () => "pass";
    void proxy.release();
    await fixture.close();
    await through.close();
    await proxy.close();
  });

  test("makes an idle instance unready, said once, until it answers again", async () => {
    const said: string[] = [];
    const log: Log = {
      write: (level, message) => said.push(`${level} ${message}`),
      with: () => log,
    };
    const { quiet, gauges } = fixture.start({ connection: through, log });
    await quiet();
    const ready = () => readiness(gauges).ready;
    await expect.poll(ready, LONG).toBe(true);
    const about = () => said.filter((line) => line.includes("Kafka"));
    proxy.judge = () => "hold";
    await expect.poll(ready, LONG).toBe(false);
    const reasons = readiness(gauges).reasons.map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(["kafka-silent", "lag-unknown"]));
    expect(about()).toEqual(["warn Kafka does not answer"]);
    proxy.judge = () => "pass";
    void proxy.release();
    await expect.poll(ready, LONG).toBe(true);
    expect(about()).toEqual(["warn Kafka does not answer", "info Kafka answers again"]);
  });
});
