// A program that does not end must not hold a test up, nor fail it without a word.

import { expect, test } from "vitest";
import { runCommand, runTapedeck } from "./run-command.ts";

test("a program that does not end is killed, and all it printed is told", () => {
  const code = `console.log("begun"); console.error("waits"); setInterval(() => 0, 1000);`;
  const run = () => runCommand(process.execPath, ["-e", code], { limitMs: 2_000 });
  expect(run).toThrow(
    /-e console\.log[\s\S]*\ndid not end within 2 s; it printed\nbegun\n\nand as errors\nwaits\n/,
  );
});

test("so is one whose own child holds its output open", () => {
  const run = () => runCommand("/bin/sh", ["-c", "sleep 30 & echo held; wait"], { limitMs: 500 });
  expect(run).toThrow(/\/bin\/sh -c sleep 30 [\s\S]*did not end within 0.5 s; it printed\nheld\n/);
});

test("a program that is not there is a failure, not an exit code", () => {
  expect(() => runCommand("/nowhere/program", ["a"])).toThrow(
    /^\/nowhere\/program a\nfailed: .*ENOENT/,
  );
});

test("an exit code and a signal are answers", () => {
  const script = (text: string) => runCommand("/bin/sh", ["-c", text]);
  expect(script("echo out; echo err >&2; exit 3")).toEqual({
    status: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
  expect(script("kill -9 $$").status).toBeNull();
});

test("tapedeck is run from its sources", () => {
  expect(runTapedeck(["--version"])).toMatchObject({ status: 0, stderr: "" });
});
