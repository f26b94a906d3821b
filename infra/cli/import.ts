// tapedeck import: files of ticks, quotes or bars onto a tape, with a report of their quality.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { corporateActions } from "../import/action-rows.ts";
import { importFiles } from "../import/import-files.ts";
import { importNotices, type NoticeReport } from "../import/import-notices.ts";
import { readInstrumentFile } from "../import/instrument-file.ts";
import {
  parseImportOptions,
  parseNoticeOptions,
  type RawOptions,
} from "../import/parse-options.ts";
import { marketRates } from "../import/rate-rows.ts";
import { filesText, reportText } from "../import/report-text.ts";
import { marketStatus } from "../import/status-rows.ts";
import { tapeFolder } from "../import/tape-folder.ts";
import { grouped, progressLine } from "./progress.ts";

export function importCommand(): Command {
  return new Command("import")
    .description(
      "Read CSV, gzip'd CSV or Parquet files of ticks, quotes or bars onto a tape, or CSV files of " +
        "corporate actions onto the tape of their prices. Several files " +
        "are merged by time. Bad rows go to tape.dead-letters; a file that cannot be read to its " +
        "end is refused before anything is written.",
    )
    .argument("<file...>", "CSV, gzip'd CSV or Parquet")
    .requiredOption("--tape <folder>", "the tape; made if it is not there")
    .addOption(
      new Option("--as <kind>", "what the rows are")
        .choices(["ticks", "quotes", "bars", "actions", "status", "rates"])
        .makeOptionMandatory(),
    )
    .option("--symbol <symbols>", "what the files are about: one, or one per file (BAC,IBM)")
    .option("--map <role=column,...>", "columns by name, e.g. price=px,time=ts_ms")
    .option("--columns <names>", "names of the columns of files without a header line")
    .option("--delimiter <character>", "between cells (default: the likeliest of , ; tab |)")
    .option("--time-unit <unit>", "of epoch numbers: s, ms, us, ns (default: by name or size)")
    .option("--time-zone <zone>", "IANA zone of times written without one (default: refuse them)")
    .option("--interval <duration>", "of bars: 1s, 1m, 1h, 1d (default: the commonest spacing)")
    .option("--bar-time <edge>", "a bar's time is its start or end (default: start; dates: day)")
    .option("--price-scale <n>", "decimals of prices, rounding to them (default: as written)")
    .option(
      "--quantity-scale <n>",
      "decimals of quantities, rounding to them (default: as written)",
    )
    .option("--asset-class <class>", "equity, fx, crypto, future or index", "equity")
    .option("--currency <code>", "ISO 4217", "USD")
    .option("--tick-size <price>", "smallest price step (default: 0.01 for equities, else 1 unit)")
    .option("--lot-size <quantity>", "smallest quantity step (default: 1 unit)")
    .option("--multiplier <n>", "units of the underlying per unit of quantity", "1")
    .option(
      "--contract <kind>",
      "spot; linear or inverse (settles its profit alone); exchange (a pair of currencies)",
      "spot",
    )
    .option("--expiry <time>", "of a linear or inverse contract (default: none, a perpetual)")
    .option("--base-currency <code>", "of an exchange: what the quantity is of")
    .option("--instruments <file>", "YAML: what symbols are that are not as the options say")
    .option(
      "--calendar <mic>",
      "trading calendar: a MIC, 24x7 or 24x5 (`tapedeck calendar`)",
      "XNYS",
    )
    .option("--exchange-zone <zone>", "IANA zone of the exchange (default: New York; 24x7: UTC)")
    .option("--session <open-close>", "trading hours (default: 09:30-16:00; 24x7: 00:00-24:00)")
    .option("--partitions <n>", "of a new tape (default: 1)")
    .addHelpText("after", help)
    .action(async (files: string[], raw: RawOptions & { tape: string }, command: Command) => {
      const json = command.optsWithGlobals().json === true;
      if (raw.as === "actions" || raw.as === "status" || raw.as === "rates") {
        await runNotices(raw.as, files, raw, json);
      } else await runImport(files, raw, json);
    });
}

