// A feed whose broker is killed under it and comes back: what the topics hold then is the tape.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { batchAt, readAll } from "../../streams/testing/log-fixtures.ts";
import { describeCluster, freshPrefix } from "../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../kafka/client/connection.ts";
import { KafkaLog } from "../kafka/log/kafka-log.ts";
import { type CopyProgress, copyTopics } from "./copy-topics.ts";

const BATCHES = 1_500;
const RECORDS = 40;

describeCluster("a copy to a broker that is killed", { brokers: 1 }, (cluster) => {
  let connection: KafkaConnection;
  beforeAll(async () => {
    connection = await connectKafka({ brokers: cluster().brokers, clientId: "feed" });
  });
  afterAll(() => connection.close());

  const logOf = (prefix: string): KafkaLog => {
    const common = { schemaIds: null, replicationFactor: 1, minInsyncReplicas: 1, stateDir: null };
    return new KafkaLog({ connection, app: `${prefix}feed`, prefix, ...common });
  };

  test("goes on when it is back, and every record is there once", async () => {
    const from = createMemoryLog();
    await from.createTopic("bars", 2);
    for (let i = 0; i < BATCHES; i++) {
      const times = Array.from({ length: RECORDS }, (_, j) => i * RECORDS + j);
      const produced = [0, 1].map((partition) => {
        const place = [Math.floor(i * RECORDS), times] as const;
        return batchAt("bars", partition, ...place, { payload: 100, fill: i + partition });
      });
      await from.commit({ produced, checkpoints: [] });
    }
    const to = logOf(freshPrefix());
    const total = 2 * BATCHES * RECORDS;
    const killAt = [total / 10, total / 2];
    const [node] = cluster().nodes;
    let back: Promise<void> = Promise.resolve();
    const onProgress = ({ records }: CopyProgress): void => {
      if (records < (killAt[0] ?? Number.POSITIVE_INFINITY)) return;
      killAt.shift();
      back = back.then(async () => {
        await node?.kill9();
        await node?.restart();
      });
    };
    const ranges = await from.partitions();
    const copied = await copyTopics({ from, to, ranges, createTopics: true, onProgress });
    await back;
    expect(killAt).toEqual([]);
    expect(copied).toMatchObject({ completed: true, records: total });
    for (const { partition } of ranges) {
      expect(await readAll(to, "bars", partition, 0)).toEqual(
        await readAll(from, "bars", partition, 0),
      );
    }
    await to.close();
  });
});
