// The folder of a log: what lies in it, and a marker that says what wrote it. Promises: a folder
// that is not a log, or is one of another version, is refused before anything in it is touched.

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";

export const FORMAT = "tapedeck-log";
export const VERSION = 1;

export const dataPath = (dir: string): string => join(dir, "data.mdb");
export const lockPath = (dir: string): string => join(dir, "data.mdb-lock");
export const markerPath = (dir: string): string => join(dir, "log.json");

const errnoOf = (error: unknown): string | number | undefined =>
  (error as { code?: string | number } | null)?.code;

/** What an operating system's refusal to open means, with the folder that it is about. */
export function openFailure(dir: string, error: unknown): TapedeckError {
  if (error instanceof TapedeckError) return error;
  const code = errnoOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  const facts = { dir };
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === 13 || code === 30) {
    return new TapedeckError(
      "STORE_READ_ONLY",
      `${dir} cannot be written: ${reason}`,
      facts,
      error,
    );
  }
  if (code === "ENOSPC" || code === 28) {
    return new TapedeckError("STORE_FULL", `no space left for ${dir}`, facts, error);
  }
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new TapedeckError("STORE_NOT_FOUND", `there is no log at ${dir}`, facts, error);
  }
  return new TapedeckError("STORE_UNAVAILABLE", `${dir} cannot be opened: ${reason}`, facts, error);
}

/** The marker's text, written so that a power cut leaves all of it or none. */
export function writeMarker(dir: string): void {
  const temporary = `${markerPath(dir)}.new`;
  const fd = openSync(temporary, "w");
  try {
    writeSync(fd, `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, markerPath(dir));
  syncFolder(dir);
}

/** A new name in a folder survives a power cut only once the folder has been synced. */
export function syncFolder(dir: string): void {
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Throws if the folder's marker is there and wrong. It may be missing: rows tell the version. */
export function checkMarker(dir: string): void {
  let text: string;
  try {
    text = readFileSync(markerPath(dir), "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw openFailure(dir, error);
  }
  const marker = parse(text);
  if (marker === null || marker.format !== FORMAT || typeof marker.version !== "number") {
    throw new TapedeckError("STORE_DAMAGED", `${markerPath(dir)} is not a log's marker`, { dir });
  }
  if (marker.version !== VERSION) {
    throw new TapedeckError(
      "STORE_FORMAT",
      `${dir} is a log of version ${marker.version}; this is version ${VERSION}`,
      { dir, version: marker.version, expected: VERSION },
    );
  }
}

/** Bytes of the data file; 0 where there is none. */
export const dataSize = (dir: string): number =>
  statSync(dataPath(dir), { throwIfNoEntry: false })?.size ?? 0;

function parse(text: string): { format?: unknown; version?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** The folder's one true path. Throws STORE_NOT_FOUND where no log lies in it. */
export function findLog(dir: string): string {
  try {
    const path = realpathSync(dir);
    checkMarker(path);
    if (dataSize(path) > 0) return path;
    if (existsSync(markerPath(path))) throw dataLost(path);
  } catch (error) {
    throw openFailure(dir, error);
  }
  throw new TapedeckError("STORE_NOT_FOUND", `there is no log at ${dir}`, { dir });
}

/** As findLog, but makes the folder where it is missing. The marker comes after the data. */
export function prepareFolder(dir: string): string {
  try {
    mkdirSync(dir, { recursive: true });
    const path = realpathSync(dir);
    checkMarker(path);
    if (existsSync(markerPath(path)) && dataSize(path) === 0) throw dataLost(path);
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    throw openFailure(dir, error);
  }
}

const dataLost = (dir: string): TapedeckError =>
  new TapedeckError("STORE_DAMAGED", `${dir} has lost its data file`, { dir });

export const markerMissing = (dir: string): boolean => !existsSync(markerPath(dir));
