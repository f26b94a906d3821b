// The second pass of an import: decode, put in order of time, write. Promises: every row becomes an
// event or a dead letter with its file, line, reason and bytes; an instrument's event comes before
// the first event of its symbol; no symbol has two bars of one time.

import { basename } from "node:path";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { SourceWriter } from "../tape/source-writer.ts";
import type { Cells, Fault } from "./cells.ts";
import { fileError } from "./import-error.ts";
import type { ImportOptions } from "./import-options.ts";
import type { FileReport } from "./import-report.ts";
import type { InstrumentBook } from "./instrument-book.ts";
import type { QualityWatch } from "./quality.ts";
import { RowDecoder, type RowSink } from "./row-decoder.ts";
import type { SourceFile } from "./source-file.ts";
import { type MarketTopic, mergedRows, type Row, sortedRows } from "./time-order.ts";

/** Rows decoded at a time: fixed, so that dead letters always fall between the same events. */
const DECODED_ROWS = 8192;
/** Characters of a file's name kept in dead letters. */
const MAX_ORIGIN = 200;

export type ImportProgress = (stage: "checking" | "importing", done: number, total: number) => void;

export interface ImportTarget {
  readonly writer: SourceWriter;
  readonly topic: MarketTopic;
  readonly options: ImportOptions;
  readonly book: InstrumentBook;
  readonly quality: QualityWatch;
  /** Instruments that the tape has already. */
  readonly held: ReadonlyMap<string, Instrument>;
}

interface FileCounts {
  rows: number;
  events: number;
  rejected: number;
}

interface Letter {
  readonly line: number;
  readonly fault: Fault;
  readonly raw: Uint8Array;
}

export const total = (
  reports: readonly Readonly<FileCounts>[],
  field: "rows" | "events" | "rejected",
): number => reports.reduce((sum, report) => sum + report[field], 0);

export class ImportRun {
  readonly fileReports: FileReport[] = [];
  /** Dead letters by code. */
  readonly reasons = new Map<string, number>();
  readonly newInstruments: string[] = [];
  rounded = 0;
  private readonly sources: readonly SourceFile[];
  private readonly target: ImportTarget;
  private readonly counts: readonly FileCounts[];
  private readonly announced: Set<string>;
  private readonly lastBars = new Map<string, number>();
  /** Time of the newest event written: dead letters, which may have none, take it. */
  private timeUs: number;

  constructor(sources: readonly SourceFile[], target: ImportTarget) {
    this.sources = sources;
    this.target = target;
    this.counts = sources.map(() => ({ rows: 0, events: 0, rejected: 0 }));
    this.announced = new Set(target.held.keys());
    const firsts = sources.map(({ survey, clock }) => clock.endUs(survey.firstStamp));
    this.timeUs = Math.max(Math.min(...firsts), target.writer.newestUs("tape.dead-letters") ?? 0);
  }

  async all(progress: ImportProgress): Promise<void> {
    const { sources, counts, target } = this;
    const rows = sources.reduce((sum, { survey }) => sum + survey.rows, 0);
    const streams = sources.map((source, file) =>
      sortedRows(this.decoded(source, file), target.topic, source.latenessUs),
    );
    for await (const batch of mergedRows(streams)) {
      for (const row of batch) {
        const wait = this.place(row);
        if (wait !== null) await wait;
      }
      progress("importing", total(counts, "rows"), rows);
    }
    await target.writer.flush();
    for (const [file, { table, survey }] of sources.entries()) {
      const count = counts[file] as FileCounts;
      if (count.rows !== survey.rows) {
        const what = `had ${survey.rows} rows when it was checked and ${count.rows} when imported`;
        throw fileError("IMPORT_FILE_CHANGED", table.file, what);
      }
      this.fileReports.push({ file: table.file, format: table.format, ...count });
    }
  }

