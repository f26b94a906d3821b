// Random values of any schema of ours, for tests: the limits of each type among them.

import fc, { type Arbitrary } from "fast-check";
import type { Schema } from "./render.ts";

const long = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, -1, 1, 63, 64, -64, -65, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.integer({ min: 0, max: 52 }).chain((bits) => fc.constantFrom(2 ** bits, -(2 ** bits))),
);
const money = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer().map(BigInt),
  fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n)),
  fc.integer({ min: 0, max: 62 }).map((bits) => 2n ** BigInt(bits)),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 60, maxLength: 200 }),
  fc.constantFrom("", "é", "日本", "👍🏽", "\u0000", "\uffff"),
);
const double = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, 5e-324, -Infinity));

/** Our value of a schema beside avsc's: the two differ in how a long looks. */
export interface Pair {
  readonly ours: unknown;
  readonly theirs: unknown;
}
const same = (value: unknown): Pair => ({ ours: value, theirs: value });
const zip = (names: readonly string[], pairs: readonly Pair[]): Pair => ({
  ours: Object.fromEntries(names.map((name, i) => [name, pairs[i]?.ours])),
  theirs: Object.fromEntries(names.map((name, i) => [name, pairs[i]?.theirs])),
});

const primitives: Readonly<Record<string, Arbitrary<Pair>>> = {
  boolean: fc.boolean().map(same),
  int: fc.oneof(fc.integer(), fc.constantFrom(2 ** 31 - 1, -(2 ** 31))).map(same),
  long: long.map((value) => ({ ours: value, theirs: BigInt(value) })),
  double: double.map(same),
  string: text.map(same),
  bytes: fc
    .uint8Array({ maxLength: 200 })
    .map((value) => ({ ours: value, theirs: Buffer.from(value) })),
  "timestamp-micros": long.map((value) => ({ ours: value, theirs: BigInt(value) })),
  "money-minor": money.map(same),
};

/** Any value of a schema. Named types are known by name after their first use. */
export function pairs(schema: Schema, named = new Map<string, Arbitrary<Pair>>()): Arbitrary<Pair> {
  if (typeof schema === "string") return named.get(schema) ?? (primitives[schema] as never);
  if (Array.isArray(schema)) {
    return fc.oneof(fc.constant(same(null)), pairs(schema[1] as Schema, named));
  }
  const shaped = schema as Exclude<Schema, string | readonly Schema[]>;
  if (shaped.type === "record") {
    const names = shaped.fields.map((field) => field.name);
    const values = shaped.fields.map((field) => pairs(field.type, named));
    const record = fc.tuple(...values).map((parts) => zip(names, parts));
    named.set(shaped.name, record);
    return record;
  }
  if (shaped.type === "enum") {
    const symbol = fc.constantFrom(...shaped.symbols.slice(1)).map(same);
    named.set(shaped.name, symbol);
    return symbol;
  }
  if (shaped.type === "array") {
    return fc.array(pairs(shaped.items, named), { maxLength: 5 }).map((items) => ({
      ours: items.map((item) => item.ours),
      theirs: items.map((item) => item.theirs),
    }));
  }
  if (shaped.type === "map") {
    const name = text.filter((key) => key !== "__proto__");
    const entry = fc.tuple(name, pairs(shaped.values, named));
    const entries = fc.uniqueArray(entry, { maxLength: 5, selector: ([key]) => key });
    return entries.map((list) =>
      zip(
        list.map(([key]) => key),
        list.map(([, value]) => value),
      ),
    );
  }
  return primitives[shaped.logicalType] as Arbitrary<Pair>;
}
