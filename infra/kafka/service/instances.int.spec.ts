// Real processes that keep dying.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";

const command = new URL("./testing/dying-instances.ts", import.meta.url).pathname;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a signal between two starts ends all at once", async () => {
  const kept = spawn(process.execPath, [command, "--instances", "1"]);
  onTestFinished(() => void kept.kill("SIGKILL"));
  kept.stderr.pipe(process.stderr);
  const ended = once(kept, "exit");
  const numbers: number[] = [];
  for await (const line of createInterface(kept.stdout)) {
    // The next start is then 3.2 s away.
    if (numbers.push(Number(line)) === 5) break;
  }
  // One that is gone was waited for: the pause before the next start has begun.
  await expect.poll(() => isAlive(numbers.at(-1) ?? 0), { interval: 5 }).toBe(false);
  const signalledMs = performance.now();
  kept.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(performance.now() - signalledMs).toBeLessThan(1_500);
});

describe("kept instances", () => {
  const kept = new URL("./testing/kept-instances.ts", import.meta.url).pathname;
  const start = (...args: string[]) => {
    const parent = spawn(process.execPath, [kept, "--instances", "3", ...args]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    const numbers: number[] = [];
    const said: string[] = [];
    createInterface(parent.stdout).on("line", (line) => numbers.push(Number(line)));
    createInterface(parent.stderr).on("line", (line) => said.push(line));
    return { parent, numbers, said, ended: once(parent, "exit") };
  };
  const SOON = { timeout: 20_000, interval: 20 };

  test("one that is killed is started again, and it is said what ended it", async () => {
    const { parent, numbers, said, ended } = start();
    await expect.poll(() => numbers.length, SOON).toBe(3);
    process.kill(numbers[1] as number, "SIGKILL");
    await expect.poll(() => numbers.length, SOON).toBe(4);
    expect(said).toEqual([
      expect.stringMatching(
        /^instance [23] of 3 \(process \d+\) was ended by SIGKILL: started again in 0.2 s$/,
      ),
    ]);
    parent.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  test("none outlives the process that keeps them", async () => {
    const { parent, numbers } = start();
    await expect.poll(() => numbers.length, SOON).toBe(3);
    parent.kill("SIGKILL");
    await expect.poll(() => numbers.filter(isAlive), SOON).toEqual([]);
  });

  test("a command that is refused is tried and told once", async () => {
    const { numbers, said, ended } = start("refuse");
    expect(await ended).toEqual([2, null]);
    expect(numbers.length).toBe(1);
    expect(said).toEqual([expect.stringContaining("ended with exit code 2: all are stopped")]);
  });
});
