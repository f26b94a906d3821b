// The gate on schemas: what is recorded is sound, and each kind of incompatible change is refused.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type Codec, Reader, Writer } from "../avro.ts";
import { codecs, type TopicName } from "../generated/facts.ts";
import { oracleOf, plainTypeOf } from "./avsc-oracle.ts";
import { generatedFiles, readSchemas, staleFiles } from "./generated-files.ts";
import { fromJson, goldenOf, toOracle } from "./golden.ts";
import type { RecordSchema } from "./render.ts";
import { findProblems, readVersions, recordVersions } from "./versions.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const schemas = readSchemas(root);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A copy of the schemas and their history, to break. */
function copyOfSchemas(): string {
  const folder = mkdtempSync(join(tmpdir(), "schemas-"));
  folders.push(folder);
  for (const part of ["history", "golden", "generated"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  for (const { topic } of schemas) {
    cpSync(join(root, `${topic}.avsc`), join(folder, `${topic}.avsc`));
  }
  return folder;
}

interface Editable {
  fields: { name: string; type: unknown; default?: unknown; doc?: string; since?: number }[];
}

function edit(folder: string, topic: string, change: (schema: Editable) => void): void {
  const path = join(folder, `${topic}.avsc`);
  const schema = JSON.parse(readFileSync(path, "utf8")) as Editable;
  change(schema);
  writeFileSync(path, JSON.stringify(schema));
}

const field = (schema: Editable, name: string) => {
  const found = schema.fields.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
};
const symbols = (schema: Editable, name: string) =>
  (field(schema, name).type as { symbols: string[] }).symbols;

/** A value of an older version with the defaults of what came since, also in a record that stands last. */
function brought(now: RecordSchema, then: RecordSchema, had: object): object {
  const later = now.fields.slice(then.fields.length);
  // A default is JSON: money, a bigint, is written there as a number.
  const since = later.map((added) => {
    const isMoney = JSON.stringify(added.type).includes('"type":"long","logicalType":"money');
    const isPlain = typeof added.default === "number";
    return [added.name, isMoney && isPlain ? BigInt(added.default as number) : added.default];
  });
  const value: Record<string, unknown> = { ...had, ...Object.fromEntries(since) };
  const name = then.fields.at(-1)?.name ?? "";
  const [inner, old] = [now, then].map(({ fields }) =>
    recordIn(fields.find((one) => one.name === name)?.type),
  );
  const last = value[name];
  if (inner !== undefined && old !== undefined && typeof last === "object" && last !== null) {
    value[name] = brought(inner, old, last);
  }
  return value;
}

/** The record that a type is, or may be. */
const recordIn = (type: unknown): RecordSchema | undefined =>
  [type]
    .flat()
    .find((one): one is RecordSchema => typeof one === "object" && one !== null && "fields" in one);

describe("this repository", () => {
  test("has every schema recorded, each version compatible with every other", () => {
    expect(findProblems(root)).toEqual([]);
  });

  test("has generated files that are what the schemas give", () => {
    expect([...staleFiles(generatedFiles(schemas), join(root, "generated")).keys()]).toEqual([]);
  });
});

describe("generated files", () => {
  test("a changed schema, a changed file and a file too many are found", () => {
    const folder = copyOfSchemas();
    edit(folder, "signals", (schema) => {
      field(schema, "symbol").doc = "another";
    });
    writeFileSync(join(folder, "generated", "fills.ts"), "// by hand\n");
    writeFileSync(join(folder, "generated", "gone.ts"), "");
    const stale = staleFiles(generatedFiles(readSchemas(folder)), join(folder, "generated"));
    expect([...stale.keys()].sort()).toEqual(["fills.ts", "gone.ts", "signals.ts"]);
    expect(stale.get("gone.ts")).toBeNull();
  });
});

describe.each(schemas.map(({ topic, schema }) => [topic, schema] as const))(
  "%s",
  (topic, schema) => {
    const versions = readVersions(root, topic);

    test("golden bytes of the newest version are what the codec writes and reads", () => {
      const newest = versions.at(-1);
      const codec = codecs[topic as TopicName] as Codec<unknown>;
      expect(newest?.golden.records).toHaveLength(2);
      for (const record of newest?.golden.records ?? []) {
        const value = fromJson(schema, record.value);
        const writer = new Writer(16);
        codec.encode(writer, value);
        const bytes = Buffer.from(writer.bytes.subarray(0, writer.pos));
        expect(bytes.toString("hex")).toBe(record.bytes);
        expect(codec.decode(new Reader(bytes))).toEqual(value);
      }
    });

    test("golden bytes of every version are read by today's schema", () => {
      for (const version of versions) {
        const now = oracleOf(schema);
        const resolver = now.createResolver(oracleOf(version.schema));
        for (const record of version.golden.records) {
          const bytes = Buffer.from(record.bytes, "hex");
          const then = toOracle(version.schema, fromJson(version.schema, record.value));
          expect(now.fromBuffer(bytes, resolver)).toMatchObject(then as object);
        }
      }
    });

    test("golden bytes of every version are read by the codec, with defaults for what came since", () => {
      const codec = codecs[topic as TopicName] as Codec<unknown>;
      for (const version of versions) {
        for (const record of version.golden.records) {
          const found = codec.decode(new Reader(Buffer.from(record.bytes, "hex")));
          const had = fromJson(version.schema, record.value);
          expect(found).toEqual(brought(schema, version.schema, had as object));
        }
      }
    });

    test("golden records can be made again from the schema alone", () => {
      for (const version of versions) expect(goldenOf(version.schema)).toEqual(version.golden);
    });
  },
);

describe("the gate", () => {
  const refused: readonly [string, string, (schema: Editable) => void, RegExp][] = [
    [
      "a field without a default",
      "signals",
      (schema) => schema.fields.push({ name: "extra", type: "long" }),
      /not compatible with version 1: what was written then cannot be read now/,
    ],
    [
      "a field that is gone",
      "fills",
      (schema) => schema.fields.splice(3, 1),
      /not compatible with version 1: what is written now could not be read then/,
    ],
    [
      "a field by another name",
      "features",
      (schema) => {
        field(schema, "atr").name = "averageTrueRange";
      },
      /not compatible/,
    ],
    [
      "a narrower type",
      "market.bars",
      (schema) => {
        field(schema, "volume").type = "int";
      },
      /not compatible/,
    ],
    [
      "a wider type, which an old reader cannot take",
      "market.bars",
      (schema) => {
        field(schema, "trades").type = "long";
      },
      /what is written now could not be read then/,
    ],
    [
      "a value that may now be absent",
      "signals",
      (schema) => {
        field(schema, "symbol").type = ["null", "string"];
      },
      /what is written now could not be read then/,
    ],
    [
      "microseconds that become money",
      "market.bars",
      (schema) => {
        field(schema, "startUs").type = { type: "long", logicalType: "money-minor" };
      },
      /MarketBar\.startUs was timestamp-micros and is money-minor/,
    ],
    [
      "a number that becomes money",
      "market.ticks",
      (schema) => {
        field(schema, "price").type = { type: "long", logicalType: "money-minor" };
      },
      /MarketTick\.price was long and is money-minor/,
    ],
  ];

  test.each(refused)("refuses %s", (_, topic, change, reason) => {
    const folder = copyOfSchemas();
    edit(folder, topic, change);
    expect(findProblems(folder)).toEqual([expect.stringMatching(reason)]);
    expect(() => recordVersions(folder, false)).toThrow(reason);
  });

  test("refuses a field that comes back with another type, versions later", () => {
    const folder = copyOfSchemas();
    const add = (type: string, value: unknown) =>
      edit(folder, "signals", (schema) => {
        schema.fields.push({ name: "extra", type, default: value, since: 2 });
      });
    add("long", 0);
    expect(recordVersions(folder, false)).toEqual(["signals: version 2 recorded"]);
    edit(folder, "signals", (schema) => schema.fields.pop());
    expect(recordVersions(folder, false)).toEqual(["signals: version 3 recorded"]);
    add("string", "");
    expect(findProblems(folder)).toEqual([
      expect.stringMatching(/^signals: not compatible with version 2/),
    ]);
  });

  test("lets a field with a default and a new symbol through, once they are recorded", () => {
    const folder = copyOfSchemas();
    edit(folder, "models.events", (schema) => {
      symbols(schema, "kind").push("RETIRED");
      schema.fields.push({ name: "note", type: ["null", "string"], default: null, since: 2 });
    });
    expect(findProblems(folder)).toEqual([
      "models.events: version 2 is not recorded, run npm run schemas:record",
    ]);
    const recorded = ["models.events: version 2 recorded"];
    expect(recordVersions(folder, false)).toEqual(recorded);
    expect(findProblems(folder)).toEqual([]);
    const [then, now] = readVersions(folder, "models.events");
    if (then === undefined || now === undefined) throw new Error("two versions are recorded");
    const type = plainTypeOf(then.schema);
    const newest = Buffer.from(now.golden.records[1]?.bytes ?? "", "hex");
    expect(type.fromBuffer(newest, type.createResolver(plainTypeOf(now.schema)))).toMatchObject({
      kind: "UNKNOWN",
    });
  });

  test("refuses a new field that does not say since when, or is not at the end", () => {
    const folder = copyOfSchemas();
    const extra = { name: "extra", type: "long", default: 0 };
    edit(folder, "signals", (schema) => schema.fields.push(extra));
    edit(folder, "weights.proposals", (schema) => schema.fields.unshift({ ...extra, since: 2 }));
    const reason = /a field that came after version 1 goes to the end and says "since": 2 or later/;
    expect(findProblems(folder)).toEqual([
      expect.stringMatching(reason),
      expect.stringMatching(reason),
    ]);
  });

  test("takes a change of documentation without a new version", () => {
    const folder = copyOfSchemas();
    edit(folder, "fills", (schema) => {
      field(schema, "fee").doc = "what the venue takes";
    });
    expect(findProblems(folder)).toEqual([]);
  });

  test("refuses a recorded version that was changed, is missing, or whose topic is gone", () => {
    const folder = copyOfSchemas();
    const recorded = join(folder, "history", "orders", "v1.avsc");
    writeFileSync(recorded, readFileSync(recorded, "utf8").replace("limitPrice", "priceLimit"));
    rmSync(join(folder, "golden", "fills", "v1.json"));
    rmSync(join(folder, "regimes.avsc"));
    expect(findProblems(folder)).toEqual([
      expect.stringMatching(/^regimes: its schema is gone/),
      expect.stringMatching(/^fills: .*missing/),
      expect.stringMatching(/^orders: version 1 was changed/),
    ]);
  });

  test("amends the newest version only", () => {
    const folder = copyOfSchemas();
    edit(folder, "signals", (schema) => schema.fields.push({ name: "extra", type: "long" }));
    expect(recordVersions(folder, true)).toEqual(["signals: version 1 recorded"]);
    expect(findProblems(folder)).toEqual([]);
    edit(folder, "signals", (schema) => {
      schema.fields.push({ name: "more", type: "long", default: 0, since: 2 });
    });
    recordVersions(folder, false);
    edit(folder, "signals", (schema) => schema.fields.shift());
    expect(() => recordVersions(folder, true)).toThrow(/not compatible with version 1/);
  });
});
