// YAML text to plain values, with where each was written. Promises: what a reader of the file would
// expect is what comes out, or a finding says why not. So everything in YAML that surprises is
// refused: anchors and aliases, merge keys, tags, directives, several documents, a key given twice,
// numbers that are octal or hexadecimal or not finite or longer than a float holds. Nothing here
// grows faster than the text.

import type { Node, Pair, Scalar, YAMLError, YAMLMap } from "yaml";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { nowhere, type Origin, type Problem, problem } from "./problem.ts";

/** Digits that every float64 gives back as written. */
const EXACT_DIGITS = 15;
const DEEPEST = 16;

export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Where a value was written, its key, and a single word's text as it stands; by JSON pointer. */
export type Origins = Map<
  string,
  { readonly value: Origin; readonly key: Origin; readonly text: string | null }
>;

export interface ReadYaml {
  /** undefined: the text could not be read at all. */
  readonly value: Plain | undefined;
  readonly origins: Origins;
  readonly problems: readonly Problem[];
}

/** `place` turns an offset of the text into an origin: a line of a file, or a flag. */
type Place = (offset: number) => Origin;

/** Reads a file's text. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  return read(text, lines, (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, flag: null };
  });
}

/** Reads the value of `--set key=value`; every finding names the flag. */
export function readFlag(text: string, flag: string): ReadYaml {
  return read(text, new LineCounter(), () => ({ ...nowhere, flag }));
}

function read(text: string, lineCounter: LineCounter, place: Place): ReadYaml {
  const origins: Origins = new Map();
  const problems: Problem[] = [];
  // Keys given twice are found below: the library's own look-up is quadratic.
  const document = parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false });
  // One slip often breaks a line in several ways: its first finding says enough.
  const brokenLines = new Set<number | null>();
  for (const error of [...document.errors, ...document.warnings]) {
    const at = place(error.pos[0]);
    if (!brokenLines.has(at.line)) problems.push(finding(at, "", explain(error)));
    brokenLines.add(at.line);
  }
  if (problems.length === 0 && document.directives?.yaml.explicit === true) {
    problems.push(finding(place(0), "", "the %YAML directive is not used here: leave it out"));
  }
  if (problems.length > 0) return { value: undefined, origins, problems };
  const value = new Walk(place, origins, problems).node(document.contents, "", "", 0);
  return { value, origins, problems };
}

const finding = (origin: Origin, key: string, message: string): Problem =>
  problem("CONFIG_YAML_INVALID", origin, key, message);

/** Turns nodes into plain values, noting origins and findings as it goes. */
class Walk {
  private readonly place: Place;
  private readonly origins: Origins;
  private readonly problems: Problem[];

  constructor(place: Place, origins: Origins, problems: Problem[]) {
    this.place = place;
    this.origins = origins;
    this.problems = problems;
  }

  /** `pointer` is the value's JSON pointer, `key` its dotted path. */
  node(node: Node | null, pointer: string, key: string, depth: number, keyAt?: Origin): Plain {
    const at = this.place(node?.range?.[0] ?? 0);
    const text = isScalar(node) ? (node.source ?? null) : null;
    this.origins.set(pointer, { value: at, key: keyAt ?? at, text });
    if (node === null) return null;
    if (isAlias(node)) return this.refuse(at, key, `an alias (*${node.source}) is not used here`);
    if (node.anchor !== undefined) {
      return this.refuse(
        at,
        key,
        `an anchor (&${node.anchor}) is not used here: write the value out`,
      );
    }
    if (node.tag !== undefined) {
      return this.refuse(at, key, `the tag ${node.tag} is not used here: leave it out`);
    }
    if (depth > DEEPEST) return this.refuse(at, key, "nests deeper than any setting does");
    if (isScalar(node)) return this.scalar(node, at, key);
    if (isSeq(node)) {
      return node.items.map((item, index) =>
        this.node(item as Node | null, `${pointer}/${index}`, `${key}[${index}]`, depth + 1),
      );
    }
    return isMap(node) ? this.map(node, pointer, key, depth) : null;
  }

