// Frames through Kafka's messages and back: byte for byte, for any fact of any topic; what a message
// looks like to those who are not us; and where a partition's reader goes on, fills and stops.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Codec, Writer } from "../../../schemas/avro.ts";
import { oracleOf } from "../../../schemas/codegen/avsc-oracle.ts";
import { pairs } from "../../../schemas/codegen/fact-pairs.ts";
import { readSchemas } from "../../../schemas/codegen/generated-files.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { codecs, type TopicName } from "../../../schemas/generated/facts.ts";
import { spotTerms } from "../../../schemas/values/contract-terms.ts";
import { catalogue, keyOf, topicNames } from "../../../streams/catalogue.ts";
import type { Position } from "../../../streams/event.ts";
import type { RecordBatch } from "../../../streams/log.ts";
import { encodeRecord } from "../../../streams/record.ts";
import { batchAt, concat, frame } from "../../../streams/testing/log-fixtures.ts";
import { recordNames, VALUE_MAX_BYTES } from "./envelope.ts";
import { readByKafkajs } from "./testing/kafkajs-batches.ts";
import {
  ID_NOT_RESOLVED,
  type LooseMessage,
  onlyBatch,
  putTogether,
  stored,
  takeApart,
  testIds,
} from "./testing/messages.ts";
import { sourceTrace } from "./testing/traces.ts";
import { type Decoded, TopicDecoder } from "./topic-decoder.ts";
import { TopicEncoder } from "./topic-encoder.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../schemas");
const schemas = readSchemas(root);

/** One record of a batch to be. */
interface Item {
  readonly timeUs: number;
  readonly origin: number;
  readonly cause: Position | null;
  readonly ordinal: number;
  readonly value: unknown;
  readonly trace: string | null;
}

const safe = fc.oneof(fc.nat({ max: 100 }), fc.nat(), fc.maxSafeNat());
const cause: Arbitrary<Position> = fc.record({
  topic: fc.constantFrom(...topicNames),
  partition: fc.nat({ max: 65_535 }),
  offset: safe,
});
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const trace = fc
  .tuple(hex(31), hex(15), hex(2))
  .map(([id, span, flags]) => `00-${id}1-1${span}-${flags}`);

const itemOf = (value: Arbitrary<unknown>): Arbitrary<Item> =>
  fc.record({
    timeUs: fc.oneof(fc.maxSafeNat(), fc.nat({ max: 10_000_000 })),
    origin: fc.oneof(fc.maxSafeInteger(), fc.nat(), fc.constantFrom(0, -1)),
    cause: fc.option(cause),
    ordinal: safe,
    value,
    trace: fc.option(trace),
  });

function batchOf(topic: TopicName, partition: number, baseOffset: number, items: readonly Item[]) {
  const writer = new Writer(256);
  const codec = codecs[topic] as Codec<unknown>;
  for (const { timeUs, origin, cause: from, ordinal, value } of items) {
    const causeId = from === null ? 0 : catalogue[from.topic].id;
    encodeRecord(writer, codec, timeUs, origin, causeId, from, ordinal, value);
  }
  return {
    topic,
    partition,
    baseOffset,
    count: items.length,
    maxTimeUs: Math.max(0, ...items.map(({ timeUs }) => timeUs)),
    bytes: writer.bytes.slice(0, writer.pos),
    traces: items.map((item) => item.trace),
  };
}

const roundTrip = (batch: RecordBatch, floorUs = 0, next: number | null = null): Decoded => {
  const place = { topic: batch.topic, partition: batch.partition };
  const records = new TopicEncoder(place, testIds).encode(batch, floorUs);
  return new TopicDecoder(place, testIds, next, floorUs).decode(onlyBatch(stored(records, 5000)));
};

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof TapedeckError ? error.code : String(error);
  }
  return "none";
};

const headersOf = ({ headers }: LooseMessage): Record<string, string> =>
  Object.fromEntries(headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()]));

