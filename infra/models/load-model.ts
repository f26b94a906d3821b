// Brings a signal model in: a built-in by name, or a user's own file. Promises: what runs is the
// bytes that the digest is of; a file is one whole model, since any import but of types is refused;
// whatever is wrong with it is said with file and line before a single event is read.

import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { builtInModels } from "../../processors/models.ts";
import type { AnyModel } from "../../processors/portfolio-model.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { nearest } from "../config/nearest.ts";
import { checkShape } from "./check-shape.ts";
import { hiddenInputs } from "./hidden-input.ts";
import { modelError } from "./model-failure.ts";
import { loadUserFile } from "./user-file.ts";
import { type ModelActivity, noteCalls } from "./watched-model.ts";

export interface LoadedModel {
  readonly model: AnyModel;
  /** sha256 in hexadecimal: of the file's bytes, or of "name@version" of a built-in. */
  readonly digest: string;
  /** The file's absolute path; null for a built-in. */
  readonly source: string | null;
  /** Which compiler checked the types, or why none did; null for a built-in. */
  readonly typeCheck: string | null;
  /** What a file's model is at, for watchModel; null for a built-in. */
  readonly activity: ModelActivity | null;
}

/** Names hold neither a slash nor an ending; everything else is a path. */
export const isModelPath = (name: string): boolean => /[/\\]|\.[cm]?[jt]sx?$/.test(name);

/**
 * The model of that name, or the default export of the file at that path, which starts at
 * `baseDir`. Throws MODEL_…. A file costs about 0.1 s to check, once a run.
 */
export async function loadModel(nameOrPath: string, baseDir: string): Promise<LoadedModel> {
  if (!isModelPath(nameOrPath)) {
    const builtIn = Object.hasOwn(builtInModels, nameOrPath)
      ? builtInModels[nameOrPath]
      : undefined;
    if (builtIn === undefined) throw unknownModel(nameOrPath);
    const model = builtIn();
    const digest = sha256(`${model.name}@${model.version}`);
    return { model, digest, source: null, typeCheck: null, activity: null };
  }
  const source = resolve(baseDir, nameOrPath);
  const { value, bytes, typeCheck } = await loadUserFile(
    source,
    kindIn,
    Object.keys(builtInModels),
    (text) => refuseHiddenInput(source, text),
  );
  const { model, activity } = noteCalls(checkShape(value, source));
  return { model, digest: sha256(bytes), source, typeCheck, activity };
}

/** Which contract the compiler is to hold a file to: one at a time, so that what it says is of that one. */
const kindIn = (text: string): string =>
  // Outside of a comment.
  /^(?:(?!\/\/|\/\*|^\s*\*).)*\bscope["']?\s*[:=]\s*["'`]portfolio\b/m.test(text)
    ? "PortfolioModel"
    : "SignalModel";

const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex");

function unknownModel(name: string): TapedeckError {
  const known = Object.keys(builtInModels);
  const near = nearest(name, known);
  const guess = near === null ? "" : `; did you mean ${near}?`;
  return new TapedeckError(
    "MODEL_UNKNOWN",
    `there is no model "${name}" among ${known.join(", ")}${guess}`,
    { name },
  );
}

function refuseHiddenInput(source: string, text: string): void {
  const [first, ...rest] = hiddenInputs(text);
  if (first === undefined) return;
  const lines = rest.map(
    (more) => `${source}:${more.line}:${more.column}: ${more.text}: ${more.why}`,
  );
  const message = [`${first.text}: ${first.why}`, ...lines].join("\n");
  throw modelError("MODEL_INPUT_HIDDEN", source, first, message);
}
