// A file that says what the symbols of one import are, where they are not all the same. Promises: a word that is
// not known, or not allowed, is IMPORT_OPTION_INVALID with the symbol; nothing is read but plain text.

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { TapedeckError } from "../../schemas/errors.ts";
import { shown } from "./import-error.ts";

/** The options of an instrument, by the names that the command line has for them. */
const keys = [
  "assetClass",
  "currency",
  "tickSize",
  "lotSize",
  "multiplier",
  "contract",
  "expiry",
  "baseCurrency",
] as const;

export type InstrumentWords = Partial<Record<(typeof keys)[number], string>>;

const isKey = (name: string): name is (typeof keys)[number] =>
  (keys as readonly string[]).includes(name);

/** By symbol. Takes YAML, and so JSON, of at most 1 MiB; errors of the file system are theirs. */
export function readInstrumentFile(path: string): ReadonlyMap<string, InstrumentWords> {
  const text = readFileSync(path, "utf8");
  if (text.length > 1 << 20) throw invalid(path, "is larger than 1 MiB");
  let root: unknown;
  try {
    root = parse(text, { schema: "failsafe", maxAliasCount: 0 });
  } catch (error) {
    throw invalid(path, error instanceof Error ? (error.message.split("\n")[0] ?? "") : "no YAML");
  }
  if (!isRecord(root)) throw invalid(path, "must name symbols, such as `SIE: { currency: EUR }`");
  return new Map(
    Object.entries(root).map(([symbol, words]) => [symbol, wordsOf(path, symbol, words)]),
  );
}

function wordsOf(path: string, symbol: string, words: unknown): InstrumentWords {
  if (!isRecord(words))
    throw invalid(path, `${shown(symbol)} must be a group of ${keys.join(", ")}`);
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(words)) {
    if (!isKey(name) || typeof value !== "string") {
      throw invalid(path, `${shown(symbol)} has ${shown(name)}; it may have ${keys.join(", ")}`);
    }
    found[name] = value;
  }
  return found;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (path: string, what: string): TapedeckError =>
  new TapedeckError("IMPORT_OPTION_INVALID", `--instruments ${path}: ${what}`, { file: path });