  /** A file's events in its own order; its dead letters are written on the way. */
  private async *decoded(source: SourceFile, file: number): AsyncGenerator<readonly Row[]> {
    const { table, columns, symbol, clock } = source;
    const { options, book } = this.target;
    const counts = this.counts[file] as FileCounts;
    const times = source.newTimes();
    const decoder = new RowDecoder(options, columns, symbol, times, clock, book);
    const late = new LateRows(this.target);
    let rows: Row[] = [];
    let letters: Letter[] = [];
    let cells: Cells | null = null;
    const sink: RowSink = {
      accept(timeUs, value) {
        rows.push({ timeUs, file, line: cells?.line ?? 0, value });
        late.look(timeUs, value.symbol);
      },
      refuse(fault) {
        if (cells !== null) letters.push({ line: cells.line, fault, raw: cells.raw() });
      },
    };
    let taken = 0;
    for await (const page of table.pages()) {
      cells = page;
      while (page.next()) {
        counts.rows++;
        decoder.decode(page, sink);
        if (++taken < DECODED_ROWS) continue;
        for (const letter of letters) await this.bury(file, letter);
        yield rows;
        rows = [];
        letters = [];
        taken = 0;
      }
    }
    for (const letter of letters) await this.bury(file, letter);
    this.rounded += decoder.rounded;
    yield rows;
  }

  /** Writes one event, its instrument before it where that is new. */
  private place(row: Row): Promise<void> | null {
    const { value, timeUs } = row;
    const { book, topic, quality, writer } = this.target;
    const instrument = book.of(value.symbol);
    if (instrument === null) return null;
    if (topic === "market.bars") {
      if (this.lastBars.get(value.symbol) === timeUs) return this.buryBar(row, instrument);
      this.lastBars.set(value.symbol, timeUs);
    }
    if (timeUs > this.timeUs) this.timeUs = timeUs;
    quality.placed(row, instrument);
    (this.counts[row.file] as FileCounts).events++;
    if (!this.announced.has(value.symbol)) return this.announce(row, instrument);
    return writer.append(topic, timeUs, value as never);
  }

  private async announce({ value, timeUs }: Row, instrument: Instrument): Promise<void> {
    const { writer, topic } = this.target;
    this.announced.add(value.symbol);
    this.newInstruments.push(value.symbol);
    await writer.append("market.instruments", timeUs, instrument);
    await writer.append(topic, timeUs, value as never);
  }

  /** A second bar of one time: the first, by file and line, stands. */
  private buryBar({ file, line, value }: Row, instrument: Instrument): Promise<void> {
    this.target.quality.repeated(instrument);
    const { endUs } = value as MarketBar;
    const detail = `${value.symbol} has a bar that ends at ${endUs} µs already`;
    return this.bury(file, {
      line,
      fault: { code: "IMPORT_BAR_DUPLICATE", detail },
      raw: Uint8Array.from(Buffer.from(JSON.stringify(value))),
    });
  }

  private async bury(file: number, { line, fault, raw }: Letter): Promise<void> {
    (this.counts[file] as FileCounts).rejected++;
    this.reasons.set(fault.code, (this.reasons.get(fault.code) ?? 0) + 1);
    const name = basename(this.sources[file]?.table.file ?? "").toWellFormed();
    await this.target.writer.append("tape.dead-letters", this.timeUs, {
      origin: name.slice(0, MAX_ORIGIN).toWellFormed(),
      partition: 0,
      position: line,
      code: fault.code,
      detail: fault.detail.toWellFormed(),
      raw,
    });
  }
}

/** Counts rows that lie behind an earlier row of their symbol, in one file. */
class LateRows {
  private readonly target: ImportTarget;
  private readonly newest = new Map<string, number>();

  constructor(target: ImportTarget) {
    this.target = target;
  }

  look(timeUs: number, symbol: string): void {
    const newest = this.newest.get(symbol);
    if (newest === undefined || timeUs >= newest) {
      this.newest.set(symbol, timeUs);
      return;
    }
    const instrument = this.target.book.of(symbol);
    if (instrument !== null) this.target.quality.late(instrument);
  }
}
