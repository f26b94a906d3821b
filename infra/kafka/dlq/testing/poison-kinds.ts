// Twenty kinds of message that are no event of market.ticks, as strangers and broken producers write them:
// each made from the good message that its partition holds last.

import { Writer } from "../../../../schemas/avro.ts";
import type { Facts } from "../../../../schemas/generated/facts.ts";
import { fixedSchemaIds } from "../../service/testing/fixed-schema-ids.ts";
import type { PoisonCode } from "../../wire/poison.ts";
import type { Header } from "../../wire/records-writer.ts";
import type { LooseMessage } from "../../wire/testing/messages.ts";

type Tick = Facts["market.ticks"];

export interface PoisonKind {
  readonly name: string;
  readonly code: PoisonCode;
  readonly change: (message: LooseMessage, tick: Tick) => Partial<LooseMessage>;
  /** Nothing of the message can be read: no fix makes it an event. */
  readonly lost?: true;
}

const utf8 = (text: string): Uint8Array => Buffer.from(text);

const set = (headers: readonly Header[], name: string, text: string): Header[] =>
  headers.map((one) => (one.key === name ? { key: name, value: utf8(text) } : one));

const avro =
  (change: (bytes: Uint8Array) => Uint8Array): PoisonKind["change"] =>
  ({ value }) => {
    const bytes = value ?? new Uint8Array(0);
    return { value: Buffer.concat([bytes.subarray(0, 5), change(bytes.subarray(5))]) };
  };

const schemaId =
  (id: number): PoisonKind["change"] =>
  ({ value }) => {
    const bytes = Uint8Array.from(value ?? []);
    new DataView(bytes.buffer).setUint32(1, id);
    return { value: bytes };
  };

function priceBeyond({ symbol }: Tick): Uint8Array {
  const writer = new Writer(32);
  writer.string(symbol);
  writer.bigLong(2n ** 60n);
  return writer.bytes.slice(0, writer.pos);
}

/** Under the offset that comes next, but before the last one's time. */
function early({ headers }: LooseMessage): Partial<LooseMessage> {
  const id = headers.find(({ key }) => key === "ce_id")?.value ?? utf8("0");
  const next = String(Number(Buffer.from(id).toString()) + 1);
  const timed = set(headers, "ce_time", "2001-01-01T00:00:00.000000Z");
  const kept = timed.filter(({ key }) => key !== "ce_effectivetime");
  return { headers: set(kept, "ce_id", next), timestampMs: Date.UTC(2001, 0, 1) };
}

export const poisonKinds: readonly PoisonKind[] = [
  { name: "a tombstone", code: "WIRE_TOMBSTONE", change: () => ({ value: null }) },
  { name: "an empty value", code: "WIRE_FRAMING_INVALID", change: () => ({ value: utf8("") }) },
  {
    name: "JSON",
    code: "WIRE_FRAMING_INVALID",
    change: (_, tick) => ({ value: utf8(JSON.stringify(tick)) }),
  },
  {
    name: "a value of 1.2 MB",
    code: "WIRE_VALUE_TOO_LARGE",
    change: avro((bytes) => Buffer.concat([bytes, new Uint8Array(1_200_000)])),
  },
  { name: "cut Avro", code: "CODEC_TRUNCATED", change: avro((bytes) => bytes.subarray(0, -1)) },
  {
    name: "bytes after its Avro",
    code: "WIRE_VALUE_TRAILING",
    change: avro((bytes) => Buffer.concat([bytes, utf8("!")])),
  },
  {
    name: "another topic's schema",
    code: "WIRE_SCHEMA_FOREIGN",
    change: schemaId(fixedSchemaIds.idOf("features")),
  },
  { name: "a schema of nobody", code: "WIRE_SCHEMA_FOREIGN", change: schemaId(4711) },
  {
    name: "a long beyond 2^53",
    code: "CODEC_LONG_UNSAFE",
    change: (message, tick) => avro(() => priceBeyond(tick))(message, tick),
  },
  {
    name: "a string that is no UTF-8",
    code: "CODEC_STRING_INVALID",
    change: avro((bytes) => Buffer.concat([Uint8Array.of(6, 0xff, 0xfe, 0xfd), bytes])),
  },
  {
    name: "no ce_id",
    code: "WIRE_HEADER_MISSING",
    change: ({ headers }) => ({ headers: headers.filter(({ key }) => key !== "ce_id") }),
  },
  {
    name: "ce_origin twice",
    code: "WIRE_HEADER_REPEATED",
    change: ({ headers }) => ({
      headers: [...headers, ...headers.filter(({ key }) => key === "ce_origin")],
    }),
  },
  {
    name: "a time in words",
    code: "WIRE_HEADER_INVALID",
    change: ({ headers }) => ({ headers: set(headers, "ce_time", "yesterday") }),
  },
  {
    name: "another topic's type",
    code: "WIRE_TOPIC_FOREIGN",
    change: ({ headers }) => ({ headers: set(headers, "ce_type", "tapedeck.MarketBar") }),
  },
  { name: "no key", code: "WIRE_KEY_MISSING", change: () => ({ key: null }) },
  { name: "another key", code: "WIRE_KEY_DIFFERS", change: () => ({ key: utf8("nobody") }) },
  {
    name: "another timestamp",
    code: "WIRE_TIMESTAMP_DIFFERS",
    change: ({ timestampMs }) => ({ timestampMs: timestampMs + 1 }),
  },
  { name: "an offset that is taken", code: "WIRE_OFFSET_REPEATED", change: () => ({}) },
  { name: "a time that was over", code: "WIRE_TIME_REVERSED", change: early },
  { name: "snappy", code: "WIRE_COMPRESSION_UNSUPPORTED", change: () => ({}), lost: true },
];
