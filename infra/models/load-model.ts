// Brings a signal model in: a built-in by name, or a user's own file. Promises: what runs is the bytes
// that the digest is of; a file is one whole model, since any import but of types is refused; whatever
// is wrong with it is said with file and line before a single event is read.
// Not caught: a loop without end in a model. It holds the process until that is killed.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import module from "node:module";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { builtInModels } from "../../processors/models.ts";
import type { SignalModel } from "../../processors/signal-model.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { nearest } from "../config/nearest.ts";
import { checkShape } from "./check-shape.ts";
import { frameIn, modelError } from "./model-failure.ts";
import { checkTypes } from "./type-check.ts";

export interface LoadedModel {
  readonly model: SignalModel;
  /** sha256 in hexadecimal: of the file's bytes, or of "name@version" of a built-in. */
  readonly digest: string;
  /** The file's absolute path; null for a built-in. */
  readonly source: string | null;
  /** Which compiler checked the types, or why none did; null for a built-in. */
  readonly typeCheck: string | null;
}

const MAX_MODEL_BYTES = 1 << 20;

/** Names hold neither a slash nor an ending; everything else is a path. */
export const isModelPath = (name: string): boolean => /[/\\]|\.[cm]?[jt]sx?$/.test(name);

/**
 * The model of that name, or the default export of the file at that path, which starts at `baseDir`.
 * Throws MODEL_…. A file costs about 0.1 s to check, once a run.
 */
export async function loadModel(nameOrPath: string, baseDir: string): Promise<LoadedModel> {
  if (!isModelPath(nameOrPath)) {
    const builtIn = Object.hasOwn(builtInModels, nameOrPath)
      ? builtInModels[nameOrPath]
      : undefined;
    if (builtIn === undefined) throw unknownModel(nameOrPath);
    const model = builtIn();
    const digest = sha256(`${model.name}@${model.version}`);
    return { model, digest, source: null, typeCheck: null };
  }
  const source = resolve(baseDir, nameOrPath);
  const isTypeScript = /\.m?ts$/.test(source);
  if (!isTypeScript && !/\.m?js$/.test(source)) {
    throw modelError("MODEL_UNREADABLE", source, null, "a model's file ends in .ts or .js");
  }
  const bytes = readBytes(source);
  requireRuntime(source);
  const typeCheck = isTypeScript ? await requireTypes(source) : "a JavaScript file has no types";
  const model = checkShape(evaluate(source, bytes, isTypeScript), source);
  return { model, digest: sha256(bytes), source, typeCheck };
}

const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

function unknownModel(name: string): TapedeckError {
  const known = Object.keys(builtInModels);
  const near = nearest(name, known);
  const guess = near === null ? "" : `; did you mean ${near}?`;
  return new TapedeckError(
    "MODEL_UNKNOWN",
    `there is no model "${name}"${guess} The built-in ones: ${known.join(", ")}`,
    { name },
  );
}

function readBytes(source: string): Buffer {
  const refuse = (why: string) => modelError("MODEL_UNREADABLE", source, null, why);
  try {
    const entry = statSync(source);
    if (entry.isDirectory()) throw refuse("it is a folder, not a file");
    if (!entry.isFile()) throw refuse("it is no regular file");
    if (entry.size > MAX_MODEL_BYTES) throw refuse("it is larger than 1 MiB");
    return readFileSync(source);
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw refuse(`it cannot be read: ${code}`);
    const near = nearFile(source) ?? nearest(basename(source), Object.keys(builtInModels));
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
async function requireTypes(source: string): Promise<string> {
  const { detail, checked, errors } = await checkTypes(source);
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
  const url = pathToFileURL(source).href;
  // Different bytes are a different module, in a process that loads a file twice.
  const request = `tapedeck-model:${source}?${sha256(bytes)}`;
  const version = `${url}?sha256=${sha256(bytes)}`;
  let refused: string | null = null;
  const hooks = module.registerHooks({
    resolve(specifier, context, next) {
      if (specifier === request) return { url: version, shortCircuit: true };
      if (context.parentURL !== url && context.parentURL !== version) {
        return next(specifier, context);
      }
      refused = specifier;
      throw new Error(`the import of ${specifier} is refused`);
    },
    load(target, context, next) {
      if (target !== version) return next(target, context);
      const format = isTypeScript ? "module-typescript" : "module";
      return { format, source: bytes, shortCircuit: true };
    },
  });
  try {
    // A synchronous load: a model that waits for something at its top level is refused by it.
    const loaded = module.createRequire(import.meta.url)(request) as { default?: unknown };
    if (!("default" in loaded)) {
      throw modelError("MODEL_SHAPE_INVALID", source, null, "it has no default export");
    }
    return loaded.default;
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    throw explainLoad(error, source, bytes.toString("utf8"), refused);
  } finally {
    hooks.deregister();
  }
}

function explainLoad(
  error: unknown,
  source: string,
  text: string,
  refused: string | null,
): TapedeckError {
  if (refused !== null) {
    const line = text.split("\n").findIndex((row) => row.includes(refused)) + 1;
    const message = `imports ${refused}; the run's digest covers this file alone`;
    return modelError(
      "MODEL_IMPORT_REFUSED",
      source,
      { line: Math.max(line, 1), column: 1 },
      message,
    );
  }
  const {
    code,
    message,
    stack = "",
  } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "ERR_REQUIRE_ASYNC_MODULE") {
    const why = "waits at its top level (await); a model is there at once";
    return modelError("MODEL_SHAPE_INVALID", source, null, why, error);
  }
  if (error instanceof SyntaxError) {
    const line = Number(/:(\d+)$/.exec(stack.split("\n")[0] ?? "")?.[1] ?? 1);
    return modelError("MODEL_SYNTAX_INVALID", source, { line, column: 1 }, `${message}`, error);
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return modelError(
    "MODEL_FAILED",
    source,
    frameIn(error, source),
    `threw while loading: ${what}`,
    error,
  );
}
