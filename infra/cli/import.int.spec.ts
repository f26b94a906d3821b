// tapedeck import as a user meets it: a process, its exit code, what it prints and what it leaves.

import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { eventsOf, filesOf } from "../import/testing/imported.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { runTapedeck } from "./testing/run-command.ts";

const freshFolder = (): string => mkdtempSync(join(tmpdir(), "tapedeck-tape-"));

function run(...words: string[]) {
  const ended = runTapedeck(["import", ...words]);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  return ended;
}

const rows = Array.from(
  { length: 100 },
  (_, i) => `${1_381_132_800_000 + i * 1000},18.2${i % 10},5`,
);
const ticks = `ts_ms,price,size\n${rows.join("\n")}\n`;

describe("tapedeck import", () => {
  test("writes a tape, prints a report and keeps it beside the data", async () => {
    const tape = join(freshFolder(), "tape");
    const files = filesOf({ "a.csv.gz": gzipSync(`${ticks}1381132999000,oops,5\n`) });
    const words = [...files, "--as", "ticks", "--symbol", "IBM", "--tape", tape];
    const { status, stdout, stderr } = run(...words);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("101 rows → 100 ticks, 1 rejected");
    expect(stdout).toContain("1 × IMPORT_NUMBER_INVALID");
    const quality = JSON.parse(readFileSync(join(tape, "quality-0.json"), "utf8"));
    expect(quality).toMatchObject({ rows: 101, events: 100, symbols: { IBM: { events: 100 } } });
    const log = await openEmbeddedLog(tape, { mode: "read" });
    const topics = (await eventsOf(log)).map(({ topic }) => topic);
    await log.close();
    expect(topics.filter((topic) => topic === "market.ticks")).toHaveLength(100);
    expect(topics.filter((topic) => topic === "tape.dead-letters")).toHaveLength(1);
    const again = run(...words);
    expect([again.status, again.stdout]).toEqual([3, ""]);
    expect(again.stderr).toContain("IMPORT_NOT_LATER");
  });

  test("--json prints one object, for results and for errors", () => {
    const tape = join(freshFolder(), "tape");
    const files = filesOf({ "a.csv": ticks });
    const words = [...files, "--as", "ticks", "--tape", tape, "--json"];
    const failed = run(...words);
    expect(failed.status).toBe(3);
    expect(JSON.parse(failed.stdout).error.code).toBe("IMPORT_SYMBOL_MISSING");
    const { status, stdout } = run(...words, "--symbol", "IBM");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ tape, rows: 100, rejected: 0, kind: "ticks" });
  });

  test.each([
    ["an empty file", "", "IMPORT_FILE_EMPTY"],
    ["binary", Buffer.from([1, 2, 0, 3]), "IMPORT_FILE_BINARY"],
    ["wrong columns", "a,b\n1,2\n", "IMPORT_COLUMN_MISSING"],
    ["a duplicate header", "ts_ms,price,price\n1,2,3\n", "IMPORT_COLUMN_DUPLICATE"],
    ["truncated gzip", gzipSync(ticks).subarray(0, 200), "IMPORT_GZIP_TRUNCATED"],
    ["a header of 10 MB", "x".repeat(10_000_000), "IMPORT_HEADER_INVALID"],
    ["negative prices", "ts_ms,price\n1381132800000,-1\n", "IMPORT_NO_ROWS"],
    ["garbled Parquet", "PAR1 nothing PAR1", "IMPORT_PARQUET_DAMAGED"],
  ])("%s: exit code 3, and no tape is left", (_, content, code) => {
    const folder = freshFolder();
    const files = filesOf({ "a.csv": content });
    const words = ["--as", "ticks", "--symbol", "IBM", "--tape", join(folder, "tape")];
    const { status, stdout, stderr } = run(...files, ...words);
    expect([status, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(new RegExp(`^error ${code}: .+\n  → .+\n$`));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("wrong words: exit code 2", () => {
    const files = filesOf({ "a.csv": ticks });
    const tape = join(freshFolder(), "tape");
    for (const words of [
      ["--as", "candles", "--tape", tape],
      ["--as", "ticks"],
      ["--as", "ticks", "--tape", tape, "--interval", "1 fortnight"],
      ["--as", "ticks", "--tape", tape, "--symbol", "A,B,C"],
      ["--as", "ticks", "--tape", files[0] ?? "", "--symbol", "A"],
      ["--as", "ticks", "--tape", tape, "--tick-size", "0.001", "--symbol", "A"],
    ]) {
      expect(run(...files, ...words).status).toBe(2);
    }
    expect(existsSync(tape)).toBe(false);
  });

  test("what an interrupted import left is cleared away by the next", () => {
    const tape = join(freshFolder(), "tape");
    const [file = ""] = filesOf({ "a.csv": ticks });
    const words = [file, "--as", "ticks", "--symbol", "IBM", "--tape"];
    expect(run(...words, `${tape}.importing`).status).toBe(0);
    expect(run(...words, tape).status).toBe(0);
    expect(existsSync(`${tape}.importing`)).toBe(false);
    // A folder of that name that is no tape is not ours to delete.
    const other = join(freshFolder(), "tape");
    writeFileSync(`${other}.importing`, "somebody's file");
    expect(run(...words, other).status).not.toBe(0);
    expect(readFileSync(`${other}.importing`, "utf8")).toBe("somebody's file");
  });
});
