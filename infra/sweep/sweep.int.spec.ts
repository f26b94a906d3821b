// A sweep against what it stands for: backtests of the same settings, on real bars, real threads, real files.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTapedeck, TAPEDECK } from "../cli/testing/run-command.ts";
import { writeMarketTape } from "../run/testing/market-tape.ts";

const DATA = process.env.TAPEDECK_DATA ?? join(import.meta.dirname, "../../../shared/data");
const folder = mkdtempSync(join(tmpdir(), "tapedeck-sweep-"));
const config = join(folder, "run.yaml");
const daily = join(folder, "daily.yaml");
const hasData = existsSync(join(DATA, "bars-1d-8-equities-1998-2021.csv.gz"));
if (!hasData) console.warn(`skipped: no recorded markets at ${DATA}; set TAPEDECK_DATA`);

const EMA = [
  "--set",
  "features.emaFast=5..25:10",
  "--set",
  "features.emaSlow=10,20,50",
  "--set",
  "sizing.quantity=10",
];

beforeAll(async () => {
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA", "BBB"], bars: 8000, seed: 11 });
  writeFileSync(
    config,
    "tape: tape\nsource: bars\nsizing: { method: fixed-quantity, quantity: 5 }\n",
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of minutes: the tape has too few days for one of days. */
const BEST = ["--measure", "periodSharpe"];

interface Row {
  readonly key: string;
  readonly answer: {
    readonly state: string;
    readonly why?: string;
    readonly metrics?: { readonly fills: number };
  };
}

const onlySweep = (root: string): string => {
  const [id = "none"] = readdirSync(join(root, "sweeps"));
  return join(root, "sweeps", id);
};

const rowsOf = (root: string): readonly Row[] =>
  readFileSync(join(onlySweep(root), "results.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);

function sweep(root: string, ...args: readonly string[]) {
  const ended = runTapedeck(["sweep", config, "--root", root, ...BEST, ...args]);
  expect(ended.stderr).toBe("");
  expect(ended.status).toBe(0);
  return ended;
}

function imported(file: string, as: string, tape: string, ...more: readonly string[]): void {
  const ended = runTapedeck(["import", file, "--as", as, "--tape", tape, ...more]);
  expect(ended.status, ended.stderr).toBe(0);
}

/** Each row's figures are those of metrics.json of the backtest with its settings. */
function expectBacktests(root: string, file: string): void {
  const done = rowsOf(root).filter(({ answer }) => answer.state === "done");
  expect(done.length).toBeGreaterThan(1);
  expect(done.some(({ answer }) => (answer.metrics?.fills ?? 0) > 0)).toBe(true);
  for (const { key, answer } of done) {
    const sets = key.split(" ").flatMap((each) => ["--set", each]);
    const args = ["backtest", file, ...sets, "--set", "sizing.quantity=10"];
    const { stdout, stderr } = runTapedeck([...args, "--root", join(root, "one"), "--json"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout).metrics).toMatchObject(answer.metrics as object);
  }
}

describe("a sweep", () => {
  test("gives for each set what a backtest of it gives, and names the sets that are none", () => {
    const root = join(folder, "equal");
    sweep(root, ...EMA);
    const rows = rowsOf(root);
    expect(rows.map(({ key, answer }) => [key, answer.state])).toEqual([
      ["features.emaFast=5 features.emaSlow=10", "done"],
      ["features.emaFast=5 features.emaSlow=20", "done"],
      ["features.emaFast=5 features.emaSlow=50", "done"],
      ["features.emaFast=15 features.emaSlow=10", "invalid"],
      ["features.emaFast=15 features.emaSlow=20", "done"],
      ["features.emaFast=15 features.emaSlow=50", "done"],
      ["features.emaFast=25 features.emaSlow=10", "invalid"],
      ["features.emaFast=25 features.emaSlow=20", "invalid"],
      ["features.emaFast=25 features.emaSlow=50", "done"],
    ]);
    expect(rows[3]?.answer.why).toMatch(/CONFIG_INVALID: .*features\.emaFast/s);
    expectBacktests(root, config);
  }, 240_000);

  test.skipIf(!hasData)(
    "does so on the daily bars of 1998 to 2021, with their splits as events",
    () => {
      const tape = join(folder, "daily-tape");
      const actions = join(import.meta.dirname, "../../examples/corporate-actions-8-equities.csv");
      imported(join(DATA, "bars-1d-8-equities-1998-2021.csv.gz"), "bars", tape);
      imported(actions, "actions", tape);
      writeFileSync(daily, `tape: ${tape}\nsource: bars\n`);
      const root = join(folder, "daily");
      const args = ["sweep", daily, "--set", "features.emaFast=10,20", "--set"];
      const more = ["features.emaSlow=50,200", "--set", "sizing.quantity=10", "--root", root];
      expect(runTapedeck([...args, ...more]).status).toBe(0);
      expectBacktests(root, daily);
    },
    240_000,
  );

  test.skipIf(!hasData)(
    "does so on a day of trades, bars built in the run",
    () => {
      const tape = join(folder, "ticks-tape");
      imported(join(DATA, "trades-ibm-2013-10-07.csv.gz"), "ticks", tape, "--symbol", "IBM");
      const ticks = join(folder, "ticks.yaml");
      writeFileSync(ticks, `tape: ${tape}\nsource: ticks\n`);
      const root = join(folder, "ticks");
      const args = ["--set", "bars.interval=30s,1m", "--set", "features.emaFast=3,5"];
      const more = ["--set", "sizing.quantity=10", "--root", root, ...BEST];
      expect(runTapedeck(["sweep", ticks, ...args, ...more]).status).toBe(0);
      expectBacktests(root, ticks);
    },
    240_000,
  );

  test("leaves the same bytes whatever the number of threads", () => {
    const files = [1, 2, 4].map((threads) => {
      const root = join(folder, `threads-${threads}`);
      sweep(root, ...EMA, "--threads", String(threads));
      const path = onlySweep(root);
      return readdirSync(path)
        .sort()
        .map((name) => [name, readFileSync(join(path, name), "utf8")]);
    });
    expect(files[0]?.map(([name]) => name)).toEqual([
      "results.jsonl",
      "summary.json",
      "sweep.html",
      "table.csv",
    ]);
    expect(files[1]).toEqual(files[0]);
    expect(files[2]).toEqual(files[0]);
  }, 180_000);

  test("that is killed goes on with what it has, and ends with the same bytes", async () => {
    const many = ["--set", "features.emaFast=5..24", "--set", "features.emaSlow=30..33"];
    const calm = join(folder, "calm");
    sweep(calm, ...many);
    const root = join(folder, "killed");
    const path = join(root, "sweeps", onlySweep(calm).split("/").at(-1) as string, "results.jsonl");
    const lines = (): number =>
      existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
    let kills = 0;
    for (let before = 0; before < 60; kills++) {
      await killAfter(["sweep", config, "--root", root, ...many], () => lines() > before + 7);
      expect(lines()).toBeGreaterThan(before);
      before = lines();
    }
    expect(kills).toBeGreaterThan(2);
    // The last line was being written.
    writeFileSync(path, readFileSync(path, "utf8").slice(0, -9));
    sweep(root, ...many);
    for (const name of ["results.jsonl", "table.csv", "summary.json", "sweep.html"]) {
      const [a, b] = [calm, root].map((one) => readFileSync(join(onlySweep(one), name), "utf8"));
      expect(b).toBe(a);
    }
  }, 240_000);

  test.each([
    [["--set", "features.emaFats=5,10"], 2, "SWEEP_AXIS_INVALID", "features.emaFast"],
    [["--set", "features.emaFast=50..5"], 2, "SWEEP_AXIS_INVALID", "is empty"],
    [["--set", "features.emaFast=5"], 2, "SWEEP_AXIS_INVALID", "nothing is varied"],
    [["--set", "tape=a,b"], 2, "SWEEP_AXIS_INVALID", "share one tape"],
    [
      ["--set", "features.emaFast=1..400", "--set", "features.emaSlow=1..400"],
      2,
      "SWEEP_TOO_LARGE",
      "160000",
    ],
    [["--set", "features.emaFast=100,200"], 2, "SWEEP_EMPTY", "none of 2 sets"],
    [[], 2, "USAGE_INVALID", "--set"],
  ] as const)("with %j ends with %i and says why", (args, status, code, said) => {
    const root = join(folder, "wrong");
    const ended = runTapedeck(["sweep", config, "--root", root, ...args]);
    expect(ended.status).toBe(status);
    expect(ended.stderr).toContain(code);
    expect(ended.stderr).toContain(said);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
  });

  test("by a measure that its days are too few for keeps what was run, and says what to choose by", () => {
    const root = join(folder, "equal");
    const ended = runTapedeck(["sweep", config, "--root", root, ...EMA]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain("SWEEP_MEASURE_UNDEFINED: the tape has fewer than 20 days");
    expect(rowsOf(root).length).toBe(9);
  });

  test("names a set that reads what the others do not", () => {
    const root = join(folder, "quotes");
    sweep(root, "--set", "venue.trading.status=false,true");
    const rows = rowsOf(root);
    expect(rows.map(({ answer }) => answer.state)).toEqual(["done", "failed"]);
    expect(rows[1]?.answer.why).toContain("SWEEP_AXIS_INVALID: reads market.status");
  });

  test("whose results were damaged says which line", () => {
    const root = join(folder, "damaged");
    sweep(root, ...EMA);
    const path = join(onlySweep(root), "results.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace('{"key"', '{"kex"'));
    const ended = runTapedeck(["sweep", config, "--root", root, ...EMA]);
    expect(ended.status).toBe(4);
    expect(ended.stderr).toContain("results.jsonl:1");
  });
});

/** Starts the command and kills it with SIGKILL once `isTime` says so. */
function killAfter(args: readonly string[], isTime: () => boolean): Promise<void> {
  const child = spawn(process.execPath, [TAPEDECK, ...args], { stdio: "ignore" });
  const timer = setInterval(() => {
    if (isTime()) child.kill("SIGKILL");
  }, 5);
  return new Promise((resolve) => {
    child.on("close", () => {
      clearInterval(timer);
      resolve();
    });
  });
}
