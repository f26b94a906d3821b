// Holds a configuration's values against its published schema and says in words what is wrong: the
// value found, what is allowed, and what was probably meant. One finding for each key.

import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { nearest } from "./nearest.ts";
import { nowhere, type Origin, type Problem, problem, shown } from "./problem.ts";
import { dottedKey, escapePointer, type Origins, type Plain } from "./read-yaml.ts";
import { allowed, dottedKeys, type SchemaNode, schema, schemaAt, takes } from "./schema.ts";

/** Findings worked out in full; a file with more is wrong as a whole. */
const MOST = 200;

const validators = new Map<SchemaNode, ValidateFunction>();

/**
 * What the schema holds against the value; empty if nothing. Cost: milliseconds, the first time 20.
 */
export function checkSchema(value: Plain, origins: Origins, root: SchemaNode = schema): Problem[] {
  let validate = validators.get(root);
  if (validate === undefined) {
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false });
    validate = ajv.addVocabulary(["patternErrorMessage"]).compile(root);
    validators.set(root, validate);
  }
  if (validate(value)) return [];
  const problems = new Map<string, Problem>();
  for (const error of (validate.errors ?? []).slice(0, MOST)) {
    const found = explain(error, { schema: root, value }, origins);
    // A key has one finding; a key that is left out or too much is told apart from its group.
    if (found !== null) problems.set(found.key, found);
  }
  return [...problems.values()];
}

/** What is judged, and by which schema. */
interface Judged {
  readonly schema: SchemaNode;
  readonly value: Plain;
}

function explain(error: ErrorObject, root: Judged, origins: Origins): Problem | null {
  const { instancePath: pointer, keyword, params } = error;
  if (keyword === "if") return null;
  if (/\/(then|else)\//.test(error.schemaPath) && !isChosen(pointer, root)) return null;
  if (keyword === "additionalProperties") {
    const name = String(params.additionalProperty);
    const child = `${pointer}/${escapePointer(name)}`;
    return invalid(
      keyOrigin(origins, child),
      dottedKey(child),
      unknownKey(pointer, name, root.schema),
    );
  }
  if (keyword === "required") {
    const child = `${pointer}/${escapePointer(String(params.missingProperty))}`;
    const needs = /\/(then|else)\//.test(error.schemaPath) ? ` with ${choice(pointer, root)}` : "";
    const message = `missing: it is needed${needs}, ${allowed(schemaAt(child, root.schema) ?? {})}`;
    return invalid(keyOrigin(origins, pointer), dottedKey(child), message);
  }
  if (keyword === "false schema") {
    const group = pointer.slice(0, pointer.lastIndexOf("/"));
    const message = `does not go with ${choice(group, root)}: leave it out`;
    return invalid(keyOrigin(origins, pointer), dottedKey(pointer), message);
  }
  const at = origins.get(pointer)?.value ?? nowhere;
  const value = valueAt(root.value, pointer);
  if (keyword === "uniqueItems") {
    const twice = (value as readonly Plain[])[Number(params.i)];
    return invalid(at, dottedKey(pointer), `lists ${shown(twice)} twice`);
  }
  const node = schemaAt(pointer, root.schema) ?? {};
  const text = origins.get(pointer)?.text ?? null;
  const guess = hint(value, node, text);
  const rule = `must be ${allowed(node)}`;
  const found = typeof value === "string" ? shown(value) : (text ?? shown(value));
  const message = `found ${found || "nothing"}; ${rule}${guess === null ? "" : `; ${guess}`}`;
  return invalid(at, dottedKey(pointer), message);
}

const invalid = (origin: Origin, key: string, message: string): Problem =>
  problem("CONFIG_INVALID", origin, key, message);

const keyOrigin = (origins: Origins, pointer: string): Origin =>
  origins.get(pointer)?.key ?? nowhere;

function valueAt(root: Plain, pointer: string): Plain | undefined {
  let value: Plain | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    value = (value as Readonly<Record<string, Plain>> | undefined)?.[part];
  }
  return value;
}

/**
 * "method fixed-quantity": the key that decides what else a group holds, as given or by default.
 */
function choice(group: string, root: Judged): string {
  const { name, value } = chosen(group, root);
  return `${name} ${String(value)}`;
}

function chosen(group: string, root: Judged): { name: string; value: unknown; node: SchemaNode } {
  const properties = schemaAt(group, root.schema)?.properties ?? {};
  const [name = ""] = Object.keys(schemaAt(group, root.schema)?.if?.properties ?? {});
  const node = properties[name] ?? {};
  return { name, value: valueAt(root.value, `${group}/${name}`) ?? node.default, node };
}

