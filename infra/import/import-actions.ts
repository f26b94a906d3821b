// Files of corporate actions to a tape that holds their symbols. Promises: every file is read to its end
// before anything is written; every row becomes an event or a dead letter with its file, line and reason;
// an action takes effect as the session of its ex-date begins, in the zone of its instrument.

import { basename } from "node:path";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { openSourceWriter, type SourceWriter } from "../tape/source-writer.ts";
import { ActionDecoder, actionColumns } from "./action-rows.ts";
import type { Fault, Table } from "./cells.ts";
import { openCsv } from "./csv-table.ts";
import { identifyFile } from "./file-bytes.ts";
import { fileError } from "./import-error.ts";
import { DAY_US, defaultInstrument, type Session } from "./import-options.ts";
import type { ImportReport } from "./import-report.ts";
import { readInstruments } from "./instrument-book.ts";
import { symbolProblem } from "./symbols.ts";
import { dateStamp, sessionClock } from "./time-column.ts";
import { ZoneClock } from "./zone-clock.ts";

const TOPIC = "market.corporate-actions";
/** Characters of a file's name kept in dead letters. */
const MAX_ORIGIN = 200;

export interface ActionOptions {
  /** null: 09:30, or just after midnight where an instrument trades always. */
  readonly session: Session | null;
  readonly delimiter: string | null;
  /** Names for the columns of files that have no header line. */
  readonly columns: readonly string[] | null;
}

export interface ActionReport
  extends Pick<ImportReport, "files" | "rows" | "events" | "rejected" | "reasons" | "origins"> {
  readonly kind: "actions";
  /** Events by symbol, in alphabetical order. */
  readonly symbols: Readonly<Record<string, number>>;
}

interface Renaming {
  readonly from: string;
  readonly to: string;
}

/** One row: what it says, or why it says nothing. */
interface Row {
  readonly file: number;
  readonly line: number;
  readonly timeUs: number;
  readonly action: CorporateAction | null;
  readonly fault: Fault | null;
  readonly raw: Uint8Array | null;
}

/** `openLog` is asked for the tape once every file has been found readable. */
export async function importActions(
  files: readonly string[],
  options: ActionOptions,
  openLog: () => Promise<EventLog>,
): Promise<ActionReport> {
  const tables: Table[] = [];
  const renamings: Renaming[] = [];
  for (const file of files) {
    const table = await openTable(file, options);
    renamings.push(...(await readRenamings(table)));
    tables.push(table);
  }
  const log = await openLog();
  const held = await readInstruments(log);
  addRenamed(held, [...(await renamingsOf(log)), ...renamings]);
  const partitions = (await log.partitions()).filter(({ topic }) => topic === "market.instruments");
  const writer = await openSourceWriter(log, Math.max(1, partitions.length));
  const beginOf = beginnings(options.session);
  const rows: Row[] = [];
  for (const [file, table] of tables.entries()) {
    rows.push(...(await readRows(table, file, held, beginOf)));
  }
  rows.sort((a, b) => a.timeUs - b.timeUs || a.file - b.file || a.line - b.line);
  refuseUnlessSome(files, rows);
  refuseUnlessLater(files, rows, writer);
  const firstOrigin = writer.nextOrigin;
  await write(files, rows, writer);
  return reportOf(tables, rows, [firstOrigin, writer.nextOrigin]);
}

async function openTable(file: string, { delimiter, columns }: ActionOptions): Promise<Table> {
  const { format, bytes } = await identifyFile(file);
  if (format !== "parquet") return openCsv(file, format, bytes, delimiter, columns);
  throw fileError("IMPORT_PARQUET_UNSUPPORTED", file, "corporate actions are read from CSV only");
}

/** The whole file, so that what is damaged is found before anything is written. */
async function readRenamings(table: Table): Promise<Renaming[]> {
  const columns = actionColumns(table.file, table.header);
  const renamings: Renaming[] = [];
  for await (const cells of table.pages()) {
    while (cells.next()) {
      if (cells.fault !== null || columns.newSymbol < 0) continue;
      renamings.push({ from: cells.text(columns.symbol), to: cells.text(columns.newSymbol) });
    }
  }
  return renamings.filter(({ to }) => symbolProblem(to) === null);
}

