// Where an import writes. Promises: a new tape appears under its name only when the import is done;
// one that was interrupted leaves no half tape behind that could be taken for a whole one.

import { existsSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { type EmbeddedLog, openEmbeddedLog } from "../log/embedded-log.ts";

export interface TapeFolder {
  /** Opens the tape for writing: itself if it is there, else one that `keep` will put there. */
  open(): Promise<EmbeddedLog>;
  /** Closes the log and gives the tape its name. */
  keep(): Promise<void>;
  /** Closes the log; a new tape is thrown away, an old one stays as it is. */
  abandon(): Promise<void>;
}

export function tapeFolder(dir: string): TapeFolder {
  if (dir === "") throw refused(dir, "is no folder's name");
  const path = resolve(dir);
  const isNew = !existsSync(path) || isEmptyFolder(path);
  const work = isNew ? `${path}.importing` : path;
  let log: EmbeddedLog | null = null;
  const close = async () => {
    await log?.close();
    log = null;
  };
  return {
    async open() {
      if (isNew && existsSync(work)) await removeLeftover(work);
      log = await openEmbeddedLog(work, { mode: "write" });
      return log;
    },
    async keep() {
      await close();
      if (!isNew) return;
      if (existsSync(path)) rmdirSync(path);
      renameSync(work, path);
    },
    async abandon() {
      const opened = log !== null;
      await close();
      if (isNew && opened) rmSync(work, { recursive: true, force: true });
    },
  };
}

const refused = (value: string, why: string): TapedeckError =>
  new TapedeckError("IMPORT_OPTION_INVALID", `--tape ${value === "" ? '""' : value} ${why}`, {
    option: "--tape",
    value,
  });

function isEmptyFolder(path: string): boolean {
  if (!statSync(path).isDirectory()) throw refused(path, "is a file, not a folder");
  return readdirSync(path).length === 0;
}

/** What an interrupted import left; opening it for writing proves that no import is at work in it. */
async function removeLeftover(work: string): Promise<void> {
  await (await openEmbeddedLog(work, { mode: "write" })).close();
  rmSync(work, { recursive: true });
}
