// A configuration file's text. Promises: what is no readable UTF-8 file of a sane size ends in one
// finding that says so, before anything of it is looked at.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { nearest } from "./nearest.ts";
import { type ConfigCode, configError, nowhere, problem } from "./problem.ts";

/** Ten thousand symbols fit; the parser is quadratic in what nobody writes. */
const MAX_CONFIG_KIB = 256;

/** The file's text; throws CONFIG_FILE_UNREADABLE or CONFIG_NOT_TEXT. */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    const entry = statSync(path);
    if (entry.isDirectory()) {
      throw fileError("CONFIG_FILE_UNREADABLE", path, "it is a folder, not a file");
    }
    if (!entry.isFile()) throw fileError("CONFIG_FILE_UNREADABLE", path, "it is no regular file");
    if (entry.size > MAX_CONFIG_KIB * 1024) {
      const rule = `a configuration has ${MAX_CONFIG_KIB} at most`;
      const size = `${Math.ceil(entry.size / 1024)} KiB`;
      throw fileError("CONFIG_NOT_TEXT", path, `it holds ${size}; ${rule}`);
    }
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof TapedeckError) throw error;
    throw unreadable(path, error);
  }
  if (bytes[0] === 0xfe || bytes[0] === 0xff) {
    throw fileError("CONFIG_NOT_TEXT", path, "it seems to be UTF-16 text; save it as UTF-8");
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw fileError("CONFIG_NOT_TEXT", path, `it is binary: byte ${zero} is 0`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fileError("CONFIG_NOT_TEXT", path, "it is not UTF-8 text");
  }
}

function unreadable(path: string, error: unknown): TapedeckError {
  const reason = (error as NodeJS.ErrnoException).code ?? "";
  if (reason === "ENOENT" || reason === "ENOTDIR") {
    const near = neighbour(path);
    const guess = near === null ? "" : `; did you mean ${near}?`;
    return fileError("CONFIG_FILE_UNREADABLE", path, `there is no such file${guess}`);
  }
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "no permission to read it",
    EPERM: "no permission to read it",
    ELOOP: "its symbolic links go round in a circle",
    ENAMETOOLONG: "the name is too long",
  };
  return fileError(
    "CONFIG_FILE_UNREADABLE",
    path,
    reasons[reason] ?? `it cannot be read: ${reason}`,
  );
}

/** A file beside it that is called nearly the same. */
function neighbour(path: string): string | null {
  try {
    const near = nearest(basename(path), readdirSync(dirname(resolve(path))));
    return near === null ? null : `${dirname(path)}/${near}`.replace(/^\.\//, "");
  } catch {
    return null;
  }
}

/** A finding about the file as a whole. */
export const fileError = (code: ConfigCode, path: string, message: string): TapedeckError =>
  configError(path, [problem(code, nowhere, "", message)]);
