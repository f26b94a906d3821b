// The generated codecs against avsc, an independent implementation: the same bytes both ways for any
// value of any topic; and hostile bytes, which may only ever be refused.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Codec, Reader, Writer } from "./avro.ts";
import { oracleOf } from "./codegen/avsc-oracle.ts";
import { pairs } from "./codegen/fact-pairs.ts";
import { readSchemas } from "./codegen/generated-files.ts";
import { TapedeckError } from "./errors.ts";
import { codecs, type TopicName } from "./generated/facts.ts";

const schemas = readSchemas(dirname(fileURLToPath(import.meta.url)));
const codecOf = (topic: string): Codec<unknown> => codecs[topic as TopicName] as Codec<unknown>;

const isMoney = (type: unknown): boolean =>
  (type as { readonly logicalType?: string }).logicalType === "money-minor";

/** What only Tapedeck's own errors may interrupt. */
function decodeOrRefuse(codec: Codec<unknown>, reader: Reader): unknown {
  try {
    return codec.decode(reader);
  } catch (error) {
    if (error instanceof TapedeckError) return error;
    throw error;
  }
}

type Schema = (typeof schemas)[number]["schema"];
type Pair = { readonly ours: unknown; readonly theirs: unknown };
type Version = { readonly older: Schema; readonly restored: (ours: unknown) => unknown };

/** A schema as it was, of its own fields and of those of a record, or of one or null, that is its last field. */
function olderVersions(schema: Schema): readonly Version[] {
  const { fields } = schema;
  const versions = new Set(fields.map(({ since = 1 }) => since - 1).filter((since) => since > 0));
  const own = [...versions].map((version) => {
    const kept = fields.filter(({ since = 1 }) => since <= version);
    const defaults = Object.fromEntries(
      fields
        .slice(kept.length)
        .map(({ name, type, default: value }) => [
          name,
          typeof value === "number" && isMoney(type) ? BigInt(value) : value,
        ]),
    );
    const restored = (ours: unknown) => ({ ...(ours as object), ...defaults });
    return { older: { ...schema, fields: kept }, restored };
  });
  const last = fields.at(-1);
  if (last === undefined) return own;
  const branches = [last.type].flat() as readonly (Partial<Schema> | string)[];
  const inner = branches.find((branch) => typeof branch === "object" && branch.fields);
  if (inner === undefined) return own;
  const nested = olderVersions(inner as Schema).map(({ older, restored }) => {
    const type =
      branches.length === 1 ? older : branches.map((one) => (one === inner ? older : one));
    return {
      older: { ...schema, fields: [...fields.slice(0, -1), { ...last, type }] } as Schema,
      restored: (ours: unknown) => {
        const value = ours as Record<string, unknown>;
        const whole = value[last.name];
        return whole === null ? ours : { ...value, [last.name]: restored(whole) };
      },
    };
  });
  return [...own, ...nested];
}

describe.each(schemas.map(({ topic, schema }) => [topic, schema] as const))(
  "%s",
  (topic, schema) => {
    const codec = codecOf(topic);
    const oracle = oracleOf(schema);
    const values = pairs(schema);
    const encode = (value: unknown): Uint8Array => {
      const writer = new Writer(1);
      codec.encode(writer, value);
      return writer.bytes.slice(0, writer.pos);
    };

    /** Where the same record ends in each older version, and what it is read as there. */
    const olderEnds = ({ ours, theirs }: Pair): ReadonlyMap<number, unknown> =>
      new Map(
        olderVersions(schema).map(({ older, restored }) => [
          oracleOf(older).toBuffer(theirs).length,
          restored(ours),
        ]),
      );

    test("writes avsc's bytes and reads them back", () => {
      fc.assert(
        fc.property(values, ({ ours, theirs }) => {
          const bytes = encode(ours);
          expect(Buffer.from(bytes).equals(oracle.toBuffer(theirs))).toBe(true);
          const reader = new Reader(bytes);
          expect(codec.decode(reader)).toEqual(ours);
          expect(reader.pos).toBe(bytes.length);
        }),
        { numRuns: 300 },
      );
    });

    test("refuses every record that is cut short, and never reads beyond its end", () => {
      fc.assert(
        fc.property(values, fc.uint8Array({ minLength: 16, maxLength: 16 }), (value, beyond) => {
          const bytes = encode(value.ours);
          const whole = Uint8Array.from([...bytes, ...beyond]);
          const ends = olderEnds(value);
          for (let end = 0; end < bytes.length; end++) {
            const reader = new Reader(whole, 0, end);
            const found = decodeOrRefuse(codec, reader);
            expect(reader.pos).toBeLessThanOrEqual(end);
            // A whole record of an older version: what came since has its default.
            if (ends.has(end)) expect(found).toEqual(ends.get(end));
            else expect(found).toBeInstanceOf(TapedeckError);
          }
        }),
        { numRuns: 30 },
      );
    });

    test("bytes at random give a value or Tapedeck's own error", () => {
      const hostile = fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff), { maxLength: 60 }),
      );
      fc.assert(
        fc.property(hostile, (bytes) => {
          const reader = new Reader(Uint8Array.from(bytes));
          decodeOrRefuse(codec, reader);
          expect(reader.pos).toBeLessThanOrEqual(bytes.length);
        }),
        { numRuns: 300 },
      );
    });

    test("a byte changed in a record gives a value or Tapedeck's own error", () => {
      const change = fc.tuple(values, fc.nat(), fc.integer({ min: 1, max: 255 }));
      fc.assert(
        fc.property(change, ([{ ours }, at, mask]) => {
          const bytes = encode(ours);
          const place = at % bytes.length;
          bytes[place] = (bytes[place] as number) ^ mask;
          const reader = new Reader(bytes);
          decodeOrRefuse(codec, reader);
          expect(reader.pos).toBeLessThanOrEqual(bytes.length);
        }),
        { numRuns: 200 },
      );
    });
  },
);

