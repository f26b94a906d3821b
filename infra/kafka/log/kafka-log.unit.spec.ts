import { expect, test } from "vitest";
import { KafkaLog } from "./kafka-log.ts";
import { fakeCluster } from "./testing/fake-cluster.ts";

test("two who ask for a partition at once get the same view of it", async () => {
  const { connection } = fakeCluster();
  const common = { schemaIds: null, replicationFactor: 1, minInsyncReplicas: 1, stateDir: null };
  const log = new KafkaLog({ connection, app: "app", prefix: "", ...common });
  const [one, other] = await Promise.all([log.view("bars", 0), log.view("bars", 0)]);
  expect(other).toBe(one);
  expect(await log.view("bars", 0)).toBe(one);
});
