// Reading ahead against a real broker.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { describeKafka } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { api } from "./requests.ts";
import { BrokerProxy } from "./testing/broker-proxy.ts";
import {
  allValues,
  freshName,
  freshTopic,
  pullValues,
  recordsOf,
  valuesIn,
} from "./testing/scratch.ts";

describeKafka("reading ahead", ({ brokers: [broker = ""] }) => {
  const TIMEOUT_MS = 20_000;
  let connection: KafkaConnection;
  const topics: string[] = [];

  const topicOf = async (what: string, partitions = 1): Promise<string> => {
    const topic = await freshTopic(connection, what, partitions);
    topics.push(topic);
    return topic;
  };

  /** Each transaction holds a batch of `size` values for each partition. */
  async function fill(
    topic: string,
    partitions: number,
    transactions: number,
    size: number,
    padding = 0,
  ): Promise<void> {
    const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
    for (let t = 0; t < transactions; t++) {
      const batches = Array.from({ length: partitions }, (_, partition) => {
        const values = Array.from({ length: size }, (_, i) => `${partition}.${t * size + i}`);
        const padded = values.map((value) => value.padEnd(padding, "_"));
        return { topic, partition, records: recordsOf(padded) };
      });
      await producer.commit({ batches });
    }
    producer.close();
    await allValues(connection, topic, partitions - 1);
  }

  const valuesOf = (partition: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${partition}.${i}`);

  const ofPartition = (values: readonly string[], partition: number): string[] =>
    values
      .map((value) => value.replace(/_+$/, ""))
      .filter((value) => value.startsWith(`${partition}.`));

  beforeAll(async () => {
    connection = await connectKafka({ brokers: [broker], clientId: "test" });
  });

  afterAll(async () => {
    const admin = await connection.admin();
    await admin.deleteTopics({ topics });
    await connection.close();
  });

  test("gives every partition's records in order and once, of 64 partitions", async () => {
    const topic = await topicOf("wide", 64);
    await fill(topic, 64, 5, 4);
    const fetcher = connection.fetcher();
    for (let partition = 0; partition < 64; partition++) fetcher.add(topic, partition, 0);
    const values = await pullValues(fetcher, 64 * 20);
    for (let p = 0; p < 64; p++) expect(ofPartition(values, p)).toEqual(valuesOf(p, 20));
    expect(await fetcher.pull(0)).toBeNull();
    fetcher.close();
  });

  test("follows the tail, and says how far it is", async () => {
    const topic = await topicOf("tail");
    const fetcher = connection.fetcher({ waitMs: 30_000 });
    fetcher.add(topic, 0, 0);
    for (let i = 0; i < 3; i++) {
      const pulled = fetcher.pull(20_000);
      await fill(topic, 1, 1, 2);
      const fetched = await pulled;
      expect(valuesIn(fetched?.batches ?? [])).toEqual(["0.0", "0.1"]);
      // The marker may come on its own.
      while ((fetcher.progress()[0]?.nextOffset ?? 0) < 3 * (i + 1)) await fetcher.pull(20_000);
    }
    expect(fetcher.progress()).toMatchObject([
      { topic, partition: 0, nextOffset: 9, stableEnd: 9, start: 0, bufferedBytes: 0 },
    ]);
    fetcher.close();
  });

  test("holds no more than its bound, and others go on while one is full", async () => {
    const topic = await topicOf("full", 4);
    // 4 × 3 MB in batches of 20 KB.
    await fill(topic, 4, 150, 20, 1_000);
    const maxBufferedBytes = 1 << 20;
    const fetcher = connection.fetcher({ maxBufferedBytes, partitionBytes: 128 << 10 });
    for (let partition = 0; partition < 4; partition++) fetcher.add(topic, partition, 0);
    fetcher.pause(topic, 0);
    let most = 0;
    const look = (): void => {
      const held = fetcher.progress().reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
      most = Math.max(most, held);
    };
    const others: string[] = [];
    while (others.length < 3 * 3_000) {
      const fetched = await fetcher.pull(20_000);
      expect(fetched?.partition).not.toBe(0);
      others.push(...valuesIn(fetched?.batches ?? []));
      look();
    }
    for (const p of [1, 2, 3]) expect(ofPartition(others, p)).toEqual(valuesOf(p, 3_000));
    const waiting = fetcher.progress().find(({ partition }) => partition === 0);
    // Its share is full, and it stayed so.
    expect(waiting?.bufferedBytes).toBeGreaterThan(maxBufferedBytes / 8);
    expect(waiting?.bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes / 4 + 32_000);
    expect(most).toBeLessThanOrEqual(maxBufferedBytes + 4 * 32_000);
    fetcher.resume(topic, 0);
    expect(ofPartition(await pullValues(fetcher, 3_000), 0)).toEqual(valuesOf(0, 3_000));
    fetcher.close();
  });

  test("goes on where it was when its connections are cut", async () => {
    const topic = await topicOf("cut", 3);
    await fill(topic, 3, 40, 50, 200);
    const proxy = await BrokerProxy.before(broker);
    const hindered = await connectKafka({ brokers: [proxy.address], clientId: "hindered" });
    const fetcher = hindered.fetcher({ maxBufferedBytes: 64 << 10, partitionBytes: 16 << 10 });
    for (let partition = 0; partition < 3; partition++) fetcher.add(topic, partition, 0);
    const values: string[] = [];
    for (let pulls = 0; values.length < 6_000; pulls++) {
      if (pulls % 5 === 0) proxy.cutAll();
      const fetched = await fetcher.pull(20_000);
      values.push(...valuesIn(fetched?.batches ?? []));
    }
    for (const p of [0, 1, 2]) expect(ofPartition(values, p)).toEqual(valuesOf(p, 2_000));
    await hindered.close();
    await proxy.close();
  });

  describe("while the broker holds a request", () => {
    test("a partition that is added is read at once", async () => {
      const topic = await topicOf("added", 2);
      await fill(topic, 2, 1, 3);
      const empty = await topicOf("empty");
      const fetcher = connection.fetcher({ waitMs: 600_000 });
      fetcher.add(empty, 0, 0);
      expect(await fetcher.pull(50)).toBeNull();
      fetcher.add(topic, 1, 0);
      expect(await pullValues(fetcher, 3)).toEqual(valuesOf(1, 3));
      fetcher.close();
    });

    test("one that is sought is read from there, and what was asked before is dropped", async () => {
      const topic = await topicOf("sought");
      await fill(topic, 1, 4, 1);
      const proxy = await BrokerProxy.before(broker);
      const hindered = await connectKafka({ brokers: [proxy.address], clientId: "hindered" });
      const fetcher = hindered.fetcher();
      let asked = (): void => undefined;
      const reached = new Promise<void>((resolve) => {
        asked = resolve;
      });
      let fetches = 0;
      proxy.judge = (apiKey) => {
        if (apiKey !== api.fetch.key) return "pass";
        fetches++;
        asked();
        return fetches === 1 ? "hold" : "pass";
      };
      fetcher.add(topic, 0, 0);
      await reached;
      fetcher.seek(topic, 0, 4);
      expect(await pullValues(fetcher, 2)).toEqual(["0.2", "0.3"]);
      await proxy.release();
      expect(await fetcher.pull(50)).toBeNull();
      fetcher.seek(topic, 0, 0);
      expect(await pullValues(fetcher, 4)).toEqual(valuesOf(0, 4));
      await hindered.close();
      await proxy.close();
    });

    test("one that is removed is given no more", async () => {
      const topic = await topicOf("removed", 2);
      await fill(topic, 2, 2, 2);
      const fetcher = connection.fetcher();
      fetcher.add(topic, 0, 0);
      fetcher.add(topic, 1, 0);
      fetcher.remove(topic, 0);
      const values = await pullValues(fetcher, 4);
      expect(values).toEqual(valuesOf(1, 4));
      expect(fetcher.progress().map(({ partition }) => partition)).toEqual([1]);
      fetcher.close();
    });

    test("close ends a pull at once, and the fetcher's connections with it", async () => {
      const topic = await topicOf("closed");
      const fetcher = connection.fetcher({ waitMs: 600_000 });
      fetcher.add(topic, 0, 0);
      const pulled = fetcher.pull(600_000);
      fetcher.close();
      expect(await pulled).toBeNull();
    });
  });

  test("an offset that is not kept is an error with what is kept; a seek mends it", async () => {
    const topic = await topicOf("range", 2);
    await fill(topic, 2, 5, 2);
    const fetcher = connection.fetcher();
    fetcher.add(topic, 1, 99);
    fetcher.add(topic, 0, 0);
    const failure: unknown = await (async () => {
      for (;;) await fetcher.pull(20_000);
    })().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TapedeckError);
    expect(failure).toMatchObject({
      code: "KAFKA_OFFSET_OUT_OF_RANGE",
      facts: { topic, partition: 1, offset: 99, start: 0, end: 15 },
    });
    await expect(fetcher.pull(0)).rejects.toThrow("keeps Kafka offsets 0 to 15, not 99");
    fetcher.seek(topic, 1, 6);
    const values: string[] = [];
    while (!values.includes("1.9")) {
      values.push(...valuesIn((await fetcher.pull(20_000))?.batches ?? []));
    }
    expect(ofPartition(values, 1)).toEqual(valuesOf(1, 10).slice(4));
    fetcher.close();
  });

  test("a broker that is gone is told after a while, and found again without a word", async () => {
    const topic = await topicOf("gone");
    await fill(topic, 1, 1, 2);
    const proxy = await BrokerProxy.before(broker);
    const hindered = await connectKafka({
      brokers: [proxy.address],
      clientId: "hindered",
      retryForMs: 300,
    });
    const fetcher = hindered.fetcher();
    proxy.judge = () => "cut-before";
    proxy.cutAll();
    fetcher.add(topic, 0, 0);
    await expect(fetcher.pull(20_000)).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
    proxy.judge = () => "pass";
    expect(await pullValues(fetcher, 2)).toEqual(valuesOf(0, 2));
    await hindered.close();
    await proxy.close();
  });

  test("a topic that is not there is named", async () => {
    const quick = await connectKafka({
      brokers: [broker],
      clientId: "quick",
      retryForMs: 200,
    });
    const topic = freshName("missing");
    const fetcher = quick.fetcher();
    fetcher.add(topic, 0, 0);
    const failure: unknown = await fetcher.pull(20_000).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "KAFKA_TOPIC_MISSING" });
    await quick.close();
  });
});