test("every topic's Avro record has its name on the wire", () => {
  expect(recordNames).toEqual(
    Object.fromEntries(schemas.map(({ topic, schema }) => [topic, schema.name])),
  );
});

describe.each(schemas.map(({ topic, schema }) => [topic as TopicName, schema] as const))(
  "%s",
  (topic, schema) => {
    const fact = pairs(schema);
    const items = fc.array(itemOf(fact.map(({ ours }) => ours)), { minLength: 1, maxLength: 6 });
    const place = fc.tuple(
      fc.nat({ max: 65_535 }),
      fc.maxSafeNat().map((n) => n - (n % 64)),
    );

    test("any facts come back byte for byte, at their offsets", () => {
      fc.assert(
        fc.property(items, place, safe, (list, [partition, baseOffset], floorUs) => {
          const batch = batchOf(topic, partition, Math.max(0, baseOffset - 64), list);
          const { batch: back, poison, runs } = roundTrip(batch, floorUs, batch.baseOffset);
          expect(poison).toEqual([]);
          expect(Buffer.from(back?.bytes ?? []).equals(batch.bytes)).toBe(true);
          expect(back).toMatchObject({
            topic,
            partition,
            baseOffset: batch.baseOffset,
            count: batch.count,
            maxTimeUs: Math.max(floorUs, batch.maxTimeUs),
          });
          expect(runs).toEqual([{ logical: batch.baseOffset, kafka: 5000 }]);
        }),
        { numRuns: 60 },
      );
    });

    test("are the same messages in parts, and where their keys are said", () => {
      const limits = fc.nat({ max: 5_000 });
      fc.assert(
        fc.property(items, fc.nat(), safe, limits, (list, baseOffset, floorUs, limit) => {
          const batch = batchOf(topic, 3, baseOffset, list);
          const encoder = new TopicEncoder({ topic, partition: 3 }, testIds);
          const whole = takeApart(encoder.encode(batch, floorUs));
          const parts = encoder.encodeParts(batch, floorUs, limit);
          expect(parts.flatMap((part) => takeApart(part))).toEqual(whole);
          for (const { count, bytes, firstTimestampMs, maxTimestampMs } of parts) {
            expect(count === 1 || bytes.length <= limit).toBe(true);
            expect(maxTimestampMs).toBeGreaterThanOrEqual(firstTimestampMs);
          }
          const maxTimestampMs = Math.floor(Math.max(floorUs, batch.maxTimeUs) / 1000);
          expect(parts.at(-1)?.maxTimestampMs).toBe(maxTimestampMs);
          const keys = list.map(({ value }) => keyOf(topic, value as never));
          expect(takeApart(encoder.encode({ ...batch, keys }, floorUs))).toEqual(whole);
        }),
        { numRuns: 40 },
      );
    });

    test("another Kafka client and another Avro library read what is meant", async () => {
      const oracle = oracleOf(schema);
      await fc.assert(
        fc.asyncProperty(fact, safe, fc.maxSafeNat(), async (pair, offset, timeUs) => {
          const item = {
            timeUs,
            origin: 7,
            cause: null,
            ordinal: 0,
            value: pair.ours,
            trace: null,
          };
          const batch = batchOf(topic, 3, offset, [item]);
          const records = new TopicEncoder({ topic, partition: 3 }, testIds).encode(batch, 0);
          const [theirs] = (await readByKafkajs(stored(records))).records;
          const value = theirs?.value ?? Buffer.alloc(0);
          expect([value[0], value.readUInt32BE(1)]).toEqual([0, testIds.idOf(topic)]);
          expect(value.subarray(5).equals(oracle.toBuffer(pair.theirs))).toBe(true);
          expect(theirs?.key?.toString()).toBe(keyOf(topic, pair.ours as never));
          const headers = Object.entries(theirs?.headers ?? {});
          const text = headers.map(([name, each]) => [name, String(each)]);
          expect(text.map(([name]) => name)).toEqual([
            "ce_specversion",
            "ce_type",
            "ce_source",
            "content-type",
            "ce_id",
            "ce_time",
            "ce_origin",
          ]);
          expect(Object.fromEntries(text)).toMatchObject({
            ce_specversion: "1.0",
            ce_type: `tapedeck.${schema.name}`,
            ce_source: `/${topic}/3`,
            "content-type": "application/avro",
            ce_id: String(offset),
            ce_origin: "7",
          });
          expect(theirs?.timestamp).toBe(String(Math.floor(timeUs / 1000)));
        }),
        { numRuns: 20 },
      );
    });
  },
);

