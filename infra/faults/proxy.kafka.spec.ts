// The proxy between kafkajs and a real broker: each fault seen by the client that meets it and by a
// reader that goes to the broker directly; and what Kafka itself makes of a delayed commit.

import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TapedeckError } from "../../schemas/errors.ts";
import { describeKafka, freshPrefix } from "../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../kafka/client/connection.ts";
import type { EncodedRecords } from "../kafka/wire/record-batch.ts";
import { RecordsWriter } from "../kafka/wire/records-writer.ts";
import type { FaultRule } from "./fault-rules.ts";
import { checkHistory } from "./history/check-history.ts";
import type { Operation } from "./history/operation.ts";
import { type FaultProxy, startFaultProxy } from "./proxy.ts";
import { finalRead } from "./testing/final-read.ts";

const REQUEST_TIMEOUT_MS = 1_500;

describeKafka("a proxy before a real broker", ({ brokers }) => {
  const prefix = freshPrefix();
  const topics: string[] = [];
  let direct: KafkaConnection;
  let proxy: FaultProxy;

  beforeAll(async () => {
    direct = await connectKafka({ brokers: [...brokers], clientId: "direct" });
    proxy = await startFaultProxy({ brokers, seed: 1 });
  });

  afterAll(async () => {
    const admin = await direct.admin();
    await admin.deleteTopics({ topics });
    await direct.close();
    await proxy.close();
  });

  async function newTopic(): Promise<string> {
    const topic = `${prefix}${topics.length}`;
    const admin = await direct.admin();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
    topics.push(topic);
    return topic;
  }

  const client = (clientId: string): Kafka =>
    new Kafka({
      clientId,
      brokers: [...proxy.brokers],
      logLevel: logLevel.NOTHING,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
      retry: { retries: 3, initialRetryTime: 50 },
    });

  async function transactional(clientId: string): Promise<Producer> {
    const producer = client(clientId).producer({
      transactionalId: `${prefix}${clientId}`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 10_000,
    });
    await producer.connect();
    return producer;
  }

  async function valuesOf(topic: string): Promise<string[]> {
    const values: string[] = [];
    await finalRead(direct, "reader", topic, 0, (operation) => {
      if (operation.op === "poll") for (const [, value] of operation.records) values.push(value);
    });
    return values;
  }

  /** Resolves when a duplicate that was logged after `already` entries has been answered. */
  async function answered(already: number): Promise<void> {
    while (!proxy.log.slice(already).some(({ what }) => what === "answered")) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const endTxn = (action: FaultRule["action"]): FaultRule => ({
    apis: ["EndTxn"],
    when: { nth: 1 },
    action,
  });

  /** One transaction with one value; what its client was told, and what a reader finds. */
  async function commitThrough(name: string, rule: FaultRule) {
    const topic = await newTopic();
    const producer = await transactional(name);
    proxy.setRules([rule]);
    const before = proxy.requests.get("EndTxn") ?? 0;
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: name }] });
    const told = await transaction.commit().then(
      () => "committed",
      (error: Error) => error.name,
    );
    proxy.setRules([]);
    const asked = (proxy.requests.get("EndTxn") ?? 0) - before;
    await producer.disconnect();
    // Whatever was left open is settled by the next owner of the id.
    const next = await transactional(name);
    await (await next.transaction()).abort();
    await next.disconnect();
    return { told, asked, found: await valuesOf(topic) };
  }

  test("all traffic of a client goes through it, whatever broker it is told of", async () => {
    const topic = await newTopic();
    const kafka = client("through");
    const producer = kafka.producer();
    await producer.connect();
    const values = Array.from({ length: 2_000 }, (_, i) => `v${i}-${"x".repeat(500)}`);
    await producer.send({ topic, messages: values.map((value) => ({ value })) });
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: `${prefix}through` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const read: string[] = [];
    await new Promise<void>((resolve) => {
      consumer.run({
        eachMessage: async ({ message }) => {
          read.push(String(message.value));
          if (read.length === values.length) resolve();
        },
      });
    });
    await consumer.disconnect();
    expect(read).toEqual(values);
    expect(await valuesOf(topic)).toEqual(values);
    const used = ["Metadata", "Produce", "FindCoordinator", "JoinGroup", "SyncGroup", "Fetch"];
    for (const api of used) expect(proxy.requests.get(api) ?? 0, api).toBeGreaterThan(0);
    expect(proxy.log).toEqual([]);
  });

  test.each([
    ["before", []],
    ["middle", []],
    ["after", ["cut-after"]],
  ] as const)("a commit that is cut: %s", async (at, there) => {
    // The client is told the same each time: it cannot know.
    const { told, asked, found } = await commitThrough(`cut-${at}`, endTxn({ kind: "cut", at }));
    expect({ told, asked }).toEqual({ told: "KafkaJSConnectionError", asked: 1 });
    expect(found).toEqual(there);
    const request = { api: "EndTxn", clientId: `cut-${at}` };
    expect(proxy.log.at(-1)).toMatchObject({ what: "cut", request });
  });

  test("a commit whose answer is swallowed: the client gives up or asks again, the broker did it", async () => {
    const { found } = await commitThrough("swallowed", endTxn({ kind: "swallow" }));
    expect(found).toEqual(["swallowed"]);
    expect(proxy.log.at(-1)).toMatchObject({ what: "swallow" });
  });

  test("a delayed commit is still a commit", async () => {
    const startedMs = performance.now();
    const { told, asked, found } = await commitThrough(
      "delayed",
      endTxn({ kind: "delay", of: "request", ms: 400 }),
    );
    expect({ told, asked, found }).toEqual({ told: "committed", asked: 1, found: ["delayed"] });
    expect(performance.now() - startedMs).toBeGreaterThan(400);
  });

  test.each([true, false])(
    "a duplicated Produce is written once by an idempotent producer only (%s)",
    async (idempotent) => {
      const topic = await newTopic();
      const process = `twice-${idempotent}`;
      const producer = client(process).producer({ idempotent });
      await producer.connect();
      const already = proxy.log.length;
      proxy.setRules([
        { apis: ["Produce"], when: { nth: 1 }, action: { kind: "duplicate", afterMs: 0 } },
      ]);
      const history: Operation[] = [
        { op: "send", process, id: 1, transaction: null, topic, partition: 0, values: ["a", "b"] },
      ];
      const messages = [{ value: "a" }, { value: "b" }];
      const [metadata] = await producer.send({ topic, messages });
      const first = Number(metadata?.baseOffset);
      history.push({ op: "sent", process, id: 1, outcome: "ok", offsets: [first, first + 1] });
      await answered(already);
      await producer.disconnect();
      await finalRead(direct, "reader", topic, 0, (operation) => history.push(operation));
      const { counts } = checkHistory(history);
      expect([...counts]).toEqual(idempotent ? [] : [["duplicate", 2]]);
    },
  );

  test("a commit that comes again in the next transaction commits what nobody asked to commit", async () => {
    // What the protocol before KIP-890's second part cannot tell apart: the request names the producer
    // and its epoch, not the transaction. A producer that is opened anew has another epoch.
    const topic = await newTopic();
    const process = "torn";
    const producer = await transactional(process);
    const already = proxy.log.length;
    proxy.setRules([endTxn({ kind: "duplicate", afterMs: 300 })]);
    const history: Operation[] = [];
    const write = async (id: number, value: string) => {
      const name = `t${id}`;
      const place = { process, topic, partition: 0 };
      history.push({ op: "begin", process, transaction: name });
      const transaction = await producer.transaction();
      history.push({ op: "send", ...place, id, transaction: name, values: [value] });
      await transaction.send({ topic, messages: [{ value }] });
      history.push({ op: "sent", process, id, outcome: "ok" });
      return { name, transaction };
    };
    const first = await write(1, "one");
    history.push({ op: "ending", process, transaction: first.name, commit: true });
    await first.transaction.commit();
    history.push({ op: "ended", process, transaction: first.name, outcome: "committed" });
    // The second one is open when the first one's commit comes once more; then its process dies.
    const second = await write(2, "two");
    await answered(already);
    await producer.disconnect();
    const next = await transactional(process);
    await (await next.transaction()).abort();
    await next.disconnect();
    await finalRead(direct, "reader", topic, 0, (operation) => history.push(operation));
    const { examples } = checkHistory(history);
    expect(examples).toMatchObject([
      { kind: "aborted-read", values: ["two"], who: [second.name, "reader"] },
    ]);
  });

  test("a commit that was cut and comes late finds no transaction of the producer opened since", async () => {
    const topic = await newTopic();
    const process = "reopened";
    const hindered = await connectKafka({ brokers: [...proxy.brokers], clientId: process });
    const already = proxy.log.length;
    proxy.setRules([
      endTxn({ kind: "late", afterMs: 300 }),
      // The second transaction is open when the first one's commit comes.
      {
        apis: ["EndTxn"],
        when: { nth: 2 },
        action: { kind: "delay", of: "request", ms: 900 },
      },
    ]);
    const history: Operation[] = [];
    const write = async (id: number, value: string): Promise<string> => {
      const transaction = `t${id}`;
      const place = { process, topic, partition: 0 };
      const producer = await hindered.producer(`${prefix}${process}`, 10_000);
      const writer = new RecordsWriter();
      writer.add(1_700_000_000_000, null, Buffer.from(value));
      history.push({ op: "begin", process, transaction });
      history.push({ op: "send", ...place, id, transaction, values: [value] });
      history.push({ op: "ending", process, transaction, commit: true });
      const records = writer.take() as EncodedRecords;
      const told = await producer.commit({ batches: [{ topic, partition: 0, records }] }).then(
        () => "committed" as const,
        (error: TapedeckError) => error.code,
      );
      const outcome = told === "committed" ? "ok" : "unknown";
      history.push({ op: "sent", process, id, outcome });
      const ended = told === "committed" ? told : "unknown";
      history.push({ op: "ended", process, transaction, outcome: ended });
      return told;
    };
    expect(await write(1, "one")).toBe("KAFKA_OUTCOME_UNKNOWN");
    expect(await write(2, "two")).toBe("committed");
    await answered(already);
    await finalRead(direct, "reader", topic, 0, (operation) => history.push(operation));
    await hindered.close();
    const { examples, seen } = checkHistory(history);
    expect(examples).toEqual([]);
    // Opening the second producer took back what the first one's commit did not reach in time.
    expect(seen.records).toBe(1);
    expect(history).toContainEqual(expect.objectContaining({ op: "poll", records: [[2, "two"]] }));
  });
});
