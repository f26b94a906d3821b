// tapedeck log as a process: what it says, and the exit codes that scripts rely on.

import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { batchAt } from "../../streams/testing/log-fixtures.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { dataPath, markerPath } from "../log/folder.ts";
import { runTapedeck } from "./testing/run-command.ts";

const root = mkdtempSync(join(tmpdir(), "tapedeck-log-cli-"));
let dir = "";
let folders = 0;

afterAll(() => rmSync(root, { recursive: true }));

const log = (...words: string[]) => runTapedeck(["log", ...words]);

beforeEach(async () => {
  dir = join(root, `log-${++folders}`);
  const made = await openEmbeddedLog(dir);
  await made.createTopic("bars", 1);
  for (let i = 0; i < 3; i++) {
    const times = Array(100).fill(i) as number[];
    const batch = batchAt("bars", 0, 100 * i, times, { payload: 300, fill: 50 * i });
    await made.commit({ produced: [batch], checkpoints: [] });
  }
  await made.close();
});

/** Changes `length` bytes in the records of the second batch. */
function damage(length: number): void {
  const bytes = readFileSync(dataPath(dir));
  const at = bytes.indexOf(Buffer.alloc(200, 120));
  for (let i = 0; i < length; i++) bytes[at + i] = (bytes[at + i] as number) ^ 4;
  writeFileSync(dataPath(dir), bytes);
}

describe("tapedeck log", () => {
  test("says that a sound log is sound, and what it holds", () => {
    const { status, stdout, stderr } = log("check", dir);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^sound: 300 records in 3 batches, 0 checkpoints, /);
    const { stdout: stat, status: statStatus } = log("stat", dir);
    expect(statStatus).toBe(0);
    expect(stat).toMatch(/bars\/0 +0 +300 +3 +94 kB/);
  });

  test("says that rows are lost where the file was cut and nothing names them any more", () => {
    // The two heads and the first pages are left: the newest index and the batches are gone.
    truncateSync(dataPath(dir), 20_000);
    const { status, stdout } = log("repair", dir);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^lost without a trace: [1-9]\d* rows? that the index counts/m);
    expect(stdout).not.toContain("nothing was lost");
  });

  test("names a damaged batch with its offsets and reason, in words and as JSON", () => {
    damage(1);
    const { status, stdout, stderr } = log("check", dir);
    expect([status, stderr]).toEqual([4, ""]);
    expect(stdout).toContain("bars/0 offsets 100 to 199: checksum");
    const answer = log("check", dir, "--json");
    expect(answer.status).toBe(4);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      sound: false,
      faults: [{ what: "batch", topic: "bars", partition: 0, firstOffset: 100, lastOffset: 199 }],
    });
  });

  test("repairs a flipped bit without losing anything", () => {
    damage(1);
    const { status, stdout } = log("repair", dir);
    expect(status).toBe(0);
    expect(stdout).toContain("put right, nothing lost: 1 row with one flipped bit");
    expect(stdout).toContain("nothing was lost");
    expect(log("check", dir).stdout).toMatch(/^sound: 300 records/);
    expect(log("repair", dir).stdout).toBe("sound: nothing to do\n");
  });

  test("repairs wider damage, and says what was dropped and where its bytes are", () => {
    damage(100);
    const { status, stdout } = log("repair", dir, "--json");
    expect(status).toBe(0);
    const { lost, folder, after } = JSON.parse(stdout);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({ topic: "bars", partition: 0 });
    expect(lost[0].firstOffset).toBeGreaterThanOrEqual(100);
    expect(lost[0].lastOffset - lost[0].firstOffset).toBeLessThan(15);
    expect(existsSync(lost[0].bytes)).toBe(true);
    expect(existsSync(dataPath(folder))).toBe(true);
    expect(after).toMatchObject({ sound: true, records: 300 });
  });

  test.each([
    ["a folder that is not there", () => join(root, "nothing"), 3, "STORE_NOT_FOUND"],
    ["a folder without a log", () => root, 3, "STORE_NOT_FOUND"],
    ["a file", () => dataPath(dir), 3, "STORE_NOT_FOUND"],
    [
      "another version",
      () => {
        writeFileSync(markerPath(dir), '{"format":"tapedeck-log","version":9}\n');
        return dir;
      },
      4,
      "STORE_FORMAT",
    ],
  ])("refuses %s, without a stack trace", (_, folder, exit, code) => {
    const path = folder();
    for (const action of ["check", "stat", "repair"]) {
      const { status, stdout, stderr } = log(action, path);
      expect([action, status, stdout]).toEqual([action, exit, ""]);
      expect(stderr).toMatch(new RegExp(`^error ${code}: .*\\n  → .*\\n$`));
    }
  });

  test("has help with examples for each action", () => {
    for (const action of ["check", "stat", "repair"]) {
      const { status, stdout } = log(action, "--help");
      expect(status).toBe(0);
      expect(stdout).toMatch(/Examples?:\n {2}\$ tapedeck log /);
      expect(stdout).toContain("Exit codes:");
    }
  });
});
