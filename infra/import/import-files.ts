// Files to a tape. Promises: every file is read to its end before anything is written, so that one
// which cannot be used leaves the tape as it was; every row becomes an event or a dead letter; the
// same files and options give the same records in the same order.

import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventLog } from "../../streams/log.ts";
import { openSourceWriter, type SourceWriter } from "../tape/source-writer.ts";
import { fileError, shown } from "./import-error.ts";
import type { ImportKind, ImportOptions } from "./import-options.ts";
import type { ImportReport } from "./import-report.ts";
import { type ImportProgress, ImportRun, total } from "./import-run.ts";
import { InstrumentBook, readInstruments } from "./instrument-book.ts";
import { QualityWatch } from "./quality.ts";
import {
  openSourceFile,
  openZones,
  type SourceFile,
  surveySourceFile,
  type Zones,
} from "./source-file.ts";
import { chooseScale, type DigitsSurvey } from "./survey.ts";
import type { MarketTopic } from "./time-order.ts";

/** `openLog` is asked for the tape once every file has been found good. */
export async function importFiles(
  files: readonly string[],
  options: ImportOptions,
  openLog: () => Promise<EventLog>,
  progress: ImportProgress = () => undefined,
): Promise<ImportReport> {
  const zones = openZones(options);
  checkSymbols(files, options);
  const sources = await surveyAll(files, options, zones, progress);
  const intervalUs = commonInterval(sources);
  const { priceScale, quantityScale } = chooseScales(sources, options);
  const log = await openLog();
  const writer = await openSourceWriter(log, options.partitions ?? (await partitionsOf(log)));
  const held = await readInstruments(log);
  const book = new InstrumentBook(
    options.instrument,
    priceScale,
    quantityScale,
    held,
    options.instruments,
  );
  const topic = topicOf[options.kind];
  refuseUnlessLater(writer, topic, sources, new Set(held.keys()));
  const quality = new QualityWatch({
    kind: options.kind,
    intervalUs,
    exchange: zones.exchange,
    session: options.instrument.session,
  });
  const firstOrigin = writer.nextOrigin;
  const run = new ImportRun(sources, { writer, topic, options, book, quality, held });
  await run.all(progress);
  refuseUnlessSome(run);
  return {
    kind: options.kind,
    files: run.fileReports,
    rows: total(run.fileReports, "rows"),
    events: total(run.fileReports, "events"),
    rejected: total(run.fileReports, "rejected"),
    reasons: Object.fromEntries([...run.reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
    rounded: run.rounded,
    intervalSeconds: options.kind === "bars" ? intervalUs / 1e6 : null,
    priceScale,
    quantityScale,
    origins: [firstOrigin, writer.nextOrigin],
    newInstruments: run.newInstruments,
    symbols: quality.report(),
  };
}

const topicOf: Readonly<Record<ImportKind, MarketTopic>> = {
  ticks: "market.ticks",
  quotes: "market.quotes",
  bars: "market.bars",
};

function checkSymbols(files: readonly string[], { symbols }: ImportOptions): void {
  if (symbols.length <= 1 || symbols.length === files.length) return;
  throw new TapedeckError(
    "IMPORT_OPTION_INVALID",
    `${symbols.length} symbols for ${files.length} files: give one for all, or one for each`,
    { option: "--symbol", symbols: symbols.length, files: files.length },
  );
}

async function surveyAll(
  files: readonly string[],
  options: ImportOptions,
  zones: Zones,
  progress: ImportProgress,
): Promise<SourceFile[]> {
  const opened = [];
  for (const [index, file] of files.entries()) {
    opened.push(await openSourceFile(file, index, options));
  }
  const size = opened.reduce((sum, { table }) => sum + table.size, 0);
  let done = 0;
  const sources: SourceFile[] = [];
  for (const file of opened) {
    const onRead = (amount: number) => {
      done += amount;
      progress("checking", done, size);
    };
    sources.push(await surveySourceFile(file, options, zones, onRead));
  }
  return sources;
}

function commonInterval(sources: readonly SourceFile[]): number {
  const [first] = sources;
  for (const source of sources) {
    if (first === undefined || source.intervalUs === first.intervalUs) continue;
    const [one, other] = [first, source].map(({ intervalUs }) => `${intervalUs / 1e6} s`);
    const what = `its bars seem to last ${other}, those of ${first.table.file} ${one}`;
    throw fileError("IMPORT_INTERVAL_UNCLEAR", source.table.file, what);
  }
  return first?.intervalUs ?? 0;
}

/** One scale for the whole import: what every file needs. */
function chooseScales(sources: readonly SourceFile[], options: ImportOptions) {
  const greatest = (of: (source: SourceFile) => number): number => Math.max(0, ...sources.map(of));
  const chosen = (what: "price" | "quantity", digits: (source: SourceFile) => DigitsSurvey) =>
    greatest((source) =>
      chooseScale(source.table.file, digits(source), what, what === "price" ? 2 : 0),
    );
  return {
    priceScale: options.priceScale ?? chosen("price", ({ survey }) => survey.price),
    quantityScale: options.quantityScale ?? chosen("quantity", ({ survey }) => survey.quantity),
  };
}

/** A tape only grows at its end: what it holds is never rewritten, nor anything put before it. */
function refuseUnlessLater(
  writer: SourceWriter,
  topic: MarketTopic,
  sources: readonly SourceFile[],
  held: ReadonlySet<string>,
): void {
  const newest = writer.newestUs(topic);
  const newestInstrument = writer.newestUs("market.instruments");
  for (const { table, survey, clock, symbol, columns } of sources) {
    const first = clock.endUs(survey.firstStamp);
    const from = formatIsoUs(first);
    if (newest !== null && first <= newest) {
      const what = `begins at ${from}, and the tape holds ${topic} up to ${formatIsoUs(newest)}`;
      throw fileError("IMPORT_NOT_LATER", table.file, what, { firstUs: first, newestUs: newest });
    }
    const symbols = columns.wide.length > 0 || symbol === null ? survey.symbols : [symbol];
    const unknown = [...symbols].find((each) => !held.has(each));
    if (newestInstrument === null || first >= newestInstrument || unknown === undefined) continue;
    const what = `begins at ${from} with the new symbol ${shown(unknown)}, and the tape holds instruments up to ${formatIsoUs(newestInstrument)}`;
    throw fileError("IMPORT_NOT_LATER", table.file, what, { firstUs: first });
  }
}

/** As many as the tape's symbols lie in; 1 for a new tape. */
async function partitionsOf(log: EventLog): Promise<number> {
  const ranges = await log.partitions();
  return Math.max(1, ranges.filter(({ topic }) => topic === "market.instruments").length);
}

/** An import of nothing but dead letters is a mistake in the files or the options. */
function refuseUnlessSome({ fileReports, reasons }: ImportRun): void {
  const [first] = fileReports;
  if (first === undefined || total(fileReports, "events") > 0) return;
  const why = [...reasons].map(([code, count]) => `${count} × ${code}`).join(", ");
  const rows = total(fileReports, "rows");
  throw fileError("IMPORT_NO_ROWS", first.file, `none of ${rows} rows can be used: ${why}`, {
    rows,
  });
}
