// Renders an Avro record schema as a TypeScript interface and a codec made for it. Pure text in,
// pure text out. Covers the part of Avro that schemas/ uses and refuses the rest by name.

export interface RecordSchema {
  readonly type: "record";
  readonly name: string;
  readonly doc?: string;
  readonly fields: readonly Field[];
}
interface Field {
  readonly name: string;
  readonly type: Schema;
  readonly doc?: string;
  /** What a reader takes where the record was written before the field was there. */
  readonly default?: unknown;
  /** Version of the schema that brought the field: 1 where it is left out. */
  readonly since?: number;
}
export type Schema =
  | string
  | readonly Schema[]
  | RecordSchema
  | {
      readonly type: "enum";
      readonly name: string;
      readonly symbols: readonly string[];
      readonly default: string;
    }
  | { readonly type: "array"; readonly items: Schema }
  | { readonly type: "map"; readonly values: Schema }
  | { readonly type: "long"; readonly logicalType: string };

interface Rendered {
  readonly type: string;
  readonly encode: (value: string) => string;
  readonly decode: string;
}

const primitive: Readonly<Record<string, { type: string; method: string }>> = {
  boolean: { type: "boolean", method: "boolean" },
  int: { type: "number", method: "int" },
  long: { type: "number", method: "long" },
  double: { type: "number", method: "double" },
  string: { type: "string", method: "string" },
  bytes: { type: "Uint8Array", method: "blob" },
  "timestamp-micros": { type: "number", method: "long" },
  "money-minor": { type: "bigint", method: "bigLong" },
};

class Module {
  readonly declarations: string[] = [];
  readonly named = new Map<string, Rendered>();
  private readers = 0;

  render(schema: Schema): Rendered {
    if (typeof schema === "string") return this.named.get(schema) ?? this.primitive(schema);
    if (Array.isArray(schema)) return this.optional(schema);
    const shaped = schema as Exclude<Schema, string | readonly Schema[]>;
    if (shaped.type === "record") return this.record(shaped);
    if (shaped.type === "enum") return this.enumeration(shaped.name, shaped.symbols);
    if (shaped.type === "array") return this.array(shaped.items);
    if (shaped.type === "map") return this.map(shaped.values);
    return this.primitive(shaped.logicalType);
  }

  private primitive(name: string): Rendered {
    const found = primitive[name];
    if (found === undefined) throw new Error(`schemas: no rendering for Avro type ${name}`);
    return {
      type: found.type,
      encode: (value) => `writer.${found.method}(${value});`,
      decode: `reader.${found.method}()`,
    };
  }

  private optional(branches: readonly Schema[]): Rendered {
    if (branches.length !== 2 || branches[0] !== "null") {
      throw new Error("schemas: a union must be [null, type]");
    }
    const inner = this.render(branches[1] as Schema);
    return {
      type: `${inner.type} | null`,
      encode: (value) =>
        `if (${value} === null) writer.long(0);\nelse {\nwriter.long(1);\n${inner.encode(value)}\n}`,
      decode: `reader.present() ? ${inner.decode} : null`,
    };
  }

  /**
   * Every enum starts with UNKNOWN, its default: what an Avro reader of an older version sees of a newer
   * symbol, so that symbols can be added. Our types leave it out: it is never written, and refused when read.
   */
  private enumeration(name: string, all: readonly string[]): Rendered {
    if (all[0] !== "UNKNOWN") throw new Error(`schemas: enum ${name} must start with UNKNOWN`);
    const symbols = all.slice(1);
    const list = `${lower(name)}Symbols`;
    const index = `${lower(name)}Index`;
    this.declarations.push(
      `export const ${list} = ${JSON.stringify(symbols)} as const;`,
      `export type ${name} = (typeof ${list})[number];`,
      // A switch over known strings is the fastest look-up there is: it compares addresses.
      `function ${index}(value: ${name}): number {\nswitch (value) {\n${symbols
        .map((symbol, i) => `case ${JSON.stringify(symbol)}: return ${i + 1};`)
        .join("\n")}\ndefault: return 0;\n}\n}`,
    );
    const rendered: Rendered = {
      type: name,
      encode: (value) => `writer.enumeration(${index}(${value}), ${value});`,
      decode: `reader.enumeration(${list})`,
    };
    this.named.set(name, rendered);
    return rendered;
  }

  private array(items: Schema): Rendered {
    const inner = this.render(items);
    const read = `read${this.unique("Items")}`;
    const type = `${inner.type.includes("|") ? `(${inner.type})` : inner.type}[]`;
    this.declarations.push(
      `function ${read}(reader: Reader): ${type} {
const items: ${type} = [];
for (let left = reader.block(); left > 0; left = reader.block()) {
for (; left > 0; left--) items.push(${inner.decode});
}
return items;
}`,
    );
    return {
      type: `readonly ${type}`,
      encode: (value) =>
        `if (${value}.length > 0) {\nwriter.long(${value}.length);\nfor (const item of ${value}) {\n${inner.encode("item")}\n}\n}\nwriter.long(0);`,
      decode: `${read}(reader)`,
    };
  }

