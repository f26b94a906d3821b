// What a producer says of a transaction whose coordinator answers as no healthy one does.

import { afterEach, beforeEach, expect, test } from "vitest";
import { BodyWriter } from "./body.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { api } from "./requests.ts";
import { ScriptedBroker } from "./testing/scripted-broker.ts";

const COORDINATOR_NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
const FENCED = 90;
const UNAUTHORIZED = 53;
const LOADING = 14;

let broker: ScriptedBroker;
let connection: KafkaConnection;

beforeEach(async () => {
  broker = await ScriptedBroker.start();
  connection = await connectKafka({ brokers: [broker.address], clientId: "test" });
});

afterEach(async () => {
  await connection.close();
  await broker.close();
});

/** The code of what a commit of offsets ends with; `answers` are the broker's to EndTxn in turn. */
async function ending(answers: readonly number[]): Promise<string> {
  const left = [...answers];
  broker.answer = (key) => {
    const to = new BodyWriter().i32(0);
    if (key === api.initProducerId.key) return to.i16(0).big(7n).i16(0).take();
    if (key === api.endTxn.key) return to.i16(left.shift() ?? 0).take();
    if (key === api.addOffsetsToTxn.key) return to.i16(0).take();
    return to.i32(0).take();
  };
  const producer = await connection.producer("id", 10_000);
  const offsets = [{ topic: "ticks", partition: 0, offset: 1 }];
  const ended = await producer.commit({ batches: [], offsets: { groupId: "group", offsets } }).then(
    () => "committed",
    (error: unknown) => (error as { readonly code: string }).code,
  );
  expect(left).toEqual([]);
  return ended;
}

test.each([
  ["fenced", FENCED],
  ["forbidden", UNAUTHORIZED],
])("a commit that is %s was not made", async (_, refusal) => {
  const code = refusal === FENCED ? "STREAMS_FENCED" : "KAFKA_AUTHORIZATION_FAILED";
  expect(await ending([refusal])).toBe(code);
  // A coordinator that only just takes over has done nothing yet.
  expect(await ending([LOADING, refusal])).toBe(code);
});

test.each([
  ["fenced", FENCED],
  ["forbidden", UNAUTHORIZED],
])("one that is %s after the coordinator lost its log is unknown", async (_, refusal) => {
  expect(await ending([COORDINATOR_NOT_AVAILABLE, refusal])).toBe("KAFKA_OUTCOME_UNKNOWN");
  expect(await ending([NOT_COORDINATOR, LOADING, refusal])).toBe("KAFKA_OUTCOME_UNKNOWN");
});

test("one that goes through when it is sent again is made", async () => {
  expect(await ending([COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, 0])).toBe("committed");
});
