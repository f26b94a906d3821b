// What becomes of messages that are not ours: each kind by its reason, 200 between good ones, and
// thousands of random ones. Always: no crash, every good record comes through, nothing is silent.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Codec, Writer } from "../../../schemas/avro.ts";
import type { ErrorCode } from "../../../schemas/errors.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../../schemas/generated/facts.ts";
import { plainTerms } from "../../../schemas/values/order-terms.ts";
import { catalogue, keyOf } from "../../../streams/catalogue.ts";
import type { RecordBatch } from "../../../streams/log.ts";
import { encodeRecord } from "../../../streams/record.ts";
import { VALUE_MAX_BYTES } from "./envelope.ts";
import { type Message, readMessage } from "./poison.ts";
import {
  type LooseMessage,
  onlyBatch,
  putTogether,
  stored,
  takeApart,
  testIds,
} from "./testing/messages.ts";
import { TopicDecoder } from "./topic-decoder.ts";
import { TopicEncoder } from "./topic-encoder.ts";

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const PARTITION = 4;
const TIME_US = 1_711_636_200_000_500;

function batchOf<T extends TopicName>(topic: T, values: readonly Facts[T][]): RecordBatch {
  const writer = new Writer(256);
  const cause = { topic: "market.bars", partition: 1, offset: 17 } as const;
  values.forEach((value, i) => {
    const causeId = catalogue[cause.topic].id;
    encodeRecord(
      writer,
      codecs[topic] as Codec<Facts[T]>,
      TIME_US + i,
      i,
      causeId,
      cause,
      0,
      value,
    );
  });
  return {
    topic,
    partition: PARTITION,
    baseOffset: 0,
    count: values.length,
    maxTimeUs: TIME_US + values.length - 1,
    bytes: writer.bytes.slice(0, writer.pos),
  };
}

const messagesOf = <T extends TopicName>(topic: T, values: readonly Facts[T][]): LooseMessage[] =>
  takeApart(
    new TopicEncoder({ topic, partition: PARTITION }, testIds).encode(batchOf(topic, values), 0),
  );

const tick = (symbol: string, price = 100): Facts["market.ticks"] => ({
  symbol,
  price,
  quantity: 1,
  venue: "XNAS",
  suspicious: false,
});
const command = {
  portfolio: "main",
  command: "HaltTrading",
  who: "ann",
  why: "test",
  limit: null,
  value: null,
  overlay: null,
  symbol: "",
  fromUs: null,
  untilUs: null,
  confidenceBps: null,
} as const;

type Change = (message: LooseMessage) => Partial<LooseMessage>;
interface Kind<T extends TopicName = TopicName> {
  readonly name: string;
  readonly topic: T;
  readonly fact: Facts[T];
  readonly change: Change;
  readonly code: ErrorCode | "fine";
}
const kindOf =
  <T extends TopicName>(topic: T, fact: Facts[T]) =>
  (name: string, code: Kind["code"], change: Change): Kind => ({ name, topic, fact, change, code });
const ofTick = kindOf("market.ticks", tick("IBM"));
const ofCommand = kindOf("control.commands", command);

/** The value with its Avro bytes changed. */
const avro =
  (change: (bytes: number[]) => readonly number[]): Change =>
  ({ value }) => ({
    value: Uint8Array.from([...(value ?? []).slice(0, 5), ...change([...(value ?? []).slice(5)])]),
  });
const header =
  (name: string, text: string | Uint8Array | null): Change =>
  ({ headers }) => ({
    headers: headers.map(({ key, value }) => {
      if (key !== name) return { key, value };
      return { key, value: typeof text === "string" ? utf8(text) : text };
    }),
  });
const without =
  (name: string): Change =>
  ({ headers }) => ({ headers: headers.filter(({ key }) => key !== name) });
const schemaId =
  (id: number): Change =>
  ({ value }) => {
    const bytes = Uint8Array.from(value ?? []);
    new DataView(bytes.buffer).setUint32(1, id);
    return { value: bytes };
  };
