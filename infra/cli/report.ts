// tapedeck report: a run's report made anew, against a benchmark if one is named, and its tables for other
// tools. Promises: nothing is replayed; the run's log is not changed.

import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { readBenchmark } from "../report/benchmark-file.ts";
import { collectReport, type ReportOptions } from "../report/collect-report.ts";
import { exportRun, type TableName } from "../report/export-run.ts";
import type { Benchmark } from "../report/relative-measures.ts";
import { renderReport } from "../report/render-report.ts";
import { type TableFormat, tableFormats } from "../report/table-file.ts";
import { readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun, type RunFolder, writeWhole } from "../run/run-folder.ts";
import { accountOf, openView } from "../run/run-view.ts";
import { measureLines } from "./measure-lines.ts";
import { wholeNumber } from "./number-option.ts";
import { tableText } from "./table.ts";
import { requireComplete } from "./verify.ts";

interface Options {
  readonly benchmark?: string;
  readonly trials?: number;
  readonly out?: string;
  readonly export?: string;
  readonly format: TableFormat;
  readonly root: string;
}

export function reportCommand(): Command {
  return new Command("report")
    .argument("<run>", "id, unique start of an id, folder, or `latest`")
    .option("--benchmark <name>", "a symbol whose bars the run read, or a file of dates and closes")
    .addOption(
      new Option(
        "--trials <n>",
        "of how many variants the run is the best (deflated Sharpe ratio)",
      ).argParser(wholeNumber(1)),
    )
    .option(
      "--out <file>",
      "where the page goes; else report.html of the run, and its metrics.json",
    )
    .option("--export <folder>", "also write the run's tables there")
    .addOption(new Option("--format <name>", "of the tables").choices(tableFormats).default("csv"))
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (name: string, options: Options, command: Command) => {
      const made = await makeReport(findRun(name, options.root), options);
      const json = command.optsWithGlobals().json === true;
      process.stdout.write(json ? `${JSON.stringify(made.facts)}\n` : made.text);
    });
}

async function makeReport(folder: RunFolder, options: Options) {
  const manifest = readManifest(folder.manifest);
  requireComplete(manifest);
  if (options.export !== undefined) openFolder(options.export);
  const settings: ReportOptions = {
    benchmark: await benchmarkOf(options.benchmark),
    ...(options.trials === undefined ? {} : { trials: options.trials }),
  };
  const view = await openView(folder.path, options.root);
  try {
    if (view.missing !== null) {
      throw new TapedeckError("RUN_INCOMPLETE", view.missing, { run: manifest.runId });
    }
    const account = accountOf(manifest);
    const data = await collectReport(view.log, manifest, account, settings);
    const page = options.out ?? folder.report;
    writeWhole(page, renderReport(data));
    if (options.out === undefined) {
      writeWhole(folder.metrics, `${JSON.stringify(data.metrics, null, 2)}\n`);
    }
    const { export: into, format } = options;
    const pathOf = (table: TableName): string => join(into ?? "", `${table}.${format}`);
    const rows =
      into === undefined ? null : await exportRun(view.log, account, data, format, pathOf);
    const written = rows === null ? [] : Object.entries(rows);
    const exported = written.map(([table, count]) => ({
      table,
      rows: count,
      file: pathOf(table as TableName),
    }));
    return {
      facts: { run: manifest.runId, report: page, metrics: data.metrics, exported },
      text: `${measureLines(data.metrics)}\nreport  ${page}\n${exported.length === 0 ? "" : `\n${tableText(exported, "")}`}`,
    };
  } finally {
    await view.log.close();
  }
}

const benchmarkOf = async (name: string | undefined): Promise<string | Benchmark | null> =>
  name === undefined
    ? null
    : existsSync(name) && statSync(name).isFile()
      ? await readBenchmark(name)
      : name;

/** Makes the folder where it is not there; refuses one that holds anything. */
function openFolder(path: string): void {
  const refuse = (what: string): TapedeckError =>
    new TapedeckError("REPORT_EXPORT_REFUSED", `${path} ${what}`, { path });
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw refuse("is no folder");
    if (readdirSync(path).length > 0) throw refuse("holds files already: none is written over");
  } else mkdirSync(path, { recursive: true });
}

const help = `
What is not named is as the run's configuration says (its section report). The page and metrics.json are what a backtest writes, made anew from the run's log: nothing is replayed.
A file of closes is CSV, gzip'd CSV or Parquet with a column of ISO dates and one of closes. What each
measure means, and how a table's columns are to be read, stands in docs/analysis.md.

Exit codes: 0 done · 2 no such run, benchmark or folder · 3 a bad file of closes · 4 the log is damaged

Examples:
  $ tapedeck report latest --benchmark SPY
  $ tapedeck report latest --benchmark sp500.csv.gz --trials 40
  $ tapedeck report latest --export tables --format parquet --out page.html`;
