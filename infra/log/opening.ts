// What must hold before a log is used. Promises: LMDB is never handed a file whose structure is
// damaged (it would crash or overwrite good pages); one log of a folder is open for writing at a
// time in this process. Other processes are kept out by the claim in writer-thread.ts.

import { TapedeckError } from "../../schemas/errors.ts";
import { dataPath, dataSize, findLog, prepareFolder } from "./folder.ts";
import { LogReader } from "./log-reader.ts";
import { isAlive } from "./owner.ts";
import { damaged } from "./page-file.ts";
import { walk } from "./tree.ts";

const writtenHere = new Set<string>();

const locked = (dir: string, pid: number): TapedeckError =>
  new TapedeckError("STORE_LOCKED", `process ${pid} writes the log at ${dir}`, { dir, pid });

/** Makes the folder this process's to write; returns its one true path. */
export function claimFolder(dir: string): string {
  const path = prepareFolder(dir);
  if (writtenHere.has(path)) throw locked(path, process.pid);
  writtenHere.add(path);
  return path;
}

export function releaseFolder(path: string): void {
  writtenHere.delete(path);
}

/**
 * The path of a log that may be opened. For writing its whole structure is checked, batches' own
 * bytes left out (each is verified when it is read). Cost: reads the tree's pages once.
 */
export function soundLog(dir: string, mode: "write" | "read"): string {
  if (mode === "read") return findLog(dir);
  if (dataSize(dir) === 0) return dir;
  const reader = new LogReader(dataPath(dir));
  try {
    const owner = reader.owner();
    if (owner !== null && owner.pid !== process.pid && isAlive(owner)) {
      throw locked(dir, owner.pid);
    }
    const snapshot = reader.current();
    const faults: string[] = [];
    walk(reader.file, snapshot, { entry: () => {}, fault: (what) => faults.push(what) });
    reader.refresh();
    // Another writer started meanwhile: its claim will be found, not damage.
    if (faults.length === 0 || reader.current().txn !== snapshot.txn) return dir;
    const more = faults.length > 1 ? `, and ${faults.length - 1} more` : "";
    throw damaged(`${dir} is damaged: ${faults[0]}${more}`, { dir, faults: faults.length });
  } finally {
    reader.close();
  }
}
