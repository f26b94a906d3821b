// Files of what is said about instruments (corporate actions, the state of trading) to a tape that holds them.
// Promises: every file is read to its end before anything is written; every row becomes an event or a dead letter
// with its file, line and reason.

import { basename } from "node:path";
import type { Facts } from "../../schemas/generated/facts.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { openSourceWriter, type SourceWriter } from "../tape/source-writer.ts";
import type { Cells, Fault, Table } from "./cells.ts";
import { openCsv } from "./csv-table.ts";
import { identifyFile } from "./file-bytes.ts";
import { fileError } from "./import-error.ts";
import type { Session } from "./import-options.ts";
import type { ImportReport } from "./import-report.ts";
import { readInstruments } from "./instrument-book.ts";
import { symbolProblem } from "./symbols.ts";

const ACTIONS = "market.corporate-actions";
/** Characters of a file's name kept in dead letters. */
const MAX_ORIGIN = 200;

/** Topics that files of notices are read into. */
export type NoticeTopic = typeof ACTIONS | "market.status" | "market.rates";

export interface NoticeOptions {
  /** Of actions. null: 09:30, or just after midnight where an instrument trades always. */
  readonly session: Session | null;
  readonly delimiter: string | null;
  /** Names for the columns of files that have no header line. */
  readonly columns: readonly string[] | null;
}

export interface Notice<T extends NoticeTopic> {
  readonly timeUs: number;
  readonly value: Facts[T];
}

/** How files of one kind are read. */
export interface NoticeKind<T extends NoticeTopic> {
  readonly topic: T;
  readonly name: string;
  /** As in "corporate actions are read from CSV only". */
  readonly plural: string;
  /** Reads the rows of a table; `held`: the tape's instruments. IMPORT_COLUMN_MISSING where it lacks one. */
  readonly open: (
    table: Table,
    held: ReadonlyMap<string, Instrument>,
    options: NoticeOptions,
  ) => (cells: Cells) => Notice<T> | Fault;
  /** The column of names that symbols take, -1 where there is none; null where the kind renames nothing. */
  readonly renaming: ((table: Table) => Readonly<Record<"symbol" | "newSymbol", number>>) | null;
}

export interface NoticeReport
  extends Pick<ImportReport, "files" | "rows" | "events" | "rejected" | "reasons" | "origins"> {
  readonly kind: string;
  /** Events by symbol, in alphabetical order. */
  readonly symbols: Readonly<Record<string, number>>;
}

interface Renaming {
  readonly from: string;
  readonly to: string;
}

/** One row: what it says, or why it says nothing. */
interface Row<T extends NoticeTopic> {
  readonly file: number;
  readonly line: number;
  readonly timeUs: number;
  readonly value: Facts[T] | null;
  readonly fault: Fault | null;
  readonly raw: Uint8Array | null;
}

/** `openLog` is asked for the tape once every file has been found readable. */
export async function importNotices<T extends NoticeTopic>(
  kind: NoticeKind<T>,
  files: readonly string[],
  options: NoticeOptions,
  openLog: () => Promise<EventLog>,
): Promise<NoticeReport> {
  const tables: Table[] = [];
  const renamings: Renaming[] = [];
  for (const file of files) {
    const table = await openTable(kind, file, options);
    renamings.push(...(await readRenamings(kind, table, options)));
    tables.push(table);
  }
  const log = await openLog();
  const held = await readInstruments(log);
  addRenamed(held, [...(await renamingsOf(log)), ...renamings]);
  const partitions = (await log.partitions()).filter(({ topic }) => topic === "market.instruments");
  const writer = await openSourceWriter(log, Math.max(1, partitions.length));
  const rows: Row<T>[] = [];
  for (const [file, table] of tables.entries()) {
    rows.push(...(await readRows(table, file, kind.open(table, held, options))));
  }
  rows.sort((a, b) => a.timeUs - b.timeUs || a.file - b.file || a.line - b.line);
  refuseUnlessSome(files, rows);
  refuseUnlessLater(kind.topic, files, rows, writer);
  const firstOrigin = writer.nextOrigin;
  await write(kind.topic, files, rows, writer);
  return reportOf(kind.name, tables, rows, [firstOrigin, writer.nextOrigin]);
}

async function openTable(
  { plural }: Pick<NoticeKind<NoticeTopic>, "plural">,
  file: string,
  { delimiter, columns }: NoticeOptions,
): Promise<Table> {
  const { format, bytes } = await identifyFile(file);
  if (format !== "parquet") return openCsv(file, format, bytes, delimiter, columns);
  throw fileError("IMPORT_PARQUET_UNSUPPORTED", file, `${plural} are read from CSV only`);
}

/** The whole file, so that what is damaged is found before anything is written. */
async function readRenamings<T extends NoticeTopic>(
  kind: NoticeKind<T>,
  table: Table,
  options: NoticeOptions,
): Promise<Renaming[]> {
  kind.open(table, new Map(), options);
  const columns = kind.renaming?.(table);
  const renamings: Renaming[] = [];
  for await (const cells of table.pages()) {
    while (cells.next()) {
      if (cells.fault !== null || columns === undefined || columns.newSymbol < 0) continue;
      renamings.push({ from: cells.text(columns.symbol), to: cells.text(columns.newSymbol) });
    }
  }
  return renamings.filter(({ to }) => symbolProblem(to) === null);
}

