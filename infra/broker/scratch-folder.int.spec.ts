// What a killed process left goes with the next start; what a living one, or another machine's, has
// stays.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runCommand } from "../cli/testing/run-command.ts";
import { makeScratchFolder } from "./scratch-folder.ts";

let temporary = "";
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "tapedeck-scratch-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

test("a dead process's folder is removed, others are kept", () => {
  const code = `
    import { makeScratchFolder } from ${JSON.stringify(join(import.meta.dirname, "scratch-folder.ts"))};
    process.stdout.write(makeScratchFolder("kafka"));
    process.kill(process.pid, "SIGKILL");`;
  const words = ["--input-type=module-typescript", "-e", code];
  const left = runCommand(process.execPath, words).stdout;
  expect(existsSync(left)).toBe(true);
  mkdirSync(join(left, "broker-1"));
  const elsewhere = join(temporary, "tapedeck-kafka-another.host-1-abcdef");
  mkdirSync(elsewhere);
  const registry = makeScratchFolder("registry");
  const first = makeScratchFolder("kafka");
  const second = makeScratchFolder("kafka");
  expect([left, elsewhere, registry, first, second].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});
