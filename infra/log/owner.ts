// Which process writes a log. Promises: a writer that is alive is recognised, and one that died is
// never taken for alive, even when its process number is used again.

import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Kind and key of the row that names the owner. */
export const OWNER_ROW = 5;
export const ownerKey: Buffer = Buffer.from([OWNER_ROW]);

export interface Owner {
  readonly pid: number;
  /** When the process started, in clock ticks since boot; null where the system does not say. */
  readonly started: number | null;
  readonly boot: string | null;
  readonly host: string;
}

/** null: the system does not say, or the process is dead and only not yet collected. */
function startOf(pid: number): number | null {
  try {
    // The command's name, in parentheses, may hold spaces: count fields after the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

function bootOf(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}

/** A process of this machine, as it can be recognised later. */
export const ownerOf = (pid: number): Owner => ({
  pid,
  started: startOf(pid),
  boot: bootOf(),
  host: hostname(),
});

export const thisProcess = (): Owner => ownerOf(process.pid);

/** A signal of 0 asks whether the process exists; EPERM means that it does, as another user's. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether the owner still runs on this machine. Of another machine nothing can be known: false. */
export function isAlive(owner: Owner): boolean {
  if (owner.boot !== bootOf() || !exists(owner.pid)) return false;
  return owner.started === startOf(owner.pid);
}

export function decodeOwner(payload: Uint8Array): Owner | null {
  try {
    const value = JSON.parse(Buffer.from(payload).toString("utf8")) as Partial<Owner>;
    const { pid, started = null, boot = null, host = "" } = value;
    return typeof pid === "number" ? { pid, started, boot, host } : null;
  } catch {
    return null;
  }
}
