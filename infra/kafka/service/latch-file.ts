// A file beside a live application that stops it on this machine, whatever the log, the page or the broker does.
// Promises: a service that shares the folder looks for it before each commit, so that nothing it had not committed
// when the file was there is ever seen; it holds over restarts; who set it, set it again and released it, and why, is kept
// in a log beside it that nothing deletes. Setting it never waits for the log; releasing it does.
//
// What it cannot do: it cancels nothing and closes nothing, since nothing is sent at all; and it stops no service on
// another machine, or under another --root.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { TapedeckError } from "../../../schemas/errors.ts";
import { writeWhole } from "../../run/run-folder.ts";

export interface Latch {
  readonly who: string;
  readonly why: string;
  /** ISO 8601, by this machine's clock. */
  readonly at: string;
}

export const latchPath = (root: string, app: string): string =>
  join(root, "live", app, "latch.json");

export const latchLogPath = (root: string, app: string): string =>
  join(root, "live", app, "latch-log.jsonl");

/** Also for an application that has not run yet. Who set it first stays in the file; each who does, in the log. */
export function setLatch(root: string, app: string, latch: Latch): string {
  const path = latchPath(root, app);
  mkdirSync(dirname(path), { recursive: true });
  const isFirst = !isThere(path);
  if (isFirst) writeWhole(path, `${JSON.stringify(latch, null, 2)}\n`);
  log(root, app, isFirst ? "set" : "set again", latch);
  return path;
}

/** False where there was none. What cannot be written down is not released. */
export function releaseLatch(root: string, app: string, by: Latch): boolean {
  const path = latchPath(root, app);
  if (!isThere(path)) return false;
  log(root, app, "released", by);
  rmSync(path);
  return true;
}

/** One line, on the disk when the call returns. */
function log(root: string, app: string, what: string, { who, why, at }: Latch): void {
  const file = openSync(latchLogPath(root, app), "a");
  try {
    writeSync(file, `${JSON.stringify({ at, latch: what, who, why })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Null where there is none; a file that cannot be read holds, without a name. */
export function readLatch(root: string, app: string): Latch | null {
  const path = latchPath(root, app);
  if (!isThere(path)) return null;
  try {
    const { who = "?", why = "?", at = "?" } = JSON.parse(readFileSync(path, "utf8")) as Latch;
    return { who, why, at };
  } catch {
    return { who: "?", why: `${path} cannot be read`, at: "?" };
  }
}

/** Asked before each commit: throws LIVE_LATCHED where the file is there. Cost: one look at the folder. */
export function latchCheck(root: string, app: string): () => void {
  const path = latchPath(root, app);
  return () => {
    if (!isThere(path)) return;
    const latch = readLatch(root, app);
    throw new TapedeckError(
      "LIVE_LATCHED",
      `${app} was stopped by ${latch?.who ?? "?"} (${latch?.why ?? "?"}): ${path}`,
      { app, path },
    );
  };
}

/** What cannot be looked at counts as there: the safe side. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
