// One at a time, across processes. Promises: work under a lock file is done by one process at once;
// a lock whose owner died is taken away.

import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { decodeOwner, isAlive, thisProcess } from "../log/owner.ts";

const WAIT_MS = 200;
const UNWRITTEN_MS = 60_000;

/** Waits for the lock, does the work, gives the lock back. Its folder must be there. */
export async function whileLocked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  while (!acquire(lock)) await pause(WAIT_MS);
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/**
 * Whether the lock is ours now. A dead owner's is taken away, for the next try. Two who take it
 * away at the same moment may both go on: so the work must be harmless twice, if slow.
 */
function acquire(lock: string): boolean {
  try {
    writeFileSync(lock, JSON.stringify(thisProcess()), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (isStale(lock)) rmSync(lock, { force: true });
  return false;
}

function isStale(lock: string): boolean {
  try {
    const owner = decodeOwner(readFileSync(lock));
    // Made and not yet written, unless whoever made it died in between.
    if (owner === null) return Date.now() - statSync(lock).mtimeMs > UNWRITTEN_MS;
    return !isAlive(owner);
  } catch {
    return false;
  }
}
