// A shell that ends in time, with all that it started. Promises: it runs in a process group of its own,
// which is told to end (SIGTERM) when the limit passes or this process is told to, and killed 15 s
// later; what left the group, as servers do, is let be.

import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

export interface ShellEnd {
  /** Null where a signal ended it. */
  readonly status: number | null;
  /** What it was told to end for. */
  readonly because: "limit" | "signal" | null;
}

const GRACE_MS = 15_000;
const POLL_MS = 50;

/** Runs the commands with this process's standard output and error; rejects where there is no bash. */
export function boundedShell(
  commands: string,
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly limitMs: number },
): Promise<ShellEnd> {
  const { limitMs, ...where } = place;
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", commands], {
      ...where,
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
    });
    let because: ShellEnd["because"] = null;
    let isGone = Promise.resolve();
    const end = (why: "limit" | "signal"): void => {
      if (because !== null || child.pid === undefined) return;
      because = why;
      isGone = endGroup(child.pid);
    };
    const onSignal = () => end("signal");
    const limit = setTimeout(() => end("limit"), limitMs);
    for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
    child.once("error", reject);
    child.once("exit", async (status) => {
      clearTimeout(limit);
      // The shell ends at once; what it started may still have something to say.
      await isGone;
      for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
      resolve({ status, because });
    });
  });
}

/** Resolves when nobody of the group is left. */
async function endGroup(group: number): Promise<void> {
  const end = performance.now() + GRACE_MS;
  signalGroup(group, "SIGTERM");
  while (performance.now() < end) {
    await pause(POLL_MS);
    if (!signalGroup(group, 0)) return;
  }
  signalGroup(group, "SIGKILL");
}

/** False where there is nobody. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
