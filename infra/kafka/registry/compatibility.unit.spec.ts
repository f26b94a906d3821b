// The gate in the package and the gate on avsc are two readings of one rule: held to one answer over
// changes of every schema of ours. Then each kind of break, by the field that it is found at.

import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainTypeOf } from "../../../schemas/codegen/avsc-oracle.ts";
import { fullIncompatibility } from "../../../schemas/codegen/compatibility.ts";
import { readSchemas } from "../../../schemas/codegen/generated-files.ts";
import type { RecordSchema } from "../../../schemas/codegen/render.ts";
import { parseAvro } from "./avro-model.ts";
import { breaksOf, breaksOfChange, readsAsItIs } from "./compatibility.ts";

const schemas = readSchemas(join(import.meta.dirname, "..", "..", "..", "schemas"));

interface Shape {
  type?: unknown;
  name: string;
  symbols?: string[];
  default?: unknown;
  items?: unknown;
  values?: unknown;
  fields?: Shape[];
  doc?: string;
  logicalType?: string;
}

/** Every record or enum inside, the outermost first. */
function named(part: unknown, kind: "record" | "enum"): Shape[] {
  if (Array.isArray(part)) return part.flatMap((branch) => named(branch, kind));
  if (typeof part !== "object" || part === null) return [];
  const shape = part as Shape;
  const inner = [
    ...(shape.fields ?? []).map((field) => field.type),
    shape.items,
    shape.values,
    typeof shape.type === "object" ? shape.type : null,
  ].flatMap((child) => named(child, kind));
  return shape.type === kind ? [shape, ...inner] : inner;
}

const types = ["int", "long", "double", "string", "boolean", "bytes"] as const;
const samples = { int: 0, long: 0, double: 0, string: "", boolean: false, bytes: "" } as const;

type Edit = (schema: Shape, pick: number, type: (typeof types)[number]) => void;

const at = <T>(items: readonly T[], pick: number): T | undefined => items[pick % items.length];
const fieldAt = (schema: Shape, pick: number): Shape | undefined =>
  at(
    named(schema, "record").flatMap(({ fields = [] }) => fields),
    pick,
  );
const recordAt = (schema: Shape, pick: number) => at(named(schema, "record"), pick) as Shape;

const edits: readonly Edit[] = [
  (schema, pick) => void recordAt(schema, pick).fields?.splice(pick % 3, 1),
  (schema, pick, type) => void recordAt(schema, pick).fields?.push({ name: "extra", type }),
  (schema, pick, type) =>
    void recordAt(schema, pick).fields?.push({ name: "more", type, default: samples[type] }),
  (schema, pick, type) => {
    const field = fieldAt(schema, pick);
    if (field !== undefined) {
      field.type = type;
      delete field.default;
    }
  },
  (schema, pick) => {
    const field = fieldAt(schema, pick);
    if (field !== undefined) field.name = `${field.name}Again`;
  },
  (schema, pick) => {
    const field = fieldAt(schema, pick);
    if (typeof field?.type !== "string") return;
    field.type = ["null", field.type];
    delete field.default;
  },
  (schema, pick) => {
    const field = fieldAt(schema, pick);
    if (Array.isArray(field?.type)) field.type = field.type[1];
    if (field !== undefined) delete field.default;
  },
  (schema, pick) => {
    const field = fieldAt(schema, pick);
    if (field?.type === "long") field.type = { type: "long", logicalType: "timestamp-micros" };
  },
  (schema, pick) => {
    const field = fieldAt(schema, pick);
    if (field !== undefined) field.doc = "other words";
  },
  (schema, pick) => void at(named(schema, "enum"), pick)?.symbols?.push("FRESH"),
  (schema, pick) => void at(named(schema, "enum"), pick)?.symbols?.pop(),
  (schema, pick) => {
    const found = at(named(schema, "enum"), pick);
    if (found !== undefined) delete found.default;
  },
  (schema, pick) => {
    const record = recordAt(schema, pick);
    record.fields = [...(record.fields ?? [])].reverse();
  },
  (schema) => {
    schema.name = `${schema.name}Two`;
  },
];

const changed = fc
  .tuple(
    fc.constantFrom(...schemas),
    fc.array(fc.tuple(fc.constantFrom(...edits), fc.nat({ max: 40 }), fc.constantFrom(...types)), {
      maxLength: 3,
    }),
  )
  .map(([{ schema }, changes]) => {
    const copy = JSON.parse(JSON.stringify(schema)) as Shape;
    for (const [edit, pick, type] of changes) edit(copy, pick, type);
    return { before: schema, now: copy as unknown as RecordSchema };
  })
  // A name given twice in one record or enum is no schema.
  .filter(({ now }) => {
    const lists = [
      ...named(now, "record").map(({ fields = [] }) => fields.map(({ name }) => name)),
      ...named(now, "enum").map(({ symbols = [] }) => symbols),
    ];
    return lists.every((names) => new Set(names).size === names.length);
  })
  // Nor is one that uses a name before it says what it is.
  .filter(({ now }) => {
    try {
      plainTypeOf(now);
      return true;
    } catch {
      return false;
    }
  });

const model = (schema: unknown) => parseAvro(JSON.stringify(schema));

