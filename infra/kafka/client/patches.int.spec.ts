// Each patch beside the same work without it, each in a process of its own: the patches change
// modules, and this one must not have them.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);
const file = (name: string): string => new URL(name, import.meta.url).href;

async function answerOf(script: string, patched: boolean): Promise<unknown> {
  const source = `
    import { createRequire } from "node:module";
    const require = createRequire(${JSON.stringify(file("./patches.ts"))});
    if (${patched}) (await import(${JSON.stringify(file("./patches.ts"))})).patchKafkajs();
    ${script}`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", source], {
    env: { ...process.env, NODE_OPTIONS: "--no-warnings" },
  });
  return JSON.parse(stdout);
}

describe("an idle connection", () => {
  // A request is answered; how often does the queue wake up afterwards, in 300 ms without work?
  const script = `
    const RequestQueue = require("kafkajs/src/network/requestQueue");
    const logger = { debug() {}, warn() {}, namespace: () => logger };
    const queue = new RequestQueue({ requestTimeout: 1000, clientId: "c", broker: "b", logger });
    let wakes = 0;
    const check = queue.checkPendingRequests.bind(queue);
    queue.checkPendingRequests = () => { wakes++; check(); };
    const answered = new Promise((resolve, reject) => queue.push({
      entry: { correlationId: 1, apiKey: 0, apiName: "a", apiVersion: 0, resolve, reject },
      expectResponse: true, sendRequest() {},
    }));
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    await answered;
    wakes = 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
    queue.destroy();
    console.log(JSON.stringify(wakes));`;

  test("wakes all the time as kafkajs has it", async () => {
    expect(await answerOf(script, false)).toBeGreaterThan(20);
  });

  test("sleeps once patched", async () => {
    expect(await answerOf(script, true)).toBe(0);
  });

  test("what waits for a throttle to end is still sent", async () => {
    const throttled = `
      const RequestQueue = require("kafkajs/src/network/requestQueue");
      const logger = { debug() {}, warn() {}, namespace: () => logger };
      const queue = new RequestQueue({ requestTimeout: 1000, clientId: "c", broker: "b", logger });
      queue.maybeThrottle(30);
      const begun = Date.now();
      await new Promise((resolve, reject) => queue.push({
        entry: { correlationId: 1, apiKey: 0, apiName: "a", apiVersion: 0, resolve, reject },
        expectResponse: true, sendRequest: () => resolve(),
      }));
      const waited = Date.now() - begun;
      queue.destroy();
      console.log(JSON.stringify(waited));`;
    expect(await answerOf(throttled, true)).toBeGreaterThanOrEqual(29);
  });
});

describe("records of aborted transactions", () => {
  // What kafkajs' consumer makes of an answer of its own broker class.
  const shown = (messages: string, aborted: string): string => `
    const Broker = require("kafkajs/src/broker");
    const Batch = require("kafkajs/src/consumer/batch");
    const of = (producerId, inTransaction = true) => ({ producerId, inTransaction });
    const data = (offset, producer, key = null) =>
      ({ offset: String(offset), key, isControlRecord: false, batchContext: of(producer) });
    const abort = (offset, producer) => ({
      offset: String(offset), key: Buffer.from([0, 0, 0, 0]), isControlRecord: true,
      batchContext: of(producer),
    });
    const partition = { partition: 0, highWatermark: "9", messages: ${messages},
      abortedTransactions: ${aborted} };
    const broker = new Broker({
      connectionPool: {
        host: "h", port: 1, connectionTimeout: 1,
        send: async () => ({ responses: [{ topicName: "t", partitions: [partition] }] }),
      },
      logger: { namespace: () => null },
    });
    broker.lookupRequest = () => () => ({});
    const { responses } = await broker.fetch({ topics: [] });
    const batch = new Batch("t", "0", responses[0].partitions[0]);
    console.log(JSON.stringify(batch.messages.map((message) => message.offset)));`;

  const overlapping = shown(
    `[data(4, "1"), data(5, "2"), data(6, "2"), abort(7, "1"), abort(8, "2"), data(9, "3")]`,
    // Both began before the fetch did.
    `[{ producerId: "2", firstOffset: "1" }, { producerId: "1", firstOffset: "2" }]`,
  );
  const zeroKey = shown(
    `[data(0, "1"), data(1, "1", Buffer.alloc(4)), data(2, "1"), abort(3, "1"), data(4, "3")]`,
    `[{ producerId: "1", firstOffset: "0" }]`,
  );

  test("leak in kafkajs where a fetch starts inside two of them", async () => {
    expect(await answerOf(overlapping, false)).toEqual(["4", "9"]);
  });

  test("leak in kafkajs behind a key of four zero bytes", async () => {
    expect(await answerOf(zeroKey, false)).toEqual(["1", "2", "4"]);
  });

  test("do not leak once patched", async () => {
    expect(await answerOf(overlapping, true)).toEqual(["9"]);
    expect(await answerOf(zeroKey, true)).toEqual(["4"]);
  });

  test("do not leak where kafkajs was loaded before the patches", async () => {
    const late = `require("kafkajs");
      (await import(${JSON.stringify(file("./patches.ts"))})).patchKafkajs();${zeroKey}`;
    expect(await answerOf(late, false)).toEqual(["4"]);
  });

  test("are counted as read, so that a piece of nothing else is passed", async () => {
    const last = `${shown(`[data(0, "1"), data(1, "1")]`, `[{ producerId: "1", firstOffset: "0" }]`)
      .replace("console.log", "void ")
      .trim()} console.log(JSON.stringify(batch.lastOffset()));`;
    expect(await answerOf(last, true)).toBe("1");
  });
});

describe("zstd", () => {
  const script = `
    const { lookupCodec } = require("kafkajs/src/protocol/message/compression");
    let answer = "missing";
    try {
      const codec = lookupCodec(4);
      const packed = await codec.compress({ buffer: Buffer.from("a".repeat(1000)) });
      answer = packed.length < 100 ? (await codec.decompress(packed)).toString() : "not packed";
    } catch {}
    console.log(JSON.stringify(answer));`;

  test("is missing in kafkajs, and there once patched", async () => {
    expect(await answerOf(script, false)).toBe("missing");
    expect(await answerOf(script, true)).toBe("a".repeat(1000));
  });
});