describe("the limits of a value", () => {
  const tick = { symbol: "IBM", price: 1, quantity: 1, venue: "", suspicious: false };
  const codeOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      return error instanceof TapedeckError ? error.code : String(error);
    }
    return "none";
  };
  const write = (work: (writer: Writer) => void) => codeOf(() => work(new Writer(16)));
  const read = <T>(bytes: readonly number[], work: (reader: Reader) => T) =>
    codeOf(() => work(new Reader(Uint8Array.from(bytes))));

  test.each([2 ** 53, -(2 ** 53), 1e300, 0.5, Number.NaN, Infinity])(
    "long %d is refused",
    (price) => {
      expect(write((writer) => codecs["market.ticks"].encode(writer, { ...tick, price }))).toBe(
        "CODEC_LONG_UNSAFE",
      );
    },
  );

  test.each([2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN])("int %d is refused", (value) => {
    expect(write((writer) => writer.int(value))).toBe("CODEC_INT_RANGE");
  });

  test.each([2n ** 63n, -(2n ** 63n) - 1n, 2n ** 70n])("money %s is refused", (value) => {
    expect(write((writer) => writer.bigLong(value))).toBe("CODEC_MONEY_RANGE");
  });

  test("half a surrogate pair and an unknown symbol are refused", () => {
    for (const symbol of ["\ud800", "x\udc00y", `${"a".repeat(70)}\ud83d`]) {
      expect(write((writer) => writer.string(symbol))).toBe("CODEC_STRING_INVALID");
    }
    const command = { portfolio: "", command: "Shout", who: "", why: "", limit: null, value: null };
    expect(write((writer) => codecOf("control.commands").encode(writer, command))).toBe(
      "CODEC_ENUM_UNKNOWN",
    );
  });

  test("the symbol that stands for newer ones is never written and refused when read", () => {
    const command = {
      portfolio: "",
      command: "UNKNOWN",
      who: "",
      why: "",
      limit: null,
      value: null,
    };
    expect(write((writer) => codecOf("control.commands").encode(writer, command))).toBe(
      "CODEC_ENUM_UNKNOWN",
    );
    expect(read([0, 0, 0, 0, 0, 0], (r) => codecs["control.commands"].decode(r))).toBe(
      "CODEC_ENUM_UNKNOWN",
    );
  });

  test("longs of Java's whole range are read as money, and refused as numbers", () => {
    const lowest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(new Reader(Uint8Array.from(lowest)).bigLong()).toBe(-(2n ** 63n));
    expect(read(lowest, (reader) => reader.long())).toBe("CODEC_LONG_UNSAFE");
    const beyond = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
    expect(read(beyond, (reader) => reader.bigLong())).toBe("CODEC_TRUNCATED");
    const endless = new Array<number>(40).fill(0xff);
    expect(read(endless, (reader) => reader.bigLong())).toBe("CODEC_TRUNCATED");
    expect(read(endless, (reader) => reader.long())).toBe("CODEC_LONG_UNSAFE");
    // -2^53, one below what a number holds exactly.
    const almost = new Writer(16);
    almost.bigLong(-(2n ** 53n));
    expect(read([...almost.bytes], (reader) => reader.long())).toBe("CODEC_LONG_UNSAFE");
  });

  test("a count or a length larger than the record allocates nothing", () => {
    const claim = new Writer(16);
    claim.long(2 ** 50);
    const bytes = [...claim.bytes.slice(0, claim.pos), 1, 2, 3];
    expect(read(bytes, (reader) => reader.string())).toBe("CODEC_TRUNCATED");
    expect(read(bytes, (reader) => reader.blob())).toBe("CODEC_TRUNCATED");
    expect(read(bytes, (reader) => reader.block())).toBe("CODEC_TRUNCATED");
    const negative = new Writer(32);
    negative.long(-(2 ** 50));
    negative.long(8);
    expect(read([...negative.bytes], (reader) => reader.block())).toBe("CODEC_TRUNCATED");
  });

  test("a block with its size in bytes, as other writers give it, is read", () => {
    const writer = new Writer(64);
    for (const text of ["m", "1"]) writer.string(text);
    writer.enumeration(1, "TRAINED");
    writer.string("");
    writer.long(-1);
    writer.long(10);
    writer.string("x");
    writer.double(1.5);
    writer.long(0);
    for (const text of ["", ""]) writer.string(text);
    expect(codecs["models.events"].decode(new Reader(writer.bytes)).metrics).toEqual({ x: 1.5 });
  });

  test.each([
    ["overlong", [0xc0, 0x80]],
    ["overlong of three", [0xe0, 0x80, 0xaf]],
    ["surrogate", [0xed, 0xa0, 0x80]],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
    ["stray continuation", [0x80]],
    ["cut", [0xe2, 0x82]],
    ["wrong continuation", [0xc3, 0x28]],
    ["five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ])("UTF-8 that is %s is refused", (_, bytes) => {
    expect(read([bytes.length << 1, ...bytes], (reader) => reader.string())).toBe(
      "CODEC_STRING_INVALID",
    );
  });

  test("bytes that are read do not change with the buffer they came from", () => {
    const source = Buffer.from([4, 7, 8]);
    const value = new Reader(source).blob();
    source.fill(0);
    expect(value).toEqual(Uint8Array.from([7, 8]));
  });

  test("a boolean or a union branch that does not exist is refused", () => {
    expect(read([2], (reader) => reader.boolean())).toBe("CODEC_TRUNCATED");
    expect(read([4], (reader) => reader.present())).toBe("CODEC_TRUNCATED");
    expect(read([1], (reader) => reader.present())).toBe("CODEC_TRUNCATED");
  });

  test("a map's key called __proto__ is an entry like any other", () => {
    const event = {
      model: "m",
      version: "1",
      kind: "TRAINED",
      digest: "",
      metrics: JSON.parse('{"__proto__": 2, "b": 1}') as Record<string, number>,
      who: "",
      why: "",
    } as const;
    const writer = new Writer(64);
    codecs["models.events"].encode(writer, event);
    const back = codecs["models.events"].decode(new Reader(writer.bytes, 0, writer.pos));
    expect(Object.entries(back.metrics)).toEqual(Object.entries(event.metrics));
  });

  test("names that share a slot of the intern table keep apart", () => {
    const names = ["AXBXC", "AYBXC", "AXBXC", "A\u00e9BC", "AZBXC", "AYBXC"];
    const writer = new Writer(64);
    for (const name of names) writer.string(name);
    const reader = new Reader(writer.bytes, 0, writer.pos);
    expect(names.map(() => reader.string())).toEqual(names);
  });

  test("bytes that are the units of an interned string, but not its UTF-8, are refused", () => {
    // Enough pairs of characters in the middle that some string and its look-alike share a slot.
    for (let first = 33; first < 127; first++) {
      for (let second = 33; second < 127; second++) {
        const text = `\u0084A${String.fromCharCode(first, second)}AA`;
        const writer = new Writer(32);
        writer.string(text);
        writer.blob(Uint8Array.from([0x84, 0x41, first, second, 0x41, 0x41]));
        const reader = new Reader(writer.bytes, 0, writer.pos);
        if (reader.string() !== text) throw new Error(text);
        if (codeOf(() => reader.string()) !== "CODEC_STRING_INVALID") throw new Error(text);
      }
    }
  });

  test("a sequence that goes on beyond its string is refused", () => {
    expect(read([2, 0xc3, 0xa9], (reader) => reader.string())).toBe("CODEC_STRING_INVALID");
  });

  test("strings around the lengths at which their size takes another byte are UTF-8 with its size", () => {
    for (const length of [31, 63, 64, 65, 127, 128, 129, 8190, 8191, 8192, 8193]) {
      for (const end of ["z", "é", "語", "😀"]) {
        const text = "abcdefg".repeat(1200).slice(0, length - 1) + end;
        const writer = new Writer(1);
        writer.string("before");
        writer.string(text);
        const bytes = Buffer.from(text);
        const reader = new Reader(writer.bytes, 7, writer.pos);
        expect(reader.long()).toBe(bytes.length);
        const written = writer.bytes.subarray(reader.pos, writer.pos);
        expect(bytes.equals(written)).toBe(true);
        const whole = new Reader(writer.bytes, 7, writer.pos);
        expect(whole.string() === text).toBe(true);
        expect(whole.pos).toBe(writer.pos);
      }
    }
  });

  test("a string of a million characters comes back", () => {
    const text = "price \u20ac".repeat(125_000);
    const writer = new Writer(16);
    writer.string(text);
    expect(new Reader(writer.bytes, 0, writer.pos).string() === text).toBe(true);
  });
});
