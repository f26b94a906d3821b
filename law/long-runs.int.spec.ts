// The reporter in runs of vitest whose one file blocks its worker, so that nothing in it can speak.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Pace } from "./long-runs.ts";
import { root } from "./tree.ts";

let folder = "";
let run: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-long-runs-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
});

afterEach(() => {
  run?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Blocking {
  /** How long the third of the file's tests blocks, and what is set up before the file. */
  readonly testMs: number;
  readonly setup?: string;
}

/** Runs vitest on a file; tells it to end once it has said `text`. All that it said. */
function said(blocking: Blocking, pace: Pace, text: string | null): Promise<string> {
  const { testMs, setup = "" } = blocking;
  writeFileSync(join(folder, "setup.ts"), `export default async () => { ${setup} };`);
  const reporter = JSON.stringify(join(root, "law/long-runs.ts"));
  writeFileSync(
    join(folder, "blocked.spec.ts"),
    `import { expect, test } from "vitest";
    test("fails", () => expect(1).toBe(2));
    test("passes", () => new Promise((done) => setTimeout(done, 300)));
    test("blocks its worker", () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${testMs});
    });
    test("comes last", () => undefined);`,
  );
  writeFileSync(
    join(folder, "vitest.config.mts"),
    `import { LongRuns } from ${reporter};
    const slow = new LongRuns(${JSON.stringify(pace)});
    export default { test: { globalSetup: ["setup.ts"], reporters: ["default", slow] } };`,
  );
  const { VITEST: _, VITEST_POOL_ID: __, VITEST_WORKER_ID: ___, ...env } = process.env;
  const words = [join(root, "node_modules/vitest/vitest.mjs"), "run"];
  const child = spawn(process.execPath, words, { cwd: folder, env: { ...env, NO_COLOR: "1" } });
  run = child;
  return new Promise((done) => {
    let all = "";
    const hear = (chunk: Buffer) => {
      all += chunk.toString();
      if (text !== null && all.includes(text)) child.kill("SIGTERM");
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("close", () => done(all));
  });
}

test("a file whose worker is blocked is named with its test, and with the failures at the end", async () => {
  const place = "in or soon after: blocks its worker";
  const text = await said({ testMs: 200_000 }, { everyMs: 100, longMs: 200 }, place);
  expect(text).toMatch(new RegExp(`^running for \\d+ s: blocked\\.spec\\.ts, ${place}$`, "m"));
  expect(text.trimEnd().split("\n").slice(-3)).toEqual([
    "The run was told to end.",
    "failed: blocked.spec.ts: fails: expected 1 to be 2 // Object.is equality",
    expect.stringMatching(/^running for \d+ s: blocked\.spec\.ts, /),
  ]);
});

test("a run that has no file to run yet is told of too", async () => {
  const setup = "await new Promise((done) => setTimeout(done, 200_000));";
  const text = await said({ testMs: 0, setup }, { everyMs: 100, longMs: 200 }, "no test file");
  expect(text).toMatch(/^no test file for \d+ s: setting up or closing$/m);
  expect(text).toContain("The run was told to end.");
});

test("a run that is not long ends as ever, and nothing is added", async () => {
  const text = await said({ testMs: 300 }, { everyMs: 10, longMs: 3_600_000 }, null);
  expect(text).toMatch(/1 failed \| 3 passed/);
  expect(text).not.toMatch(/running for|told to end/);
});
