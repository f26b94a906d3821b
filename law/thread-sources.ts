// The beginnings of threads, with their types taken off before any thread asks for them. Promises: whatever this process
// starts from now on finds them, and all that they import, in Node's compile cache.
//
// Node takes types off by WebAssembly, and where several threads do so at once V8 has been seen to crash the process (SIGSEGV,
// or an abort in its registry of compiled code). Full runs of the tests died so twice, in a file of threads each time, and
// sixty runs of such a file alone did not. From the cache a thread reads plain JavaScript, and begins in a quarter of the
// time. What is installed is JavaScript anyway.

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { COMPILE_CACHE } from "../infra/faults/runs/compile-cache.ts";

/** So they are called; or they ask for what only a thread has. */
const NAMED = /-thread\.ts$/;
const BEGINNING = /import \{[^}]*\b(?:parentPort|workerData)\b[^}]*\} from "node:worker_threads"/;

/** Throws where a beginning cannot be read. Cost: 0.6 s the first time, then 0.2 s. */
export function stripThreadSources(root: string): void {
  process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE;
  // A module that throws first keeps the next one from running, but not from being read with all that it imports.
  const reads = threadSources(root).map((path) => {
    const imports = ["data:text/javascript,throw 0", pathToFileURL(path).href];
    const module = imports.map((url) => `import ${JSON.stringify(url)};`).join("");
    return `await import(${JSON.stringify(`data:text/javascript,${module}`)}).catch(unlessZero);`;
  });
  const unlessZero = "const unlessZero = (error) => { if (error !== 0) throw error; };";
  const script = [unlessZero, ...reads].join("\n");
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  if (status !== 0) throw new Error(`the beginnings of threads cannot be read: ${stderr}`);
}

export const threadSources = (root: string): readonly string[] =>
  globSync("{bench,infra}/**/*.ts", { cwd: root })
    .map((path) => join(root, path))
    .filter((path) => NAMED.test(path) || BEGINNING.test(readFileSync(path, "utf8")))
    .sort();
