// Whether readers of one version of a schema can read what writers of another wrote. Avro's rules of
// schema resolution, as avsc applies them, and one of ours: a logical type is part of the meaning.

import { plainTypeOf } from "./avsc-oracle.ts";
import type { RecordSchema, Schema } from "./render.ts";

/** Why `reader` cannot read what `writer` wrote; null if it can. */
export function incompatibility(reader: RecordSchema, writer: RecordSchema): string | null {
  try {
    plainTypeOf(reader).createResolver(plainTypeOf(writer));
  } catch (error) {
    return (error as Error).message;
  }
  const meanings = logicalTypes(writer);
  for (const [path, now] of logicalTypes(reader)) {
    const then = meanings.get(path);
    if (then !== undefined && then !== now) return `${path} was ${then} and is ${now}`;
  }
  return null;
}

/** What a change of schema has to keep to: null if both read each other. */
export function fullIncompatibility(now: RecordSchema, then: RecordSchema): string | null {
  const backward = incompatibility(now, then);
  if (backward !== null) return `what was written then cannot be read now: ${backward}`;
  const forward = incompatibility(then, now);
  return forward === null ? null : `what is written now could not be read then: ${forward}`;
}

/** The meaning of every long of a schema, by its path: "long" where it has no logical type. */
function logicalTypes(schema: RecordSchema): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (part: Schema, path: string): void => {
    if (part === "long") found.set(path, "long");
    if (typeof part === "string") return;
    if (Array.isArray(part)) {
      for (const branch of part as readonly Schema[]) walk(branch, path);
      return;
    }
    const shaped = part as Exclude<Schema, string | readonly Schema[]>;
    if (shaped.type === "record") {
      for (const field of shaped.fields) walk(field.type, `${path}.${field.name}`);
    } else if (shaped.type === "array") walk(shaped.items, `${path}[]`);
    else if (shaped.type === "map") walk(shaped.values, `${path}{}`);
    else if (shaped.type === "long") found.set(path, shaped.logicalType);
  };
  walk(schema, schema.name);
  return found;
}
