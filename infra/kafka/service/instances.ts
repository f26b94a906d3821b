// Several processes of this command on one machine. Promises: each runs as if it had been started
// alone; one that dies is started again, with pauses that grow; a signal to this process stops all,
// those too that are between two starts.

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

const LONGEST_PAUSE_MS = 10_000;
/** An end that running again does not mend: usage, input, a processor's failure. */
const FINAL = [2, 3, 5, 6];

/** Runs `count` of the command that this process is; the exit code once all have ended. */
export async function runInstances(count: number, metricsPort: number): Promise<number> {
  const args = withoutInstances(process.argv.slice(1));
  const children = new Map<number, ChildProcess>();
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    stopping.abort();
    for (const child of children.values()) child.kill(signal);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const keep = async (index: number): Promise<number> => {
    const port = metricsPort === 0 ? 0 : metricsPort + index;
    for (let attempt = 0; ; attempt++) {
      const begunMs = performance.now();
      const child = spawn(
        process.execPath,
        [...process.execArgv, ...args, "--metrics", `${port}`],
        {
          stdio: "inherit",
        },
      );
      children.set(index, child);
      const code = await exitOf(child);
      children.delete(index);
      if (stopping.signal.aborted || code === 0) return code;
      if (FINAL.includes(code)) {
        stop("SIGTERM");
        return code;
      }
      if (performance.now() - begunMs > 60_000) attempt = 0;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, 200 * 2 ** attempt);
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return 0;
    }
  };
  try {
    const codes = await Promise.all(Array.from({ length: count }, (_, index) => keep(index)));
    return Math.max(...codes);
  } finally {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
  }
}

const exitOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGTERM" ? 0 : 1)));
  });

function withoutInstances(args: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--instances" || arg === "--metrics") i++;
    else if (!arg.startsWith("--instances=") && !arg.startsWith("--metrics=")) kept.push(arg);
  }
  return kept;
}
