import fc from "fast-check";
import { expect, test } from "vitest";
import { Reader, Writer } from "../../schemas/avro.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../schemas/generated/facts.ts";
import { topicNames } from "../../streams/catalogue.ts";
import { readLocalSchemas } from "../kafka/registry/local-schemas.ts";
import { readPartial } from "./partial-value.ts";

const models = new Map(readLocalSchemas(topicNames).map(({ topic, model }) => [topic, model]));
const partial = (topic: TopicName, bytes: Uint8Array, start = 0) => {
  const model = models.get(topic);
  if (model === undefined) throw new Error(topic);
  return readPartial(model, bytes, start);
};

function written<T extends TopicName>(topic: T, value: Facts[T]): Uint8Array {
  const writer = new Writer(64);
  (codecs[topic].encode as (to: Writer, value: Facts[T]) => void)(writer, value);
  return writer.bytes.slice(0, writer.pos);
}

const tick = { symbol: "IBM", price: 18_250, quantity: 3, venue: "XNAS", suspicious: false };
test("a whole value comes field by field, each with its bytes", () => {
  const bytes = Uint8Array.from([0, 0, 0, 0, 9, ...written("market.ticks", tick)]);
  const { fields, failure, rest } = partial("market.ticks", bytes, 5);
  expect(fields.map(({ path, start, end, value }) => [path, start, end, value])).toEqual([
    ["symbol", 5, 9, "IBM"],
    ["price", 9, 12, 18_250],
    ["quantity", 12, 13, 3],
    ["venue", 13, 18, "XNAS"],
    ["suspicious", 18, 19, false],
  ]);
  expect([failure, rest]).toEqual([null, 0]);
});

test("one that is spoilt gives what comes before, the byte, and why", () => {
  const bytes = written("market.ticks", tick);
  const spoilt = Uint8Array.from([...bytes.subarray(0, 8), 40, ...bytes.subarray(9)]);
  const { fields, failure } = partial("market.ticks", spoilt);
  expect(fields.map(({ path }) => path)).toEqual(["symbol", "price", "quantity"]);
  expect(failure).toMatchObject({ at: 8, path: "venue", why: "the record ends at byte 14" });
});

test("bytes behind the value are counted", () => {
  const bytes = Uint8Array.from([...written("market.ticks", tick), 1, 2, 3]);
  expect(partial("market.ticks", bytes)).toMatchObject({ failure: null, rest: 3 });
  expect(partial("market.ticks", new Uint8Array(0))).toMatchObject({
    fields: [],
    failure: { at: 0, path: "symbol" },
    rest: 0,
  });
});

test("one that ends where an older version ended is whole, with the defaults of what came since", () => {
  const command = { portfolio: "main", command: "HaltTrading", who: "", why: "" } as const;
  const none = {
    limit: null,
    value: null,
    overlay: null,
    fromUs: null,
    untilUs: null,
    confidenceBps: null,
  };
  const value: Facts["control.commands"] = { ...command, ...none, symbol: "" };
  const bytes = written("control.commands", value);
  const model = models.get("control.commands");
  if (model?.kind !== "record") throw new Error("control.commands is no record");
  // One byte for each field that came since version 1: null or an empty string.
  const added = model.fields.filter(({ since }) => since > 1).length;
  expect(added).toBeGreaterThan(0);
  const { fields, failure } = partial("control.commands", bytes.subarray(0, -added));
  expect(failure).toBe(null);
  expect(Object.fromEntries(fields.map((one) => [one.path, one.value]))).toEqual(value);
  expect(partial("control.commands", bytes.subarray(0, -added - 1)).failure).not.toBe(null);
});

test("a union without such a branch is told by its field", () => {
  const command: Facts["control.commands"] = {
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
  };
  const bytes = written("control.commands", command);
  const spoilt = Uint8Array.from([...bytes.subarray(0, -6), 9]);
  expect(partial("control.commands", spoilt).failure).toMatchObject({ path: "value" });
});

test("for any bytes it agrees with the codec: the same value, or no value", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...topicNames),
      fc.uint8Array({ maxLength: 80 }),
      fc.boolean(),
      (topic, random, small) => {
        const bytes = small ? random.map((byte) => byte % 5) : random;
        let value: unknown = null;
        const reader = new Reader(bytes);
        try {
          value = codecs[topic].decode(reader);
        } catch (error) {
          if (!(error instanceof TapedeckError)) throw error;
        }
        const found = partial(topic, bytes);
        if (value === null) expect(found.failure).not.toBe(null);
        else {
          expect(found.failure).toBe(null);
          expect(Object.fromEntries(found.fields.map((one) => [one.path, one.value]))).toEqual(
            value,
          );
          expect(found.rest).toBe(bytes.length - reader.pos);
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
