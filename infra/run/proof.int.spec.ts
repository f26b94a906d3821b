// The proof of a run, through the command line as a user has it: verify, a flipped bit, another
// setting, a fork, a stop and a resume.

import { spawn } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Writer } from "../../schemas/avro.ts";
import type { Facts } from "../../schemas/generated/facts.ts";
import { codecs } from "../../schemas/generated/facts.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { RecordCursor } from "../../streams/record.ts";
import { runCommand, runTapedeck, TAPEDECK } from "../cli/testing/run-command.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { FIRST_BAR_US, writeMarketTape } from "./testing/market-tape.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-proof-"));

const tapedeck = (...args: string[]) => {
  const ended = runTapedeck(args, { cwd: folder });
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  return ended;
};

const json = (...args: string[]) => JSON.parse(tapedeck(...args, "--json").stdout);

let run: { readonly run: string; readonly hashes: Record<string, string>; readonly hash: string };

beforeAll(async () => {
  const market = { symbols: ["AAA", "BBB"], bars: 6000, seed: 3 };
  await writeMarketTape(join(folder, "tape"), market);
  writeFileSync(join(folder, "run.yaml"), "tape: tape\nsource: bars\n");
  run = json("backtest", "run.yaml");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a run", () => {
  test("has the same id and hashes when it is run again", () => {
    const again = json("backtest", "run.yaml");
    expect(again.run).toBe(run.run);
    expect(again.hashes).toEqual(run.hashes);
    expect(Object.keys(run.hashes)).toContain("portfolio.snapshots");
  });

  test("whose metrics were damaged has them made again by --resume", () => {
    const path = join(folder, ".tapedeck", "runs", run.run, "metrics.json");
    const whole = readFileSync(path, "utf8");
    writeFileSync(path, whole.slice(0, 100));
    expect(json("backtest", "run.yaml", "--resume")).toEqual(run);
    expect(readFileSync(path, "utf8")).toBe(whole);
  });

  test("is verified as identical", () => {
    const { status, stdout } = tapedeck("verify", "latest");
    expect(stdout).toMatch(/^identical: [\d,]+ events replayed/);
    expect(status).toBe(0);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("whose verification is told to stop by %s leaves no scratch log behind", (signal, status) => {
    const script = new URL("testing/interrupted-verify.ts", import.meta.url).pathname;
    const scratch = mkdtempSync(join(folder, "scratch-"));
    const done = runCommand(process.execPath, [script, "run.yaml", ".tapedeck", signal], {
      cwd: folder,
      env: { ...process.env, TMPDIR: scratch },
    });
    expect([done.status, done.stderr]).toEqual([status, ""]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("does not depend on how often it commits", () => {
    const root = join(folder, "often");
    const other = json("backtest", "run.yaml", "--commit-every", "37", "--root", root);
    expect(other.hashes).toEqual(run.hashes);
  });

  test("with another setting: verify names the setting and the first difference", () => {
    const { status, stdout } = tapedeck("verify", "latest", "--set", "risk.maxDrawdown=0.01");
    expect(status).toBe(6);
    expect(stdout).toContain("setting risk.maxDrawdown: was 0.2, is 0.01");
    expect(stdout).toMatch(/risk\.verdicts\/0 offset \d+ .*limit: recorded 2000, now 100/);
  });
});

describe("a flipped bit", () => {
  test("in a recorded output is found by topic, offset and field", async () => {
    const copy = join(folder, "flipped", "runs", run.run);
    cpSync(join(folder, ".tapedeck", "runs", run.run), copy, { recursive: true });
    const log = await openEmbeddedLog(join(copy, "log"), { mode: "read" });
    const batch = await log.read("fills", 0, 5);
    await log.close();
    if (batch === null) throw new Error("the run has no fills");
    const cursor = new RecordCursor("fills", 0, batch.baseOffset, batch.bytes);
    while (cursor.nextOffset < 5) cursor.skip();
    const value = cursor.read()?.value as Facts["fills"];
    // The price is written after orderId, execType, portfolio, symbol, side and quantity.
    const writer = new Writer(256);
    codecs.fills.encode(writer, value);
    const before = new Writer(64);
    before.long(value.price);
    const path = join(copy, "log", "data.mdb");
    const data = readFileSync(path);
    const encoded = Buffer.from(writer.bytes.subarray(0, writer.pos));
    const price = Buffer.from(before.bytes.subarray(0, before.pos));
    let flips = 0;
    for (let at = data.indexOf(encoded); at >= 0; at = data.indexOf(encoded, at + 1)) {
      const byte = at + encoded.indexOf(price);
      data[byte] = (data[byte] as number) ^ 0x02;
      flips++;
    }
    expect(flips).toBeGreaterThan(0);
    writeFileSync(path, data);
    const { status, stdout, stderr } = tapedeck(
      ...["verify", run.run, "--root", join(folder, "flipped")],
    );
    expect(stderr).toBe("");
    expect(status).toBe(6);
    expect(stdout).toMatch(/fills\/0 offset 5 at .* value\.price: recorded \d+, now \d+/);
    expect(stdout).toContain("its recorded output was altered or damaged");
  });
});

describe("a fork", () => {
  const at = formatIsoUs(FIRST_BAR_US + 1500 * 60e6);

  test("from a time on is the same before it, and shows both runs side by side", () => {
    const fork = json("fork", run.run, "--set", "sizing.quantity=10", "--at", at);
    expect(fork.run).not.toBe(run.run);
    expect(fork.forkOf.run).toBe(run.run);
    expect(fork.firstDifference.timeUs).toBeGreaterThanOrEqual(FIRST_BAR_US + 1500 * 60e6);
    expect(fork.metrics.fees).not.toBe(fork.forkOf.metrics.fees);
    expect(tapedeck("verify", fork.run).stdout).toMatch(/^identical/);
  });

  test("that changes nothing equals the run it came from, at any time", () => {
    for (const minute of [7, 1111, 2999]) {
      const time = formatIsoUs(FIRST_BAR_US + minute * 60e6);
      const fork = json("fork", run.run, "--set", "sizing.quantity=100", "--at", time);
      expect(fork.hashes).toEqual(run.hashes);
      expect(fork.differences).toEqual([]);
    }
  });

  test("of a limit takes the limit from that time on", () => {
    const fork = json("fork", run.run, "--set", "risk.maxPosition=50", "--at", at);
    const { topic, field, recorded, replayed } = fork.firstDifference;
    expect([topic, field, recorded, replayed]).toEqual([
      "risk.verdicts",
      "value.outcome",
      "PASS",
      "REDUCE",
    ]);
  });

  test("refuses a setting that shapes a task's state, and a time that is none", () => {
    const fixed = tapedeck("fork", run.run, "--set", "features.emaFast=5", "--at", at);
    expect([fixed.status, fixed.stderr]).toEqual([
      2,
      expect.stringContaining("FORK_SETTING_FIXED"),
    ]);
    const other = tapedeck("fork", run.run, "--set", "sizing.rebalance.drift=0.1", "--at", at);
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining("FORK_SETTING_FIXED: sizing cannot change between"),
    ]);
    const time = tapedeck("fork", run.run, "--set", "risk.maxPosition=5", "--at", "noon");
    expect([time.status, time.stderr]).toEqual([2, expect.stringContaining("FORK_TIME_INVALID")]);
  });
});

describe("Ctrl-C", () => {
  test("leaves a run that --resume completes to the same hashes", async () => {
    const root = join(folder, "stopped");
    const args = ["backtest", "run.yaml", "--root", root, "--commit-every", "5"];
    const child = spawn(process.execPath, [TAPEDECK, ...args], { cwd: folder, stdio: "pipe" });
    let said = "";
    child.stderr.on("data", (bytes) => {
      said += bytes;
    });
    // Thousands of commits are still to come when the log has grown to this: the signal falls among
    // them.
    const log = join(root, "runs", run.run, "log", "data.mdb");
    const begun = setInterval(() => {
      try {
        if (statSync(log).size < 200_000) return;
        clearInterval(begun);
        child.kill("SIGINT");
      } catch {
        // not there yet
      }
    }, 5);
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(said).toContain("--resume");
    expect(status).toBe(130);
    expect(tapedeck("verify", run.run, "--root", root).stderr).toContain("RUN_INCOMPLETE");
    const resumed = json("backtest", "run.yaml", "--root", root, "--resume");
    expect(resumed.hashes).toEqual(run.hashes);
  });
});