const tick = (symbol: string, price = 1) => ({
  symbol,
  price,
  quantity: 1,
  venue: "",
  suspicious: false,
});
const item = (timeUs: number, changes: Partial<Item> = {}): Item => ({
  timeUs,
  origin: timeUs,
  cause: null,
  ordinal: 0,
  value: tick("IBM"),
  trace: null,
  ...changes,
});
const PLACE = { topic: "market.ticks", partition: 2 } as const;
const ticks = (baseOffset: number, ...items: readonly Item[]): RecordBatch =>
  batchOf("market.ticks", 2, baseOffset, items);
const encode = (batch: RecordBatch, floorUs = 0) =>
  new TopicEncoder(PLACE, testIds).encode(batch, floorUs);
const messages = (batch: RecordBatch, floorUs = 0) => takeApart(encode(batch, floorUs));

describe("a message", () => {
  const from: Position = { topic: "market.bars", partition: 12, offset: 34_567 };

  test("names its cause", () => {
    const [first] = messages(ticks(0, item(5, { cause: from, ordinal: 3 })));
    expect(first && headersOf(first)).toMatchObject({ ce_cause: "market.bars/12/34567#3" });
  });

  test("says its effective time only where that is later than its own", () => {
    const [a, b, c] = messages(ticks(0, item(5_000_000), item(4_999_999), item(6_000_001)), 17);
    expect([a, b, c].map((each) => each && headersOf(each).ce_effectivetime)).toEqual([
      undefined,
      "5000000",
      undefined,
    ]);
    expect(b && headersOf(b).ce_time).toBe("1970-01-01T00:00:04.999999Z");
    expect([a, b, c].map((each) => each?.timestampMs)).toEqual([5000, 5000, 6000]);
    const [d] = messages(ticks(3, item(1_000_000)), 6_000_001);
    expect(d && headersOf(d).ce_effectivetime).toBe("6000001");
  });

  test("carries on its cause's trace with a span of its own", () => {
    const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    const known = messages(ticks(9, item(5, { cause: from, trace: given })))[0];
    const again = known === undefined ? "" : (headersOf(known).traceparent ?? "");
    expect(again.slice(0, 36)).toBe(given.slice(0, 36));
    expect(again.slice(36, 52)).toBe(sourceTrace("market.ticks", 2, 9).slice(36, 52));
    expect(again.slice(52)).toBe("-00");
    // Of a cause whose trace is not told, the one that its place has.
    const derived = messages(ticks(9, item(5, { cause: from })))[0];
    const text = derived === undefined ? "" : (headersOf(derived).traceparent ?? "");
    expect(text.slice(0, 36)).toBe(sourceTrace("market.bars", 12, 34_567).slice(0, 36));
  });

  test("takes the trace of its own cause's place, wherever the one before it lay", () => {
    const places: readonly Position[] = [
      from,
      { ...from, partition: 11 },
      { ...from, topic: "features" },
      from,
    ];
    const list = messages(ticks(0, ...places.map((place) => item(5, { cause: place }))));
    expect(list.map((each) => headersOf(each).traceparent?.slice(0, 36))).toEqual(
      places.map(({ topic, partition, offset }) =>
        sourceTrace(topic, partition, offset).slice(0, 36),
      ),
    );
  });

  test("of a source says its trace only where it brought one; a reader derives it", () => {
    const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const batch = ticks(40, item(5, { trace: given }), item(6));
    const [first, second] = messages(batch);
    expect(first && headersOf(first).traceparent).toBe(given);
    expect(second && "traceparent" in headersOf(second)).toBe(false);
    expect(roundTrip(batch).batch?.traces).toEqual([given, sourceTrace("market.ticks", 2, 41)]);
  });

  test("of a source has the trace it brought, and no other, for who only reads", () => {
    const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const decoder = new TopicDecoder(PLACE, testIds);
    decoder.derivesTraces = false;
    const read = (...items: readonly Item[]) => {
      decoder.seek(null, 0);
      const records = new TopicEncoder(PLACE, testIds).encode(ticks(40, ...items), 0);
      return decoder.decode(onlyBatch(stored(records))).batch;
    };
    const [plain, traced] = [item(6), item(6, { trace: given })];
    expect(read(plain, plain)).not.toHaveProperty("traces");
    expect(read(traced, traced, traced)?.traces).toEqual([given, given, given]);
    expect(read(plain, traced, plain)?.traces).toEqual([null, given, null]);
  });

  test.each([
    [
      "of a later version",
      "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
    ["that is none", "traced!", null],
    ["of zeros", `00-${"0".repeat(32)}-b7ad6b7169203331-01`, null],
    ["that is empty", "", null],
  ])("with a traceparent %s is no poison", (_, text, read) => {
    const list = messages(ticks(0, item(5, { cause: from })));
    const [only] = list;
    const header = only?.headers.find(({ key }) => key === "traceparent");
    if (only === undefined || header === undefined) throw new Error("no trace");
    only.headers = [
      ...only.headers.filter((each) => each !== header),
      { key: "traceparent", value: Buffer.from(text) },
    ];
    const decoder = new TopicDecoder(PLACE, testIds);
    // A batch before it leaves a trace in the reader's buffers, which must not show through.
    decoder.decode(putTogether(messages(ticks(0, item(5)))));
    decoder.seek(0, 0);
    const decoded = decoder.decode(putTogether(list));
    expect(decoded.poison).toEqual([]);
    expect(decoded.batch?.traces).toEqual([read]);
  });

  test("may have its headers in any order, and others among them", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 }),
        (more, order) => {
          const batch = ticks(7, item(4, { cause: from, ordinal: 1, trace: null }));
          const list = messages(batch, 9_999_999);
          const [only] = list;
          if (only === undefined) throw new Error("no message");
          expect(only.headers.length).toBe(10);
          const headers = order.map((i) => only.headers[i] as (typeof only.headers)[number]);
          const other = ["tracestate", "baggage", "__proto__", "x"][more % 4] as string;
          only.headers = [...headers, { key: other, value: more % 2 ? Buffer.from("a=b") : null }];
          const back = new TopicDecoder(PLACE, testIds).decode(putTogether(list));
          expect(back.poison).toEqual([]);
          expect(back.batch).toEqual(roundTrip(batch, 9_999_999).batch);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("that is not of the catalogue travels as it is, without a key", () => {
    const place = { topic: "bars", partition: 1 };
    const batch = batchAt("bars", 1, 30, [10_000, 20_001, 20_000, 30_000], { payload: 5 });
    const mixed = { ...batch, count: 5, bytes: concat([batch.bytes, frame(30_000, 0)]) };
    const records = new TopicEncoder(place, testIds).encode(mixed, 15_000);
    const list = takeApart(records);
    expect(list.map(({ key, value }) => [key, value?.length])).toEqual([
      [null, 5],
      [null, 5],
      [null, 5],
      [null, 5],
      [null, 0],
    ]);
    expect(list[2] && headersOf(list[2])).toEqual({
      ce_specversion: "1.0",
      ce_type: "tapedeck.opaque",
      ce_source: "/bars/1",
      "content-type": "application/octet-stream",
      ce_id: "32",
      ce_time: "1970-01-01T00:00:00.020000Z",
      ce_effectivetime: "20001",
    });
    const decoder = new TopicDecoder(place, testIds, 30, 15_000);
    const decoded = decoder.decode(onlyBatch(stored(records)));
    expect(decoded.poison).toEqual([]);
    expect(decoded.batch).toEqual(mixed);
  });

  test("of a topic of the catalogue travels as it is where there are no schemas", () => {
    const batch = batchAt("market.ticks", 2, 0, [1, 2]);
    const records = new TopicEncoder(PLACE, null).encode(batch, 0);
    const back = new TopicDecoder(PLACE, null).decode(onlyBatch(stored(records)));
    expect(back.batch).toEqual(batch);
    const typed = new TopicDecoder(PLACE, testIds).decode(onlyBatch(stored(records)));
    expect(typed.poison.map(({ code }) => code)).toEqual([
      "WIRE_TOPIC_FOREIGN",
      "WIRE_TOPIC_FOREIGN",
    ]);
  });

  test("may be longer than its size's two bytes reach", () => {
    const long = item(5, { value: { ...tick("IBM"), venue: "v".repeat(20_000) } });
    expect(roundTrip(ticks(0, long, item(6))).batch?.count).toBe(2);
  });
});

describe("a frame that no message can carry is refused", () => {
  const good = ticks(4, item(5));
  const invalid = (batch: RecordBatch) => {
    expect(codeOf(() => encode(batch))).toBe("STREAMS_BATCH_INVALID");
  };
  const head = (bytes: readonly number[]) => {
    const frameBytes = Uint8Array.from([
      0,
      0,
      0,
      0,
      5,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...bytes,
      ...good.bytes.subarray(14),
    ]);
    new DataView(frameBytes.buffer).setUint32(0, frameBytes.length - 4, true);
    return { ...good, bytes: frameBytes };
  };

  test.each([
    ["of another topic", { ...good, topic: "market.quotes" }],
    ["of another partition", { ...good, partition: 3 }],
    ["cut short", { ...good, bytes: good.bytes.subarray(0, -1) }],
    ["not counted", { ...good, count: 0 }],
    ["counted, but missing", { ...good, count: 2 }],
    ["a hole where nothing is compacted", { ...good, bytes: new Uint8Array(4) }],
    [
      "with bytes after its value",
      {
        ...head([10, 0]),
        bytes: (() => {
          const more = concat([good.bytes, Uint8Array.of(0)]);
          new DataView(more.buffer).setUint32(0, more.length - 4, true);
          return more;
        })(),
      },
    ],
    ["with an origin of needless bytes", head([0x8a, 0x00, 0])],
    ["with a cause of no topic", head([10, 0x7e, 0, 0, 0])],
    ["with a cause in a partition below 0", head([10, 2, 1, 0, 0])],
    ["with a cause at an offset below 0", head([10, 2, 0, 1, 0])],
    ["with an ordinal below 0", head([10, 2, 0, 0, 1])],
    ["with a cause in a partition beyond all", head([10, 2, 0x80, 0x80, 0x08, 0, 0])],
  ])("%s", (_, batch) => invalid(batch));

  test("the head that those are made from is good", () => {
    expect(encode(head([10, 0])).count).toBe(1);
    expect(encode(head([10, 2, 0, 0, 0])).count).toBe(1);
  });

  test("a time beyond 2^53 µs, and a value beyond the limit", () => {
    const late = Uint8Array.from(good.bytes);
    new DataView(late.buffer).setUint32(8, 0x20_0000, true);
    invalid({ ...good, bytes: late });
    invalid(ticks(0, item(5, { value: { ...tick("IBM"), venue: "v".repeat(VALUE_MAX_BYTES) } })));
  });
});

describe("a partition's reader", () => {
  const at = (baseOffset: number, ...times: number[]) =>
    ticks(baseOffset, ...times.map((time) => item(time)));
  const rawOf = (batch: RecordBatch, kafka: number, floorUs = 0) =>
    onlyBatch(stored(encode(batch, floorUs), kafka));

  test("goes on from batch to batch, whatever Kafka's offsets do", () => {
    const decoder = new TopicDecoder(PLACE, testIds, 0);
    const first = decoder.decode(rawOf(at(0, 10, 20), 100));
    const second = decoder.decode(rawOf(at(2, 30), 107, 20));
    expect([first.batch?.baseOffset, second.batch?.baseOffset]).toEqual([0, 2]);
    expect([first.runs, second.runs]).toEqual([
      [{ logical: 0, kafka: 100 }],
      [{ logical: 2, kafka: 107 }],
    ]);
    expect(decoder.next).toBe(3);
  });

  test("remembers from batch to batch how far time has come", () => {
    const decoder = new TopicDecoder(PLACE, testIds, 0);
    decoder.decode(rawOf(at(0, 10_000, 20_000), 0));
    expect(decoder.reachedUs).toBe(20_000);
    const early = decoder.decode(rawOf(at(2, 5_000), 2));
    expect(early.poison.map(({ code }) => code)).toEqual(["WIRE_TIME_REVERSED"]);
    expect(decoder.decode(rawOf(at(2, 5_000), 2, 20_000)).batch?.maxTimeUs).toBe(20_000);
  });

  test("takes the first offset that comes where none is expected", () => {
    const decoder = new TopicDecoder(PLACE, testIds);
    expect(decoder.decode(rawOf(at(5, 10), 0)).batch?.baseOffset).toBe(5);
    decoder.seek(null, 0);
    expect(decoder.decode(rawOf(at(2, 10), 0)).batch?.baseOffset).toBe(2);
  });

  test("puts a record that comes again aside, and stops where one is missing", () => {
    const decoder = new TopicDecoder(PLACE, testIds, 1);
    const raw = rawOf(at(0, 10, 20, 30), 40);
    const { batch, poison, runs } = decoder.decode(raw);
    expect(poison.map(({ code, kafkaOffset }) => [code, kafkaOffset])).toEqual([
      ["WIRE_OFFSET_REPEATED", 40],
    ]);
    expect([batch?.baseOffset, batch?.count, runs]).toEqual([1, 2, [{ logical: 1, kafka: 41 }]]);
    const missing = rawOf(at(4, 40), 43, 30);
    expect(codeOf(() => decoder.decode(missing))).toBe("WIRE_OFFSET_MISSING");
    // Nothing was taken: it stops there again.
    expect(codeOf(() => decoder.decode(missing))).toBe("WIRE_OFFSET_MISSING");
    expect(decoder.decode(rawOf(at(3, 40), 43, 30)).batch?.baseOffset).toBe(3);
  });

  test("goes on past poison, and finds each record's place", () => {
    const list = messages(at(0, 10, 20, 30));
    const [a, b, c] = list as [LooseMessage, LooseMessage, LooseMessage];
    const poison = { ...b, value: null };
    const decoder = new TopicDecoder(PLACE, testIds, 0);
    const decoded = decoder.decode(putTogether([poison, a, b, poison, poison, c], 60));
    expect(decoded.batch?.count).toBe(3);
    expect(decoded.poison.map(({ kafkaOffset }) => kafkaOffset)).toEqual([60, 63, 64]);
    expect(decoded.runs).toEqual([
      { logical: 0, kafka: 61 },
      { logical: 2, kafka: 65 },
    ]);
  });

  test("asks for schemas it has not met, and takes nothing until it knows them", () => {
    const known = new Set<number>();
    const ids = {
      idOf: () => ID_NOT_RESOLVED,
      isKnown: (_: TopicName, id: number) => known.has(id) || ("unknown" as const),
    };
    const batch = at(0, 10, 20);
    const decoder = new TopicDecoder(PLACE, ids, 0);
    const raw = onlyBatch(stored(new TopicEncoder(PLACE, ids).encode(batch, 0)));
    expect(decoder.decode(raw)).toEqual({
      batch: null,
      poison: [],
      runs: [],
      unresolved: [ID_NOT_RESOLVED],
    });
    expect(decoder.next).toBe(0);
    known.add(ID_NOT_RESOLVED);
    expect(decoder.decode(raw).batch?.bytes).toEqual(batch.bytes);
  });

  test("hands nothing of a control batch on, and all of an unreadable one as poison", () => {
    const raw = rawOf(at(0, 10, 20), 8);
    const decoder = new TopicDecoder(PLACE, testIds, 0);
    expect(decoder.decode({ ...raw, control: true })).toMatchObject({ batch: null, poison: [] });
    const defect = { code: "WIRE_BATCH_BOMB", detail: "why" } as const;
    expect(decoder.decode({ ...raw, defect }).poison).toMatchObject([
      { kafkaOffset: 8, count: 2, code: "WIRE_BATCH_BOMB", detail: "why" },
    ]);
    expect(decoder.next).toBe(0);
  });

  test("refuses a topic that the broker stamps", () => {
    const raw = { ...rawOf(at(0, 10), 8), appendTime: true };
    const decoder = new TopicDecoder(PLACE, testIds, 0);
    expect(codeOf(() => decoder.decode(raw))).toBe("WIRE_TIMESTAMP_TYPE");
  });

  test("of a batch that compaction thinned out restores the holes", () => {
    const place = { topic: "market.instruments", partition: 0 };
    const writer = new Writer(64);
    const value = {
      symbol: "IBM",
      assetClass: "EQUITY",
      currency: "USD",
      currencyScale: 2,
      priceScale: 2,
      quantityScale: 0,
      tickSize: 1,
      lotSize: 1,
      multiplier: 1,
      calendar: "XNYS",
      timeZone: "America/New_York",
      ...spotTerms,
    } as const;
    const record = (timeUs: number) => {
      writer.pos = 0;
      encodeRecord(writer, codecs["market.instruments"], timeUs, 1, 0, null, 0, value);
      return writer.bytes.slice(0, writer.pos);
    };
    const hole = new Uint8Array(4);
    // The hole at the end of time 90 was the latest: the batch's greatest time is still its.
    const bytes = concat([hole, record(50_000), hole, hole, record(60_000)]);
    const batch = { ...place, baseOffset: 10, count: 5, maxTimeUs: 90_000, bytes };
    const records = new TopicEncoder(place, testIds).encode(batch, 0);
    expect(records).toMatchObject({ count: 2, firstTimestampMs: 50, maxTimestampMs: 90 });
    const decoder = new TopicDecoder(place, testIds);
    // What an earlier batch left in the reader's buffers must not show through.
    const full = { ...batch, baseOffset: 0, bytes: concat(Array(5).fill(record(40_000))) };
    const before = new TopicEncoder(place, testIds).encode({ ...full, maxTimeUs: 40_000 }, 0);
    expect(decoder.decode(onlyBatch(stored(before))).batch?.count).toBe(5);
    decoder.seek(10, 40_000);
    const back = decoder.decode(onlyBatch(stored(records, 70)));
    expect(back.batch).toMatchObject(batch);
    expect(back.runs).toEqual([
      { logical: 11, kafka: 70 },
      { logical: 14, kafka: 71 },
    ]);
    expect(back.batch?.traces?.map((each) => each !== null)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    const emptied = { ...batch, count: 1, bytes: hole };
    expect(new TopicEncoder(place, testIds).encode(emptied, 0).count).toBe(0);
    // A hole of four billion records is none that compaction left.
    const beyond = { ...batch, baseOffset: 2 ** 32 };
    const far = onlyBatch(stored(new TopicEncoder(place, testIds).encode(beyond, 0)));
    expect(codeOf(() => new TopicDecoder(place, testIds, 10).decode(far))).toBe(
      "WIRE_OFFSET_MISSING",
    );
  });
});
