// What an administrator is told when the cluster refuses, or is away.

import { afterEach, beforeEach, expect, test } from "vitest";
import { BodyWriter } from "./body.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { ScriptedBroker } from "./testing/scripted-broker.ts";

const TOPIC_AUTHORIZATION_FAILED = 29;
const POLICY_VIOLATION = 44;

let broker: ScriptedBroker;
let connection: KafkaConnection;

beforeEach(async () => {
  broker = await ScriptedBroker.start({ ticks: 1 });
  connection = await connectKafka({ brokers: [broker.address], clientId: "test" });
});

afterEach(async () => {
  await connection.close();
  await broker.close();
});

/** To DeleteTopics. */
const refusing = (error: number) => (): Buffer => {
  const to = new BodyWriter().i32(0);
  return to.list(["ticks"], (topic) => to.text(topic).i16(error)).take();
};

test.each([
  ["forbids it", TOPIC_AUTHORIZATION_FAILED, "KAFKA_AUTHORIZATION_FAILED"],
  ["refuses it", POLICY_VIOLATION, "KAFKA_REFUSED"],
])("a broker that %s is told by our codes", async (_, error, code) => {
  broker.answer = refusing(error);
  const admin = await connection.admin();
  await expect(admin.deleteTopics({ topics: ["ticks"] })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`could not delete topics at ${broker.address}: `),
  });
});

test("what is not asynchronous is given as it is", async () => {
  const admin = await connection.admin();
  const remove = admin.on(admin.events.CONNECT, () => undefined);
  expect(remove).toBeTypeOf("function");
});

test("a cluster that is away cannot be reached", async () => {
  const { address } = broker;
  await broker.close();
  await expect(connection.admin()).rejects.toMatchObject({
    code: "KAFKA_UNREACHABLE",
    message: expect.stringContaining(`could not administer Kafka at ${address}: `),
  });
});
