// An Avro value read as far as it goes. Promises: what comes before the first byte that cannot be read
// is given field by field, with the byte where reading stopped and why; nothing is guessed beyond it. A record that
// ends where an older version of its schema did is whole, as it is to the codecs.

import { Reader } from "../../schemas/avro.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { AvroField, AvroType } from "../kafka/registry/avro-model.ts";

export interface PartialField {
  /** "checks[0].limit" inside others. */
  readonly path: string;
  /** Where it lies in the bytes. */
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
}

export interface PartialValue {
  /** Of the outermost record, whole ones. */
  readonly fields: readonly PartialField[];
  readonly failure: { readonly at: number; readonly path: string; readonly why: string } | null;
  /** Bytes behind the last field that was read. */
  readonly rest: number;
}

/** Reads from byte `start` on. Values are as the generated codecs give them. */
export function readPartial(type: AvroType, bytes: Uint8Array, start: number): PartialValue {
  const reader = new Reader(bytes, start);
  const fields: PartialField[] = [];
  let path = "";
  let began = start;
  const isThere = (all: readonly AvroField[], i: number): boolean => {
    const { since } = all[i] as AvroField;
    if (since === 1) return true;
    return since > (all[i - 1]?.since ?? 1) ? reader.goesOn() : reader.wentOn;
  };
  const read = (part: AvroType, name: string): unknown => {
    path = name;
    began = reader.pos;
    if (part.kind === "record") {
      const entries = part.fields.map((field, i): [string, unknown] => [
        field.name,
        isThere(part.fields, i) ? read(field.type, `${name}.${field.name}`) : defaultOf(field),
      ]);
      return Object.fromEntries(entries);
    }
    if (part.kind === "enum") return reader.enumeration(part.symbols.slice(1));
    if (part.kind === "array") {
      const items: unknown[] = [];
      for (let left = reader.block(); left > 0; left = reader.block()) {
        for (; left > 0; left--) items.push(read(part.of, `${name}[${items.length}]`));
      }
      return items;
    }
    if (part.kind === "map") {
      const entries: [string, unknown][] = [];
      for (let left = reader.block(); left > 0; left = reader.block()) {
        for (; left > 0; left--) entries.push([reader.string(), read(part.of, `${name}{}`)]);
      }
      return Object.fromEntries(entries);
    }
    if (part.kind === "union") {
      return reader.present() ? read(part.branches[1] as AvroType, name) : null;
    }
    return primitive(reader, part);
  };
  try {
    const own = type.kind === "record" ? type.fields : [];
    for (const [i, field] of own.entries()) {
      const from = reader.pos;
      const value = isThere(own, i) ? read(field.type, field.name) : defaultOf(field);
      fields.push({ path: field.name, start: from, end: reader.pos, value });
    }
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    const failure = { at: began, path, why: error.message };
    return { fields, failure, rest: bytes.length - (fields.at(-1)?.end ?? start) };
  }
  return { fields, failure: null, rest: bytes.length - reader.pos };
}

function defaultOf({ type, default: text }: AvroField): unknown {
  const value: unknown = JSON.parse(text ?? "null");
  const isMoney = type.kind === "primitive" && type.logical === "money-minor";
  return isMoney && typeof value === "number" ? BigInt(value) : value;
}

function primitive(reader: Reader, type: AvroType): unknown {
  if (type.kind !== "primitive") throw new Error(`no schema of ours has a ${type.kind} there`);
  if (type.logical === "money-minor") return reader.bigLong();
  switch (type.name) {
    case "boolean":
      return reader.boolean();
    case "int":
      return reader.int();
    case "long":
      return reader.long();
    case "double":
      return reader.double();
    case "string":
      return reader.string();
    case "bytes":
      return reader.blob();
    default:
      throw new Error(`no schema of ours has a ${type.name}`);
  }
}