const written = (write: (writer: Writer) => void): number[] => {
  const writer = new Writer(64);
  write(writer);
  return [...writer.bytes.subarray(0, writer.pos)];
};

const kinds: readonly Kind[] = [
  ofTick("tombstone: its value is null", "WIRE_TOMBSTONE", () => ({ value: null })),
  ofTick("an empty value", "WIRE_FRAMING_INVALID", () => ({ value: new Uint8Array(0) })),
  ofTick("a value of four bytes", "WIRE_FRAMING_INVALID", () => ({ value: new Uint8Array(4) })),
  ofTick("another magic byte", "WIRE_FRAMING_INVALID", ({ value }) => ({
    value: Uint8Array.from([1, ...(value ?? []).slice(1)]),
  })),
  ofTick("JSON", "WIRE_FRAMING_INVALID", () => ({ value: utf8('{"symbol":"IBM"}') })),
  ofTick("a value of 10 MB", "WIRE_VALUE_TOO_LARGE", ({ value }) => ({
    value: Buffer.concat([value ?? utf8(""), new Uint8Array(10_000_000)]),
  })),
  ofTick(
    "cut Avro",
    "CODEC_TRUNCATED",
    avro((bytes) => bytes.slice(0, -1)),
  ),
  ofTick(
    "no Avro at all",
    "CODEC_TRUNCATED",
    avro(() => []),
  ),
  ofTick(
    "bytes after its Avro",
    "WIRE_VALUE_TRAILING",
    avro((bytes) => [...bytes, 0]),
  ),
  ofTick("a schema of nobody", "WIRE_SCHEMA_FOREIGN", schemaId(4711)),
  ofTick("another topic's schema", "WIRE_SCHEMA_FOREIGN", schemaId(testIds.idOf("features"))),
  ofTick(
    "another topic's value under this one's schema",
    "WIRE_VALUE_TRAILING",
    avro(() =>
      written((w) =>
        codecs.signals.encode(w, {
          symbol: "IBM",
          model: "m",
          strength: 0.5,
          price: 1,
          volatility: 0.1,
        }),
      ),
    ),
  ),
  ...[
    "ce_specversion",
    "ce_type",
    "ce_source",
    "content-type",
    "ce_id",
    "ce_time",
    "ce_origin",
  ].flatMap((name) => [
    ofTick(`no ${name}`, "WIRE_HEADER_MISSING", without(name)),
    ofTick(`a null ${name}`, "WIRE_HEADER_INVALID", header(name, null)),
    ofTick(`${name} twice`, "WIRE_HEADER_REPEATED", ({ headers }) => ({
      headers: [...headers, ...headers.filter(({ key }) => key === name)],
    })),
  ]),
  ofTick("no headers", "WIRE_HEADER_MISSING", () => ({ headers: [] })),
  ofTick("a header's name that is no UTF-8", "WIRE_RECORD_DAMAGED", ({ headers }) => ({
    headers: [...headers, { key: "spoilt", value: null }],
  })),
  ...["", "-1", "01", "1.5", "1e3", "9007199254740993", "٣", "1\n"].map((text) =>
    ofTick(`ce_id ${JSON.stringify(text)}`, "WIRE_HEADER_INVALID", header("ce_id", text)),
  ),
  ...[
    "",
    "yesterday",
    "2024-03-28T14:30:00Z",
    "2024-03-28T15:30:00.000500+01:00",
    "2024-02-30T14:30:00.000500Z",
    "1711636200000500",
  ].map((text) =>
    ofTick(`ce_time ${JSON.stringify(text)}`, "WIRE_HEADER_INVALID", header("ce_time", text)),
  ),
  ...["", "-", "-0", "0x1", "1e9"].map((text) =>
    ofTick(`ce_origin ${JSON.stringify(text)}`, "WIRE_HEADER_INVALID", header("ce_origin", text)),
  ),
  ...[
    "",
    "market.bars",
    "market.bars/1/17",
    "market.bars/1/17#",
    "market.bars/-1/17#0",
    "bars/1/17#0",
    "market.bars/1/17#0#0",
    "market.bars/65536/17#0",
    "__proto__/1/17#0",
    "market.bars//17#0",
    `${"x".repeat(100_000)}/1/17#0`,
    "#/market.bars",
  ].map((text) =>
    ofTick(`ce_cause ${text.slice(0, 30)}`, "WIRE_HEADER_INVALID", header("ce_cause", text)),
  ),
  ofTick("ce_type of another topic", "WIRE_TOPIC_FOREIGN", header("ce_type", "tapedeck.MarketBar")),
  ofTick("ce_source of another topic", "WIRE_TOPIC_FOREIGN", header("ce_source", "/market.bars/4")),
  ofTick(
    "ce_source of another partition",
    "WIRE_TOPIC_FOREIGN",
    header("ce_source", "/market.ticks/5"),
  ),
  ofTick(
    "JSON by its content type",
    "WIRE_TOPIC_FOREIGN",
    header("content-type", "application/json"),
  ),
  ofTick("CloudEvents of another version", "WIRE_TOPIC_FOREIGN", header("ce_specversion", "0.3")),
  ofTick("a null key", "WIRE_KEY_MISSING", () => ({ key: null })),
  ofTick("an empty key", "WIRE_KEY_DIFFERS", () => ({ key: new Uint8Array(0) })),
  ofTick("another key", "WIRE_KEY_DIFFERS", () => ({ key: utf8("IBN") })),
  ofTick("a key that goes on", "WIRE_KEY_DIFFERS", () => ({ key: utf8("IBM2") })),
  ofTick("a timestamp of another time", "WIRE_TIMESTAMP_DIFFERS", ({ timestampMs }) => ({
    timestampMs: timestampMs + 1,
  })),
  ofTick("an effective time before its own", "WIRE_HEADER_INVALID", ({ headers }) => ({
    headers: [...headers, { key: "ce_effectivetime", value: utf8(String(TIME_US - 1)) }],
  })),
  ofTick("an effective time that is no number", "WIRE_HEADER_INVALID", ({ headers }) => ({
    headers: [...headers, { key: "ce_effectivetime", value: utf8("later") }],
  })),
  ofTick(
    "a string that is no UTF-8",
    "CODEC_STRING_INVALID",
    avro((bytes) => [6, 0xff, 0xfe, 0xfd, ...bytes.slice(4)]),
  ),
  ofTick(
    "half a surrogate pair",
    "CODEC_STRING_INVALID",
    avro((bytes) => [6, 0xed, 0xa0, 0x80, ...bytes.slice(4)]),
  ),
  ofTick(
    "a string longer than its record",
    "CODEC_TRUNCATED",
    avro((bytes) => [...written((w) => w.long(2 ** 40)), ...bytes.slice(1)]),
  ),
  ofTick(
    "a string of a negative length",
    "CODEC_TRUNCATED",
    avro((bytes) => [1, ...bytes.slice(1)]),
  ),
  ofTick(
    "a long beyond 2^53",
    "CODEC_LONG_UNSAFE",
    avro((bytes) => [
      ...bytes.slice(0, 4),
      ...written((w) => w.bigLong(2n ** 53n)),
      ...bytes.slice(6),
    ]),
  ),
  ofTick(
    "a number that never ends",
    "CODEC_LONG_UNSAFE",
    avro(() => [6, 73, 66, 77, ...new Array<number>(40).fill(0xff)]),
  ),
  ofTick(
    "a boolean of 2",
    "CODEC_TRUNCATED",
    avro((bytes) => [...bytes.slice(0, -1), 2]),
  ),
  ofCommand(
    "an enum's number beyond its symbols",
    "CODEC_ENUM_UNKNOWN",
    avro((bytes) => [...bytes.slice(0, 5), 100, ...bytes.slice(6)]),
  ),
  ofCommand(
    "the symbol UNKNOWN",
    "CODEC_ENUM_UNKNOWN",
    avro((bytes) => [...bytes.slice(0, 5), 0, ...bytes.slice(6)]),
  ),
  ofCommand(
    "a union's branch that is none",
    "CODEC_TRUNCATED",
    avro((bytes) => [...bytes.slice(0, -1), 4]),
  ),
  kindOf("orders", {
    orderId: 1,
    action: "NEW",
    portfolio: "main",
    symbol: "IBM",
    side: "BUY",
    type: "MARKET",
    quantity: 1,
    limitPrice: null,
    timeInForce: "GTC",
    referencePrice: 1,
    decidedUs: 0,
    ...plainTerms,
  })("an order under its portfolio's key", "WIRE_KEY_DIFFERS", () => ({ key: utf8("main") })),
  // What is unusual and yet ours.
  kindOf("market.ticks", tick("__proto__"))("a symbol __proto__", "fine", () => ({})),
  kindOf("market.ticks", tick(""))("an empty symbol", "fine", () => ({})),
  kindOf("market.ticks", tick("株式👍"))("a symbol beyond ASCII", "fine", () => ({})),
  kindOf("market.ticks", tick("IBM", -5))(
    "a negative price: futures have had them",
    "fine",
    () => ({}),
  ),
  ...[Number.NaN, Number.POSITIVE_INFINITY, -0].map((strength) =>
    kindOf("signals", { symbol: "IBM", model: "m", strength, price: 1, volatility: 0 })(
      `a double of ${Object.is(strength, -0) ? "-0" : strength}`,
      "fine",
      () => ({}),
    ),
  ),
  ofTick("headers of others beside ours", "fine", ({ headers }) => ({
    headers: [
      { key: "__proto__", value: null },
      ...headers,
      { key: "baggage", value: utf8("a=b") },
    ],
  })),
  ofTick("traceparent twice", "fine", ({ headers }) => ({
    headers: [...headers, ...headers.filter(({ key }) => key === "traceparent")],
  })),
];

