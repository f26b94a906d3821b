// Whether readers of one schema can read what writers of another wrote: Avro's schema resolution (Avro
// 1.12 specification, "Schema Resolution"), with every field that breaks it, not only the first. Stricter in
// one thing: a logical type is part of the meaning, so that a price never is read as an amount of money.
// Pure. schemas/codegen/compatibility.ts holds the same gate on avsc, which the package does not carry:
// the tests hold the two to one answer.

import { type AvroField, type AvroRecord, type AvroType, meaningOf } from "./avro-model.ts";

export interface Break {
  /** The field, by names from the record down; [] is an array's item, {} a map's value. */
  readonly path: string;
  readonly reason: string;
}

const PROMOTED: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/** What keeps `reader` from reading what `writer` wrote; empty where nothing does. */
export function breaksOf(reader: AvroType, writer: AvroType): readonly Break[] {
  const open = new Set<string>();
  const one = (path: string, reason: string): readonly Break[] => [{ path, reason }];

  function resolve(now: AvroType, then: AvroType, path: string): readonly Break[] {
    if (then.kind === "union") {
      return then.branches.flatMap((branch) => resolve(now, branch, path));
    }
    if (now.kind === "union") return resolveUnion(now.branches, then, path);
    if (now.kind === "primitive" && then.kind === "primitive") {
      if (now.name === then.name) {
        if (now.logical === then.logical) return [];
        return one(path, `${shown(then)} is read as ${shown(now)}`);
      }
      const may = PROMOTED[then.name]?.includes(now.name) ?? false;
      return may ? [] : one(path, `${shown(then)} cannot be read as ${shown(now)}`);
    }
    if (now.kind === "array" && then.kind === "array") return resolve(now.of, then.of, `${path}[]`);
    if (now.kind === "map" && then.kind === "map") return resolve(now.of, then.of, `${path}{}`);
    if (now.kind === "fixed" && then.kind === "fixed" && sameName(now, then)) {
      if (now.size !== then.size) return one(path, `${then.size} bytes are read as ${now.size}`);
      const same = now.logical === then.logical;
      return same ? [] : one(path, `${shown(then)} is read as ${shown(now)}`);
    }
    if (now.kind === "enum" && then.kind === "enum" && sameName(now, then)) {
      const strange = then.symbols.filter((symbol) => !now.symbols.includes(symbol));
      if (strange.length === 0 || now.default !== null) return [];
      return one(path, `the reader has no symbol ${strange.join(", ")}, and no default`);
    }
    if (now.kind === "record" && then.kind === "record" && sameName(now, then)) {
      return resolveRecord(now, then, path);
    }
    return one(path, `${shown(then)} cannot be read as ${shown(now)}`);
  }

  /** Any branch will do; where none does, the breaks of the one that comes nearest. */
  function resolveUnion(branches: readonly AvroType[], then: AvroType, path: string) {
    const tried = branches.map((branch) => resolve(branch, then, path));
    if (tried.some((breaks) => breaks.length === 0)) return [];
    const near = branches.findIndex((branch) => branch.kind === then.kind && alike(branch, then));
    const list = branches.map(shown).join(", ");
    return tried[near] ?? one(path, `${shown(then)} is no branch of [${list}]`);
  }

  function resolveRecord(now: AvroRecord, then: AvroRecord, path: string): readonly Break[] {
    // A record that holds itself: what is being compared further up need not be again.
    const pair = `${now.name} ${then.name}`;
    if (open.has(pair)) return [];
    open.add(pair);
    const breaks = now.fields.flatMap((field) => {
      const place = path === "" ? field.name : `${path}.${field.name}`;
      const written = then.fields.find((candidate) => isField(field, candidate));
      if (written !== undefined) return resolve(field.type, written.type, place);
      return field.default === null ? one(place, "is not written, and has no default") : [];
    });
    open.delete(pair);
    return breaks;
  }

  return resolve(reader, writer, "");
}

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

const sameName = (now: Named, then: Named): boolean =>
  now.name === then.name || now.aliases.includes(then.name);

const isField = (now: AvroField, then: AvroField): boolean => sameName(now, then);

const alike = (a: AvroType, b: AvroType): boolean =>
  !("name" in a && "name" in b) || a.name === b.name;

/** A type as a reader of the message knows it. */
export function shown(type: AvroType): string {
  if (type.kind === "primitive") {
    return type.logical === "" ? type.name : `${type.name} (${type.logical})`;
  }
  if (type.kind === "union") return type.branches.map(shown).join(" or ");
  if (type.kind === "array" || type.kind === "map") return `${type.kind} of ${shown(type.of)}`;
  return `${type.kind} ${type.name}`;
}

/** A break of a change, and which side of it suffers. */
export interface ChangeBreak extends Break {
  readonly direction: "old records, new reader" | "new records, old reader";
}

/** What a change of schema breaks, both ways: nothing, or it may be published. */
export const breaksOfChange = (now: AvroType, then: AvroType): readonly ChangeBreak[] => [
  ...breaksOf(now, then).map((one) => ({ ...one, direction: "old records, new reader" }) as const),
  ...breaksOf(then, now).map((one) => ({ ...one, direction: "new records, old reader" }) as const),
];

/**
 * Whether a codec made for `reader` alone can take the bytes of a whole record of `writer`, an older version:
 * the same fields in the same places; then the reader may have more, with defaults.
 */
export function readsAsItIs(reader: AvroType, writer: AvroType): boolean {
  if (reader.kind !== "record" || writer.kind !== "record") return false;
  const since = reader.fields.slice(writer.fields.length);
  const before = { ...reader, fields: reader.fields.slice(0, writer.fields.length) };
  return since.every((field) => field.default !== null) && isSameLayout(before, writer);
}

/** The same fields in the same places; an enum may have got symbols since, at its end. */
export function isSameLayout(reader: AvroType, writer: AvroType): boolean {
  if (reader.kind !== writer.kind) return false;
  if (reader.kind === "primitive" && writer.kind === "primitive") {
    return reader.name === writer.name && reader.logical === writer.logical;
  }
  if (reader.kind === "union" && writer.kind === "union") {
    return eachAlike(reader.branches, writer.branches, isSameLayout);
  }
  if ("of" in reader && "of" in writer) return isSameLayout(reader.of, writer.of);
  if (reader.kind === "enum" && writer.kind === "enum") {
    const known = reader.symbols;
    return reader.name === writer.name && writer.symbols.every((symbol, i) => symbol === known[i]);
  }
  if (reader.kind === "record" && writer.kind === "record") {
    const same = (a: AvroField, b: AvroField) => a.name === b.name && isSameLayout(a.type, b.type);
    return reader.name === writer.name && eachAlike(reader.fields, writer.fields, same);
  }
  return meaningOf(reader) === meaningOf(writer);
}

const eachAlike = <T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean =>
  a.length === b.length && a.every((item, i) => same(item, b[i] as T));