  private map(values: Schema): Rendered {
    const inner = this.render(values);
    const read = `read${this.unique("Entries")}`;
    this.declarations.push(
      `function ${read}(reader: Reader): Readonly<Record<string, ${inner.type}>> {
const entries: [string, ${inner.type}][] = [];
for (let left = reader.block(); left > 0; left = reader.block()) {
for (; left > 0; left--) entries.push([reader.string(), ${inner.decode}]);
}
return Object.fromEntries(entries);
}`,
    );
    return {
      type: `Readonly<Record<string, ${inner.type}>>`,
      encode: (value) =>
        `{\nconst entries = Object.entries(${value});\nif (entries.length > 0) {\nwriter.long(entries.length);\nfor (const [name, item] of entries) {\nwriter.string(name);\n${inner.encode("item")}\n}\n}\nwriter.long(0);\n}`,
      decode: `${read}(reader)`,
    };
  }

  /** Items, Items2, ...: one reading function for each array and map of the module. */
  private unique(stem: string): string {
    this.readers++;
    return this.readers === 1 ? stem : `${stem}${this.readers}`;
  }

  record(schema: RecordSchema): Rendered {
    const fields = schema.fields.map((field, i) => ({
      ...field,
      rendered: this.render(field.type),
      // Where an older version ended: its records end here too.
      starts: (field.since ?? 1) > (schema.fields[i - 1]?.since ?? 1),
    }));
    const encode = `encode${schema.name}`;
    const decode = `decode${schema.name}`;
    const lines = [
      ...(schema.doc === undefined ? [] : [`/** ${schema.doc} */`]),
      `export interface ${schema.name} {`,
      ...fields.flatMap((field) => [
        ...(field.doc === undefined ? [] : [`  /** ${field.doc} */`]),
        `  readonly ${field.name}: ${field.rendered.type};`,
      ]),
      "}",
      `export function ${encode}(writer: Writer, value: ${schema.name}): void {`,
      ...fields.map((field) => field.rendered.encode(`value.${field.name}`)),
      "}",
      `export function ${decode}(reader: Reader): ${schema.name} {`,
      // Avro writes fields in order, and an object literal evaluates its properties in order.
      `  return { ${fields.map((field) => `${field.name}: ${decoded(field)}`).join(", ")} };`,
      "}",
    ];
    this.declarations.push(lines.join("\n"));
    const rendered: Rendered = {
      type: schema.name,
      encode: (value) => `${encode}(writer, ${value});`,
      decode: `${decode}(reader)`,
    };
    this.named.set(schema.name, rendered);
    return rendered;
  }
}

/** A field that a later version brought has its default in records that end before it. */
function decoded(field: Field & { readonly rendered: Rendered; readonly starts: boolean }): string {
  const { rendered, starts, since = 1 } = field;
  if (since === 1) return rendered.decode;
  const there = starts ? "reader.goesOn()" : "reader.wentOn";
  const inner = rendered.decode.includes("?") ? `(${rendered.decode})` : rendered.decode;
  return `${there} ? ${inner} : ${defaultOf(field, rendered)}`;
}

function defaultOf({ name, default: value }: Field, { type }: Rendered): string {
  const isEmptyList = Array.isArray(value) && value.length === 0;
  const isScalar = ["number", "boolean", "string"].includes(typeof value);
  const plain = value === null || isScalar || isEmptyList;
  if (!plain || type === "Uint8Array") {
    throw new Error(`schemas: no rendering for the default of ${name}`);
  }
  return type === "bigint" ? `${String(value)}n` : JSON.stringify(value);
}

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** The generated module of one topic. */
export function moduleOf(topic: string, schema: RecordSchema): string {
  const module = new Module();
  module.record(schema);
  return [
    `// Generated from schemas/${topic}.avsc by npm run generate. Do not edit.\n`,
    'import type { Codec, Reader, Writer } from "../avro.ts";\n',
    module.declarations.join("\n\n"),
    "",
    `export const ${lower(schema.name)}Codec: Codec<${schema.name}> = { encode: encode${schema.name}, decode: decode${schema.name} };`,
    "",
  ].join("\n");
}

/** The generated index: the value type and the codec of every topic. */
export function facade(
  schemas: readonly { readonly topic: string; readonly schema: RecordSchema }[],
): string {
  return [
    "// Generated from schemas/*.avsc by npm run generate. Do not edit.\n",
    'import type { Codec } from "../avro.ts";',
    ...schemas.map(
      ({ topic, schema }) =>
        `import { ${lower(schema.name)}Codec, type ${schema.name} } from "./${topic}.ts";`,
    ),
    "",
    "/** What each topic carries. */",
    "export interface Facts {",
    ...schemas.map(({ topic, schema }) => `  readonly "${topic}": ${schema.name};`),
    "}",
    "",
    "export type TopicName = keyof Facts;",
    "",
    "export const codecs: { readonly [Topic in TopicName]: Codec<Facts[Topic]> } = {",
    ...schemas.map(({ topic, schema }) => `  "${topic}": ${lower(schema.name)}Codec,`),
    "};",
    "",
  ].join("\n");
}
