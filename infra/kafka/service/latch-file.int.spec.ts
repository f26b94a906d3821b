import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { latchCheck, latchPath, readLatch, releaseLatch, setLatch } from "./latch-file.ts";

const root = mkdtempSync(join(tmpdir(), "tapedeck-latch-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const latch = { who: "ann", why: "fills that nobody sent", at: "2026-11-21T20:00:00Z" };

test("a latch stops every commit until it is released, and says who set it and why", () => {
  const check = latchCheck(root, "live-1");
  expect(check).not.toThrow();
  setLatch(root, "live-1", latch);
  expect(check).toThrow(/live-1 was stopped by ann \(fills that nobody sent\)/);
  expect(latchCheck(root, "live-1")).toThrow(expect.objectContaining({ code: "LIVE_LATCHED" }));
  expect(latchCheck(root, "live-2")).not.toThrow();
  expect(readLatch(root, "live-1")).toEqual(latch);
  expect(releaseLatch(root, "live-1")).toBe(true);
  expect(releaseLatch(root, "live-1")).toBe(false);
  expect(check).not.toThrow();
});

test("a file that holds nonsense holds, whatever it says", () => {
  const path = latchPath(root, "live-3");
  mkdirSync(dirname(path), { recursive: true });
  for (const text of ["", "{", "null", "[]"]) {
    writeFileSync(path, text);
    expect(latchCheck(root, "live-3"), text).toThrow(/live-3 was stopped/);
  }
});
