// Brings in a user's fix for dead letters, as a model is brought in: type-checked where there is a
// compiler, one whole file, told with file and line where something is wrong.

import { resolve } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import type { DeadLetterFix } from "../../streams/dead-letter-fix.ts";
import { loadUserFile } from "../models/user-file.ts";

export interface LoadedFix {
  readonly fix: DeadLetterFix;
  /** The file's absolute path. */
  readonly source: string;
  /** Which compiler checked the types, or why none did. */
  readonly typeCheck: string;
}

/** Throws DLQ_FIX_INVALID. A file costs about 0.1 s to check. */
export async function loadFix(path: string, baseDir: string): Promise<LoadedFix> {
  const source = resolve(baseDir, path);
  try {
    const { value, typeCheck } = await loadUserFile(source, () => "DeadLetterFix");
    if (typeof value === "function") return { fix: value as DeadLetterFix, source, typeCheck };
    throw invalid(`${source}: its default export is no function`);
  } catch (error) {
    if (!(error instanceof TapedeckError) || error.code === "DLQ_FIX_INVALID") throw error;
    throw invalid(error.message, error);
  }
}

const invalid = (message: string, cause?: unknown): TapedeckError =>
  new TapedeckError("DLQ_FIX_INVALID", message, {}, cause);
