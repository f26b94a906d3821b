// An Avro schema as data, from its JSON text: names written out in full, every shorthand resolved, so that
// two ways to write one schema give one model. Pure. Covers all of Avro's types: a registry may hold any.

export interface AvroRecord {
  readonly kind: "record";
  readonly name: string;
  readonly aliases: readonly string[];
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /** The default as JSON text; null where there is none. */
  readonly default: string | null;
  readonly doc: string;
  /** Ours: the version of the schema that brought the field; records of older ones end before it. */
  readonly since: number;
}

export type AvroType =
  | { readonly kind: "primitive"; readonly name: string; readonly logical: string }
  | {
      readonly kind: "fixed";
      readonly name: string;
      readonly aliases: readonly string[];
      readonly size: number;
      readonly logical: string;
    }
  | {
      readonly kind: "enum";
      readonly name: string;
      readonly aliases: readonly string[];
      readonly symbols: readonly string[];
      readonly default: string | null;
    }
  | { readonly kind: "array"; readonly of: AvroType }
  | { readonly kind: "map"; readonly of: AvroType }
  | { readonly kind: "union"; readonly branches: readonly AvroType[] }
  | AvroRecord;

const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

type Json = Readonly<Record<string, unknown>>;

/** The model of a schema's text; throws an Error that says what is no Avro. */
export function parseAvro(text: string): AvroType {
  const named = new Map<string, AvroType>();

  function parse(part: unknown, namespace: string): AvroType {
    if (typeof part === "string") return reference(part, namespace);
    if (Array.isArray(part)) {
      return { kind: "union", branches: part.map((branch) => parse(branch, namespace)) };
    }
    if (typeof part !== "object" || part === null) {
      throw new Error(`${JSON.stringify(part)} is no Avro type`);
    }
    const shape = part as Json;
    const { type } = shape;
    if (typeof type !== "string") return parse(type, namespace);
    if (type === "array") return { kind: "array", of: parse(shape.items, namespace) };
    if (type === "map") return { kind: "map", of: parse(shape.values, namespace) };
    if (type === "record" || type === "error") return record(shape, namespace);
    if (type === "enum" || type === "fixed") return sized(type, shape, namespace);
    if (PRIMITIVES.includes(type)) {
      return { kind: "primitive", name: type, logical: logicalOf(shape) };
    }
    return reference(type, namespace);
  }

  function reference(name: string, namespace: string): AvroType {
    if (PRIMITIVES.includes(name)) return { kind: "primitive", name, logical: "" };
    const found = named.get(fullName(name, namespace));
    if (found === undefined) throw new Error(`there is no type ${name}`);
    return found;
  }

  function define(name: string, type: AvroType): void {
    if (named.has(name)) throw new Error(`the type ${name} is defined twice`);
    named.set(name, type);
  }

  function record(shape: Json, namespace: string): AvroRecord {
    const [name, inner] = nameOf(shape, namespace);
    const fields: AvroField[] = [];
    const made: AvroRecord = { kind: "record", name, aliases: aliasesOf(shape, inner), fields };
    define(name, made); // before its fields: they may name it
    if (!Array.isArray(shape.fields)) throw new Error(`the record ${name} has no fields`);
    for (const field of shape.fields as Json[]) {
      if (typeof field?.name !== "string") throw new Error(`a field of ${name} has no name`);
      fields.push({
        name: field.name,
        aliases: aliasesOf(field, ""),
        type: parse(field.type, inner),
        default: Object.hasOwn(field, "default") ? JSON.stringify(field.default) : null,
        doc: typeof field.doc === "string" ? field.doc : "",
        since: typeof field.since === "number" ? field.since : 1,
      });
    }
    return made;
  }

  function sized(type: "enum" | "fixed", shape: Json, namespace: string): AvroType {
    const [name, inner] = nameOf(shape, namespace);
    const aliases = aliasesOf(shape, inner);
    let made: AvroType;
    if (type === "fixed") {
      made = { kind: type, name, aliases, size: Number(shape.size), logical: logicalOf(shape) };
    } else {
      if (!Array.isArray(shape.symbols)) throw new Error(`the enum ${name} has no symbols`);
      const fallback = typeof shape.default === "string" ? shape.default : null;
      made = { kind: type, name, aliases, symbols: shape.symbols.map(String), default: fallback };
    }
    define(name, made);
    return made;
  }

  return parse(JSON.parse(text), "");
}

/** Full name and the namespace that holds inside: a dotted name brings its own. */
function nameOf(shape: Json, namespace: string): readonly [string, string] {
  if (typeof shape.name !== "string") throw new Error("a named type has no name");
  const given = typeof shape.namespace === "string" ? shape.namespace : namespace;
  const name = fullName(shape.name, given);
  return [name, name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : ""];
}

const fullName = (name: string, namespace: string): string =>
  name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;

const aliasesOf = ({ aliases }: Json, namespace: string): readonly string[] =>
  Array.isArray(aliases) ? aliases.map((alias) => fullName(String(alias), namespace)) : [];

/** The logical type; a decimal's digits belong to it. */
function logicalOf({ logicalType, precision, scale }: Json): string {
  if (typeof logicalType !== "string") return "";
  return logicalType === "decimal" ? `decimal(${precision},${scale ?? 0})` : logicalType;
}

/** One text for every way to write a schema of the same meaning: documentation and aliases left out. */
export function meaningOf(type: AvroType): string {
  const met = new Set<string>();
  const walk = (part: AvroType): unknown => {
    if (part.kind === "primitive") return [part.name, part.logical];
    if (part.kind === "union") return ["union", ...part.branches.map(walk)];
    if (part.kind === "array" || part.kind === "map") return [part.kind, walk(part.of)];
    if (met.has(part.name)) return ["name", part.name];
    met.add(part.name);
    if (part.kind === "fixed") return ["fixed", part.name, part.size, part.logical];
    if (part.kind === "enum") return ["enum", part.name, part.symbols, part.default];
    const fields = part.fields.map((field) => [field.name, walk(field.type), field.default]);
    return ["record", part.name, fields];
  };
  return JSON.stringify(walk(type));
}
