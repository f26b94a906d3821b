// A library that is loaded between a program and its files (LD_PRELOAD), compiled from C beside this file.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const COMPILE_MS = 60_000;

/** False where there is no Linux or no compiler: those tests are skipped. Takes 0.1 s. */
export function compileShim(source: string, library: string): boolean {
  if (process.platform !== "linux") return false;
  const from = [join(import.meta.dirname, source), "-ldl", "-lpthread"];
  const { status, error } = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, ...from], {
    timeout: COMPILE_MS,
    killSignal: "SIGKILL",
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") {
    throw new Error(`cc ${source} did not end within ${COMPILE_MS / 1000} s`);
  }
  return status === 0;
}
