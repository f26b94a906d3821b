// Another version, or another application, started where one has run.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka } from "../../broker/testing.ts";
import { KafkaLog } from "../log/kafka-log.ts";
import { type LiveRun, recordLive } from "./live-run.ts";
import { type LiveFixture, openLiveFixture } from "./testing/live-fixture.ts";
import { verifyLive } from "./verify-live.ts";

describeKafka("where an application has run", ({ brokers }) => {
  let live: LiveFixture;
  beforeAll(async () => {
    live = await openLiveFixture({ brokers, days: 1, ticksPerDay: 100 });
    await live.feedAll();
    const { quiet, service } = live.start();
    await quiet();
    await service.stop(5_000);
  });
  afterAll(() => live.close());

  const written = async () =>
    (await live.live.partitions()).map(({ topic, partition, end }) => [topic, partition, end]);

  const requireSame = (digest: string) => (task: string) => live.live.requireSame(task, digest);

  /** What ended it, once it has left its groups. */
  const endOf = async (run: LiveRun): Promise<unknown> => {
    const { service } = live.start({ run });
    const error = await service.ended.catch((cause: unknown) => cause);
    await service.stop(5_000);
    return error;
  };

  test("another application is refused its topics, and ends with what to do", async () => {
    const before = await written();
    const run = { ...live.run, app: `${live.app}-v2` };
    expect(await endOf(run)).toMatchObject({ code: "LIVE_TOPICS_TAKEN", exit: 2 });
    expect(await written()).toEqual(before);
  });

  test("a name that the cluster will never take ends the instance", async () => {
    const run = { ...live.run, app: "a name" };
    expect(await endOf(run)).toMatchObject({ code: "KAFKA_TOPIC_REFUSED", exit: 2 });
  });

  test("what has committed nothing is not called identical", async () => {
    const run = { ...live.run, app: `${live.app}-v2` };
    const reader = new KafkaLog({
      connection: live.connection,
      app: run.app,
      prefix: run.prefix,
      schemaIds: live.schemaIds,
      replicationFactor: 1,
      minInsyncReplicas: 1,
      stateDir: null,
    });
    await expect(verifyLive(run, reader)).rejects.toMatchObject({ code: "LIVE_NOTHING_COMMITTED" });
    await reader.close();
  });

  test("another version is refused its state, though its folder knows of no other", async () => {
    const before = await written();
    const run = { ...live.run, digest: "another" };
    await expect(
      recordLive(run, `${live.folder}/elsewhere`, [], requireSame(run.digest)),
    ).rejects.toMatchObject({ code: "LIVE_CHANGED" });
    expect(await endOf(run)).toMatchObject({
      code: "LIVE_CHANGED",
      facts: { before: live.run.digest, now: "another" },
    });
    expect(await written()).toEqual(before);
  });

  test("the same version goes on, from wherever it is started", async () => {
    await recordLive(live.run, `${live.folder}/elsewhere`, [], requireSame(live.run.digest));
    const { quiet, service } = live.start();
    await quiet();
    await service.stop(5_000);
  });
});