/** False where the choice itself is wrong: nothing is known of what goes with it. */
function isChosen(pointer: string, root: Judged): boolean {
  const parent = pointer.slice(0, pointer.lastIndexOf("/"));
  const group = schemaAt(pointer, root.schema)?.if === undefined ? parent : pointer;
  const { value, node } = chosen(group, root);
  return typeof value === "string" && node.enum?.includes(value) === true;
}

function unknownKey(pointer: string, name: string, root: SchemaNode): string {
  const group = schemaAt(pointer, root);
  const siblings = Object.keys(group?.properties ?? {});
  const prefix = pointer === "" ? "" : `${dottedKey(pointer)}.`;
  const near = nearest(name, siblings);
  if (near !== null) return `unknown key; did you mean ${prefix}${near}?`;
  const leaf = (key: string): string => key.slice(key.lastIndexOf(".") + 1);
  const keys = dottedKeys(root);
  const elsewhere = nearest(name, keys.map(leaf));
  const key = keys.find((candidate) => leaf(candidate) === elsewhere);
  if (key !== undefined) return `unknown key; did you mean ${key}?`;
  return `unknown key; allowed here: ${siblings.join(", ")}`;
}

/** What was probably meant by a value that is not allowed; null without a guess. */
function hint(value: Plain | undefined, node: SchemaNode, text: string | null): string | null {
  if (typeof value === "string") return textHint(value, node);
  const isNumber = typeof value === "number";
  if (isNumber && node.maximum === 1 && value > 1 && value <= 100) {
    return `${value} % is ${Number((value / 100).toPrecision(12))}`;
  }
  const isText = takes(node, "string") && node.pattern !== undefined;
  if (value === undefined || typeof value === "object" || !isText) return null;
  const asText = text ?? String(value);
  return new RegExp(node.pattern as string, "u").test(asText)
    ? `write "${asText}" in quotes`
    : null;
}

function textHint(value: string, node: SchemaNode): string | null {
  if (node.enum !== undefined) {
    const near = nearest(value, node.enum);
    return near === null ? null : `did you mean ${near}?`;
  }
  if (takes(node, "boolean")) {
    if (/^(yes|on|y|true)$/i.test(value)) return "write true";
    return /^(no|off|n|false)$/i.test(value) ? "write false" : null;
  }
  if (takes(node, "number") || takes(node, "integer")) return numberHint(value, node);
  const duration = /^(\d+(?:\.\d+)?)\s*([a-zµμ]+)$/i.exec(value);
  const unit = units[duration?.[2]?.toLowerCase() ?? ""];
  if (node.patternErrorMessage?.includes("unit") && duration !== null && unit !== undefined) {
    return `write ${duration[1]}${unit}`;
  }
  const matches = (text: string) => new RegExp(node.pattern ?? "^$", "u").test(text);
  return matches(value.toUpperCase()) ? `write ${value.toUpperCase()}` : null;
}

function numberHint(value: string, node: SchemaNode): string | null {
  if (nearest(value, ["off", "none", "disabled"]) !== null && takes(node, "null"))
    return "write off";
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(value);
  const isFraction = (node.maximum ?? node.exclusiveMaximum ?? 0) <= 100;
  if (percent !== null && isFraction)
    return `write ${Number((Number(percent[1]) / 100).toPrecision(12))}`;
  const grouped = /^[$€£]?(\d{1,3}(?:[ ,_']\d{3})+|\d+)(\.\d+)?$/.exec(value);
  return grouped === null ? null : `write ${grouped[1]?.replace(/\D/g, "")}${grouped[2] ?? ""}`;
}

/** Other ways to write a unit of time. */
const units: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["us", "µs", "μs", "usec", "micros"].map((word) => [word, "us"])),
  ...Object.fromEntries(["ms", "msec", "millis"].map((word) => [word, "ms"])),
  ...Object.fromEntries(["s", "sec", "secs", "second", "seconds"].map((word) => [word, "s"])),
  ...Object.fromEntries(["m", "min", "mins", "minute", "minutes"].map((word) => [word, "m"])),
  ...Object.fromEntries(["h", "hr", "hour", "hours"].map((word) => [word, "h"])),
  ...Object.fromEntries(["d", "day", "days"].map((word) => [word, "d"])),
};
