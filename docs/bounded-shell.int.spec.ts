// Shells that do not end by themselves, and what they started.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { isAlive, type Owner, ownerOf } from "../infra/log/owner.ts";
import { boundedShell } from "./bounded-shell.ts";

const cwd = mkdtempSync(join(tmpdir(), "tapedeck-shell-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const place = { cwd, env: process.env, limitMs: 60_000 };

/** The process whose number is in that file, once it is. */
const written = (name: string): Promise<Owner> =>
  vi.waitFor(() => {
    const pid = Number(readFileSync(join(cwd, name), "utf8"));
    expect(pid).toBeGreaterThan(0);
    return ownerOf(pid);
  }, 10_000);

test("a shell that ends gives its exit code, and stops at the first command that fails", async () => {
  expect(await boundedShell("true", place)).toEqual({ status: 0, because: null });
  expect(await boundedShell("(exit 3)\ntrue", place)).toEqual({ status: 3, because: null });
});

test("one that does not is ended at its limit with what it started, which has the last word", async () => {
  const script = `
    bash -c 'trap "echo heard > heard; exit" TERM; echo $$ > child; while true; do sleep 0.1; done'
    true`;
  const shell = boundedShell(script, { ...place, limitMs: 3_000 });
  const child = await written("child");
  expect(await shell).toEqual({ status: null, because: "limit" });
  expect(readFileSync(join(cwd, "heard"), "utf8")).toBe("heard\n");
  expect(isAlive(child)).toBe(false);
});

test("what heeds no signal is killed", async () => {
  const script = `trap '' TERM; echo $$ > deaf; while true; do sleep 0.1; done`;
  const shell = boundedShell(script, { ...place, limitMs: 3_000 });
  const deaf = await written("deaf");
  expect(await shell).toEqual({ status: null, because: "limit" });
  expect(isAlive(deaf)).toBe(false);
});
