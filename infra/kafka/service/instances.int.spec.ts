// Real processes that keep dying.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const command = new URL("./testing/dying-instances.ts", import.meta.url).pathname;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a signal between two starts ends all at once", async () => {
  const kept = spawn(process.execPath, [command, "--instances", "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
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
