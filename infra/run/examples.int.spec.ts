// The example strategies as docs/examples.md tells its reader to run them, on the recorded markets of
// TAPEDECK_DATA: the page's figures are those of the runs, and each run is proven.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Facts } from "../../schemas/generated/facts.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { runTapedeck } from "../cli/testing/run-command.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const there = existsSync(data);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const page = readFileSync(join(root, "docs/examples.md"), "utf8");
const commands = page
  .split("\n")
  .filter((line) => line.startsWith("npm run -s tapedeck -- "))
  .map((line) => line.replace("$TAPEDECK_DATA", data).split(" ").slice(5));
const examples = commands.flatMap(([command, path = ""]) =>
  command === "backtest" ? [path.slice("examples/".length, -".yaml".length)] : [],
);

const folder = mkdtempSync(join(tmpdir(), "tapedeck-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tapedeck(...args: readonly string[]): string {
  const { status, stdout, stderr } = runTapedeck(args, { cwd: folder });
  expect([status, stderr.replace(/^.*events.*$/gm, "").trim()]).toEqual([0, ""]);
  return stdout;
}

interface Measure {
  readonly value: number | null;
  readonly interval: { readonly lower: number; readonly upper: number } | null;
}

interface Run {
  readonly run: string;
  readonly hash: string;
  readonly hashes: Readonly<Record<string, string>>;
}

interface Metrics {
  readonly totalReturn: number;
  readonly annualReturn: number | null;
  readonly maxDrawdown: number;
  readonly trades: number;
  readonly fills: number;
  readonly fees: string;
  readonly slippage: string;
  readonly measures: Readonly<
    Record<"sharpe" | "annualVolatility" | "benchmarkReturn" | "informationRatio" | "beta", Measure>
  >;
  readonly attribution: Readonly<
    Record<
      "bySide" | "bySymbol",
      readonly { readonly name: string; readonly contribution: number }[]
    >
  >;
}

const runs = new Map<string, Run>();

function backtest(name: string, ...args: readonly string[]): Run {
  return JSON.parse(tapedeck("backtest", `examples/${name}.yaml`, "--json", ...args)) as Run;
}

const metricsOf = ({ run }: Run): Metrics =>
  JSON.parse(readFileSync(join(folder, ".tapedeck/runs", run, "metrics.json"), "utf8")) as Metrics;

const grouped = (value: number, digits: number): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (part: number): string => `${grouped(100 * part, 1)} %`;
const bracketed = ({ value, interval }: Measure): string =>
  value === null || interval === null
    ? "too few days"
    : `${grouped(value, 2)} [${grouped(interval.lower, 2)}, ${grouped(interval.upper, 2)}]`;

/** The page's row of an example. */
function rowOf(name: string, metrics: Metrics): string {
  const volatility = metrics.measures.annualVolatility;
  const cells = [
    name,
    percent(metrics.totalReturn),
    metrics.annualReturn === null ? "too few days" : percent(metrics.annualReturn),
    volatility.interval === null ? "too few days" : percent(volatility.value ?? 0),
    bracketed(metrics.measures.sharpe),
    percent(metrics.maxDrawdown),
    grouped(metrics.trades, 0),
    grouped(metrics.fills, 0),
    `${grouped(Number(metrics.fees) + Number(metrics.slippage), 0)} USD`,
  ];
  return `| ${cells.join(" | ")} |`;
}

describe.runIf(there)("the examples", { timeout: 300_000 }, () => {
  beforeAll(() => {
    cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
    for (const command of commands) if (command[0] === "import") tapedeck(...command);
  }, 300_000);

  test("are five, each under 40 lines", () => {
    expect(examples).toHaveLength(5);
    for (const name of examples) {
      const lines = readFileSync(join(root, "examples", `${name}.ts`), "utf8")
        .trim()
        .split("\n");
      expect(lines.length, name).toBeLessThan(40);
    }
  });

  test.each(examples)("%s: the page's figures, and the same bytes a second time", (name) => {
    const run = backtest(name);
    runs.set(name, run);
    expect(page.split("\n")).toContain(rowOf(name, metricsOf(run)));
    const again = backtest(name, "--root", join(folder, "again"), "--commit-every", "5000");
    expect([again.run, again.hash, again.hashes]).toEqual([run.run, run.hash, run.hashes]);
  });

  test.each(examples)("%s: is verified as identical", (name) => {
    const { run } = runs.get(name) as Run;
    expect(tapedeck("verify", run)).toMatch(/^identical: [\d,]+ events replayed/);
  });

  test.each([
    ["pairs", "2009-03-02"],
    ["opening-range", "2013-10-08T15:00:00Z"],
  ])("%s: a fork from the middle that changes nothing equals it", (name, at) => {
    const run = runs.get(name) as Run;
    const same = ["--set", "sizing.allowShort=true", "--at", at];
    const fork = JSON.parse(tapedeck("fork", run.run, ...same, "--json")) as Run;
    expect([fork.hash, fork.hashes]).toEqual([run.hash, run.hashes]);
  });

  test("ema-cross beside SPY, and trend by side, are as the page says", () => {
    const text = page.replaceAll(/\s+/g, " ");
    const ema = runs.get("ema-cross") as Run;
    tapedeck("report", ema.run, "--benchmark", "SPY");
    const { measures, attribution } = metricsOf(ema);
    const { benchmarkReturn, informationRatio, beta } = measures;
    const apple = attribution.bySymbol.find(({ name }) => name === "AAPL");
    expect(text).toContain(`Apple alone made ${percent(apple?.contribution ?? 0)} of`);
    expect(text).toContain(`rose ${percent(benchmarkReturn.value ?? 0)} over the same days`);
    expect(text).toContain(`information ratio of ${bracketed(informationRatio)}`);
    expect(text).toContain(`a beta of ${grouped(beta.value ?? 0, 2)}`);
    const { bySide } = metricsOf(runs.get("trend") as Run).attribution;
    const sides = bySide.map(({ name, contribution }) => [name, percent(contribution)]);
    expect(sides.map(([name]) => name)).toEqual(["long", "short"]);
    expect(text).toContain(`being long earned ${sides[0]?.[1]}, being short ${sides[1]?.[1]}`);
  });

  test("momentum holds the winners that the file itself gives", async () => {
    const { run } = runs.get("momentum") as Run;
    const held = await heldByDay(join(folder, ".tapedeck/runs", run, "log"));
    const expected = winnersByDay();
    expect(held.size).toBe(expected.size);
    expect(expected.size).toBeGreaterThan(8_000);
    for (const [day, winners] of expected) expect(held.get(day), day).toEqual(winners);
  });
});

const dayOf = (timeUs: number): string => new Date(timeUs / 1000).toISOString().slice(0, 10);

/** The symbols that signals of a run's log are long of, by day. */
async function heldByDay(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const log = await openEmbeddedLog(path, { mode: "read" });
  const days = new Map<string, string[]>();
  for await (const chunk of mergeTopics(log, ["signals"])) {
    for (const { timeUs, value } of chunk) {
      const { symbol, strength } = value as Facts["signals"];
      const held = days.get(dayOf(timeUs)) ?? [];
      days.set(dayOf(timeUs), held);
      if (strength === 1) held.push(symbol);
    }
  }
  await log.close();
  for (const held of days.values()) held.sort();
  return days;
}

/** The same from the closes: by the growth from 252 to 21 days before each month's first day. */
function winnersByDay(): ReadonlyMap<string, readonly string[]> {
  const file = gunzipSync(readFileSync(join(data, "sp500-20-stocks-daily-1990-2022.csv.gz")));
  const [header = [], ...rows] = file
    .toString()
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
  const symbols = header.slice(1);
  const closes = rows.map((row) => row.slice(1).map(Number));
  const days = new Map<string, readonly string[]>();
  let winners: readonly string[] = [];
  for (let day = 251; day < rows.length; day++) {
    const [date = "", before = ""] = [rows[day]?.[0], rows[day - 1]?.[0]];
    if (date.slice(0, 7) !== before.slice(0, 7)) {
      const growth = symbols.map((symbol, i) => {
        const [to = 0, from = 1] = [closes[day - 21]?.[i], closes[Math.max(0, day - 252)]?.[i]];
        return { symbol, times: to / from };
      });
      growth.sort((a, b) => b.times - a.times);
      winners = growth
        .slice(0, 5)
        .map(({ symbol }) => symbol)
        .sort();
    }
    if (winners.length > 0) days.set(date, winners);
  }
  return days;
}
