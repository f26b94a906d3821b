// What differs between a registered schema and ours, a line a difference, by field. Pure.

import type { AvroField, AvroRecord, AvroType } from "./avro-model.ts";
import { shown } from "./compatibility.ts";

export interface Difference {
  /** The field, by names from the record down; empty for the schema itself. */
  readonly path: string;
  readonly what: "added" | "removed" | "moved" | "type" | "default" | "symbols" | "documentation";
  /** As registered and as ours; null where it is not there. */
  readonly registered: string | null;
  readonly local: string | null;
}

/** From the registered schema to ours, in the order of our fields; removed fields last. */
export function differences(registered: AvroType, local: AvroType): readonly Difference[] {
  const found: Difference[] = [];
  const add = (
    path: string,
    what: Difference["what"],
    then: string | null,
    now: string | null,
  ): void => void (then === now || found.push({ path, what, registered: then, local: now }));

  function walk(then: AvroType, now: AvroType, path: string): void {
    if (then.kind === "record" && now.kind === "record" && then.name === now.name) {
      walkFields(then, now, path);
    } else if (then.kind === "enum" && now.kind === "enum" && then.name === now.name) {
      add(path, "symbols", then.symbols.join(", "), now.symbols.join(", "));
      add(path, "default", then.default, now.default);
    } else if (then.kind === "array" && now.kind === "array") walk(then.of, now.of, `${path}[]`);
    else if (then.kind === "map" && now.kind === "map") walk(then.of, now.of, `${path}{}`);
    else if (then.kind === "union" && now.kind === "union" && shown(then) === shown(now)) {
      now.branches.forEach((branch, i) => {
        walk(then.branches[i] as AvroType, branch, path);
      });
    } else if (then.kind === "fixed" && now.kind === "fixed" && then.name === now.name) {
      add(path, "type", `${then.size} bytes ${then.logical}`, `${now.size} bytes ${now.logical}`);
    } else add(path, "type", shown(then), shown(now));
  }

  function walkFields(then: AvroRecord, now: AvroRecord, path: string): void {
    const place = (name: string): string => (path === "" ? name : `${path}.${name}`);
    const before = new Map(then.fields.map((field) => [field.name, field]));
    const kept = now.fields.filter(({ name }) => before.has(name));
    const order = then.fields.filter(({ name }) => now.fields.some((field) => field.name === name));
    for (const field of now.fields) {
      const was = before.get(field.name);
      if (was === undefined) {
        add(place(field.name), "added", null, described(field));
        continue;
      }
      const [from, to] = [order.indexOf(was), kept.indexOf(field)];
      if (from !== to) add(place(field.name), "moved", `place ${from + 1}`, `place ${to + 1}`);
      walk(was.type, field.type, place(field.name));
      add(place(field.name), "default", was.default, field.default);
      add(place(field.name), "documentation", was.doc, field.doc);
    }
    for (const field of then.fields) {
      if (!now.fields.some(({ name }) => name === field.name)) {
        add(place(field.name), "removed", described(field), null);
      }
    }
  }

  walk(registered, local, "");
  return found;
}

const described = (field: AvroField): string =>
  field.default === null ? shown(field.type) : `${shown(field.type)}, default ${field.default}`;
