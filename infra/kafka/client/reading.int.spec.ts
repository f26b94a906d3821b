// Single reads against a broker that says what real ones say rarely.

import { afterEach, beforeEach, expect, test } from "vitest";
import { sealBatch } from "../wire/record-batch.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { recordsOf, valuesIn } from "./testing/scratch.ts";
import { fetchAnswerOf, ScriptedBroker } from "./testing/scripted-broker.ts";

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

test("a client over its quota asks again, until the broker gives it something", async () => {
  const bytes = sealBatch(recordsOf(["a", "b"]), null);
  broker.answer = () =>
    broker.asked.length <= 3
      ? fetchAnswerOf([])
      : fetchAnswerOf([{ topic: "ticks", partition: 0, stableEnd: 2, bytes }]);
  const fetched = await connection.fetch("ticks", 0, 0);
  expect(valuesIn(fetched.batches)).toEqual(["a", "b"]);
  expect([fetched.nextOffset, broker.asked.length]).toEqual([2, 4]);
});
