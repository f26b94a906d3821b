// Loads a file of a user's that has one value to export. Promises: what runs is the bytes that were
// read; the file is one whole, since any import but of types is refused; whatever is wrong with it is
// said with file and line.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import module from "node:module";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { TapedeckError } from "../../schemas/errors.ts";
import { nearest } from "../config/nearest.ts";
import { frameIn, modelError, thrown } from "./model-failure.ts";
import { checkTypes } from "./type-check.ts";

export interface UserFile {
  /** Its default export: held to its type where the types were checked, and by nothing else. */
  readonly value: unknown;
  readonly bytes: Buffer;
  /** Which compiler checked the types, or why none did. */
  readonly typeCheck: string;
}

const MAX_BYTES = 1 << 20;

/**
 * The default export of the file at an absolute path. `typeOf` names a type that "tapedeck" exports, by
 * the file's text; `names` are told where the path looks like one of them; `look` may refuse the text before it runs. Throws
 * MODEL_…
 */
export async function loadUserFile(
  source: string,
  typeOf: (text: string) => string,
  names: readonly string[] = [],
  look: (text: string) => void = () => undefined,
): Promise<UserFile> {
  const isTypeScript = /\.m?ts$/.test(source);
  if (!isTypeScript && !/\.m?js$/.test(source)) {
    throw modelError(
      "MODEL_UNREADABLE",
      source,
      null,
      "its name is not one that ends in .ts or .js",
    );
  }
  const bytes = readBytes(source, names);
  requireRuntime(source);
  const text = bytes.toString("utf8");
  const typeCheck = isTypeScript
    ? await requireTypes(source, typeOf(text))
    : "a JavaScript file has no types";
  look(text);
  return { value: evaluate(source, bytes, isTypeScript), bytes, typeCheck };
}

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

function readBytes(source: string, names: readonly string[]): Buffer {
  const refuse = (why: string) => modelError("MODEL_UNREADABLE", source, null, why);
  try {
    const entry = statSync(source);
    if (entry.isDirectory()) throw refuse("it is a folder, not a file");
    if (!entry.isFile()) throw refuse("it is no regular file");
    if (entry.size > MAX_BYTES) throw refuse("it is larger than 1 MiB");
    return readFileSync(source);
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw refuse(`it cannot be read: ${code}`);
    const near = nearFile(source) ?? nearest(basename(source), names);
    throw refuse(`there is no such file${near === null ? "" : `; did you mean ${near}?`}`);
  }
}

function nearFile(source: string): string | null {
  try {
    const files = readdirSync(dirname(source)).filter((name) => /\.m?[jt]s$/.test(name));
    const near = nearest(basename(source), files);
    return near === null ? null : `./${near}`;
  } catch {
    return null;
  }
}

/** Loading exact bytes and refusing imports needs hooks that came with Node 22.15, types 22.18. */
function requireRuntime(source: string): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  const message = `a model file needs Node 22.18 or later to run; this is ${process.versions.node}`;
  throw modelError("MODEL_RUNTIME_TOO_OLD", source, null, message);
}

/** Throws MODEL_TYPE_INVALID or MODEL_SYNTAX_INVALID with every finding; gives who checked. */
async function requireTypes(source: string, type: string): Promise<string> {
  const { detail, checked, errors } = await checkTypes(source, type);
  const [first] = errors;
  if (first === undefined) return checked ? detail : `not type-checked: ${detail}`;
  const [, ...rest] = errors;
  const lines = rest.map((e) => `${source}:${e.line}:${e.column}: ${e.message} (TS${e.number})`);
  // Numbers below 2000 are the parser's.
  const code = first.number < 2000 ? "MODEL_SYNTAX_INVALID" : "MODEL_TYPE_INVALID";
  throw modelError(
    code,
    source,
    first,
    [`${first.message} (TS${first.number})`, ...lines].join("\n"),
  );
}

/** The file's default export, from exactly these bytes. */
function evaluate(source: string, bytes: Buffer, isTypeScript: boolean): unknown {
  let refused: string | null = null;
  try {
    const loaded = requireBytes(source, bytes, isTypeScript, (specifier) => {
      refused = specifier;
    });
    if (!("default" in loaded)) {
      throw modelError("MODEL_SHAPE_INVALID", source, null, "it has no default export");
    }
    return loaded.default;
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    const text = bytes.toString("utf8");
    if (refused !== null) throw importError(source, text, refused);
    if (!(error instanceof SyntaxError)) throw loadError(error, source);
    const line = syntaxLine(error) ?? javaScriptLine(source, bytes);
    const at = line === null ? null : { line, column: 1 };
    throw modelError("MODEL_SYNTAX_INVALID", source, at, error.message, error);
  }
}

/** Loads without waiting, so that a model which waits at its top level is refused by the engine. */
function requireBytes(
  source: string,
  bytes: Buffer,
  isTypeScript: boolean,
  onImport: (specifier: string) => void,
): { readonly default?: unknown } {
  // The engine keeps modules by path: the digest makes one of other bytes another module.
  const ending = isTypeScript ? "ts" : "mjs";
  const url = `${pathToFileURL(source).href}/${sha256(bytes)}.${ending}`;
  const request = `tapedeck-model:${url}`;
  const hooks = module.registerHooks({
    resolve(specifier, context, next) {
      if (specifier === request) return { url, shortCircuit: true };
      if (context.parentURL !== url) return next(specifier, context);
      onImport(specifier);
      throw new Error(`the import of ${specifier} is refused`);
    },
    load(target, context, next) {
      if (target !== url) return next(target, context);
      // Told, not guessed: the folder need not be a package of modules.
      const format = isTypeScript ? "module-typescript" : "module";
      return { format, source: bytes, shortCircuit: true };
    },
  });
  try {
    return module.createRequire(import.meta.url)(request);
  } finally {
    hooks.deregister();
  }
}

function importError(source: string, text: string, specifier: string): TapedeckError {
  const line = text.split("\n").findIndex((row) => row.includes(specifier)) + 1;
  const at = line === 0 ? null : { line, column: 1 };
  const message = `imports ${specifier}; the run's digest covers this file alone`;
  return modelError("MODEL_IMPORT_REFUSED", source, at, message);
}

function loadError(error: unknown, source: string): TapedeckError {
  if ((error as NodeJS.ErrnoException | null)?.code === "ERR_REQUIRE_ASYNC_MODULE") {
    const why = "waits at its top level (await); a model is there at once";
    return modelError("MODEL_SHAPE_INVALID", source, null, why, error);
  }
  const message = `threw while loading: ${thrown(error)}`;
  return modelError("MODEL_FAILED", source, frameIn(error, source), message, error);
}

/** Node begins the stack of a TypeScript syntax error with its place. */
function syntaxLine(error: Error): number | null {
  const line = /:(\d+)$/.exec(error.stack?.split("\n")[0] ?? "")?.[1];
  return line === undefined ? null : Number(line);
}

/** The engine does not say where JavaScript is broken; its reader of TypeScript does. */
function javaScriptLine(source: string, bytes: Buffer): number | null {
  try {
    requireBytes(source, bytes, true, () => {});
  } catch (error) {
    if (error instanceof SyntaxError) return syntaxLine(error);
  }
  return null;
}
