// One process closes a log while another opens it, at the one place where the two can cross.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { lockPath } from "./folder.ts";
import { compileShim } from "./testing/shim.ts";
import { wrongIn } from "./testing/written.ts";

const TESTING = join(import.meta.dirname, "testing");
const root = mkdtempSync(join(tmpdir(), "tapedeck-leave-"));
const shim = join(root, "slow-leave.so");
const compiled = compileShim("slow-leave.c", shim);

afterAll(() => rmSync(root, { recursive: true }));

/** Runs a writer of so many commits; gives all it said. */
async function write(dir: string, commits: number, env: Readonly<Record<string, string>>) {
  const program = join(TESTING, "writing-process.ts");
  const child = spawn(process.execPath, ["--no-warnings", program, dir, String(commits)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const [code, signal] = await once(child, "close");
  if (code !== 0) output += `ended with ${code ?? signal}: ${errors}`;
  return output;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(5);
}

/** Whether a process waits for a lock on the file: the kernel lists those behind an arrow. */
const awaited = (path: string): boolean => {
  const { ino } = statSync(path);
  const waiting = readFileSync("/proc/locks", "utf8").split("\n");
  return waiting.some((line) => line.includes("->") && line.includes(`:${ino} `));
};

test.skipIf(!compiled)(
  "a process that opens a log just as the last one leaves it writes on",
  async () => {
    const dir = join(root, "log");
    const leave = join(root, "leave");
    const first = write(dir, 5, { LD_PRELOAD: shim, TAPEDECK_LEAVE: leave });
    await until(() => existsSync(`${leave}.at`));
    const second = write(dir, 9, {});
    await until(() => awaited(lockPath(dir)));
    writeFileSync(`${leave}.go`, "");
    expect(await first).toMatch(/^open \d+ from 0\n(ack \d\n){5}closed\n$/);
    expect(await second).toMatch(/^open \d+ from 5\n(ack \d\n){4}closed\n$/);
    expect(await wrongIn(dir, 9)).toEqual([]);
  },
  120_000,
);
