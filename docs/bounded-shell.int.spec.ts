// Shells that do not end by themselves, and what they started.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { boundedShell } from "./bounded-shell.ts";

const cwd = mkdtempSync(join(tmpdir(), "tapedeck-shell-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const place = { cwd, env: process.env, limitMs: 60_000 };

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("a shell that ends gives its exit code, and stops at the first command that fails", async () => {
  expect(await boundedShell("true", place)).toEqual({ status: 0, because: null });
  expect(await boundedShell("(exit 3)\ntrue", place)).toEqual({ status: 3, because: null });
});

test("one that does not is ended at its limit with what it started, which has the last word", async () => {
  const script = `
    bash -c 'trap "echo heard > heard; exit" TERM; echo $$ > child; while true; do sleep 0.1; done'
    true`;
  const ended = await boundedShell(script, { ...place, limitMs: 1_500 });
  expect(ended).toEqual({ status: null, because: "limit" });
  expect(readFileSync(join(cwd, "heard"), "utf8")).toBe("heard\n");
  expect(isAlive(Number(readFileSync(join(cwd, "child"), "utf8")))).toBe(false);
});

test("what hears no signal is killed", async () => {
  const script = `trap '' TERM; echo $$ > deaf; while true; do sleep 0.1; done`;
  const ended = await boundedShell(script, { ...place, limitMs: 500 });
  expect(ended).toEqual({ status: null, because: "limit" });
  await vi.waitFor(() =>
    expect(isAlive(Number(readFileSync(join(cwd, "deaf"), "utf8")))).toBe(false),
  );
});
