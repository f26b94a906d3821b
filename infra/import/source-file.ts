// One file of an import, opened and surveyed: what its columns are, what its times mean, what is in it.

import { TapedeckError } from "../../schemas/errors.ts";
import type { Table } from "./cells.ts";
import { type Columns, findColumns } from "./columns.ts";
import { openCsv } from "./csv-table.ts";
import { identifyFile } from "./file-bytes.ts";
import { fileError, shown } from "./import-error.ts";
import { DAY_US, type ImportOptions } from "./import-options.ts";
import { openParquet } from "./parquet-table.ts";
import { type Survey, surveyFile } from "./survey.ts";
import { symbolProblem } from "./symbols.ts";
import {
  instantClock,
  intervalClock,
  readTimeColumn,
  type StampClock,
  sessionClock,
  type TimeColumn,
  TimeReader,
} from "./time-column.ts";
import { ZoneClock } from "./zone-clock.ts";

/** Zones of an import, made once: each keeps what it has looked up. */
export interface Zones {
  readonly local: ZoneClock | null;
  readonly exchange: ZoneClock;
}

/** IMPORT_OPTION_INVALID for a zone that the engine does not know. */
export function openZones(options: ImportOptions): Zones {
  const { timeZone, instrument } = options;
  return {
    local: timeZone === null ? null : zoneClock("--time-zone", timeZone),
    exchange: zoneClock("--exchange-zone", instrument.timeZone),
  };
}

function zoneClock(option: string, zone: string): ZoneClock {
  try {
    return new ZoneClock(zone);
  } catch (error) {
    const message = `${option} ${shown(zone)} is no IANA time zone, such as America/New_York`;
    throw new TapedeckError("IMPORT_OPTION_INVALID", message, { option, value: zone }, error);
  }
}

export interface SourceFile {
  readonly table: Table;
  readonly columns: Columns;
  /** What all rows are about; null where a column or the header says so. */
  readonly symbol: string | null;
  readonly survey: Survey;
  readonly clock: StampClock;
  /** Of bars; 0 for ticks and quotes. */
  readonly intervalUs: number;
  /** How far an event may lie behind the newest before it. */
  readonly latenessUs: number;
  newTimes(): TimeReader;
}

export interface OpenedFile {
  readonly table: Table;
  readonly columns: Columns;
  readonly symbol: string | null;
  readonly time: TimeColumn;
}

/** Reads the header and the first rows. */
export async function openSourceFile(
  file: string,
  index: number,
  options: ImportOptions,
): Promise<OpenedFile> {
  const { format, bytes } = await identifyFile(file);
  const table =
    format === "parquet"
      ? await openParquet(file, bytes)
      : await openCsv(file, format, bytes, options.delimiter, options.columns);
  const columns = findColumns(file, table.header, options);
  const symbol = symbolOf(file, index, columns, options);
  const time = await firstTime(table, columns, options);
  return { table, columns, symbol, time };
}

/** Reads the whole file once. `onRead` counts in the table's own unit. */
export async function surveySourceFile(
  { table, columns, symbol, time }: OpenedFile,
  options: ImportOptions,
  zones: Zones,
  onRead: (amount: number) => void,
): Promise<SourceFile> {
  const newTimes = () => new TimeReader(time, zones.local);
  const survey = await surveyFile(table, columns, symbol, newTimes(), onRead);
  const { clock, intervalUs } = clockOf(table.file, options, columns, time, survey, zones);
  // A day's end shifts by an hour with the clocks: dates may come closer than they look.
  const slack = survey.latenessUs > 0 && intervalUs >= DAY_US ? DAY_US : 0;
  const latenessUs = survey.latenessUs + slack;
  return { table, columns, symbol, survey, clock, intervalUs, latenessUs, newTimes };
}

function symbolOf(
  file: string,
  index: number,
  columns: Columns,
  { symbols }: ImportOptions,
): string | null {
  if (columns.wide.length > 0) return null;
  const given = symbols.length === 1 ? symbols[0] : symbols[index];
  if (given !== undefined) {
    const problem = symbolProblem(given);
    if (problem === null) return given;
    const message = `--symbol ${shown(given)} is no symbol: ${problem}`;
    throw new TapedeckError("IMPORT_OPTION_INVALID", message, { option: "--symbol", value: given });
  }
  if (columns.byRole.has("symbol")) return null;
  throw fileError("IMPORT_SYMBOL_MISSING", file, "has no column for the symbol");
}

async function firstTime(
  table: Table,
  columns: Columns,
  options: ImportOptions,
): Promise<TimeColumn> {
  const column = columns.byRole.get("time") ?? 0;
  const dateColumn = columns.byRole.get("date") ?? null;
  const unit = options.timeUnit ?? columns.timeUnit;
  for await (const cells of table.pages()) {
    return readTimeColumn(table.file, cells, column, dateColumn, unit);
  }
  throw fileError("IMPORT_NO_ROWS", table.file, "has a header and no rows");
}

function clockOf(
  file: string,
  options: ImportOptions,
  columns: Columns,
  time: TimeColumn,
  survey: Survey,
  zones: Zones,
): { clock: StampClock; intervalUs: number } {
  const { session } = options.instrument;
  if (options.kind !== "bars") {
    const dates = time.reading === "date";
    const clock = dates ? sessionClock(zones.exchange, session, false) : instantClock;
    return { clock, intervalUs: 0 };
  }
  if (time.reading === "date") {
    if (options.intervalUs !== null && options.intervalUs < DAY_US) {
      throw fileError("IMPORT_INTERVAL_UNCLEAR", file, "has dates, not times: its bars are daily");
    }
    return { clock: sessionClock(zones.exchange, session, false), intervalUs: DAY_US };
  }
  const intervalUs = options.intervalUs ?? survey.spacingUs;
  if (intervalUs === 0) {
    throw fileError("IMPORT_INTERVAL_UNCLEAR", file, "has too few bars to tell their interval");
  }
  const barTime = options.barTime ?? columns.barTime ?? "start";
  return intervalUs >= DAY_US
    ? { clock: sessionClock(zones.exchange, session, true), intervalUs: DAY_US }
    : { clock: intervalClock(intervalUs, barTime), intervalUs };
}