describe("the gate", () => {
  test("says what avsc's resolution says of any change of our schemas", () => {
    const seen = { compatible: 0, incompatible: 0 };
    fc.assert(
      fc.property(changed, ({ before, now }) => {
        const ours = breaksOfChange(model(now), model(before));
        const theirs = fullIncompatibility(now, before);
        expect(ours.length > 0, `${JSON.stringify(ours)} | ${theirs}`).toBe(theirs !== null);
        seen[theirs === null ? "compatible" : "incompatible"]++;
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.compatible, seen.incompatible)).toBeGreaterThan(200);
  });

  const record = (...fields: readonly unknown[]) => ({ type: "record", name: "R", fields });
  const inner = (...fields: readonly unknown[]) => ({ type: "record", name: "I", fields });
  const field = (type: unknown, more: object = {}) => ({ name: "a", type, ...more });
  const side = (...symbols: readonly string[]) => ({ type: "enum", name: "Side", symbols });
  const time = { type: "long", logicalType: "timestamp-micros" };
  const money = { type: "long", logicalType: "money-minor" };

  test.each<[string, unknown, unknown, readonly [string, string][]]>([
    ["the same", record(field("long")), record(field("long")), []],
    ["a wider number", record(field("double")), record(field("int")), []],
    ["text as bytes", record(field("bytes")), record(field("string")), []],
    [
      "a narrower number",
      record(field("int")),
      record(field("long")),
      [["a", "long cannot be read as int"]],
    ],
    [
      "time as money",
      record(field(money)),
      record(field(time)),
      [["a", "long (timestamp-micros) is read as long (money-minor)"]],
    ],
    [
      "a field not written, at every depth",
      record(field(inner(field("int"), { name: "b", type: "int" })), { name: "c", type: "int" }),
      record(field(inner(field("int")))),
      [
        ["a.b", "is not written, and has no default"],
        ["c", "is not written, and has no default"],
      ],
    ],
    [
      "a default",
      record(field("int"), { name: "b", type: "int", default: 0 }),
      record(field("int")),
      [],
    ],
    ["an alias", record({ name: "b", aliases: ["a"], type: "int" }), record(field("int")), []],
    [
      "a union's branch that nobody reads",
      record(field("long")),
      record(field(["null", "long"])),
      [["a", "null cannot be read as long"]],
    ],
    [
      "no branch for it",
      record(field(["null", "long"])),
      record(field("string")),
      [["a", "string is no branch of [null, long]"]],
    ],
    [
      "the branch that comes nearest",
      record(field(["null", money])),
      record(field(time)),
      [["a", "long (timestamp-micros) is read as long (money-minor)"]],
    ],
    [
      "a strange symbol",
      record(field(side("BUY"))),
      record(field(side("BUY", "SELL"))),
      [["a", "the reader has no symbol SELL, and no default"]],
    ],
    [
      "a strange symbol, and a default for it",
      record(field({ ...side("UNKNOWN"), default: "UNKNOWN" })),
      record(field(side("UNKNOWN", "SELL"))),
      [],
    ],
    [
      "items and values",
      record(field({ type: "array", items: { type: "map", values: "int" } })),
      record(field({ type: "array", items: { type: "map", values: "string" } })),
      [["a[]{}", "string cannot be read as int"]],
    ],
    [
      "another size",
      record(field({ type: "fixed", name: "F", size: 4 })),
      record(field({ type: "fixed", name: "F", size: 8 })),
      [["a", "8 bytes are read as 4"]],
    ],
    [
      "another record",
      { ...record(), name: "x.R" },
      record(),
      [["", "record R cannot be read as record x.R"]],
    ],
  ])("%s", (_, reader, writer, breaks) => {
    const found = breaksOf(model(reader), model(writer));
    expect(found.map(({ path, reason }) => [path, reason])).toEqual(breaks);
  });

  test("ends on a record that holds itself, and finds what breaks in it", () => {
    const tree = (type: string) =>
      record({ name: "left", type: ["null", "R"], default: null }, field(type));
    expect(breaksOf(model(tree("int")), model(tree("string")))).toEqual([
      { path: "a", reason: "string cannot be read as int" },
    ]);
  });
});

describe("bytes that a codec reads as they are", () => {
  const all = { type: "enum", name: "E", symbols: ["UNKNOWN", "A", "B"], default: "UNKNOWN" };
  const fewer = { ...all, symbols: ["UNKNOWN", "A"] };
  const other = { ...all, symbols: ["UNKNOWN", "B", "A"] };
  const record = (...types: readonly unknown[]) => ({
    type: "record",
    name: "R",
    fields: types.map((type, i) => ({ name: `f${i}`, type, default: null })),
  });

  const bare = (...types: readonly unknown[]) => ({
    type: "record",
    name: "R",
    fields: types.map((type, i) => ({ name: `f${i}`, type })),
  });
  const list = (items: unknown) => ({
    type: "record",
    name: "L",
    fields: [{ name: "items", type: { type: "array", items } }],
  });

  test.each<[string, unknown, unknown, boolean]>([
    ["fewer symbols then", record(all), record(fewer), true],
    ["more symbols then", record(fewer), record(all), false],
    ["symbols in another order", record(all), record(other), false],
    [
      "one field more now, at the end, with a default",
      record("long", "long"),
      record("long"),
      true,
    ],
    ["one field more now, without a default", bare("long", "long"), bare("long"), false],
    ["one field more now, in the middle", record("int", "long"), record("long"), false],
    ["one field more now, in depth", list(record("long", "long")), list(record("long")), false],
    ["one field more then", record("long"), record("long", "long"), false],
    [
      "a number of another width, which resolution would take",
      record("double"),
      record("int"),
      false,
    ],
    [
      "the same in depth",
      record({ type: "array", items: all }),
      record({ type: "array", items: fewer }),
      true,
    ],
    ["a union", record(["null", all]), record(["null", fewer]), true],
    ["a union the other way round", record(["null", "long"]), record(["long", "null"]), false],
  ])("%s", (_, reader, writer, same) => {
    expect(readsAsItIs(model(reader), model(writer))).toBe(same);
  });
});
