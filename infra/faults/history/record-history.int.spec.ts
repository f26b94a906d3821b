// Histories on disk: what a killed process leaves is a history, whatever byte it was killed at.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { checkHistory } from "./check-history.ts";
import type { Operation } from "./operation.ts";
import { createHistory, readHistories, readHistory } from "./record-history.ts";
import { validHistory } from "./testing/valid-history.ts";

const root = mkdtempSync(join(tmpdir(), "tapedeck-history-"));
let files = 0;
const newFile = (): string => join(root, `${++files}.jsonl`);

afterAll(() => rmSync(root, { recursive: true }));

function written(operations: readonly Operation[]): string {
  const path = newFile();
  const file = createHistory(path);
  for (const operation of operations) file.record(operation);
  file.close();
  return path;
}

const timeless = (operation: Operation): Operation => ({ ...operation, atUs: 0 });

test("what is recorded is read back, with the machine's time, however the file is cut into reads", () => {
  const { operations } = validHistory(3);
  const values = ['é "\\', "\u2028", "日本".repeat(400_000)];
  const odd: Operation = {
    op: "send",
    process: "w",
    id: 1,
    transaction: null,
    topic: "a",
    partition: 0,
    values,
  };
  const back = [...readHistory(written([odd, ...operations, odd]))];
  expect(back.map(timeless)).toEqual([odd, ...operations, odd].map(timeless));
  const times = back.map(({ atUs }) => atUs as number);
  expect(times.every((time, i) => i === 0 || time >= (times[i - 1] as number))).toBe(true);
});

test("cut at any byte, it is the history of what went before", () => {
  const { operations } = validHistory(5);
  const whole = readFileSync(written(operations));
  const path = newFile();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
      writeFileSync(path, whole.subarray(0, length));
      const lines = whole.subarray(0, length).toString("latin1").split("\n").length - 1;
      const left = [...readHistory(path)];
      expect(left.map(timeless)).toEqual(operations.slice(0, lines).map(timeless));
      expect([...checkHistory(left).counts]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("a file that is there already is not written to", () => {
  const path = written([]);
  expect(() => createHistory(path)).toThrow(/EEXIST/);
});

test("several files are one history", () => {
  const { operations } = validHistory(8);
  const files = new Map(operations.map(({ process }) => [process, newFile()] as const));
  const open = new Map([...files].map(([process, path]) => [process, createHistory(path)]));
  for (const operation of operations) open.get(operation.process)?.record(operation);
  for (const file of open.values()) file.close();
  const { counts, seen } = checkHistory(readHistories(files.values()));
  expect([...counts]).toEqual([]);
  expect(seen.operations).toBe(operations.length);
});

test.each([
  ["no JSON", "{", "is not JSON"],
  ["no object", "null", "is no object"],
  ["no operation", '{"op":"poke","process":"p"}', "names no operation: poke"],
  ["no process", '{"op":"assign"}', "names no process"],
  ["a field missing", '{"op":"begin","process":"p"}', 'has no valid transaction in "begin"'],
  [
    "a negative offset",
    '{"op":"poll","process":"p","transaction":null,"topic":"a","partition":0,"records":[[-1,"x"]]}',
    'has no valid records in "poll"',
  ],
])("a line with %s is refused with its place", (_, line, what) => {
  const path = newFile();
  writeFileSync(path, `{"op":"assign","process":"p"}\n${line}\n`);
  const error = (() => {
    try {
      return [...readHistory(path)];
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(TapedeckError);
  expect((error as TapedeckError).code).toBe("FAULTS_HISTORY_INVALID");
  expect((error as TapedeckError).message).toBe(`history: ${path}:2 ${what}`);
});

test.each<[string, Operation[]]>([
  ["an outcome of no send", [{ op: "sent", process: "p", id: 1, outcome: "ok" }]],
  [
    "an end of no transaction",
    [{ op: "ended", process: "p", transaction: "t", outcome: "aborted" }],
  ],
  [
    "a transaction that begins twice",
    [
      { op: "begin", process: "p", transaction: "t" },
      { op: "begin", process: "q", transaction: "t" },
    ],
  ],
])("a history with %s is refused: nothing could be concluded from it", (_, operations) => {
  expect(() => checkHistory(operations)).toThrow(TapedeckError);
});
