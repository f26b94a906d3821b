// The command line as a process: what every command shares, whatever it does.

import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMarketTape } from "../run/testing/market-tape.ts";
import { runTapedeck, TAPEDECK } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-cli-"));

const tapedeck = (...args: readonly string[]) => {
  const ended = runTapedeck(args, { cwd: folder });
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  return ended;
};

beforeAll(async () => {
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA", "BBB"], bars: 4000, seed: 5 });
  writeFileSync(join(folder, "run.yaml"), "tape: tape\nsource: bars\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a reader that has seen enough", () => {
  /** Reads a little and closes the pipe, as `| head -1` does. */
  const firstBytes = (...args: readonly string[]) =>
    new Promise<{ code: number | null; text: string; stderr: string }>((done) => {
      const child = spawn(process.execPath, [TAPEDECK, ...args], { cwd: folder });
      let text = "";
      let stderr = "";
      child.stdout.once("data", (chunk: Buffer) => {
        text = chunk.toString();
        child.stdout.destroy();
      });
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      child.on("close", (code) => done({ code, text, stderr }));
    });

  test("ends the command quietly", async () => {
    const { code, text, stderr } = await firstBytes("inspect", "events", "tape", "--limit", "4000");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(text).toContain("market.instruments/0/0");
  });
});

describe("wrong usage", () => {
  test.each([
    [["nope"], "unknown command 'nope'"],
    [["backtset"], "Did you mean backtest?"],
    [["demo", "--seed", "x"], "give a whole number"],
    [["backtest"], "missing required argument 'config'"],
    [["fork", "latest"], "required option '--set"],
    [["compare", "latest"], "missing required argument 'others'"],
    [["inspect"], "a command is missing"],
    [["inspect", "runs", "--bogus"], "unknown option '--bogus'"],
    [["config", "check", "--bogus"], "unknown option '--bogus'"],
    [["log", "check", "--bogus"], "unknown option '--bogus'"],
    [["import", "x.csv", "--as", "bars", "--tape", ""], '--tape ""'],
    [["run", "run.yaml", "--app", "bad name"], "argument 'bad name' is invalid"],
    [["topics", "plan", "--prefix", "foo"], "argument 'foo' is invalid"],
    [["run", "run.yaml", "--prefix", "foo"], "argument 'foo' is invalid"],
    [["play", "tape", "--prefix", "foo"], "argument 'foo' is invalid"],
    [["dlq", "list", "--prefix", "a_b."], "argument 'a_b.' is invalid"],
    [
      ["dlq", "list", "--topic", "nosuch"],
      "the catalogue has market.instruments, market.corporate-actions",
    ],
    [
      ["schemas", "check", "nosuch"],
      "no topic nosuch; it has market.instruments, market.corporate-actions",
    ],
    [["verify", "--live", "nosuch"], "no live run of nosuch"],
  ])("%j has exit code 2, as text and as one JSON object", (args, said) => {
    const text = tapedeck(...args);
    expect(text.status).toBe(2);
    expect(text.stderr).toMatch(/error [A-Z_]+: /);
    expect(text.stderr).toContain(said);
    const json = tapedeck(...args, "--json");
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout).error.message).toContain(said);
  });
});

