// A published schema as a tree that can be walked: what is allowed at a key, in words, and what a
// key is when it is not given. Every look-up takes the schema's root; left out, it is a run's.

import type { Plain } from "./read-yaml.ts";
import schemaFile from "./tapedeck.schema.json" with { type: "json" };

export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly patternErrorMessage?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly default?: Plain;
  readonly examples?: readonly Plain[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly if?: { readonly properties: Readonly<Record<string, unknown>> };
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

export const schema = schemaFile as SchemaNode;

/** A reference followed; what stands beside it wins. */
export function resolved(node: SchemaNode, root: SchemaNode = schema): SchemaNode {
  if (node.$ref === undefined) return node;
  let found: unknown = root;
  for (const part of node.$ref.split("/").slice(1)) {
    found = (found as Readonly<Record<string, unknown>> | undefined)?.[part];
  }
  return { ...(found as SchemaNode | undefined), ...node };
}

/** The schema of a value by its JSON pointer; null where the schema knows no such key. */
export function schemaAt(pointer: string, root: SchemaNode = schema): SchemaNode | null {
  let node: SchemaNode | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    const next: SchemaNode | undefined = /^\d+$/.test(part)
      ? node.items
      : Object.hasOwn(node.properties ?? {}, part)
        ? node.properties?.[part]
        : typeof node.additionalProperties === "object"
          ? node.additionalProperties
          : undefined;
    if (next === undefined) return null;
    node = resolved(next, root);
  }
  return node;
}

/** Every key in dotted form, groups before what is in them. */
export function dottedKeys(root: SchemaNode = schema, node = root, prefix = ""): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    prefix + name,
    ...dottedKeys(root, resolved(child, root), `${prefix}${name}.`),
  ]);
}

const typesOf = (node: SchemaNode): readonly string[] => [node.type ?? []].flat();

export const takes = (node: SchemaNode, type: string): boolean => typesOf(node).includes(type);

/** "a number above 0 and up to 1, or off". */
export function allowed(node: SchemaNode): string {
  if (node.enum !== undefined) return `one of ${node.enum.join(", ")}`;
  const isLimit = node.pattern === "^off$";
  const words: string[] = [];
  if (takes(node, "boolean")) words.push("true or false");
  if (takes(node, "integer")) words.push(`a whole number${bounds(node)}`);
  if (takes(node, "number")) words.push(`a number${bounds(node)}`);
  if (takes(node, "string") && !isLimit) words.push(text(node));
  if (takes(node, "array")) words.push(`a list of 1 to ${node.maxItems}`);
  if (takes(node, "object")) {
    words.push(`a group of keys (${Object.keys(node.properties ?? {}).join(", ")})`);
  }
  if (takes(node, "null")) words.push(isLimit ? "off" : "null");
  return words.join(", or ");
}

const text = ({ patternErrorMessage, maxLength }: SchemaNode): string =>
  patternErrorMessage ?? `a text of 1 to ${maxLength} characters`;

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: SchemaNode): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const low = exclusiveMinimum === undefined ? `from ${minimum}` : `above ${exclusiveMinimum}`;
  const high = exclusiveMaximum === undefined ? `up to ${maximum}` : `below ${exclusiveMaximum}`;
  return ` ${low} and ${high}`;
}

/**
 * The value with the default of every key that it leaves out; for a value that the schema takes.
 */
export function withDefaults(value: Plain, root: SchemaNode = schema, node = root): Plain {
  if (Array.isArray(value))
    return value.map((item) => withDefaults(item, root, resolved(node.items ?? {}, root)));
  if (typeof value !== "object" || value === null || node.properties === undefined) return value;
  const given = value as { readonly [key: string]: Plain };
  const filled: Record<string, Plain> = {};
  for (const [name, child] of Object.entries(node.properties)) {
    const inner = resolved(child, root);
    const found = given[name] === undefined ? inner.default : given[name];
    if (found !== undefined) filled[name] = withDefaults(found, root, inner);
  }
  return filled;
}
