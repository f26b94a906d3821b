// Frames come out as they went in, however the network cut them, and their headers are known.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { findAddresses, replaceAddresses } from "./broker-addresses.ts";
import { type FaultRule, FaultRules } from "./fault-rules.ts";
import { apiKeys, FrameSplitter, readRequestHeader, readResponseHeader } from "./request-frames.ts";
import { frameOf, requestFrame } from "./testing/broker-stub.ts";

const header = fc.record({
  apiKey: fc.integer({ min: 0, max: 80 }),
  version: fc.integer({ min: 0, max: 17 }),
  correlationId: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  clientId: fc.option(fc.string({ maxLength: 40, unit: "binary" }), { nil: null }),
});
const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** The bytes in chunks of random sizes. */
function* chunks(bytes: Buffer, seed: number): Generator<Buffer> {
  const random = new Random(seed);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.integer(random.integer(2) === 0 ? 3 : 90);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("the splitter", () => {
  test("gives each frame's header and bytes, however the stream is cut", () => {
    const frames = fc.array(fc.tuple(header, body), { maxLength: 12 });
    fc.assert(
      fc.property(frames, fc.integer(), (sent, seed) => {
        const whole = sent.map(([head, rest]) => requestFrame(head, rest));
        const splitter = new FrameSplitter(readRequestHeader);
        const got: { header: unknown; bytes: Buffer[] }[] = [];
        for (const chunk of chunks(Buffer.concat(whole), seed)) {
          for (const piece of splitter.push(chunk)) {
            if (piece.isFirst) got.push({ header: piece.header, bytes: [] });
            const frame = got.at(-1) as (typeof got)[number];
            frame.bytes.push(piece.bytes);
            expect(frame.header).toBe(piece.header);
            const size = Buffer.concat(frame.bytes).length;
            expect(piece.isLast).toBe(size === piece.frameBytes);
          }
        }
        expect(got.map(({ bytes }) => Buffer.concat(bytes))).toEqual(whole);
        expect(got.map((each) => each.header)).toMatchObject(
          sent.map(([{ clientId, ...rest }]) => ({
            ...rest,
            // As UTF-8 has it: a lone surrogate is no character.
            clientId: clientId === null ? null : Buffer.from(clientId).toString(),
          })),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("holds back no more than a header", () => {
    const frame = requestFrame(
      { apiKey: 0, version: 7, correlationId: 1, clientId: "c" },
      Buffer.alloc(100_000),
    );
    const splitter = new FrameSplitter(readRequestHeader);
    expect(splitter.push(frame.subarray(0, 14))).toEqual([]);
    const [piece] = splitter.push(frame.subarray(14, 20));
    expect(piece?.bytes).toEqual(frame.subarray(0, 20));
    expect(piece).toMatchObject({ isFirst: true, isLast: false, frameBytes: frame.length });
  });

  test("lets what is no frame pass: other protocols, frames too small for a header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer(), (random, seed) => {
        // A client hello of TLS begins 16 03; as a size that is more than any broker takes.
        const bytes = Buffer.from([0x16, 3, 1, 0, ...random]);
        for (const read of [readRequestHeader, readResponseHeader]) {
          const splitter = new FrameSplitter<object>(read);
          const out = [...chunks(bytes, seed)].flatMap((chunk) => splitter.push(chunk));
          expect(Buffer.concat(out.map((piece) => piece.bytes))).toEqual(bytes);
          expect(out.every((piece) => piece.header === null)).toBe(true);
        }
      }),
    );
    const small = new FrameSplitter(readRequestHeader).push(Buffer.from([0, 0, 0, 1, 9, 0, 0]));
    expect(small).toMatchObject([{ header: null, isFirst: true, isLast: true, frameBytes: 5 }]);
  });

  test("names a response by its correlation id", () => {
    const [piece] = new FrameSplitter(readResponseHeader).push(frameOf(77, Buffer.from("x")));
    expect(piece).toMatchObject({ header: { correlationId: 77 }, isLast: true });
  });
});

describe("rules", () => {
  const endTxn = (clientId: string) => ({ api: "EndTxn" as const, clientId });
  const cut: FaultRule["action"] = { kind: "cut", at: "before" };

  test("count each client's matching requests on their own", () => {
    const rules = new FaultRules([{ apis: ["EndTxn"], when: { nth: 2 }, action: cut }], 1);
    const asked = ["a", "b", "b", "a", "a"].map((clientId) => rules.decide(endTxn(clientId)));
    expect(asked).toEqual([
      null,
      null,
      { rule: 0, nth: 2, action: cut },
      { rule: 0, nth: 2, action: cut },
      null,
    ]);
    expect(rules.decide({ api: "Produce", clientId: "a" })).toBeNull();
    expect(rules.decide({ api: null, clientId: "a" })).toBeNull();
  });

  test("name one client, or any API", () => {
    const rules = new FaultRules([{ clientId: "a", when: { nth: 1 }, action: cut }], 1);
    expect(rules.decide({ api: "Fetch", clientId: "b" })).toBeNull();
    expect(rules.decide({ api: null, clientId: "a" })?.nth).toBe(1);
  });

  test("decide alike for a client whatever the others do between", () => {
    const rule: FaultRule = { when: { probability: 0.3 }, action: cut };
    const alone = new FaultRules([rule], 5);
    const expected = Array.from({ length: 200 }, () => alone.decide(endTxn("a")) !== null);
    const amid = new FaultRules([rule], 5);
    const random = new Random(1);
    const found = expected.map(() => {
      for (let i = random.integer(4); i > 0; i--) amid.decide(endTxn("b"));
      return amid.decide(endTxn("a")) !== null;
    });
    expect(found).toEqual(expected);
    const other = new FaultRules([rule], 6);
    expect(expected.map(() => other.decide(endTxn("a")) !== null)).not.toEqual(expected);
  });

  test("apply about as often as their probability says", () => {
    const rules = new FaultRules([{ when: { probability: 0.2 }, action: cut }], 3);
    let applied = 0;
    for (let i = 0; i < 10_000; i++) if (rules.decide(endTxn("a"))) applied++;
    // Five standard deviations of a binomial: 5 · √(10000 · 0.2 · 0.8).
    expect(Math.abs(applied - 2_000)).toBeLessThan(200);
  });
});

describe("addresses", () => {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const none = Buffer.from([0xff, 0xff]);
  const others = [
    { host: "127.0.0.1", port: 5 },
    { host: "a.much.longer.name.example", port: 70_000 },
  ];
  /** With the fields that each version has (Kafka's protocol guide), and a tail that must stay. */
  const metadata = (version: number, brokers: readonly { host: string; port: number }[]): Buffer =>
    frameOf(
      9,
      Buffer.concat([
        ...(version >= 3 ? [int(0)] : []),
        int(brokers.length),
        ...brokers.flatMap(({ host, port }, i) => [
          int(i),
          text(host),
          int(port),
          ...(version >= 1 ? [i === 0 ? none : text("rack")] : []),
        ]),
        Buffer.from("the rest"),
      ]),
    );
  const coordinator = (version: number, error: number, host: string, port: number): Buffer =>
    frameOf(
      9,
      Buffer.concat([
        ...(version >= 1 ? [int(0)] : []),
        Buffer.from([0, error]),
        ...(version >= 1 ? [none] : []),
        int(1),
        text(host),
        int(port),
      ]),
    );

  test.each([0, 1, 2, 3, 5, 6, 8])("in Metadata version %i are found and replaced", (version) => {
    const before = [
      { host: "broker-1", port: 9092 },
      { host: "b2", port: 1 },
    ];
    const frame = metadata(version, before);
    const found = findAddresses(frame, "Metadata", version) ?? [];
    expect(found).toMatchObject(before);
    expect(replaceAddresses(frame, found, others)).toEqual(metadata(version, others));
  });

  test.each([0, 1, 2])("in FindCoordinator version %i are found and replaced", (version) => {
    const frame = coordinator(version, 0, "broker-1", 9092);
    const found = findAddresses(frame, "FindCoordinator", version) ?? [];
    const [, second] = others;
    expect(replaceAddresses(frame, found, others.slice(1))).toEqual(
      coordinator(version, 0, second?.host ?? "", second?.port ?? 0),
    );
    expect(findAddresses(coordinator(version, 15, "", -1), "FindCoordinator", version)).toEqual([]);
  });

  test("of versions with the compact encoding are not guessed at", () => {
    expect(findAddresses(metadata(9, []), "Metadata", 9)).toBeNull();
    expect(findAddresses(coordinator(3, 0, "h", 1), "FindCoordinator", 3)).toBeNull();
  });
});

test("the API keys are the protocol's", () => {
  const known = { Produce: 0, EndTxn: 26, TxnOffsetCommit: 28, InitProducerId: 22, JoinGroup: 11 };
  expect(apiKeys).toMatchObject(known);
  expect(new Set(Object.values(apiKeys)).size).toBe(Object.keys(apiKeys).length);
});