async function runImport(
  files: readonly string[],
  raw: RawOptions & { readonly tape: string; readonly instruments?: string },
  json: boolean,
): Promise<void> {
  const options = parseImportOptions(
    raw,
    raw.instruments === undefined ? new Map() : readInstrumentFile(raw.instruments),
  );
  const folder = tapeFolder(raw.tape);
  const startedMs = performance.now();
  let stage = "";
  let line = progressLine("", "");
  try {
    const report = await importFiles(files, options, folder.open, (now, done, total) => {
      if (now !== stage) line = progressLine(now, now === "importing" ? "rows" : "bytes");
      stage = now;
      line.update(done, total);
    });
    line.end();
    await folder.keep();
    const saved = join(raw.tape, `quality-${report.origins[0]}.json`);
    writeReport(saved, report);
    const seconds = (performance.now() - startedMs) / 1000;
    const rowsPerSecond = Math.round(report.rows / seconds);
    process.stdout.write(
      json
        ? `${JSON.stringify({ tape: raw.tape, quality: saved, seconds, rowsPerSecond, ...report })}\n`
        : `${reportText(report)}\n\n${grouped(report.events)} ${report.kind} on ${raw.tape} in ${seconds.toFixed(1)} s (${grouped(rowsPerSecond)} rows/s)\nquality report: ${saved}\n`,
    );
  } catch (error) {
    line.end();
    await folder.abandon();
    throw error;
  }
}

async function runNotices(
  as: "actions" | "status" | "rates",
  files: readonly string[],
  raw: RawOptions & { readonly tape: string },
  json: boolean,
): Promise<void> {
  const options = parseNoticeOptions(raw);
  const folder = tapeFolder(raw.tape);
  try {
    const imported = {
      actions: () => importNotices(corporateActions, files, options, folder.open),
      status: () => importNotices(marketStatus, files, options, folder.open),
      rates: () => importNotices(marketRates, files, options, folder.open),
    } satisfies Record<typeof as, () => Promise<NoticeReport>>;
    const report: NoticeReport = await imported[as]();
    const { plural } = { actions: corporateActions, status: marketStatus, rates: marketRates }[as];
    await folder.keep();
    const symbols = Object.entries(report.symbols).map(([symbol, count]) => `${symbol} ${count}`);
    process.stdout.write(
      json
        ? `${JSON.stringify({ tape: raw.tape, ...report })}\n`
        : `${filesText(report).join("\n")}\n\n${grouped(report.events)} ${plural} on ${raw.tape}: ${symbols.join(", ")}\n`,
    );
  } catch (error) {
    await folder.abandon();
    throw error;
  }
}

function writeReport(path: string, report: object): void {
  try {
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const message = `the data is on the tape, but not its report: ${said}`;
    throw new TapedeckError("STORE_UNAVAILABLE", message, { path }, error);
  }
}

const help = `
Examples:
  One-minute bars of several symbols; ts_ms is the bar's start:
  $ tapedeck import bars-1m-4-equities-2013-10.csv.gz --as bars --tape tapes/minute

  Trades of two symbols, one file each, merged by time:
  $ tapedeck import trades-bac-2013-10-07.csv.gz trades-ibm-2013-10-07.csv.gz \\
      --symbol BAC,IBM --as ticks --tape tapes/trades

  One-sided quotes, onto the same tape:
  $ tapedeck import quotes-ibm-2013-10-07.csv.gz --symbol IBM --as quotes --tape tapes/trades

  Daily bars (date,symbol,open,…); and a file with one column of closes per symbol:
  $ tapedeck import bars-1d-8-equities-1998-2021.csv.gz --as bars --tape tapes/daily
  $ tapedeck import sp500-20-stocks-daily-1990-2022.csv.gz --as bars --tape tapes/closes

  Splits, dividends, changes of symbol and delistings, onto the tape of their prices:
  $ tapedeck import examples/corporate-actions-8-equities.csv --as actions --tape tapes/daily

  Halts, early closes and busted trades (time,symbol,status,from,to,reason), onto the tape of their prices:
  $ tapedeck import halts.csv --as status --tape tapes/minute

  Other people's names, local times, no header, crypto:
  $ tapedeck import px.csv --as ticks --map time=when,price=px --symbol AAPL \\
      --time-zone America/New_York --tape tapes/a
  $ tapedeck import btc.csv --as ticks --columns id,price,size,quote,time --symbol BTCUSD \\
      --asset-class crypto --calendar 24x7 --tape tapes/btc

  A perpetual that settles in bitcoin; shares of two currencies and the pair that converts them, where
  instruments.yaml says SIE: { currency: EUR } and
  EURUSD: { assetClass: fx, contract: exchange, baseCurrency: EUR }:
  $ tapedeck import xbtusd.csv --as bars --symbol XBTUSD --asset-class crypto --currency BTC \\
      --contract inverse --calendar 24x7 --tape tapes/perpetual
  $ tapedeck import ibm.csv sie.csv eurusd.csv --symbol IBM,SIE,EURUSD --as bars \\
      --instruments instruments.yaml --tape tapes/two

Exit codes: 0 imported, dead letters included · 2 wrong usage · 3 a file cannot be used · 4 the tape`;
