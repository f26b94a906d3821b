// The configuration with every key at its default, each with what it means: made from the schema,
// so that it cannot say anything else.

import { stringify } from "yaml";
import type { Plain } from "./read-yaml.ts";
import { resolved, type SchemaNode, schema } from "./schema.ts";

const MODELINE = "# yaml-language-server: $schema=tapedeck.schema.json";

/** Commented YAML that reads back as the defaults. */
export function defaultYaml(): string {
  const head = [MODELINE, `# ${schema.title}. ${schema.description}`];
  return `${[...head, ...section(schema, "", null)].join("\n")}\n`;
}

/** `given` is the group's own default, which says more than those of its keys. */
function section(node: SchemaNode, indent: string, given: Plain): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, reference]) => {
    const child = resolved(reference);
    const comment = `${indent}# ${child.description}`;
    const inner =
      child.properties === undefined ? [] : section(child, `${indent}  `, child.default ?? null);
    const lead = indent === "" ? ["", comment] : [comment];
    // A group that is not there by default is there to be taken in, like its keys.
    const isOpen = inner.some((line) => !line.trimStart().startsWith("#"));
    if (inner.length > 0) return [...lead, `${indent}${isOpen ? "" : "# "}${name}:`, ...inner];
    const own = (given as { readonly [key: string]: Plain } | null)?.[name];
    const value = own ?? child.default;
    if (value !== undefined) return [...lead, `${indent}${name}: ${flow(value)}`];
    // A key without a default: needed at the top, an example of another choice below it.
    const example = `${name}: ${flow(child.examples?.[0] ?? null)}`;
    return [...lead, indent === "" ? example : `${indent}# ${example}`];
  });
}

const flow = (value: Plain): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
