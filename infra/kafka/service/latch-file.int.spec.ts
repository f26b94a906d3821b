import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  latchCheck,
  latchLogPath,
  latchPath,
  readLatch,
  releaseLatch,
  setLatch,
} from "./latch-file.ts";

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
  const released = { who: "bob", why: "explained", at: "2026-11-21T21:00:00Z" };
  expect(releaseLatch(root, "live-1", released)).toBe(true);
  expect(releaseLatch(root, "live-1", released)).toBe(false);
  expect(check).not.toThrow();
});

test("who set it, set it again and released it stays written down", () => {
  const again = { who: "carl", why: "me too", at: "2026-11-21T20:00:01Z" };
  const released = { who: "bob", why: "explained", at: "2026-11-21T21:00:00Z" };
  setLatch(root, "live-4", latch);
  setLatch(root, "live-4", again);
  expect(readLatch(root, "live-4")).toEqual(latch); // the second takes nobody's name away
  releaseLatch(root, "live-4", released);
  setLatch(root, "live-4", again);
  const lines = readFileSync(latchLogPath(root, "live-4"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { latch: "set", ...latch },
    { latch: "set again", ...again },
    { latch: "released", ...released },
    { latch: "set", ...again },
  ]);
});

test("what cannot be written down is latched, and not released", () => {
  mkdirSync(latchLogPath(root, "live-5"), { recursive: true }); // a folder in the log's place
  expect(() => setLatch(root, "live-5", latch)).toThrow();
  expect(latchCheck(root, "live-5")).toThrow(/was stopped by ann/);
  expect(() => releaseLatch(root, "live-5", latch)).toThrow();
  expect(latchCheck(root, "live-5")).toThrow(/was stopped by ann/);
});

test("a file that holds nonsense holds, whatever it says", () => {
  const path = latchPath(root, "live-3");
  mkdirSync(dirname(path), { recursive: true });
  for (const text of ["", "{", "null", "[]"]) {
    writeFileSync(path, text);
    expect(latchCheck(root, "live-3"), text).toThrow(/live-3 was stopped/);
  }
});