/** Good, spoilt, good: each good one at its own logical offset. */
function between({ topic, fact, change, name }: Kind) {
  const good = messagesOf(topic, [fact, fact, fact]);
  const [first, second, third] = good as [LooseMessage, LooseMessage, LooseMessage];
  const spoilt = { ...second, ...change(second) };
  const raw = putTogether([first, spoilt, second, third], 900);
  if (name === "a header's name that is no UTF-8") {
    const at = Buffer.from(raw.records).indexOf("spoilt");
    raw.records[at] = 0xff;
  }
  return { raw, spoilt, decoder: new TopicDecoder({ topic, partition: PARTITION }, testIds, 0) };
}

const sameMessage = (message: Message | null, { key, value, headers }: LooseMessage): boolean => {
  const text = (each: Uint8Array | null) =>
    each === null ? null : Buffer.from(each).toString("hex");
  const plain = (each: Message) =>
    JSON.stringify([
      text(each.key),
      text(each.value),
      each.headers.map((h) => [h.key, text(h.value)]),
    ]);
  return message !== null && plain(message) === plain({ key, value, headers });
};

describe("between two good messages", () => {
  const bad = kinds.filter(({ code }) => code !== "fine");
  const fine = kinds.filter(({ code }) => code === "fine");

  test("there are at least 20 kinds, by at least 15 reasons", () => {
    expect(bad.length).toBeGreaterThanOrEqual(20);
    expect(new Set(bad.map(({ code }) => code)).size).toBeGreaterThanOrEqual(15);
  });

  test.each(bad.map((kind) => [kind.name, kind] as const))("%s", (_, kind) => {
    const { raw, spoilt, decoder } = between(kind);
    const { batch, poison } = decoder.decode(raw);
    expect(poison.map(({ code, kafkaOffset, count }) => [code, kafkaOffset, count])).toEqual([
      [kind.code, 901, 1],
    ]);
    expect(poison[0]?.timestampMs).toBe(spoilt.timestampMs);
    expect(poison[0]?.detail).toMatch(/^[\x20-\x7e…µ±]{3,300}$/);
    if (kind.name !== "a header's name that is no UTF-8") {
      expect(sameMessage(readMessage(poison[0]?.raw ?? new Uint8Array(0)), spoilt)).toBe(true);
    }
    expect(batch?.bytes).toEqual(batchOf(kind.topic, [kind.fact, kind.fact, kind.fact]).bytes);
  });

  test.each(fine.map((kind) => [kind.name, kind] as const))("%s is fine", (_, kind) => {
    const good = messagesOf(kind.topic, [kind.fact]);
    const [only] = good as [LooseMessage];
    const decoder = new TopicDecoder({ topic: kind.topic, partition: PARTITION }, testIds, 0);
    const { batch, poison } = decoder.decode(putTogether([{ ...only, ...kind.change(only) }]));
    expect(poison).toEqual([]);
    expect(batch?.bytes).toEqual(batchOf(kind.topic, [kind.fact]).bytes);
    expect(keyOf(kind.topic, kind.fact)).toBe(Buffer.from(only.key ?? []).toString());
  });

  test("a time before its partition's is told, and does not move it", () => {
    const [first, second] = messagesOf("market.ticks", [tick("IBM"), tick("IBM")]) as [
      LooseMessage,
      LooseMessage,
    ];
    const place = { topic: "market.ticks", partition: PARTITION };
    const decoder = new TopicDecoder(place, testIds, 0, TIME_US);
    const early = {
      ...second,
      ...header("ce_time", "2024-03-28T14:29:59.000000Z")(second),
      timestampMs: second.timestampMs - 1000,
    };
    const { batch, poison } = decoder.decode(putTogether([first, early, second]));
    expect(poison.map(({ code }) => code)).toEqual(["WIRE_TIME_REVERSED"]);
    expect(batch?.count).toBe(2);
  });

  test("200 of 20 kinds and more: all told, none lost, in order", () => {
    const ticksOnly = bad.filter(
      ({ topic, name }) => topic === "market.ticks" && !name.includes("name that"),
    );
    const facts = Array.from({ length: 200 }, (_, i) => tick(`S${i}`, i));
    const good = messagesOf("market.ticks", facts);
    const mixed: LooseMessage[] = [];
    const expected: string[] = [];
    good.forEach((message, i) => {
      const kind = ticksOnly[i % ticksOnly.length] as Kind;
      if (kind.code !== "WIRE_VALUE_TOO_LARGE") {
        // A cut value of another symbol is the same value: keys are made to differ by their kind only.
        mixed.push({ ...message, ...kind.change(message) });
        expected.push(kind.name);
      }
      mixed.push(message);
    });
    const decoder = new TopicDecoder({ topic: "market.ticks", partition: PARTITION }, testIds, 0);
    const { batch, poison } = decoder.decode(putTogether(mixed));
    expect(poison.length).toBe(expected.length);
    expect(batch?.bytes).toEqual(batchOf("market.ticks", facts).bytes);
    const offsets = poison.map(({ kafkaOffset }) => kafkaOffset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  });
});

describe("dead letters", () => {
  const letter = (raw: Uint8Array): Facts["tape.dead-letters"] => ({
    origin: "market.ticks",
    partition: 1,
    position: 2,
    code: "WIRE_TOMBSTONE",
    detail: "",
    raw,
  });

  test("carry messages that are larger than any other value", () => {
    const batch = { ...batchOf("tape.dead-letters", [letter(new Uint8Array(10_000_000))]) };
    const place = { topic: "tape.dead-letters", partition: PARTITION };
    const records = new TopicEncoder(place, testIds).encode(batch, 0);
    expect(records.bytes.length).toBeGreaterThan(VALUE_MAX_BYTES);
    const decoded = new TopicDecoder(place, testIds).decode(onlyBatch(stored(records)));
    expect(decoded.poison).toEqual([]);
    expect(Buffer.from(decoded.batch?.bytes ?? []).equals(batch.bytes)).toBe(true);
  });
});

describe("messages at random", () => {
  const place = { topic: "market.ticks", partition: PARTITION };
  const facts = [tick("IBM"), tick("MSFT", 2), tick("株", 3)];
  const good = messagesOf("market.ticks", facts);
  const goodBytes = batchOf("market.ticks", facts).bytes;

  const flip = (bytes: Uint8Array, at: number, mask: number): Uint8Array => {
    const changed = Uint8Array.from(bytes);
    if (changed.length > 0)
      changed[at % changed.length] = (changed[at % changed.length] as number) ^ mask;
    return changed;
  };
  const mutation = fc.record({
    which: fc.nat({ max: 2 }),
    part: fc.constantFrom("key", "value", "name", "header", "cut", "grow", "random"),
    at: fc.nat(),
    mask: fc.integer({ min: 1, max: 255 }),
    more: fc.uint8Array({ maxLength: 60 }),
  });

  function mutate(
    message: LooseMessage,
    {
      part,
      at,
      mask,
      more,
    }: {
      part: string;
      at: number;
      mask: number;
      more: Uint8Array;
    },
  ): LooseMessage {
    const { key, value, headers } = message;
    const chosen = at % headers.length;
    const changed = (change: (bytes: Uint8Array) => Uint8Array) =>
      headers.map((each, i) =>
        i === chosen ? { key: each.key, value: change(each.value ?? more) } : each,
      );
    switch (part) {
      case "key":
        return { ...message, key: flip(key ?? more, at, mask) };
      case "value":
        return { ...message, value: flip(value ?? more, at, mask) };
      case "name":
        return {
          ...message,
          headers: headers.map((each, i) =>
            i === chosen ? { ...each, key: `${each.key}${mask}` } : each,
          ),
        };
      case "header":
        return { ...message, headers: changed((bytes) => flip(bytes, mask, mask)) };
      case "cut":
        return {
          ...message,
          value: (value ?? more).slice(0, at % 40),
          headers: changed((bytes) => bytes.slice(0, mask % 9)),
        };
      case "grow":
        return {
          ...message,
          value: Buffer.concat([value ?? more, more]),
          headers: changed((bytes) => Buffer.concat([bytes, more])),
        };
      default:
        return {
          ...message,
          key: more.slice(0, 5),
          value: more,
          headers: [{ key: "ce_id", value: more }],
        };
    }
  }

  test("10,000 of them: each is told or is still a good record; the good beside it come through", () => {
    let told = 0;
    fc.assert(
      fc.property(mutation, (change) => {
        const spoilt = mutate(good[change.which] as LooseMessage, change);
        // First a good prefix, then the spoilt one, then all the good ones that are still expected.
        const before = good.slice(0, change.which);
        const after = good.slice(change.which);
        const decoder = new TopicDecoder(place, testIds, 0);
        let decoded: ReturnType<TopicDecoder["decode"]>;
        try {
          decoded = decoder.decode(putTogether([...before, spoilt, ...after]));
        } catch (error) {
          // A ce_id that is ahead of what comes next: the one thing that stops a reader.
          expect(error).toMatchObject({ code: "WIRE_OFFSET_MISSING" });
          return;
        }
        const { batch, poison, unresolved } = decoded;
        expect(unresolved).toEqual([]);
        expect(poison.length).toBe(1);
        told++;
        expect(batch?.count).toBe(3);
        // Either it was put aside, or it was accepted and the one that it copies came again.
        if (poison[0]?.code !== "WIRE_OFFSET_REPEATED") {
          expect(Buffer.from(batch?.bytes ?? []).equals(goodBytes)).toBe(true);
        }
      }),
      { numRuns: 10_000, seed: 4 },
    );
    expect(told).toBeGreaterThan(9000);
  });

  test("5,000 batches with bytes changed in their records: no crash, no hang, no invention", () => {
    const sealed = stored(
      new TopicEncoder(place, testIds).encode(batchOf("market.ticks", facts), 0),
      50,
    );
    const raw = onlyBatch(sealed);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          let { records } = raw;
          for (const [at, mask] of changes) records = flip(records, at, mask);
          const decoder = new TopicDecoder(place, testIds, 0);
          try {
            const { batch, poison } = decoder.decode({ ...raw, records });
            const kept = batch?.count ?? 0;
            expect(kept + poison.reduce((sum, { count }) => sum + count, 0)).toBe(3);
          } catch (error) {
            if (!(error instanceof TapedeckError)) throw error;
            expect(error.code).toBe("WIRE_OFFSET_MISSING");
          }
        },
      ),
      { numRuns: 5000, seed: 4 },
    );
  });

  test("records of nothing but random bytes are told as one", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        (records, count) => {
          const raw = {
            ...onlyBatch(
              stored(new TopicEncoder(place, testIds).encode(batchOf("market.ticks", facts), 0)),
            ),
            records,
            count,
          };
          const decoder = new TopicDecoder(place, testIds, 0);
          const { batch, poison } = decoder.decode(raw);
          expect(batch).toBe(null);
          expect(poison.length).toBeGreaterThan(0);
          expect(poison.length).toBeLessThanOrEqual(60);
        },
      ),
      { numRuns: 2000, seed: 4 },
    );
  });
});

