// One small run made for real, then reported, exported and weighed through the command, as people would.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, START_US } from "../../streams/testing/tape.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import type { Metrics } from "../report/report-data.ts";
import { openSourceWriter } from "../tape/source-writer.ts";
import { tapedeckIn } from "./testing/run-command.ts";

const DAY_US = 86_400_000_000;
const FIRST_DAY = Math.floor(START_US / DAY_US);
const DAYS = 120;
let folder: string;

const { tapedeck, json } = tapedeckIn(() => folder);

const dayText = (day: number): string => formatIsoUs(day * DAY_US).slice(0, 10);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-analysis-"));
  mkdirSync(join(folder, ".tapedeck", "tapes"), { recursive: true });
  const log = await openEmbeddedLog(join(folder, ".tapedeck", "tapes", "waves"), { mode: "write" });
  const writer = await openSourceWriter(log, 2);
  for (const symbol of ["BAC", "IBM"]) {
    await writer.append("market.instruments", (FIRST_DAY - 1) * DAY_US, equity(symbol));
  }
  const closes: string[] = ["Date,Index"];
  for (let i = 0; i < DAYS; i++) {
    const day = FIRST_DAY + i;
    const endUs = (day + 1) * DAY_US;
    for (const [symbol, phase] of [["BAC", 0] as const, ["IBM", 7] as const]) {
      const close = 10_000 + Math.round(900 * Math.sin((i + phase) / 9)) + ((i * 31) % 17);
      const whole = { ...bar(symbol, endUs, close), startUs: day * DAY_US, volume: 1_000_000 };
      await writer.append("market.bars", endUs, whole);
    }
    closes.push(`${dayText(day)},${(1000 + 5 * i + ((i * 7) % 13)).toFixed(2)}`);
  }
  await writer.flush();
  await log.close();
  writeFileSync(join(folder, "index.csv"), `${closes.join("\n")}\n`);
  writeFileSync(
    join(folder, "run.yaml"),
    `tape: .tapedeck/tapes/waves
source: bars
features: { emaFast: 3, emaSlow: 8, atr: 5, volatility: 5 }
sizing: { method: fixed-quantity, quantity: 100 }
`,
  );
  expect(tapedeck("backtest", "run.yaml")).toMatchObject({ status: 0 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Reported {
  readonly report: string;
  readonly metrics: Metrics;
  readonly exported: readonly { readonly table: string; readonly rows: number }[];
}

const minor = (text: string): bigint => BigInt(text.replace(".", ""));

describe("report", () => {
  test("says the same as the backtest where nothing new is asked for", () => {
    const path = join(folder, ".tapedeck", "runs");
    const run = join(path, readdirSync(path)[0] as string);
    const read = (name: string): string => readFileSync(join(run, name), "utf8");
    const before = [read("metrics.json"), read("report.html")];
    expect(tapedeck("report", "latest")).toMatchObject({ status: 0, err: "" });
    expect([read("metrics.json"), read("report.html")]).toEqual(before);
  });

  test("measures a run against a symbol of its tape, or a file of closes", () => {
    const own = json<Reported>("report", "latest", "--benchmark", "IBM", "--out", "ibm.html");
    const { measures, benchmark } = own.metrics;
    expect(benchmark).toBe("IBM");
    expect(measures.beta.convention).toContain("of IBM");
    expect(measures.correlation.value).not.toBeNull();
    expect(readFileSync(join(folder, "ibm.html"), "utf8")).toContain("Tracking error");
    const filed = json<Reported>(
      ...["report", "latest", "--benchmark", "index.csv", "--trials", "30", "--out", "x.html"],
    );
    expect(filed.metrics.benchmark).toBe("Index");
    // From the close of the first day, which has none before it in the file, to the last one's.
    const last = 1000 + 5 * (DAYS - 1) + (((DAYS - 1) * 7) % 13);
    expect(filed.metrics.measures.benchmarkReturn.value).toBeCloseTo(last / 1000 - 1, 12);
    const { deflatedSharpe, probabilisticSharpe } = filed.metrics.measures;
    expect(deflatedSharpe.value).toBeLessThanOrEqual(probabilisticSharpe.value as number);
    expect(deflatedSharpe.convention).toContain("the best of 30 trials");
    expect(own.metrics.measures.deflatedSharpe.value).toBeNull();
  });

  test("exports the same tables in every format, and they agree with the figures", async () => {
    const csv = json<Reported>("report", "latest", "--export", "csv");
    json<Reported>("report", "latest", "--export", "json", "--format", "json");
    json<Reported>("report", "latest", "--export", "parquet", "--format", "parquet");
    const { metrics } = csv;
    for (const { table, rows } of csv.exported) {
      const text = readFileSync(join(folder, "csv", `${table}.csv`), "utf8");
      const asCsv = parse(text, { columns: true }) as Readonly<Record<string, string>>[];
      const asJson = JSON.parse(readFileSync(join(folder, "json", `${table}.json`), "utf8"));
      const bytes = new Uint8Array(readFileSync(join(folder, "parquet", `${table}.parquet`)));
      const asParquet = await parquetReadObjects({ file: bytes.buffer });
      expect([asCsv.length, asJson.length, asParquet.length]).toEqual([rows, rows, rows]);
      const names = Object.keys(asCsv[0] ?? {});
      expect(Object.keys(asParquet[0] ?? {})).toEqual(names);
      expect(Object.keys(asJson[0] ?? {})).toEqual(names);
      if (table === "equity") expect(asCsv.at(-1)?.equity).toBe(metrics.finalEquity);
      if (table === "fills") {
        expect(rows).toBe(metrics.fills);
        const parts = asCsv.reduce((sum, row) => sum + minor(row.shortfall ?? ""), 0n);
        const { total, opportunity } = metrics.shortfall;
        expect(parts).toBe(minor(total.amount) - minor(opportunity.amount));
      }
      if (table === "trades") expect(rows).toBe(metrics.trades);
      if (table === "returns") expect(rows).toBe(metrics.daily.days);
      if (table !== "attribution") continue;
      const bySymbol = asCsv.filter(({ breakdown }) => breakdown === "bySymbol");
      const sum = bySymbol.reduce((all, { profit = "" }) => all + minor(profit), 0n);
      expect(sum).toBe(minor(metrics.netProfit));
    }
  });

  test.each([
    [["--benchmark", "XYZ"], 2, "REPORT_BENCHMARK_UNKNOWN: the run read no bar of XYZ"],
    [
      ["--benchmark", "bad.csv"],
      3,
      'REPORT_BENCHMARK_INVALID: bad.csv, line 3: "zero" is no close',
    ],
    [["--benchmark", "late.csv"], 3, "line 3: 2013-01-01 is earlier than the line before"],
    [["--benchmark", "wide.csv"], 3, "has the columns Date, A, B: which one is the close?"],
    [["--export", "."], 2, "REPORT_EXPORT_REFUSED: . holds files already"],
    [["--trials", "0"], 2, "give a whole number, 1 or more"],
  ])("refuses %j", (args, code, message) => {
    writeFileSync(join(folder, "bad.csv"), "Date,Close\n2013-01-01,5\n2013-01-02,zero\n");
    writeFileSync(join(folder, "late.csv"), "Date,Close\n2013-01-02,5\n2013-01-01,6\n");
    writeFileSync(join(folder, "wide.csv"), "Date,A,B\n2013-01-02,5,6\n");
    const { status, err } = tapedeck("report", "latest", ...args);
    expect(status).toBe(code);
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});

describe("impact", () => {
  interface Impact {
    readonly span: { readonly days: number };
    readonly holdings: readonly { readonly symbol: string; readonly before: number }[];
    readonly before: { readonly gross: number; readonly sharpe: number | null };
    readonly after: { readonly gross: number; readonly sharpe: number | null };
  }

  test("tells before, after and difference, and changes nothing where the weight is held", () => {
    const found = json<Impact>("impact", "latest", "--weights", "IBM=0.25");
    expect(found.span.days).toBe(DAYS - 1);
    expect(found.holdings.map(({ symbol }) => symbol).toSorted()).toEqual(["BAC", "IBM"]);
    const bac = found.holdings.find(({ symbol }) => symbol === "BAC")?.before ?? 0;
    expect(found.after.gross).toBeCloseTo(0.25 + Math.abs(bac), 12);
    const same = json<Impact>("impact", "latest", "--weights", `BAC=${bac}`);
    expect(same.after).toEqual(same.before);
    const text = tapedeck("impact", "latest", "--weights", "IBM=0.25").out;
    expect(text).toMatch(/Sharpe ratio +\S+ +\S+ +\S+ +\S+ to \S+ +arithmetic, risk-free 0/);
    expect(text).toContain("Kelly leverage");
  });

  test.each([
    [["--weights", "XYZ=0.1"], 2, "IMPACT_SYMBOL_UNKNOWN: the run read no bar of XYZ"],
    [["--weights", "IBM"], 2, "write SYMBOL=0.1,OTHER=-0.05"],
    [["--weights", "IBM=NaN"], 2, "write SYMBOL=0.1"],
    [["--weights", "IBM=1,IBM=2"], 2, "each once"],
    [[], 2, "required option"],
  ])("refuses %j", (args, code, message) => {
    const { status, err } = tapedeck("impact", "latest", ...args);
    expect(status).toBe(code);
    expect(err).toContain(message);
  });
});
