// Several processes of this command on one machine. Promises: each runs as if it had been started
// alone; one that dies is started again, with pauses that grow, and it is said why; a signal to this
// process stops all, those too that are between two starts, and so does its death; what is wrong with
// the command is said by one: the others are started once it serves.

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
  const say = (index: number, pid: number | undefined, how: string): void => {
    process.stderr.write(`instance ${index + 1} of ${count} (process ${pid}) ${how}\n`);
  };
  let first: () => void = () => undefined;
  const serving = new Promise<void>((resolve) => {
    first = resolve;
  });
  const keep = async (index: number): Promise<number> => {
    if (index > 0) await serving;
    if (stopping.signal.aborted) return 0;
    const port = metricsPort === 0 ? 0 : metricsPort + index;
    for (let attempt = 0; ; attempt++) {
      const begunMs = performance.now();
      const child = spawn(
        process.execPath,
        [...process.execArgv, ...args, "--metrics", `${port}`],
        {
          // The fourth tells the parent that it serves, and the child that the parent is gone.
          stdio: ["inherit", "inherit", "inherit", "ipc"],
        },
      );
      children.set(index, child);
      child.once("message", first);
      const { code, how } = await endOf(child);
      children.delete(index);
      if (!stopping.signal.aborted && code !== 0 && FINAL.includes(code)) {
        say(index, child.pid, `${how}: all are stopped`);
        stop("SIGTERM");
      }
      if (stopping.signal.aborted || code === 0) {
        first();
        return code;
      }
      if (performance.now() - begunMs > 60_000) attempt = 0;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, 200 * 2 ** attempt);
      say(index, child.pid, `${how}: started again in ${pauseMs / 1000} s`);
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) {
        first();
        return 0;
      }
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

interface End {
  readonly code: number;
  readonly how: string;
}

const endOf = (child: ChildProcess): Promise<End> =>
  new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ code: 1, how: `did not start: ${message}` }));
    child.once("exit", (code, signal) =>
      resolve({
        code: code ?? (signal === "SIGTERM" ? 0 : 1),
        how: signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`,
      }),
    );
  });

/**
 * To be called by an instance that serves: the others may start now. From here on it stops, as by
 * SIGTERM, when the process that keeps it is gone. Nothing where nobody keeps it.
 */
export function tellServing(): void {
  if (process.send === undefined) return;
  const stop = (): boolean => process.kill(process.pid, "SIGTERM");
  process.once("disconnect", stop);
  if (process.connected) process.send("serving");
  else stop();
  process.channel?.unref();
}

function withoutInstances(args: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--instances" || arg === "--metrics") i++;
    else if (!arg.startsWith("--instances=") && !arg.startsWith("--metrics=")) kept.push(arg);
  }
  return kept;
}
