// What is loaded once per user: one process makes it, those that start meanwhile wait, and what a
// killed one left half done is never taken for whole.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { installed } from "./install.ts";
import { freePorts } from "./ports.ts";

let cache = "";
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "tapedeck-cache-"));
  vi.stubEnv("TAPEDECK_CACHE", cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

/** Another process that installs a thing slowly and says when it has begun; ends with what it got. */
function installElsewhere(name: string) {
  const code = `
    import { appendFileSync, writeFileSync } from "node:fs";
    import { installed } from ${JSON.stringify(join(import.meta.dirname, "install.ts"))};
    const folder = await installed(${JSON.stringify(name)}, async (into) => {
      appendFileSync(${JSON.stringify(join(cache, "made"))}, "x");
      writeFileSync(into + "/part-1", "");
      console.log("begun");
      await new Promise((resolve) => setTimeout(resolve, 500));
      writeFileSync(into + "/part-2", "");
    });
    console.log(folder);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", code]);
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stderr.pipe(process.stderr);
  let said = "";
  child.stdout.on("data", (text: Buffer) => {
    said += text.toString();
  });
  return {
    child,
    begun: () => vi.waitFor(() => expect(said).toContain("begun"), 20_000),
    ended: new Promise<string>((done) => child.once("close", () => done(said))),
  };
}

test("four processes at once: one makes it, all get it whole", async () => {
  const others = Array.from({ length: 4 }, () => installElsewhere("thing"));
  const said = await Promise.all(others.map(({ ended }) => ended));
  for (const text of said) expect(text).toContain(join(cache, "thing"));
  expect(readFileSync(join(cache, "made"), "utf8")).toBe("x");
  expect(readdirSync(cache).sort()).toEqual(["made", "thing"]);
  expect(readdirSync(join(cache, "thing")).sort()).toEqual(["part-1", "part-2"]);
});

test("what a killed process left is made anew", async () => {
  const other = installElsewhere("thing");
  await other.begun();
  other.child.kill("SIGKILL");
  await other.ended;
  expect(existsSync(join(cache, "thing"))).toBe(false);
  const folder = await installed("thing", async (into) => writeFileSync(join(into, "whole"), ""));
  expect(readdirSync(folder)).toEqual(["whole"]);
});

test("what could not be made leaves nothing, and is tried again", async () => {
  const failing = installed("thing", () => Promise.reject(new Error("no network")));
  await expect(failing).rejects.toThrow("no network");
  expect(readdirSync(cache)).toEqual([]);
  await installed("thing", async () => undefined);
  expect(readdirSync(cache)).toEqual(["thing"]);
});

test("what is there is not made again", async () => {
  mkdirSync(join(cache, "thing"));
  const never = () => Promise.reject(new Error("made again"));
  expect(await installed("thing", never)).toBe(join(cache, "thing"));
});

test("ports are below those that the system gives to outgoing connections", async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) expect(port).toBeLessThan(32_768);
});