async function renamingsOf(log: EventLog): Promise<Renaming[]> {
  if (!(await log.partitions()).some(({ topic }) => topic === ACTIONS)) return [];
  const renamings: Renaming[] = [];
  for await (const chunk of mergeTopics(log, [ACTIONS])) {
    for (const { value } of chunk as readonly EventOf<typeof ACTIONS>[]) {
      if (value.newSymbol !== "") renamings.push({ from: value.symbol, to: value.newSymbol });
    }
  }
  return renamings;
}

/** A name that a known symbol takes is known too, along a whole chain of them. */
function addRenamed(held: Map<string, Instrument>, renamings: readonly Renaming[]): void {
  for (let added = true; added; ) {
    added = false;
    for (const { from, to } of renamings) {
      const instrument = held.get(from);
      if (instrument === undefined || held.has(to)) continue;
      held.set(to, { ...instrument, symbol: to });
      added = true;
    }
  }
}

async function readRows<T extends NoticeTopic>(
  table: Table,
  file: number,
  decode: (cells: Cells) => Notice<T> | Fault,
): Promise<Row<T>[]> {
  const rows: Row<T>[] = [];
  let timeUs = 0;
  for await (const cells of table.pages()) {
    while (cells.next()) {
      const { line } = cells;
      const read = cells.fault ?? decode(cells);
      if ("code" in read) {
        // A dead letter may have no time: it lies beside the row before it.
        rows.push({ file, line, timeUs, value: null, fault: read, raw: cells.raw() });
        continue;
      }
      timeUs = read.timeUs;
      rows.push({ file, line, timeUs, value: read.value, fault: null, raw: null });
    }
  }
  return rows;
}

function refuseUnlessSome(files: readonly string[], rows: readonly Row<NoticeTopic>[]): void {
  if (rows.some(({ value }) => value !== null)) return;
  const [first] = rows;
  const why =
    first?.fault == null ? "" : `, the first for ${first.fault.code}: ${first.fault.detail}`;
  const what = `none of ${rows.length} rows can be used${why}`;
  throw fileError("IMPORT_NO_ROWS", files[first?.file ?? 0] ?? "", what, { rows: rows.length });
}

function refuseUnlessLater(
  topic: NoticeTopic,
  files: readonly string[],
  rows: readonly Row<NoticeTopic>[],
  writer: SourceWriter,
): void {
  const newest = writer.newestUs(topic);
  const first = rows.find(({ value }) => value !== null);
  if (newest === null || first === undefined || first.timeUs > newest) return;
  const what = `begins at ${formatIsoUs(first.timeUs)}, and the tape holds ${topic} up to ${formatIsoUs(newest)}`;
  throw fileError("IMPORT_NOT_LATER", files[first.file] ?? "", what, { newestUs: newest });
}

async function write<T extends NoticeTopic>(
  topic: T,
  files: readonly string[],
  rows: readonly Row<T>[],
  writer: SourceWriter,
): Promise<void> {
  const floorUs = writer.newestUs("tape.dead-letters") ?? 0;
  for (const { file, line, timeUs, value, fault, raw } of rows) {
    if (value !== null) await writer.append(topic, timeUs, value);
    else if (fault !== null) {
      const name = basename(files[file] ?? "").toWellFormed();
      await writer.append("tape.dead-letters", Math.max(timeUs, floorUs), {
        origin: name.slice(0, MAX_ORIGIN).toWellFormed(),
        partition: 0,
        position: line,
        code: fault.code,
        detail: fault.detail.toWellFormed(),
        raw: raw ?? new Uint8Array(0),
      });
    }
  }
  await writer.flush();
}

function reportOf(
  kind: string,
  tables: readonly Table[],
  rows: readonly Row<NoticeTopic>[],
  origins: readonly [number, number],
): NoticeReport {
  const reasons = new Map<string, number>();
  const symbols = new Map<string, number>();
  for (const { value, fault } of rows) {
    if (fault !== null) reasons.set(fault.code, (reasons.get(fault.code) ?? 0) + 1);
    if (value !== null) symbols.set(value.symbol, (symbols.get(value.symbol) ?? 0) + 1);
  }
  const files = tables.map(({ file, format }, index) => {
    const own = rows.filter((row) => row.file === index);
    const events = own.filter(({ value }) => value !== null).length;
    return { file, format, rows: own.length, events, rejected: own.length - events };
  });
  const events = rows.filter(({ value }) => value !== null).length;
  const byName = <T>(map: ReadonlyMap<string, T>): Record<string, T> =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    kind,
    files,
    rows: rows.length,
    events,
    rejected: rows.length - events,
    reasons: byName(reasons),
    origins,
    symbols: byName(symbols),
  };
}
