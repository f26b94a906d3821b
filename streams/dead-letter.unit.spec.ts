import fc from "fast-check";
import { expect, test } from "vitest";
import { Reader, Writer } from "../schemas/avro.ts";
import { TapedeckError } from "../schemas/errors.ts";
import { codecs } from "../schemas/generated/facts.ts";
import { deadLetterOf, LETTER_RAW_BYTES, writableLetter } from "./dead-letter.ts";
import type { AnyEvent } from "./event.ts";

const letter = (detail: string, raw: Uint8Array) => ({
  origin: "market.ticks",
  partition: 3,
  position: 17,
  code: "WIRE_VALUE_TOO_LARGE",
  detail,
  raw,
});
/** What brokers take that nobody has set up: 1 MB, the batch's and the record's own bytes off. */
const BROKER_BYTES = 1_000_000 - 2_000;
const codec = codecs["tape.dead-letters"];

const written = (value: ReturnType<typeof letter>): Uint8Array => {
  const writer = new Writer(64);
  codec.encode(writer, value);
  return writer.bytes.slice(0, writer.pos);
};

test("a letter of 10 MB is cut to what any broker takes, and says so", () => {
  const raw = Uint8Array.from({ length: 10_000_000 }, (_, i) => i);
  const kept = writableLetter(letter("10000000 bytes", raw));
  expect(kept.detail).toBe("10000000 bytes (kept: the first 983040 of 10000000 bytes)");
  expect(kept.raw).toEqual(raw.subarray(0, LETTER_RAW_BYTES));
  expect(kept).toMatchObject({ origin: "market.ticks", partition: 3, position: 17 });
});

test("what fits is kept as it is", () => {
  const whole = letter("cut short", new Uint8Array(LETTER_RAW_BYTES));
  expect(writableLetter(whole)).toEqual(whole);
});

test("any letter can be written, whatever its detail and bytes", () => {
  const texts = fc.string({ unit: "binary", maxLength: 3_000 });
  const halves = fc.constantFrom("\ud800", "\udc00".repeat(1500), `${"a".repeat(999)}😀😀`);
  const sizes = fc.oneof(fc.nat(64), fc.constant(LETTER_RAW_BYTES + 1), fc.constant(2_000_000));
  fc.assert(
    fc.property(fc.oneof(texts, halves), sizes, (detail, size) => {
      const bytes = written(writableLetter(letter(detail, new Uint8Array(size))));
      expect(bytes.length).toBeLessThan(BROKER_BYTES);
      expect(codec.decode(new Reader(bytes)).position).toBe(17);
    }),
  );
});

test("a processor's refusal with half a character in its words is a letter too", () => {
  const event = {
    topic: "market.ticks",
    partition: 0,
    offset: 5,
    timeUs: 1,
    origin: 0,
    cause: null,
    ordinal: 0,
    value: { symbol: "IBM", price: 1, quantity: 1, venue: "", suspicious: false },
  } as AnyEvent;
  const kept = deadLetterOf(event, new TapedeckError("PROCESSOR_FAILED", `no ${"\ud83d"}`));
  expect(kept.detail).toBe("no \ufffd");
  expect(written(kept).length).toBeLessThan(BROKER_BYTES);
});
