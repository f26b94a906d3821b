// Threads of the sources find their files with the types taken off.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { stripThreadSources, threadSources } from "./thread-sources.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "thread-sources-"));

beforeAll(() => {
  vi.stubEnv("NODE_COMPILE_CACHE", folder);
  stripThreadSources(root);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("every file that is begun as a thread is known", () => {
  expect(threadSources(root).map((path) => basename(path))).toEqual(
    expect.arrayContaining(["writer-thread.ts", "cpu-thread.ts", "sim.ts"]),
  );
});

test.each(threadSources(root))(
  "%s is read, with all that it imports, and nothing is stripped",
  (path) => {
    // Node says natively what it reads from its cache. What a thread does without its data is of no interest here.
    const begin = `const { Worker } = require("node:worker_threads");
    new Worker(${JSON.stringify(path)}).on("error", () => {}).on("message", () => process.exit());
    setTimeout(() => process.exit(), 5000).unref();`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", begin], {
      encoding: "utf8",
      timeout: 60_000,
      killSignal: "SIGKILL",
      env: { ...process.env, NODE_COMPILE_CACHE: folder, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
    });
    const said = stdout + stderr;
    expect(said).toContain("retrieving transpile cache for StrippedTypeScript");
    expect(said.split("\n").filter((line) => line.includes("no transpile cache for"))).toEqual([]);
  },
);
