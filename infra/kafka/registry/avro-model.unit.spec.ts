// Two texts of one schema mean the same; each change of meaning is another meaning; what is no Avro is
// told as such. And what a diff says of a change.

import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainTypeOf } from "../../../schemas/codegen/avsc-oracle.ts";
import { readSchemas } from "../../../schemas/codegen/generated-files.ts";
import { meaningOf, parseAvro } from "./avro-model.ts";
import { differences } from "./schema-diff.ts";

const schemas = readSchemas(join(import.meta.dirname, "..", "..", "..", "schemas"));
const text = (schema: unknown) => JSON.stringify(schema);
const meaning = (schema: unknown) => meaningOf(parseAvro(text(schema)));

/** The same JSON with the keys of every object in reverse. */
function reversed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(reversed);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .reverse()
      .map(([key, value]) => [key, reversed(value)]),
  );
}

/** The same schema as a Java registry writes it: primitives as objects, no documentation. */
function spelledOut(part: unknown): unknown {
  if (typeof part === "string") {
    return /^(boolean|int|long|float|double|bytes|string)$/.test(part) ? { type: part } : part;
  }
  if (Array.isArray(part)) return part.map(spelledOut);
  const { doc: _, ...shape } = part as Record<string, unknown>;
  if (Array.isArray(shape.fields)) {
    shape.fields = shape.fields.map(({ doc: __, ...field }) => ({
      ...field,
      type: spelledOut(field.type),
    }));
  }
  if (shape.items !== undefined) shape.items = spelledOut(shape.items);
  if (shape.values !== undefined) shape.values = spelledOut(shape.values);
  return shape;
}

describe("the meaning of a schema", () => {
  test.each(schemas.map(({ topic, schema }) => [topic, schema] as const))(
    "%s: is the same however it is written",
    (_, schema) => {
      expect(meaning(reversed(schema))).toBe(meaning(schema));
      expect(meaning(spelledOut(schema))).toBe(meaning(schema));
    },
  );

  test("differs between any two of our topics", () => {
    expect(new Set(schemas.map(({ schema }) => meaning(schema))).size).toBe(schemas.length);
  });

  const base = {
    type: "record",
    name: "R",
    namespace: "n",
    fields: [
      { name: "a", type: { type: "long", logicalType: "timestamp-micros" } },
      { name: "e", type: { type: "enum", name: "E", symbols: ["X", "Y"], default: "X" } },
      { name: "f", type: { type: "fixed", name: "F", size: 4 } },
      { name: "d", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
      { name: "u", type: ["null", "E"], default: null },
    ],
  };
  const replaced = (from: string, to: string) =>
    JSON.parse(text(base).replace(from, to)) as unknown;

  test.each([
    ['"n"', '"m"'],
    ["timestamp-micros", "timestamp-millis"],
    ['"X","Y"', '"Y","X"'],
    ['"default":"X"', '"doc":""'],
    ['"size":4', '"size":5'],
    ['"scale":2', '"scale":3'],
    ['["null","E"]', '["E","null"]'],
    ['"default":null', '"doc":""'],
    ['"name":"a"', '"name":"b"'],
  ])("changes with %s", (from, to) => {
    expect(meaning(replaced(from, to))).not.toBe(meaning(base));
  });

  test("finds names as avsc does, in every namespace", () => {
    const namespace = fc.constantFrom("", "n", "n.m", "other");
    fc.assert(
      fc.property(
        namespace,
        namespace,
        fc.constantFrom("E", "n.E", "n.m.E"),
        (outer, inner, name) => {
          const enumeration = { type: "enum", name: "E", namespace: inner, symbols: ["X"] };
          const schema = {
            type: "record",
            name: "R",
            namespace: outer,
            fields: [
              { name: "a", type: enumeration },
              { name: "b", type: name },
            ],
          };
          const outcome = (read: () => unknown): string => {
            try {
              read();
              return "read";
            } catch {
              return "refused";
            }
          };
          const theirs = outcome(() => plainTypeOf(schema as never));
          expect(outcome(() => parseAvro(text(schema)))).toBe(theirs);
        },
      ),
    );
  });

  test.each([
    ['"strange"', /no type strange/],
    ["7", /7 is no Avro type/],
    ['{"type":"record","name":"R"}', /R has no fields/],
    ['{"type":"record","fields":[]}', /has no name/],
    ['{"type":"enum","name":"E"}', /E has no symbols/],
    ['{"type":"record","name":"R","fields":[{"type":"int"}]}', /a field of R has no name/],
    [
      '{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"R","size":1}}]}',
      /R is defined twice/,
    ],
    ["syntax", /JSON/],
  ])("refuses %s", (schema, reason) => {
    expect(() => parseAvro(schema)).toThrow(reason);
  });
});

describe("a diff", () => {
  const record = (...fields: readonly unknown[]) =>
    parseAvro(text({ type: "record", name: "R", fields }));
  const side = (...symbols: readonly string[]) => ({ type: "enum", name: "E", symbols });

  test("of a schema with itself is empty", () => {
    for (const { schema } of schemas) {
      expect(differences(parseAvro(text(schema)), parseAvro(text(schema)))).toEqual([]);
    }
  });

  test("names each field that was added, removed, moved or changed", () => {
    const then = record(
      { name: "kept", type: "int", doc: "old words" },
      { name: "second", type: "int" },
      { name: "third", type: "int" },
      { name: "typed", type: ["null", "long"], default: null },
      { name: "side", type: side("X") },
      { name: "inner", type: { type: "record", name: "I", fields: [{ name: "x", type: "int" }] } },
      { name: "list", type: { type: "array", items: "int" } },
      { name: "gone", type: "string" },
    );
    const now = record(
      { name: "kept", type: "int", doc: "new words" },
      { name: "third", type: "int" },
      { name: "second", type: "int" },
      { name: "typed", type: "string", default: "" },
      { name: "side", type: side("X", "Y") },
      { name: "inner", type: { type: "record", name: "I", fields: [{ name: "x", type: "long" }] } },
      { name: "list", type: { type: "array", items: "double" } },
      { name: "fresh", type: "long", default: 0 },
    );
    const lines = differences(then, now).map((one) =>
      [one.path, one.what, one.registered, one.local].join(" | "),
    );
    expect(lines).toEqual([
      "kept | documentation | old words | new words",
      "third | moved | place 3 | place 2",
      "second | moved | place 2 | place 3",
      "typed | type | null or long | string",
      'typed | default | null | ""',
      "side | symbols | X | X, Y",
      "inner.x | type | int | long",
      "list[] | type | int | double",
      "fresh | added |  | long, default 0",
      "gone | removed | string | ",
    ]);
  });
});
