// Reading ahead from a broker that refuses an offset and does not say what it keeps.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sealBatch } from "../wire/record-batch.ts";
import { connectKafka, type KafkaConnection } from "./connection.ts";
import { api } from "./requests.ts";
import { pullValues, recordsOf } from "./testing/scratch.ts";
import {
  type Answer,
  fetchAnswerOf,
  fetchAsked,
  listOffsetsAnswer,
  ScriptedBroker,
  type ScriptedFetch,
} from "./testing/scripted-broker.ts";

const OUT_OF_RANGE = 1;
const LOST = 99;
const RETRY_FOR_MS = 500;
const sealed = sealBatch(recordsOf(["a"]), null);

/** A batch of one record at the offset that is asked for; LOST is not kept. */
function batchAt({ topic, partition, offset }: ReturnType<typeof fetchAsked>[0]): ScriptedFetch {
  if (offset === LOST) return { topic, partition, error: OUT_OF_RANGE };
  const bytes = Buffer.from(sealed);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return { topic, partition, stableEnd: offset + 1, bytes };
}

describe("an offset that is not kept, while its range cannot be looked up", () => {
  let broker: ScriptedBroker;
  let connection: KafkaConnection;
  let lookedUp: () => Answer | Promise<Answer>;

  beforeEach(async () => {
    broker = await ScriptedBroker.start({ ticks: 2 });
    broker.answer = (key, body) =>
      key === api.fetch.key ? fetchAnswerOf(fetchAsked(body).map(batchAt)) : lookedUp();
    const settings = { requestTimeoutMs: 50, retryForMs: RETRY_FOR_MS };
    connection = await connectKafka({
      brokers: [broker.address],
      clientId: "test",
      ...settings,
    });
  });

  afterEach(async () => {
    await connection.close();
    await broker.close();
  });

  test("is told now and then, and asked for again until it can be", async () => {
    const fetcher = connection.fetcher();
    lookedUp = () => null;
    fetcher.add("ticks", 0, LOST);
    await expect(fetcher.pull(10_000)).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
    // Not at once again: whoever ignores it must not be told in every turn.
    expect(await fetcher.pull(RETRY_FOR_MS / 20)).toBeNull();
    lookedUp = () => listOffsetsAnswer("ticks", 0, 7);
    for (;;) {
      const failure: unknown = await fetcher.pull(10_000).catch((error: unknown) => error);
      if ((failure as { code?: string }).code === "KAFKA_UNREACHABLE") continue;
      expect(failure).toMatchObject({
        code: "KAFKA_OFFSET_OUT_OF_RANGE",
        facts: { offset: LOST, start: 7, end: 7 },
      });
      return;
    }
  });

  test("does not hold the broker's other partitions up", async () => {
    const fetcher = connection.fetcher();
    let answer: (told: Answer) => void = () => undefined;
    lookedUp = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    fetcher.add("ticks", 0, LOST);
    fetcher.add("ticks", 1, 0);
    expect(await pullValues(fetcher, 20)).toEqual(Array.from({ length: 20 }, () => "a"));
    answer(null);
    fetcher.close();
  });

  test("one that was sought meanwhile is read from there", async () => {
    const fetcher = connection.fetcher();
    let asked = (): void => undefined;
    let answer: (told: Answer) => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    lookedUp = () => {
      asked();
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    fetcher.add("ticks", 0, LOST);
    await reached;
    fetcher.seek("ticks", 0, 3);
    lookedUp = () => listOffsetsAnswer("ticks", 0, 7);
    answer(listOffsetsAnswer("ticks", 0, 7));
    expect(await pullValues(fetcher, 5)).toEqual(["a", "a", "a", "a", "a"]);
    fetcher.close();
  });
});
