// One transaction after the other against a real broker; what goes wrong between us and it is made
// by a proxy that holds, cuts or swallows requests by name.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { describeKafka } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { errorName } from "./failures.ts";
import { api } from "./requests.ts";
import { BrokerProxy, type Verdict } from "./testing/broker-proxy.ts";
import { allValues, freshName, freshTopic, recordsOf } from "./testing/scratch.ts";

describeKafka("a transactional producer", ({ brokers: [broker = ""] }) => {
  const TIMEOUT_MS = 20_000;
  let connection: KafkaConnection;
  let proxy: BrokerProxy;
  /** Goes through the proxy; gives up soon. */
  let hindered: KafkaConnection;
  const topics: string[] = [];

  const topicOf = async (...how: [string, number?, Record<string, string>?]): Promise<string> => {
    const topic = await freshTopic(connection, ...how);
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

  /** The verdict for the first such request; all others pass. */
  const once = (request: { readonly key: number }, verdict: Verdict) => {
    let done = false;
    return (apiKey: number): Verdict => {
      if (done || apiKey !== request.key) return "pass";
      done = true;
      return verdict;
    };
  };

  /** Holds every such request from now on; resolves when the first one is held. */
  const holdAll = (request: { readonly key: number }): Promise<void> =>
    new Promise((resolve) => {
      proxy.judge = (apiKey) => {
        if (apiKey !== request.key) return "pass";
        resolve();
        return "hold";
      };
    });

  beforeAll(async () => {
    connection = await connectKafka({ brokers: [broker], clientId: "test" });
    proxy = await BrokerProxy.before(broker);
    hindered = await connectKafka({
      brokers: [proxy.address],
      clientId: "hindered",
      requestTimeoutMs: 400,
      retryForMs: 4_000,
    });
  });

  afterAll(async () => {
    const admin = await connection.admin();
    await admin.deleteTopics({ topics });
    await connection.close();
    await hindered.close();
    await proxy.close();
  });

  describe("a transaction", () => {
    test("shows nothing until it is committed, then all of it, in every partition", async () => {
      const topic = await topicOf("visible", 2);
      const producer = await hindered.producer(freshName("id"), TIMEOUT_MS);
      const reached = holdAll(api.endTxn);
      const committed = producer.commit({
        batches: [
          { topic, partition: 0, records: recordsOf(["a", "b"]) },
          { topic, partition: 1, records: recordsOf(["c"]) },
        ],
      });
      await reached;
      expect(await connection.listOffset(topic, 0, "end")).toBe(2);
      expect(await connection.listOffset(topic, 0, "stable-end")).toBe(0);
      const early = await connection.fetch(topic, 0, 0);
      expect([early.batches, early.nextOffset, early.stableEnd]).toEqual([[], 0, 0]);
      await proxy.release();
      expect(await committed).toEqual([
        { topic, partition: 0, baseOffset: 0 },
        { topic, partition: 1, baseOffset: 0 },
      ]);
      expect(await allValues(connection, topic, 0)).toEqual(["a", "b"]);
      expect(await allValues(connection, topic, 1)).toEqual(["c"]);
      producer.close();
    });

    test("of nothing does nothing; one of offsets alone moves them", async () => {
      const topic = await topicOf("offsets");
      const groupId = freshName("group");
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      expect(await producer.commit({ batches: [] })).toEqual([]);
      await producer.commit({
        batches: [],
        offsets: { groupId, offsets: [{ topic, partition: 0, offset: 7 }] },
      });
      await producer.commit({
        batches: [{ topic, partition: 0, records: recordsOf(["x"]) }],
        offsets: { groupId, offsets: [{ topic, partition: 0, offset: 8 }] },
      });
      const admin = await connection.admin();
      const [stored] = await admin.fetchOffsets({ groupId, topics: [topic] });
      expect(stored?.partitions).toMatchObject([{ partition: 0, offset: "8" }]);
      producer.close();
    });

    test("writes many in turn, each where the last one's marker ended", async () => {
      const topic = await topicOf("turns");
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      const values = Array.from({ length: 30 }, (_, i) => `v${i}`);
      for (const [i, value] of values.entries()) {
        const records = recordsOf([value]);
        const written = await producer.commit({ batches: [{ topic, partition: 0, records }] });
        expect(written[0]?.baseOffset).toBe(2 * i);
      }
      expect(await allValues(connection, topic)).toEqual(values);
      producer.close();
    });

    test("covers 64 partitions, and several batches of one in their order", async () => {
      const topic = await topicOf("wide", 64);
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      const batches = Array.from({ length: 128 }, (_, i) => ({
        topic,
        partition: i % 64,
        records: recordsOf([`first ${i}`, `second ${i}`]),
      }));
      await producer.commit({ batches });
      for (const partition of [0, 31, 63]) {
        expect(await allValues(connection, topic, partition)).toEqual([
          `first ${partition}`,
          `second ${partition}`,
          `first ${partition + 64}`,
          `second ${partition + 64}`,
        ]);
      }
      producer.close();
    });

    test("larger than a batch may be is cut into several; the sequence goes on", async () => {
      const topic = await topicOf("large", 1, { "max.message.bytes": "1048588" });
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      const values = Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(20_000, "."));
      await producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(values) }] });
      await producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(["end"]) }] });
      const read = await allValues(connection, topic);
      expect(read.map((value) => value.replace(/\.+$/, ""))).toEqual([
        ...values.map((_, i) => `${i}`),
        "end",
      ]);
      producer.close();
    });

    test("takes a record of 1 MB where the topic does, and names the topic where not", async () => {
      const megabyte = "m".repeat(1 << 20);
      const roomy = await topicOf("roomy", 1, { "max.message.bytes": "2097152" });
      const strict = await topicOf("strict", 1, { "max.message.bytes": "1000000" });
      const producer = await connection.producer(freshName("id"), TIMEOUT_MS);
      const one = { partition: 0, records: recordsOf([megabyte]) };
      await producer.commit({ batches: [{ topic: roomy, ...one }] });
      const [read] = await allValues(connection, roomy);
      expect(read === megabyte).toBe(true);
      const failure = await failureOf(producer.commit({ batches: [{ topic: strict, ...one }] }));
      expect(failure.code).toBe("KAFKA_RECORD_TOO_LARGE");
      expect(failure.facts).toMatchObject({ topic: strict, partition: 0 });
      expect(producer.dead).toBe(true);
    });
  });

  describe("a later owner of the id", () => {
    test("fences the earlier one, which can commit nothing any more", async () => {
      const topic = await topicOf("fenced");
      const id = freshName("id");
      const earlier = await connection.producer(id, TIMEOUT_MS);
      await earlier.commit({ batches: [{ topic, partition: 0, records: recordsOf(["earlier"]) }] });
      const later = await connection.producer(id, TIMEOUT_MS);
      expect([later.id, later.epoch]).toEqual([earlier.id, earlier.epoch + 1]);
      const zombie = { batches: [{ topic, partition: 0, records: recordsOf(["zombie"]) }] };
      expect((await failureOf(earlier.commit(zombie))).code).toBe("STREAMS_FENCED");
      expect((await failureOf(earlier.commit(zombie))).code).toBe("KAFKA_PRODUCER_UNUSABLE");
      await later.commit({ batches: [{ topic, partition: 0, records: recordsOf(["later"]) }] });
      expect(await allValues(connection, topic)).toEqual(["earlier", "later"]);
      later.close();
    });

    test("finds what the earlier one left aborted when it opens, and the zombie fenced", async () => {
      const topic = await topicOf("left");
      const groupId = freshName("group");
      const id = freshName("id");
      const earlier = await hindered.producer(id, TIMEOUT_MS);
      const later = new Promise<Awaited<ReturnType<KafkaConnection["producer"]>>>(
        (resolve, reject) => {
          const hold = once(api.endTxn, "hold");
          proxy.judge = (apiKey) => {
            const verdict = hold(apiKey);
            if (verdict === "hold") connection.producer(id, TIMEOUT_MS).then(resolve, reject);
            return verdict;
          };
        },
      );
      const zombie = failureOf(
        earlier.commit({
          batches: [{ topic, partition: 0, records: recordsOf(["zombie"]) }],
          offsets: { groupId, offsets: [{ topic, partition: 0, offset: 5 }] },
        }),
      );
      const owner = await later;
      // Settled already: the offset after the record and its abort marker.
      expect(await connection.listOffset(topic, 0, "stable-end")).toBe(2);
      await proxy.release();
      expect((await zombie).code).toBe("STREAMS_FENCED");
      expect(await allValues(connection, topic)).toEqual([]);
      const admin = await connection.admin();
      const [stored] = await admin.fetchOffsets({ groupId, topics: [topic] });
      expect(stored?.partitions).toMatchObject([{ partition: 0, offset: "-1" }]);
      owner.close();
    });
  });

  describe("an answer that does not come", () => {
    const commitHindered = async (request: { readonly key: number }, verdict: Verdict) => {
      const topic = await topicOf("lost");
      const id = freshName("id");
      proxy.judge = () => "pass";
      const producer = await hindered.producer(id, TIMEOUT_MS);
      await producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(["before"]) }] });
      proxy.judge = once(request, verdict);
      const outcome = producer.commit({
        batches: [{ topic, partition: 0, records: recordsOf(["tried"]) }],
        offsets: { groupId: freshName("group"), offsets: [{ topic, partition: 0, offset: 1 }] },
      });
      return { topic, id, producer, outcome };
    };

    for (const verdict of ["cut-before", "cut-after", "drop-answer"] as const) {
      test(`to the request to commit (${verdict}) leaves the outcome unknown`, async () => {
        const { topic, id, producer, outcome } = await commitHindered(api.endTxn, verdict);
        const failure = await failureOf(outcome);
        expect([failure.code, failure.retriable]).toEqual(["KAFKA_OUTCOME_UNKNOWN", true]);
        expect(producer.dead).toBe(true);
        const next = await connection.producer(id, TIMEOUT_MS);
        const arrived = verdict === "cut-after" || verdict === "drop-answer";
        const there = arrived ? ["before", "tried"] : ["before"];
        expect(await allValues(connection, topic)).toEqual(there);
        await next.commit({ batches: [{ topic, partition: 0, records: recordsOf(["next"]) }] });
        expect(await allValues(connection, topic)).toEqual([...there, "next"]);
        next.close();
      });
    }

    test("to a request to commit that comes much later does not commit the next one", async () => {
      const { topic, id, outcome } = await commitHindered(api.endTxn, "hold");
      expect((await failureOf(outcome)).code).toBe("KAFKA_OUTCOME_UNKNOWN");
      proxy.judge = () => "pass";
      const patient = await connectKafka({ brokers: [proxy.address], clientId: "patient" });
      const next = await patient.producer(id, TIMEOUT_MS);
      const settled = await connection.listOffset(topic, 0, "stable-end");
      const reached = holdAll(api.endTxn);
      const committed = next.commit({
        batches: [{ topic, partition: 0, records: recordsOf(["next"]) }],
      });
      await reached;
      const [late] = await proxy.release(1);
      // Correlation id, no tagged fields, throttle time, error code.
      expect(errorName(late?.readInt16BE(9) ?? 0)).toBe("PRODUCER_FENCED");
      expect(await connection.listOffset(topic, 0, "stable-end")).toBe(settled);
      await proxy.release();
      await committed;
      expect(await allValues(connection, topic)).toEqual(["before", "next"]);
      await patient.close();
    });

    for (const request of [api.addPartitionsToTxn, api.produce, api.txnOffsetCommit]) {
      for (const verdict of ["cut-before", "cut-after", "drop-answer"] as const) {
        test(`to ${request.name} (${verdict}) is asked for again; nothing is doubled`, async () => {
          const { topic, producer, outcome } = await commitHindered(request, verdict);
          await outcome;
          expect(await allValues(connection, topic)).toEqual(["before", "tried"]);
          proxy.judge = () => "pass";
          await producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(["on"]) }] });
          expect(await allValues(connection, topic)).toEqual(["before", "tried", "on"]);
          producer.close();
        });
      }
    }

    test("however often it is asked for aborts the transaction in bounded time", async () => {
      const { topic, id, producer, outcome } = await commitHindered(api.produce, "cut-before");
      proxy.judge = (apiKey) => (apiKey === api.produce.key ? "cut-before" : "pass");
      const failure = await failureOf(outcome);
      expect(failure.code).toBe("KAFKA_TRANSACTION_ABORTED");
      expect(failure.facts.afterMs).toBeLessThan(6_000);
      expect(producer.dead).toBe(true);
      const next = await connection.producer(id, TIMEOUT_MS);
      expect(await allValues(connection, topic)).toEqual(["before"]);
      next.close();
    });
  });

  test("a request to commit that was doubled on its way does not commit the next one", async () => {
    const topic = await topicOf("doubled");
    proxy.judge = () => "pass";
    const patient = await connectKafka({ brokers: [proxy.address], clientId: "patient" });
    const producer = await patient.producer(freshName("id"), TIMEOUT_MS);
    proxy.judge = once(api.endTxn, "double");
    await producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(["first"]) }] });
    expect(await allValues(connection, topic)).toEqual(["first"]);
    const reached = holdAll(api.endTxn);
    const ended = producer.commit({
      batches: [{ topic, partition: 0, records: recordsOf(["second"]) }],
    });
    await reached;
    await proxy.release(1);
    expect(await connection.listOffset(topic, 0, "stable-end")).toBe(2);
    await proxy.release();
    await ended;
    expect(await allValues(connection, topic)).toEqual(["first", "second"]);
    await patient.close();
  });

  test("a topic that is not there is named, and ends the transaction", async () => {
    const quick = await connectKafka({
      brokers: [broker],
      clientId: "quick",
      retryForMs: 300,
    });
    const topic = freshName("missing");
    const producer = await quick.producer(freshName("id"), TIMEOUT_MS);
    const failure = await failureOf(
      producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(["x"]) }] }),
    );
    expect(failure.code).toBe("KAFKA_TOPIC_MISSING");
    expect(failure.message).toContain(topic);
    await quick.close();
  });

  test("a transaction longer than the broker allows is refused with the figure", async () => {
    const opening = connection.producer(freshName("id"), 2_000_000_000);
    const failure = await failureOf(opening);
    expect(failure.code).toBe("KAFKA_TRANSACTION_TIMEOUT_INVALID");
    expect(failure.message).toContain("2000000000 ms");
  });

  test("one that outlived its time is fenced by the coordinator, and nothing of it is seen", async () => {
    const topic = await topicOf("slow");
    proxy.judge = () => "pass";
    const producer = await hindered.producer(freshName("id"), 1_000);
    const held = once(api.produce, "drop-answer");
    proxy.judge = (apiKey) => (apiKey === api.produce.key ? "drop-answer" : held(apiKey));
    const failure = await failureOf(
      producer.commit({ batches: [{ topic, partition: 0, records: recordsOf(["late"]) }] }),
    );
    expect(["KAFKA_TRANSACTION_ABORTED", "STREAMS_FENCED"]).toContain(failure.code);
    expect(await connection.listOffset(topic, 0, "stable-end")).toBe(0);
  });
});
