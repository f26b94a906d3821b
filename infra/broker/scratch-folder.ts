// Folders for servers' data. Promises: named after the process that made them, so that what a killed
// one left in the moment before a guard stood by (guarded-process.ts) goes with the next start.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, ownerOf } from "../log/owner.ts";

/** The host is part of it: containers may share the folder, and their process numbers mean nothing here. */
const prefixOf = (kind: string): string =>
  `tapedeck-${kind}-${hostname().replaceAll(/[^\w.]/g, "_")}-`;

export function makeScratchFolder(kind: "kafka" | "registry"): string {
  const prefix = prefixOf(kind);
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix)
      ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1]
      : undefined;
    if (pid !== undefined && !isAlive(ownerOf(Number(pid)))) removeLeft(join(tmpdir(), name));
  }
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** Somebody else's, or one that its guard removes just now, is not ours to insist on. */
function removeLeft(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {}
}