  private map(map: YAMLMap, pointer: string, key: string, depth: number): Plain {
    // Without a prototype, so that a key named __proto__ is a key like any other.
    const value: Record<string, Plain> = Object.create(null);
    const firstSeen = new Map<string, Origin>();
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const keyAt = this.place(pair.key?.range?.[0] ?? map.range?.[0] ?? 0);
      const name = keyName(pair.key);
      if (name === null) {
        this.refuse(keyAt, key, "a key is one word");
        continue;
      }
      const path = key === "" ? name : `${key}.${name}`;
      const earlier = firstSeen.get(name);
      if (name === "<<") this.refuse(keyAt, key, "a merge key (<<) is not used here");
      else if (earlier !== undefined) {
        const where = earlier.line === null ? "" : `, first on line ${earlier.line}`;
        this.refuse(keyAt, path, `given twice${where}: keep one`);
      } else {
        firstSeen.set(name, keyAt);
        const child = `${pointer}/${escapePointer(name)}`;
        value[name] = this.node(pair.value, child, path, depth + 1, keyAt);
      }
    }
    return value;
  }

  private scalar(scalar: Scalar, at: Origin, key: string): Plain {
    const { value } = scalar;
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    const text = scalar.source ?? String(value);
    const reason = numberProblem(text);
    return reason === null ? Number(text) : this.refuse(at, key, `found ${text}: ${reason}`);
  }

  private refuse(at: Origin, key: string, message: string): null {
    this.problems.push(finding(at, key, message));
    return null;
  }
}

function keyName(key: Node | null): string | null {
  if (key === null || !isScalar(key) || key.anchor !== undefined) return null;
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

/** Why a number cannot be taken as it is written; null if it can. */
function numberProblem(text: string): string | null {
  const match = /^[+-]?(\d*)\.?(\d*)(?:[eE][+-]?\d+)?$/.exec(text);
  if (match === null) {
    return /^[+-]?0[xob]/i.test(text)
      ? "write it as a decimal number"
      : "not a finite number: write one in digits";
  }
  const [, whole = "", part = ""] = match;
  if (/^0\d/.test(whole)) return "a leading 0 means octal to some readers: leave it out";
  if (!Number.isFinite(Number(text))) return "too large for any setting";
  const digits = (whole + part).replace(/^0+|0+$/g, "");
  if (digits.length > EXACT_DIGITS) return `more than ${EXACT_DIGITS} significant digits`;
  return Number(text) === 0 && digits !== "" ? "too small to tell from 0" : null;
}

/** The parser's finding in words of ours where it has a plain cause. */
function explain(error: YAMLError): string {
  if (error.code === "TAB_AS_INDENT") return "a tab indents here: YAML takes spaces only";
  if (error.code === "MULTIPLE_DOCS")
    return "a second document begins: keep one configuration a file";
  if (error.code === "TAG_RESOLVE_FAILED") return "a tag (!name) is not used here: leave it out";
  if (error.code === "BLOCK_AS_IMPLICIT_KEY") {
    return "not valid YAML: a text that holds a colon and a space needs quotes";
  }
  if (error.message.startsWith("Maximum call stack")) return "nests too deeply to be read";
  const reason = error.message.split("\n")[0] ?? error.message;
  return `not valid YAML: ${reason.replace(/^./, (letter) => letter.toLowerCase())}`;
}

export const escapePointer = (name: string): string =>
  name.replace(/~/g, "~0").replace(/\//g, "~1");

/** "/risk/maxDrawdown" is risk.maxDrawdown; a number in a list is commands[0]. */
export function dottedKey(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"))
    .reduce((path, part) => {
      if (/^\d+$/.test(part) && path !== "") return `${path}[${part}]`;
      return path === "" ? part : `${path}.${part}`;
    }, "");
}
