// A walk forward against backtests of its windows, on real files and threads.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { runTapedeck } from "../cli/testing/run-command.ts";
import { writeMarketTape } from "../run/testing/market-tape.ts";
import type { walkSummary } from "./walk-forward.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-walk-"));
const config = join(folder, "run.yaml");
const WALK = ["--in-sample", "4", "--out-of-sample", "3", "--purge", "1", "--warm-up", "2"];
const SETS = ["--set", "features.emaFast=5,15", "--set", "features.emaSlow=20,60"];
/** Windows of a few days, which have no Sharpe ratio of days. */
const BEST = ["--measure", "periodSharpe"];

type Summary = ReturnType<typeof walkSummary>;

beforeAll(async () => {
  // 24 hours a day: a little over 13 days.
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA", "BBB"], bars: 38_000, seed: 5 });
  writeFileSync(config, "tape: tape\nsource: bars\nsizing: { method: equal-weight, gross: 0.8 }\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function walk(root: string, ...args: readonly string[]): Summary {
  const all = [
    "walk-forward",
    config,
    "--root",
    root,
    ...WALK,
    ...SETS,
    ...BEST,
    ...args,
    "--json",
  ];
  const ended = runTapedeck(all);
  expect(ended.stderr).toBe("");
  expect(ended.status).toBe(0);
  return JSON.parse(ended.stdout) as Summary;
}

const onlyWalk = (root: string): string => {
  const [id = "none"] = readdirSync(join(root, "walk-forward"));
  return join(root, "walk-forward", id);
};

describe("a walk forward", () => {
  test("judges each window as a backtest of it does, with a model that is silent before it and out at its end", () => {
    const { steps } = walk(join(folder, "judged"));
    expect(steps.length).toBe(3);
    let cash = "1000000.00";
    for (const [i, { window, settings, outOfSample }] of steps.entries()) {
      const { warmFromUs, fromUs, flatFromUs, toUs } = window.outOfSample;
      expect(window.inSample.toUs).toBeLessThan(fromUs);
      const model = join(folder, `window-${i}.ts`);
      writeFileSync(
        model,
        `import type { SignalModel } from "tapedeck";
const model: SignalModel<null> = {
  name: "windowed-cross",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: (_, { warm, emaFast, emaSlow, barEndUs }) =>
    barEndUs < ${fromUs} || !warm ? null : barEndUs >= ${flatFromUs} ? 0 : Math.sign(emaFast - emaSlow),
};
export default model;
`,
      );
      const set = { ...settings, model, "portfolio.cash": cash };
      const range = `${formatIsoUs(warmFromUs)}..${formatIsoUs(toUs)}`;
      const ended = runTapedeck([
        "backtest",
        config,
        "--root",
        join(folder, "judged"),
        ...Object.entries(set).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
        "--range",
        range,
        "--json",
      ]);
      expect(ended.status, ended.stdout).toBe(0);
      const { metrics } = JSON.parse(ended.stdout);
      expect(outOfSample?.initialEquity).toBe(cash);
      expect(outOfSample?.trades).toBeGreaterThan(10);
      for (const name of [
        "finalEquity",
        "netProfit",
        "fees",
        "orders",
        "fills",
        "trades",
        "maxDrawdown",
        "valueTraded",
      ] as const) {
        expect([name, outOfSample?.[name]]).toEqual([name, metrics[name]]);
      }
      cash = outOfSample?.finalEquity ?? "";
    }
  }, 240_000);

  test("chooses what was best in sample, and carries the money on", () => {
    const root = join(folder, "chosen");
    const summary = walk(root);
    const rows = readFileSync(join(onlyWalk(root), "results.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.length).toBe(3 * 4);
    for (const [i, { inSample }] of summary.steps.entries()) {
      const own = rows.slice(4 * i, 4 * i + 4).map(({ answer }) => answer.metrics.periodSharpe);
      expect(inSample.periodSharpe).toBe(Math.max(...own));
    }
    const finals = summary.steps.map(({ outOfSample }) => outOfSample?.finalEquity);
    const starts = summary.steps.map(({ outOfSample }) => outOfSample?.initialEquity);
    expect(starts).toEqual(["1000000.00", ...finals.slice(0, -1)]);
    const days = readFileSync(join(onlyWalk(root), "equity.csv"), "utf8")
      .trimEnd()
      .split("\r\n");
    expect(days.length - 1).toBe(summary.days);
    expect(days.at(-1)).toMatch(new RegExp(`,${finals.at(-1)}$`));
  }, 180_000);

  test("leaves the same bytes whatever the number of threads, and goes on from what it has", () => {
    const bytes = ["1", "3"].map((threads) => {
      const root = join(folder, `threads-${threads}`);
      walk(root, "--threads", threads);
      const path = onlyWalk(root);
      if (threads === "3") {
        // As if it had been killed in the second window.
        const results = join(path, "results.jsonl");
        const whole = readFileSync(results, "utf8");
        writeFileSync(results, whole.slice(0, whole.length / 2));
        rmSync(join(path, "summary.json"));
        walk(root, "--threads", threads);
      }
      return readdirSync(path)
        .sort()
        .map((name) => [name, readFileSync(join(path, name), "utf8")]);
    });
    expect(bytes[0]?.map(([name]) => name)).toEqual([
      "equity.csv",
      "results.jsonl",
      "summary.json",
      "walk-forward.html",
      "windows.csv",
    ]);
    expect(bytes[1]).toEqual(bytes[0]);
  }, 180_000);

  test("by a measure of days that its windows are too short for says so, and what to choose by", () => {
    const args = ["--root", join(folder, "judged"), ...WALK, ...SETS];
    const ended = runTapedeck(["walk-forward", config, ...args]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toMatch(
      /SWEEP_MEASURE_UNDEFINED: in sample, window 1 has fewer than 20 days/,
    );
    expect(ended.stderr).toContain("--measure periodSharpe");
  }, 180_000);

  test("over too few days says how many there are", () => {
    const args = ["--in-sample", "40", "--out-of-sample", "3", ...SETS];
    const ended = runTapedeck(["walk-forward", config, "--root", folder, ...args]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain("WALK_FORWARD_TOO_SHORT");
    expect(ended.stderr).toMatch(/has 1[34] days of prices: a first window takes 41/);
  });
});
