// One run and several processes; one tape that grows under the runs made on it.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import { runTapedeck, TAPEDECK } from "../cli/testing/run-command.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { openSourceWriter } from "../tape/source-writer.ts";
import { FIRST_BAR_US, writeMarketTape } from "./testing/market-tape.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-shared-"));
const BARS = 8_000;
const MINUTE_US = 60e6;

const tapedeck = (...args: readonly string[]) => runTapedeck(args, { cwd: folder });
const json = (...args: readonly string[]) => JSON.parse(tapedeck(...args, "--json").stdout);

let hash: string;

beforeAll(async () => {
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA"], bars: BARS, seed: 11 });
  writeFileSync(join(folder, "run.yaml"), "tape: tape\nsource: bars\n");
  hash = json("backtest", "run.yaml").hash;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a backtest that another process is making", () => {
  /** Starts one of thousands of commits, and waits until its log is there. */
  const started = async (root: string) => {
    const args = ["backtest", "run.yaml", "--root", root, "--commit-every", "5"];
    const child = spawn(process.execPath, [TAPEDECK, ...args, "--json"], { cwd: folder });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const ended = new Promise<string>((done) => child.on("close", () => done(stdout)));
    const isThere = () => {
      const runs = join(folder, root, "runs");
      const [id] = existsSync(runs) ? readdirSync(runs) : [];
      return id !== undefined && existsSync(join(runs, id, "log", "log.json"));
    };
    while (!isThere() && child.exitCode === null) await new Promise(setImmediate);
    return { ended };
  };

  test.each([[[]], [["--resume"]]])(
    "is refused (%j), and nothing of it is touched",
    async (how) => {
      const root = `busy${how.join("")}`;
      const { ended } = await started(root);
      const second = tapedeck("backtest", "run.yaml", "--root", root, ...how);
      expect(second.stderr).toMatch(/^error RUN_BUSY: another process is making the run in /);
      expect(second.status).toBe(4);
      expect(JSON.parse(await ended).hash).toBe(hash);
      expect(tapedeck("verify", "latest", "--root", root).stdout).toMatch(/^identical/);
    },
  );

  test("leaves no other folder behind when it is made again", () => {
    expect(json("backtest", "run.yaml").hash).toBe(hash);
    expect(readdirSync(join(folder, ".tapedeck", "runs"))).toHaveLength(1);
  });
});

describe("a run on a tape that has grown since", () => {
  const lastUs = FIRST_BAR_US + BARS * MINUTE_US;

  beforeAll(async () => {
    const log = await openEmbeddedLog(join(folder, "tape"), { mode: "write" });
    const writer = await openSourceWriter(log, 1);
    const price = 9_000;
    for (let i = 1; i <= 500; i++) {
      const endUs = lastUs + i * MINUTE_US;
      const bar: MarketBar = {
        symbol: "AAA",
        startUs: endUs - MINUTE_US,
        endUs,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 1,
        trades: 0,
      };
      await writer.append("market.bars", endUs, bar);
    }
    await writer.flush();
    await log.close();
  });

  test("is verified on what it read", () => {
    const { status, stdout } = tapedeck("verify", "latest");
    expect(stdout).toMatch(/^identical: /);
    expect(status).toBe(0);
  });

  test("is forked on what it read", () => {
    const fork = json("fork", "latest", "--set", "sizing.quantity=50");
    expect(fork.counts["market.bars"]).toBe(BARS);
    expect(fork.forkOf.hash).toBe(hash);
    const name = fork.run as string;
    expect(tapedeck("verify", name).stdout).toMatch(/^identical: /);
  });

  test("is another run when it is made again", () => {
    const again = json("backtest", "run.yaml", "--root", "again");
    expect(again.counts["market.bars"]).toBe(BARS + 500);
    expect(again.hash).not.toBe(hash);
  });

  test("a fork after the run's last event is refused, with that event's time", () => {
    const at = ["--at", "2100-01-01T00:00:00Z"];
    const { status, stderr } = tapedeck("fork", "latest", "--set", "risk.maxDrawdown=0.1", ...at);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error FORK_TIME_INVALID: .* after the run's last event, at 2020-/);
  });
});

describe("a run that failed", () => {
  test("is listed as unfinished, with no count of records", () => {
    const model = `export default {
  name: "thrower", version: 1, initial: () => 0, evolve: (s) => s,
  signal() { throw new Error("no view"); },
};\n`;
    writeFileSync(join(folder, "thrower.js"), model);
    writeFileSync(join(folder, "thrower.yaml"), "tape: tape\nsource: bars\nmodel: ./thrower.js\n");
    expect(tapedeck("backtest", "thrower.yaml", "--root", "failed").status).toBe(5);
    const rows = json("inspect", "runs", "--root", "failed");
    expect(rows).toMatchObject([{ state: "unfinished", records: null, model: "thrower" }]);
    const [{ run }] = rows;
    const manifest = join(folder, "failed", "runs", run, "manifest.json");
    expect(JSON.parse(readFileSync(manifest, "utf8")).hash).toBeNull();
  });
});
