// Every fault of the proxy, seen from both sides of it: by a client and by a broker that only speaks
// the framing.

import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { FaultRule } from "./fault-rules.ts";
import { type FaultProxy, startFaultProxy } from "./proxy.ts";
import { apiKeys, FrameSplitter, readResponseHeader } from "./request-frames.ts";
import { type BrokerStub, requestFrame, startBrokerStub } from "./testing/broker-stub.ts";

const { EndTxn, Produce, Metadata } = apiKeys;

interface Client {
  readonly socket: Socket;
  /** Answers so far, as correlation id and body. */
  readonly answers: [correlationId: number, body: string][];
  send(apiKey: number, correlationId: number, body?: string | Buffer): Buffer;
  answered(count: number): Promise<void>;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>;
}

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(...rules: FaultRule[]): Promise<{ stub: BrokerStub; proxy: FaultProxy }> {
  const stub = await startBrokerStub();
  const proxy = await startFaultProxy({ brokers: [stub.address], rules, seed: 1 });
  opened.push(stub, proxy);
  return { stub, proxy };
}

function dial(proxy: FaultProxy, clientId = "client"): Client {
  const [host, port] = (proxy.brokers[0] as string).split(":");
  const socket = connect(Number(port), host);
  const answers: Client["answers"] = [];
  const splitter = new FrameSplitter(readResponseHeader);
  let parts: Buffer[] = [];
  let wake = (): void => {};
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    for (const { header, bytes, isFirst, isLast } of splitter.push(chunk)) {
      parts = isFirst ? [bytes] : [...parts, bytes];
      const body = Buffer.concat(parts).subarray(8).toString("latin1");
      if (isLast) answers.push([header?.correlationId ?? -1, body]);
    }
    wake();
  });
  opened.push({ close: () => socket.destroy() });
  return {
    socket,
    answers,
    send(apiKey, correlationId, body = `body${correlationId}`) {
      const frame = requestFrame(
        { apiKey, version: 1, correlationId, clientId },
        Buffer.from(body as string),
      );
      socket.write(frame);
      return frame;
    },
    async answered(count) {
      while (answers.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    gone: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}

const on = (action: FaultRule["action"], nth = 1): FaultRule => ({
  apis: ["EndTxn"],
  when: { nth },
  action,
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("without a rule everything passes as it is, pipelined and large", async () => {
  const { stub, proxy } = await start();
  const client = dial(proxy);
  const large = Buffer.alloc(3_000_000, 7);
  const sent = Array.from({ length: 20 }, (_, i) =>
    client.send(Produce, i, i === 5 ? large : `b${i}`),
  );
  await client.answered(20);
  expect(stub.requests.map(({ bytes }) => bytes)).toEqual(sent);
  expect(client.answers.map(([id]) => id)).toEqual(sent.map((_, i) => i));
  expect(proxy.log).toEqual([]);
  expect([...proxy.requests]).toEqual([["Produce", 20]]);
});

test("a request of any size passes without being held: a slow broker slows the sender", async () => {
  const { stub, proxy } = await start();
  const client = dial(proxy);
  await client.answered(client.send(Produce, 1).length > 0 ? 1 : 0);
  proxy.pause("requests");
  client.send(Produce, 2, Buffer.alloc(64 << 20));
  // What the sockets' buffers take passes out of the client; the rest must stay with it.
  let before = -1;
  while (client.socket.writableLength !== before) {
    before = client.socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(client.socket.writableLength).toBeGreaterThan(32 << 20);
  expect(stub.received()).toBeLessThan(1000);
  proxy.resume();
  await client.answered(2);
  expect(stub.requests[1]?.bytes.length).toBe((64 << 20) + 14 + "client".length);
});

test("a delayed request arrives later, and what follows it waits behind it", async () => {
  const { stub, proxy } = await start(on({ kind: "delay", of: "request", ms: 150 }));
  const client = dial(proxy);
  const startedMs = performance.now();
  client.send(EndTxn, 1);
  client.send(Produce, 2);
  await client.answered(2);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
  expect(stub.requests.map(({ header }) => header.correlationId)).toEqual([1, 2]);
  expect(proxy.log).toMatchObject([
    { what: "delay", rule: 0, nth: 1, request: { api: "EndTxn", correlationId: 1 } },
  ]);
});

test("a delayed response: the broker has answered long before the client hears it", async () => {
  const { stub, proxy } = await start(on({ kind: "delay", of: "response", ms: 150 }));
  const client = dial(proxy);
  client.send(EndTxn, 1);
  await until(() => stub.requests.length === 1);
  const startedMs = performance.now();
  expect(client.answers).toEqual([]);
  await client.answered(1);
  expect(performance.now() - startedMs).toBeGreaterThan(100);
});

test("cut before: the broker gets no byte of it", async () => {
  const { stub, proxy } = await start(on({ kind: "cut", at: "before" }));
  const client = dial(proxy);
  client.send(Produce, 1);
  await client.answered(1);
  client.send(EndTxn, 2);
  await client.gone;
  expect(stub.requests.map(({ header }) => header.correlationId)).toEqual([1]);
  expect([...stub.torn.values()]).toEqual([]);
  // The next connection is sound: of this client's requests it was the first.
  const again = dial(proxy);
  again.send(EndTxn, 3);
  await again.answered(1);
});

test("cut in the middle: the broker gets half of its bytes, and no more", async () => {
  const { stub, proxy } = await start(on({ kind: "cut", at: "middle" }));
  const client = dial(proxy);
  const frame = client.send(EndTxn, 1, Buffer.alloc(200_000));
  await client.gone;
  await until(() => stub.torn.get(1) === Math.floor(frame.length / 2));
  expect(stub.requests).toEqual([]);
  expect(client.answers).toEqual([]);
});

test("cut after: the broker has done it, the client never hears", async () => {
  const { stub, proxy } = await start(on({ kind: "cut", at: "after" }));
  const client = dial(proxy);
  client.send(EndTxn, 1);
  await client.gone;
  expect(stub.requests.length).toBe(1);
  expect(client.answers).toEqual([]);
});

test("a swallowed response: others come, this one does not, and the connection stays", async () => {
  const { stub, proxy } = await start(on({ kind: "swallow" }, 2));
  const client = dial(proxy);
  for (let i = 1; i <= 3; i++) client.send(EndTxn, i);
  await client.answered(2);
  expect(client.answers.map(([id]) => id)).toEqual([1, 3]);
  expect(stub.requests.length).toBe(3);
});

test("a duplicate: the broker gets the same bytes again, later, on another connection", async () => {
  const { stub, proxy } = await start(on({ kind: "duplicate", afterMs: 60 }));
  const client = dial(proxy);
  const frame = client.send(EndTxn, 1, Buffer.alloc(150_000, 3));
  client.send(EndTxn, 2);
  await until(() => stub.requests.length === 3);
  const [first, , third] = stub.requests;
  expect([first?.bytes, third?.bytes]).toEqual([frame, frame]);
  expect(third?.connection).not.toBe(first?.connection);
  await until(() => proxy.log.length === 2);
  expect(proxy.log.map(({ what }) => what)).toEqual(["duplicate", "answered"]);
  expect(client.answers.map(([id]) => id)).toEqual([1, 2]);
});

test("a late request: the client is cut at once, the broker gets the request afterwards", async () => {
  const { stub, proxy } = await start(on({ kind: "late", afterMs: 60 }));
  const client = dial(proxy);
  const frame = client.send(EndTxn, 1);
  await client.gone;
  expect(stub.requests).toEqual([]);
  await until(() => stub.requests.length === 1);
  expect(stub.requests[0]?.bytes).toEqual(frame);
});

test("bytes that were sent arrive although their sender is killed", async () => {
  const { stub, proxy } = await start(on({ kind: "delay", of: "request", ms: 80 }));
  const client = dial(proxy);
  client.send(EndTxn, 1);
  await until(() => proxy.log.length === 1);
  client.socket.resetAndDestroy();
  await until(() => stub.requests.length === 1);
});

test("a paused direction holds everybody's bytes and lets go of them all", async () => {
  const { stub, proxy } = await start(on({ kind: "pause", direction: "responses", ms: 120 }));
  const [one, two] = [dial(proxy, "one"), dial(proxy, "two")];
  two.send(Produce, 1);
  await two.answered(1);
  one.send(EndTxn, 1);
  await until(() => stub.requests.length === 2);
  const startedMs = performance.now();
  two.send(Produce, 2);
  await until(() => stub.requests.length === 3);
  expect([one.answers.length, two.answers.length]).toEqual([0, 1]);
  await Promise.all([one.answered(1), two.answered(2)]);
  expect(performance.now() - startedMs).toBeGreaterThan(60);
});

test("a throttled request trickles", async () => {
  const { stub, proxy } = await start(on({ kind: "throttle", bytesPerSecond: 100_000 }));
  const client = dial(proxy);
  const startedMs = performance.now();
  const frame = client.send(EndTxn, 1, Buffer.alloc(20_000));
  await client.answered(1);
  expect(performance.now() - startedMs).toBeGreaterThan(180);
  expect(stub.requests[0]?.bytes).toEqual(frame);
});

test("cutAll cuts what is open; new connections are served", async () => {
  const { proxy } = await start();
  const client = dial(proxy);
  client.send(Produce, 1);
  await client.answered(1);
  proxy.cutAll();
  await client.gone;
  const again = dial(proxy);
  again.send(Produce, 2);
  await again.answered(1);
});

test("a broker that is gone is gone for the client too", async () => {
  const { stub, proxy } = await start();
  const client = dial(proxy);
  client.send(Produce, 1);
  await client.answered(1);
  await stub.close();
  await client.gone;
  const again = dial(proxy);
  await again.gone;
});

test("an answer with addresses that cannot be read is not passed on", async () => {
  const { proxy } = await start();
  const client = dial(proxy);
  const compact = { apiKey: Metadata, version: 12, correlationId: 1, clientId: "client" };
  client.socket.write(requestFrame(compact, Buffer.from("body")));
  await client.gone;
  expect(client.answers).toEqual([]);
  expect(proxy.log).toMatchObject([{ what: "not understood", rule: -1 }]);
});

test("closing ends connections, delays and errands at once", async () => {
  const { stub, proxy } = await start(
    on({ kind: "delay", of: "request", ms: 1e6 }),
    on({ kind: "duplicate", afterMs: 1e6 }, 2),
  );
  const client = dial(proxy);
  client.send(EndTxn, 1);
  await until(() => proxy.log.length === 1);
  await proxy.close();
  await client.gone;
  expect(stub.requests).toEqual([]);
});
