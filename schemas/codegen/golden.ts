// Golden records of a schema: two values made from the schema alone, with the bytes that avsc gives
// them. Promises: the same records from the same schema; as JSON a bigint is decimal text, bytes are hex.

import { createHash } from "node:crypto";
import { oracleOf } from "./avsc-oracle.ts";
import type { RecordSchema, Schema } from "./render.ts";

export interface Golden {
  /** SHA-256 of the schema that the records belong to, documentation left out. */
  readonly fingerprint: string;
  readonly records: readonly { readonly value: unknown; readonly bytes: string }[];
}

/** SHA-256 of a schema without its documentation, which changes no bytes. */
export const fingerprint = (schema: RecordSchema): string =>
  createHash("sha256")
    .update(JSON.stringify(schema, (key, value) => (key === "doc" ? undefined : value)))
    .digest("hex");

/** An ordinary record, and one of extremes: longest integers, empty collections, absent values. */
export function goldenOf(schema: RecordSchema): Golden {
  const oracle = oracleOf(schema);
  const records = (["ordinary", "extreme"] as const).map((kind) => {
    const value = new Sampler(kind).sample(schema, schema.name);
    return {
      value: toJson(schema, value),
      bytes: oracle.toBuffer(toOracle(schema, value)).toString("hex"),
    };
  });
  return { fingerprint: fingerprint(schema), records };
}

class Sampler {
  private readonly kind: "ordinary" | "extreme";
  private readonly named = new Map<string, Schema>();
  private count = 0;

  constructor(kind: "ordinary" | "extreme") {
    this.kind = kind;
  }

  sample(schema: Schema, name: string): unknown {
    if (typeof schema === "string") {
      const known = this.named.get(schema);
      return known === undefined ? this.primitive(schema, name) : this.sample(known, name);
    }
    if (Array.isArray(schema)) {
      return this.kind === "extreme" ? null : this.sample(schema[1] as Schema, name);
    }
    const shaped = schema as Exclude<Schema, string | readonly Schema[]>;
    if (shaped.type === "record") {
      this.named.set(shaped.name, shaped);
      return Object.fromEntries(
        shaped.fields.map((field) => [field.name, this.sample(field.type, field.name)]),
      );
    }
    if (shaped.type === "enum") {
      this.named.set(shaped.name, shaped);
      return shaped.symbols.at(this.kind === "extreme" ? -1 : 1);
    }
    if (shaped.type === "array") {
      return this.kind === "extreme" ? [] : [1, 2].map(() => this.sample(shaped.items, name));
    }
    if (shaped.type === "map") {
      return this.kind === "extreme" ? {} : { [name]: this.sample(shaped.values, name) };
    }
    return this.primitive(shaped.logicalType, name);
  }

  private primitive(type: string, name: string): unknown {
    const index = ++this.count;
    const extreme = this.kind === "extreme";
    const sign = index % 2 === 0 ? 1 : -1;
    if (type === "boolean") return !extreme;
    if (type === "int") return extreme ? (sign > 0 ? 2 ** 31 - 1 : -(2 ** 31)) : index;
    if (type === "double") return extreme ? sign * 1.7976931348623157e308 : index + 0.25;
    if (type === "string") return extreme ? `\u65e5\u672c \u{1f44d}${index}` : name;
    if (type === "bytes") return extreme ? new Uint8Array(0) : Uint8Array.from([0, 127, 255]);
    if (type === "money-minor") return extreme ? (sign > 0 ? 2n ** 63n - 1n : -(2n ** 63n)) : -5n;
    if (type === "timestamp-micros")
      return extreme ? sign * 2 ** 52 : 1_381_152_600_000_000 + index;
    return extreme ? sign * Number.MAX_SAFE_INTEGER : index * 1000;
  }
}

type Leaf = (type: string, value: unknown) => unknown;

/** The value with each primitive changed by `leaf`. */
function mapLeaves(schema: Schema, value: unknown, leaf: Leaf): unknown {
  const named = new Map<string, Schema>();
  const walk = (part: Schema, item: unknown): unknown => {
    if (typeof part === "string") {
      const known = named.get(part);
      return known === undefined ? leaf(part, item) : walk(known, item);
    }
    if (Array.isArray(part)) return item === null ? null : walk(part[1] as Schema, item);
    const shaped = part as Exclude<Schema, string | readonly Schema[]>;
    if (shaped.type === "record") {
      named.set(shaped.name, shaped);
      const record = item as Record<string, unknown>;
      return Object.fromEntries(
        shaped.fields.map((field) => [field.name, walk(field.type, record[field.name])]),
      );
    }
    if (shaped.type === "enum") {
      named.set(shaped.name, shaped);
      return item;
    }
    if (shaped.type === "array") {
      return (item as unknown[]).map((element) => walk(shaped.items, element));
    }
    if (shaped.type === "map") {
      const entries = Object.entries(item as Record<string, unknown>);
      return Object.fromEntries(entries.map(([key, entry]) => [key, walk(shaped.values, entry)]));
    }
    return leaf(shaped.logicalType, item);
  };
  return walk(schema, value);
}

const isLong = (type: string): boolean => type === "long" || type === "timestamp-micros";

/** Ours to avsc's: longs become bigints, bytes a Buffer. */
export const toOracle = (schema: RecordSchema, value: unknown): unknown =>
  mapLeaves(schema, value, (type, leaf) => {
    if (isLong(type)) return BigInt(leaf as number);
    return type === "bytes" ? Buffer.from(leaf as Uint8Array) : leaf;
  });

const toJson = (schema: RecordSchema, value: unknown): unknown =>
  mapLeaves(schema, value, (type, leaf) => {
    if (type === "money-minor") return String(leaf);
    return type === "bytes" ? Buffer.from(leaf as Uint8Array).toString("hex") : leaf;
  });

/** A golden file's value as our codecs have it. */
export const fromJson = (schema: RecordSchema, value: unknown): unknown =>
  mapLeaves(schema, value, (type, leaf) => {
    if (type === "money-minor") return BigInt(leaf as string);
    return type === "bytes" ? Uint8Array.from(Buffer.from(leaf as string, "hex")) : leaf;
  });