async function renamingsOf(log: EventLog): Promise<Renaming[]> {
  if (!(await log.partitions()).some(({ topic }) => topic === TOPIC)) return [];
  const renamings: Renaming[] = [];
  for await (const chunk of mergeTopics(log, [TOPIC])) {
    for (const { value } of chunk as readonly EventOf<typeof TOPIC>[]) {
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

/** When the session of a date begins for an instrument. Each zone is opened once. */
type Beginning = (instrument: Instrument, stamp: number) => number;

function beginnings(session: Session | null): Beginning {
  const zones = new Map<string, ZoneClock>();
  return ({ timeZone, calendar }, stamp) => {
    let zone = zones.get(timeZone);
    if (zone === undefined) {
      zone = new ZoneClock(timeZone);
      zones.set(timeZone, zone);
    }
    const always = calendar === "24x7" ? afterMidnight : defaultInstrument.session;
    return sessionClock(zone, session ?? always, false).startUs(stamp);
  };
}

/** A bar that ends at midnight is of the day before: it comes first. */
const afterMidnight: Session = { openUs: 1, closeUs: DAY_US };

async function readRows(
  table: Table,
  file: number,
  held: ReadonlyMap<string, Instrument>,
  beginOf: Beginning,
): Promise<Row[]> {
  const columns = actionColumns(table.file, table.header);
  const decoder = new ActionDecoder(columns, held);
  const rows: Row[] = [];
  let timeUs = 0;
  for await (const cells of table.pages()) {
    while (cells.next()) {
      const { line } = cells;
      const read = cells.fault ?? decoder.decode(cells);
      if ("code" in read) {
        // A dead letter may have no time: it lies beside the row before it.
        rows.push({ file, line, timeUs, action: null, fault: read, raw: cells.raw() });
        continue;
      }
      const instrument = held.get(read.symbol) as Instrument;
      timeUs = beginOf(instrument, dateStamp(cells.text(columns.date)));
      rows.push({ file, line, timeUs, action: read, fault: null, raw: null });
    }
  }
  return rows;
}

function refuseUnlessSome(files: readonly string[], rows: readonly Row[]): void {
  if (rows.some(({ action }) => action !== null)) return;
  const [first] = rows;
  const why =
    first?.fault == null ? "" : `, the first for ${first.fault.code}: ${first.fault.detail}`;
  const what = `none of ${rows.length} rows can be used${why}`;
  throw fileError("IMPORT_NO_ROWS", files[first?.file ?? 0] ?? "", what, { rows: rows.length });
}

function refuseUnlessLater(
  files: readonly string[],
  rows: readonly Row[],
  writer: SourceWriter,
): void {
  const newest = writer.newestUs(TOPIC);
  const first = rows.find(({ action }) => action !== null);
  if (newest === null || first === undefined || first.timeUs > newest) return;
  const what = `begins at ${formatIsoUs(first.timeUs)}, and the tape holds ${TOPIC} up to ${formatIsoUs(newest)}`;
  throw fileError("IMPORT_NOT_LATER", files[first.file] ?? "", what, { newestUs: newest });
}

async function write(
  files: readonly string[],
  rows: readonly Row[],
  writer: SourceWriter,
): Promise<void> {
  const floorUs = writer.newestUs("tape.dead-letters") ?? 0;
  for (const { file, line, timeUs, action, fault, raw } of rows) {
    if (action !== null) await writer.append(TOPIC, timeUs, action);
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
  tables: readonly Table[],
  rows: readonly Row[],
  origins: readonly [number, number],
): ActionReport {
  const reasons = new Map<string, number>();
  const symbols = new Map<string, number>();
  for (const { action, fault } of rows) {
    if (fault !== null) reasons.set(fault.code, (reasons.get(fault.code) ?? 0) + 1);
    if (action !== null) symbols.set(action.symbol, (symbols.get(action.symbol) ?? 0) + 1);
  }
  const files = tables.map(({ file, format }, index) => {
    const own = rows.filter((row) => row.file === index);
    const events = own.filter(({ action }) => action !== null).length;
    return { file, format, rows: own.length, events, rejected: own.length - events };
  });
  const events = rows.filter(({ action }) => action !== null).length;
  const byName = <T>(map: ReadonlyMap<string, T>): Record<string, T> =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    kind: "actions",
    files,
    rows: rows.length,
    events,
    rejected: rows.length - events,
    reasons: byName(reasons),
    origins,
    symbols: byName(symbols),
  };
}