describe("a record whose headers do not fill it", () => {
  const place = { topic: "market.ticks", partition: PARTITION };
  const decode = (message: LooseMessage, spoil: (records: Buffer) => void) => {
    const raw = putTogether([message]);
    spoil(Buffer.from(raw.records.buffer, raw.records.byteOffset, raw.records.length));
    return new TopicDecoder(place, testIds, 0).decode(raw).poison.map(({ code }) => code);
  };
  const [good] = messagesOf("market.ticks", [tick("IBM")]) as [LooseMessage];
  const untraced = { ...good, ...without("traceparent")(good) };

  test("because one is not counted", () => {
    const odd = { ...untraced, headers: [...untraced.headers, { key: "x", value: null }] };
    const count = untraced.headers.length * 2;
    const spoil = (records: Buffer) => {
      const at = records.indexOf("ce_specversion") - 2;
      expect(records[at]).toBe(count + 2);
      records[at] = count;
    };
    expect(decode(odd, spoil)).toEqual(["WIRE_RECORD_DAMAGED"]);
  });

  test("because the last goes beyond the end of the batch", () => {
    for (const cause of ["market.bars/1/17#0", "nowhere"]) {
      const message = { ...untraced, ...header("ce_cause", cause)(untraced) };
      const spoil = (records: Buffer) => {
        records[records.indexOf("ce_cause") + 8] = 126;
      };
      expect(decode(message, spoil)).toEqual(["WIRE_RECORD_DAMAGED"]);
    }
  });
});

test("the raw bytes of a message that was cut are no message", () => {
  const [only] = messagesOf("market.ticks", [tick("IBM")]) as [LooseMessage];
  const { poison } = new TopicDecoder(
    { topic: "market.ticks", partition: PARTITION },
    testIds,
    0,
  ).decode(putTogether([{ ...only, value: null }]));
  const raw = poison[0]?.raw ?? new Uint8Array(0);
  expect(readMessage(raw)).not.toBe(null);
  for (let end = 0; end < raw.length; end++) expect(readMessage(raw.subarray(0, end))).toBe(null);
});
