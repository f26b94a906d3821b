// Single reads against a real broker, and what is said where there is none.

import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { describeKafka } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { api } from "./requests.ts";
import { BrokerProxy } from "./testing/broker-proxy.ts";
import { allValues, freshName, freshTopic, recordsOf, valuesIn } from "./testing/scratch.ts";

describeKafka("single reads", ({ brokers: [broker = ""] }) => {
  const TIMEOUT_MS = 20_000;
  let connection: KafkaConnection;
  const topics: string[] = [];

  const topicOf = async (what: string, partitions = 1): Promise<string> => {
    const topic = await freshTopic(connection, what, partitions);
    topics.push(topic);
    return topic;
  };

  const failureOf = async (promise: Promise<unknown>): Promise<TapedeckError> => {
    const failure = await promise.then(
      () => null,
      (error: unknown) => error,
    );
    if (failure instanceof TapedeckError) return failure;
    throw new Error(`expected a TapedeckError, got ${failure}`);
  };

  beforeAll(async () => {
    connection = await connectKafka({ brokers: [broker], clientId: "test" });
  });

  afterAll(async () => {
    const admin = await connection.admin();
    await admin.deleteTopics({ topics });
    await connection.close();
  });

  /** Leaves transactions aborted: their owners are cut off before they commit, and fenced. */
  async function abortTwo(topic: string): Promise<void> {
    const proxy = await BrokerProxy.before(broker);
    const hindered = await connectKafka({ brokers: [proxy.address], clientId: "hindered" });
    const ids = [freshName("first"), freshName("second")];
    const zero = Buffer.alloc(4);
    let held = 0;
    const bothHeld = new Promise<void>((resolve) => {
      proxy.judge = (apiKey) => {
        if (apiKey !== api.endTxn.key) return "pass";
        held++;
        if (held === 2) resolve();
        return "hold";
      };
    });
    const doomed = [];
    for (const [i, id] of ids.entries()) {
      const producer = await hindered.producer(id, TIMEOUT_MS);
      const records = ["a", "b", "c"].map((name) => recordsOf([`aborted ${i}${name}`], zero));
      const batches = records.map((one) => ({ topic, partition: 0, records: one }));
      doomed.push(producer.commit({ batches }));
    }
    await bothHeld;
    // Both are open now; the later one is settled first.
    for (const id of ids.toReversed()) (await connection.producer(id, TIMEOUT_MS)).close();
    proxy.cutAll();
    await Promise.allSettled(doomed);
    await hindered.close();
    await proxy.close();
  }

  describe("aborted transactions that overlap, with keys of four zero bytes", () => {
    let topic = "";
    let committed: readonly string[] = [];

    beforeAll(async () => {
      topic = await topicOf("aborted");
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      const commit = (value: string) =>
        producer.commit({
          batches: [{ topic, partition: 0, records: recordsOf([value], Buffer.alloc(4)) }],
        });
      await commit("before");
      await abortTwo(topic);
      await commit("after");
      committed = await allValues(connection, topic);
      producer.close();
    });

    test("are not seen, wherever a fetch begins and however small it is", async () => {
      expect(committed).toEqual(["before", "after"]);
      const end = await connection.listOffset(topic, 0, "stable-end");
      expect(end).toBe(12);
      for (let from = 0; from <= end; from++) {
        const seen: string[] = [];
        for (let next = from; next < end; ) {
          const fetched = await connection.fetch(topic, 0, next, { maxBytes: 1 });
          seen.push(...valuesIn(fetched.batches, next));
          expect(fetched.nextOffset).toBeGreaterThan(next);
          next = fetched.nextOffset;
        }
        const expected = from === 0 ? committed : from <= 10 ? ["after"] : [];
        expect(seen).toEqual(expected);
      }
    });

    test("are passed by a fetch that finds nothing else", async () => {
      const fetched = await connection.fetch(topic, 0, 3, { maxBytes: 1 });
      expect(fetched).toMatchObject({ batches: [], nextOffset: 4, stableEnd: 12, start: 0 });
    });

    test("are hidden from a consumer of kafkajs too, from every offset on", async () => {
      const consumer = connection.kafka.consumer({ groupId: freshName("group") });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const seen: string[] = [];
      let from = 3;
      let done = (): void => undefined;
      const finished = new Promise<void>((resolve) => {
        done = resolve;
      });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => {
          seen.push(`${from} ${message.value}`);
          if (`${message.value}` !== "after") return;
          from++;
          if (from > 10) done();
          else consumer.seek({ topic, partition: 0, offset: String(from) });
        },
      });
      consumer.seek({ topic, partition: 0, offset: "3" });
      await finished;
      await consumer.disconnect();
      const expected = Array.from({ length: 8 }, (_, i) => `${i + 3} after`);
      expect(seen.filter((value) => !value.endsWith("before"))).toEqual(expected);
    });
  });

  describe("offsets", () => {
    test("of a partition: its start, its stable end, its end, and by time", async () => {
      const topic = await topicOf("offsets", 2);
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      await producer.commit({
        batches: [{ topic, partition: 1, records: recordsOf(["a", "b", "c"]) }],
      });
      await allValues(connection, topic, 1);
      const at = (where: Parameters<KafkaConnection["listOffset"]>[2]) =>
        connection.listOffset(topic, 1, where);
      expect([await at("start"), await at("stable-end"), await at("end")]).toEqual([0, 4, 4]);
      expect(await at({ timestampMs: 1_700_000_000_000 })).toBe(0);
      expect(await at({ timestampMs: 4_000_000_000_000 })).toBe(-1);
      expect(await connection.listOffset(topic, 0, "stable-end")).toBe(0);
      producer.close();
    });

    test("beyond what is kept are refused with what is kept", async () => {
      const topic = await topicOf("range");
      const failure = await failureOf(connection.fetch(topic, 0, 5));
      expect(failure.code).toBe("KAFKA_OFFSET_OUT_OF_RANGE");
      expect(failure.facts).toEqual({ topic, partition: 0, offset: 5, start: 0, end: 0 });
    });
  });

  test("a topic that is not there has no partitions, and cannot be read", async () => {
    const topic = freshName("missing");
    expect(await connection.partitionsOf(topic)).toBeNull();
    const quick = await connectKafka({
      brokers: [broker],
      clientId: "quick",
      retryForMs: 200,
    });
    const failure = await failureOf(quick.fetch(topic, 0, 0));
    expect(failure.code).toBe("KAFKA_TOPIC_MISSING");
    expect(failure.message).toContain(`${topic}/0`);
    await quick.close();
  });

  test("a topic may be made after it was looked for", async () => {
    const topic = freshName("later");
    expect(await connection.partitionsOf(topic)).toBeNull();
    const admin = await connection.admin();
    await admin.createTopics({
      topics: [{ topic, numPartitions: 3, replicationFactor: 1 }],
      waitForLeaders: false,
    });
    topics.push(topic);
    while ((await connection.partitionsOf(topic)) === null);
    expect(await connection.partitionsOf(topic)).toBe(3);
    expect((await connection.fetch(topic, 2, 0)).stableEnd).toBe(0);
  });

  describe("where no broker answers", () => {
    test("nobody listening is told with the address and the reason", async () => {
      const settings = { brokers: ["127.0.0.1:9"], clientId: "test", retryForMs: 100 };
      const failure = await failureOf(connectKafka(settings));
      expect([failure.code, failure.retriable]).toEqual(["KAFKA_UNREACHABLE", true]);
      expect(failure.message).toMatch(/127\.0\.0\.1:9.*ECONNREFUSED/);
    });

    test("a server that never says a word is given up in time", async () => {
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      const failure = await failureOf(
        connectKafka({
          brokers: [`127.0.0.1:${port}`],
          clientId: "test",
          connectTimeoutMs: 200,
          retryForMs: 300,
        }),
      );
      expect(failure.code).toBe("KAFKA_UNREACHABLE");
      expect(failure.message).toContain("200 ms");
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });

    test("one broker of several suffices", async () => {
      const brokers = ["127.0.0.1:9", broker];
      const other = await connectKafka({ brokers, clientId: "test" });
      expect(await other.partitionsOf(freshName("none"))).toBeNull();
      await other.close();
    });

    test("an address that is none is refused before anything is sent", async () => {
      for (const broker of ["", "host", "host:", "host:0", "host:70000", "http://host:1/"]) {
        const failure = await failureOf(connectKafka({ brokers: [broker], clientId: "test" }));
        expect(failure.code).toBe("KAFKA_BROKER_INVALID");
      }
    });
  });

  test("a read whose answer never comes is asked for again on another connection", async () => {
    const topic = await topicOf("hung");
    const proxy = await BrokerProxy.before(broker);
    const settings = { brokers: [proxy.address], clientId: "hung", requestTimeoutMs: 300 };
    const hung = await connectKafka(settings);
    let asked = 0;
    proxy.judge = (apiKey) => {
      if (apiKey !== api.listOffsets.key) return "pass";
      asked++;
      return asked === 1 ? "drop-answer" : "pass";
    };
    expect(await hung.listOffset(topic, 0, "end")).toBe(0);
    expect(asked).toBe(2);
    await hung.close();
    await proxy.close();
  });

  test("after close everything says so", async () => {
    const other = await connectKafka({ brokers: [broker], clientId: "test" });
    await other.close();
    expect((await failureOf(other.listOffset("t", 0, "end"))).code).toBe("STORE_CLOSED");
    expect((await failureOf(other.producer("id", 1_000))).code).toBe("STORE_CLOSED");
    expect(() => other.fetcher()).toThrow("closed");
  });
});