describe("--json", () => {
  test.each([
    [["config", "default"]],
    [["config", "schema"]],
    [["inspect", "runs"]],
    [["inspect", "topics", "tape"]],
    [["log", "stat", "tape"]],
    [["doctor"]],
  ])("of %j is one value, with nothing on stderr", (args) => {
    const { status, stdout, stderr } = tapedeck(...args, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(typeof JSON.parse(stdout)).toBe("object");
  });
});

describe("--help", () => {
  test.each([
    [["demo"]],
    [["simulate"]],
    [["import"]],
    [["backtest"]],
    [["verify"]],
    [["fork"]],
    [["compare"]],
    [["inspect"]],
    [["log"]],
    [["config"]],
    [["doctor"]],
  ])("of %j says what it is for, gives examples and the exit codes", ([name]) => {
    const { status, stdout } = tapedeck(name as string, "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: tapedeck .*\n\n[A-Z][\s\S]*?\.\n/);
    expect(stdout).toMatch(/Examples?:\n {2}\S/);
    expect(stdout).toMatch(/Exit codes: 0/);
    expect(stdout).not.toMatch(/default: (\[\]|\d{10,})/);
  });
});

describe("compare", () => {
  const backtest = (...set: readonly string[]) => {
    const settings = set.flatMap((one) => ["--set", one]);
    return JSON.parse(tapedeck("backtest", "run.yaml", "--json", ...settings).stdout);
  };

  test("puts runs side by side: the settings that differ, and each run's own measures", () => {
    const first = backtest();
    const second = backtest("features.emaSlow=40");
    const { status, stdout } = tapedeck("compare", first.run, second.run);
    expect(status).toBe(0);
    expect(stdout.split("\n")[0]?.trim().split(/\s+/)).toEqual([first.run, second.run]);
    expect(stdout).toMatch(/settings that differ\nfeatures\.emaSlow +20 +40\n\n/);
    expect(stdout).toMatch(/\nfinal equity .* USD .* USD\n/);
    expect(stdout).toMatch(/\nWin rate .* % .* %\n/);
    const json = JSON.parse(tapedeck("compare", first.run, second.run, "--json").stdout);
    expect(json.settings).toEqual([{ key: "features.emaSlow", values: [20, 40] }]);
    expect(json.runs.map(({ metrics }: { metrics: unknown }) => metrics)).toEqual([
      first.metrics,
      second.metrics,
    ]);
  });

  test("of a run made before measures were kept shows the figures that it has", () => {
    const { run, metrics } = backtest();
    const path = join(folder, ".tapedeck", "runs", run, "metrics.json");
    const { measures: _, daily: __, ...older } = metrics;
    writeFileSync(path, JSON.stringify(older));
    const { status, stdout } = tapedeck("compare", run, run);
    expect(status).toBe(0);
    expect(stdout).toContain("no setting differs");
    expect(stdout).not.toMatch(/undefined|NaN|Win rate/);
    writeFileSync(path, "half a fi");
    const refused = tapedeck("compare", run, run);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/^error RUN_INCOMPLETE: run \w+ has no readable metrics/);
  });
});

describe("what the operating system refuses", () => {
  const isRoot = process.getuid?.() === 0;

  test("is an error of the store: a file where a folder should be", () => {
    writeFileSync(join(folder, "file"), "");
    const { status, stderr } = tapedeck("backtest", "run.yaml", "--root", "file");
    expect(status).toBe(4);
    expect(stderr).toMatch(/^error STORE_UNAVAILABLE: ENOTDIR/);
  });

  test.skipIf(isRoot)("is an error of the store: a folder that cannot be written", () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    const { status, stderr } = tapedeck("backtest", "run.yaml", "--root", closed);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^error STORE_READ_ONLY: EACCES/);
  });

  test("is a finding of doctor", () => {
    const { status, stdout } = tapedeck("doctor", "--dir", "nowhere");
    expect(status).toBe(4);
    expect(stdout).toMatch(/^failed {2}disk .*ENOENT/m);
    expect(stdout).toMatch(/^ok {6}Node /m);
  });
});

describe("what the tape does not hold", () => {
  test("a range beyond its end is told with what there is, each topic once", () => {
    const { status, stderr } = tapedeck("backtest", "run.yaml", "--range", "2190-01-01..");
    expect(status).toBe(2);
    expect(stderr).toContain("TAPE_EMPTY");
    expect(stderr).toContain("it holds market.bars (4000), market.instruments (2)");
  });

  test("a symbol is refused before anything is run", () => {
    const { status, stderr } = tapedeck("backtest", "run.yaml", "--set", "symbols=[AAB]");
    expect(status).toBe(2);
    expect(stderr).toContain("TAPE_SYMBOL_UNKNOWN");
    expect(stderr).toContain("the tape has no AAB; it has AAA, BBB; did you mean AAA?");
  });

  test("the portfolio's currency is refused before anything is run", () => {
    const { status, stderr } = tapedeck("backtest", "run.yaml", "--set", "portfolio.currency=EUR");
    expect(status).toBe(2);
    expect(stderr).toContain("PROCESSOR_CURRENCY_UNSUPPORTED: AAA settles in USD");
  });
});
