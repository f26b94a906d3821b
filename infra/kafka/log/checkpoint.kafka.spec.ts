// What others may know of a task while it goes on: its last commit, at the price of the changelog's end.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";
import { KafkaLog } from "./kafka-log.ts";

const COMMITS = 60;
const state = (n: number): Uint8Array => new Uint8Array([n >> 8, n & 255]);

describeKafka("the last commit of a task", ({ brokers }) => {
  const app = `test.${randomUUID().slice(0, 8)}`;
  const fetched: number[] = [];
  let connection: KafkaConnection;
  let owner: KafkaLog;
  let beside: KafkaLog;
  const log = (through: KafkaConnection): KafkaLog => {
    const common = { schemaIds: null, replicationFactor: 1, minInsyncReplicas: 1, stateDir: null };
    return new KafkaLog({ connection: through, app, prefix: `${app}.`, ...common });
  };
  beforeAll(async () => {
    connection = await connectKafka({ brokers, clientId: "checkpoint" });
    const watched: KafkaConnection = Object.create(connection);
    watched.fetch = (topic, partition, offset, options) => {
      fetched.push(offset);
      return connection.fetch(topic, partition, offset, options);
    };
    owner = log(connection);
    beside = log(watched);
  });
  afterAll(async () => {
    await owner.close();
    await beside.close();
    const admin = await connection.admin();
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${app}.`));
    await admin.deleteTopics({ topics });
    await connection.close();
  });

  const commit = (epoch: number, n: number, entries: number): Promise<void> => {
    const changes = Array.from({ length: entries }, (_, i) => ({ key: `${i}`, value: state(n) }));
    const consumed = [{ topic: "bars", partition: 0, next: n }];
    const checkpoint = { task: "group/0", epoch, consumed, state: state(n), changes };
    return owner.commit({ produced: [], checkpoints: [checkpoint] });
  };

  test("is null before the first, then what was committed, however much lies before it", async () => {
    expect(await beside.getCheckpoint("group/0")).toBeNull();
    const { epoch } = await owner.openTask("group/0");
    expect(await beside.getCheckpoint("group/0")).toBeNull();
    for (let n = 1; n <= COMMITS; n++) await commit(epoch, n, 3);
    fetched.length = 0;
    const found = await beside.getCheckpoint("group/0");
    expect(found).toMatchObject({ epoch, consumed: [{ next: COMMITS }], state: state(COMMITS) });
    // Five offsets a commit: the beginning is not read again.
    expect(Math.min(...fetched)).toBeGreaterThan(2 * COMMITS);
  });

  test("is told without its entries, however many there are", async () => {
    const { epoch } = await owner.openTask("group/0");
    await commit(epoch, 500, 200);
    const found = await beside.getCheckpoint("group/0");
    expect(found).toMatchObject({ epoch, state: state(500) });
    const { entries } = await owner.openTask("group/0");
    expect(entries.size).toBe(200);
  });
});
