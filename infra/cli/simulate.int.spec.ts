// tapedeck simulate as a process, on a real disk.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { runTapedeck } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "simulate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const simulate = (...words: string[]) => runTapedeck(["simulate", ...words]);

describe("tapedeck simulate", () => {
  test("writes a tape that opens, and says as JSON what is on it", async () => {
    const tape = join(folder, "bars");
    const { status, stdout, stderr } = simulate(
      ...["--tape", tape, "--seed", "3", "--instruments", "2", "--days", "3", "--bars", "5m"],
      "--json",
    );
    expect([status, stderr]).toEqual([0, ""]);
    const said = JSON.parse(stdout) as { tape: string; seed: number; bars: number };
    expect(said).toMatchObject({ tape, seed: 3, instruments: 2 });
    const log = await openEmbeddedLog(tape, { mode: "read" });
    const ranges = await log.partitions();
    await log.close();
    expect(ranges.map(({ topic, end }) => [topic, end])).toEqual([
      ["market.bars", said.bars],
      ["market.instruments", 2],
    ]);
    // Two instruments, three days of 78 intervals; a data gap takes some away.
    expect(said.bars).toBeGreaterThan(440);
    expect(said.bars).toBeLessThanOrEqual(468);
  });

  test("refuses a folder that holds something, and leaves it alone", () => {
    const tape = join(folder, "mine");
    expect(simulate("--tape", tape, "--days", "1").status).toBe(0);
    const before = readdirSync(tape);
    const { status, stderr } = simulate("--tape", tape, "--days", "1");
    expect(status).toBe(2);
    expect(stderr).toContain("TAPE_EXISTS");
    expect(readdirSync(tape)).toEqual(before);
  });

  test.each([
    [["--days", "0"], "--days"],
    [["--days", "1.5"], "--days"],
    [["--instruments", "501"], "--instruments"],
    [["--ticks-per-day", "many"], "--ticks-per-day"],
    [["--from", "2024-02-30"], "--from"],
    [["--bars", "1ms"], "--bars"],
    [["--partitions", "0"], "--partitions"],
    [["--seed", "-1"], "--seed"],
    [["--sead", "1"], "--seed"],
  ])("%j is a usage error that names the option", (words, option) => {
    const tape = join(folder, "never");
    const { status, stderr } = simulate("--tape", tape, ...words);
    expect(status).toBe(2);
    expect(stderr).toContain(option);
    expect(stderr).not.toContain("    at ");
    expect(existsSync(tape)).toBe(false);
  });

  test("a tape that cannot be written is an error with its path, not a stack", () => {
    const file = join(folder, "file");
    writeFileSync(file, "x");
    for (const tape of [file, join(file, "below")]) {
      const { status, stderr } = simulate("--tape", tape, "--days", "1");
      expect([2, 3, 4]).toContain(status);
      expect(stderr).toContain(file);
      expect(stderr).toContain("→");
      expect(stderr).not.toContain("    at ");
    }
  });
});
