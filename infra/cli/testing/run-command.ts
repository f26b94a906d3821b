// Runs a program to its end, for tests. Promises: no wait is without a limit, since a synchronous one
// blocks the worker and with it the test's own time-out; a program that does not end is killed, and
// the failure says its command line and what it had printed.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What a program printed, and its exit code; null where a signal ended it. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Where {
  readonly cwd?: string;
  /** In place of this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default 180 s: many times what any command takes on a loaded machine. */
  readonly limitMs?: number;
}

/** The program behind `tapedeck`, for tests that hold the process themselves. */
export const TAPEDECK = join(import.meta.dirname, "../tapedeck.ts");

const MOST_OUTPUT = 64 << 20;

/** Throws where the program cannot be started, prints over 64 MiB or does not end within the limit. */
export function runCommand(command: string, args: readonly string[], where: Where = {}): Ended {
  const { limitMs = 180_000, ...place } = where;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...place,
    encoding: "utf8",
    maxBuffer: MOST_OUTPUT,
    timeout: limitMs,
    killSignal: "SIGKILL",
  });
  if (error === undefined) return { status, stdout, stderr };
  const isLate = (error as NodeJS.ErrnoException).code === "ETIMEDOUT";
  const why = isLate ? `did not end within ${limitMs / 1000} s` : `failed: ${error.message}`;
  const line = [command, ...args].join(" ");
  throw new Error(`${line}\n${why}; it printed\n${stdout ?? ""}\nand as errors\n${stderr ?? ""}`);
}

/** Runs `tapedeck` from its sources. */
export const runTapedeck = (args: readonly string[], where: Where = {}): Ended =>
  runCommand(process.execPath, [TAPEDECK, ...args], where);

/** `tapedeck` in a folder that is known when it runs, for tests that ask it many times. */
export function tapedeckIn(folder: () => string) {
  const tapedeck = (...args: readonly string[]) => {
    const { status, stdout, stderr } = runTapedeck(args, { cwd: folder() });
    return { status: status ?? -1, out: stdout, err: stderr };
  };
  /** What it prints with --json; throws unless it ends with 0 and says nothing on stderr. */
  const json = <T>(...args: readonly string[]): T => {
    const { status, out, err } = tapedeck(...args, "--json");
    if (status !== 0 || err !== "")
      throw new Error(`${args.join(" ")} ended with ${status}: ${err}`);
    return JSON.parse(out) as T;
  };
  return { tapedeck, json };
}
