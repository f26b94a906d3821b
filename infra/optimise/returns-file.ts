// A plain file of returns or prices, one column for each asset: CSV, gzip'd CSV or Parquet. Promises: every
// cell is a number, or the first that is none is named by line and column; dates ascend; nothing is filled in.

import type { ReturnHistory } from "../../quant/scenarios/return-history.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import type { Cells, Table } from "../import/cells.ts";
import { openCsv } from "../import/csv-table.ts";
import { identifyFile } from "../import/file-bytes.ts";
import { shown } from "../import/import-error.ts";
import { openParquet } from "../import/parquet-table.ts";

const DATE = /^(|date|day|time|timestamp|datetime|index|unnamed: 0|__index_level_0__)$/i;

export interface ReturnsOptions {
  /** The file holds prices: each return is a price over the one before it, less 1. */
  readonly prices: boolean;
  /** Those to take, in this order; all of the file's if empty. */
  readonly assets: readonly string[];
  /** Days to take, both included, as YYYY-MM-DD; null: no limit. */
  readonly from: string | null;
  readonly to: string | null;
  readonly onRead?: (done: number, total: number) => void;
}

export interface DatedReturns {
  readonly history: ReturnHistory;
  /** Of each period; empty where the file has no column of dates. */
  readonly dates: readonly string[];
  /** What a person may have meant otherwise, in words. */
  readonly doubts: readonly string[];
}

/** So many rows tell what kind of figures a file holds. */
const TELLING_ROWS = 10;
const USUAL_RETURN = 0.2;

/** OPTIMISE_FILE_INVALID for what is in the file, OPTIMISE_OPTION_INVALID for an asset it lacks. */
export async function readReturns(file: string, options: ReturnsOptions): Promise<DatedReturns> {
  const { format, bytes } = await identifyFile(file);
  const table =
    format === "parquet"
      ? await openParquet(file, bytes)
      : await openCsv(file, format, bytes, null, null);
  const date = table.header.findIndex((name) => DATE.test(name));
  const columns = chosenColumns(table, date, options.assets);
  const rows = new RowReader(table, date, columns, options);
  let read = 0;
  for await (const page of table.pages((amount) => {
    read += amount;
    options.onRead?.(read, table.size);
  })) {
    while (page.next()) rows.take(page);
  }
  return rows.finish();
}

function chosenColumns(table: Table, date: number, wanted: readonly string[]): readonly number[] {
  const { file, header } = table;
  const all = Array.from(header.keys()).filter((column) => column !== date);
  if (wanted.length > 0) {
    return wanted.map((name) => {
      const column = header.indexOf(name);
      if (column >= 0 && column !== date) return column;
      const known = all.slice(0, 12).map((each) => header[each]);
      throw new TapedeckError(
        "OPTIMISE_OPTION_INVALID",
        `${file} has no column ${shown(name)}; it has ${known.join(", ")}${all.length > 12 ? ", …" : ""}`,
        { file, asset: name },
      );
    });
  }
  if (all.length > 0) return all;
  throw refused(file, null, "has no column but the dates");
}

const refused = (file: string, line: number | null, what: string): TapedeckError =>
  new TapedeckError(
    "OPTIMISE_FILE_INVALID",
    `${file}${line === null ? "" : `, line ${line}`}: ${what}`,
    line === null ? { file } : { file, line },
  );

/** Rows one after the other, and what they come to. */
class RowReader {
  private readonly table: Table;
  private readonly date: number;
  private readonly columns: readonly number[];
  private readonly options: ReturnsOptions;
  private readonly values: number[][];
  private readonly dates: string[] = [];
  private lastUs = Number.NEGATIVE_INFINITY;

  constructor(table: Table, date: number, columns: readonly number[], options: ReturnsOptions) {
    this.table = table;
    this.date = date;
    this.columns = columns;
    this.options = options;
    this.values = columns.map(() => []);
  }

  take(cells: Cells): void {
    const { file, header } = this.table;
    if (cells.fault !== null) throw refused(file, cells.line, cells.fault.detail);
    if (this.date >= 0 && !this.takeDate(cells)) return;
    this.columns.forEach((column, j) => {
      const name = header[column] as string;
      if (cells.isEmpty(column)) {
        const advice = "leave it out with --assets, or the days before it with --from";
        throw refused(file, cells.line, `${name} is empty: ${advice}`);
      }
      const text = cells.text(column);
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) {
        throw refused(file, cells.line, `${name} is ${shown(text)}, no number`);
      }
      if (this.options.prices && !(value > 0)) {
        throw refused(file, cells.line, `${name} is ${value}: a price is above 0`);
      }
      if (!this.options.prices && value <= -1) {
        const advice = "are these prices (--prices), or percent (divide by 100)?";
        throw refused(file, cells.line, `${name} is ${value}, all lost and more: ${advice}`);
      }
      (this.values[j] as number[]).push(value);
    });
  }

  /** Whether the day is one of those asked for. */
  private takeDate(cells: Cells): boolean {
    const { file } = this.table;
    const text = cells.text(this.date);
    const timeUs = cells.instants.has(this.date) ? cells.scaled(this.date, 0) : parseIsoUs(text);
    if (timeUs === null || Number.isNaN(timeUs)) {
      throw refused(file, cells.line, `${shown(text)} is no ISO date, such as 2024-01-31`);
    }
    if (timeUs <= this.lastUs) {
      throw refused(file, cells.line, `${text} is not later than the line before: sort by date`);
    }
    this.lastUs = timeUs;
    const day = formatIsoUs(timeUs).slice(0, 10);
    const { from, to } = this.options;
    if ((from !== null && day < from) || (to !== null && day > to)) return false;
    this.dates.push(day);
    return true;
  }

  finish(): DatedReturns {
    const { table, columns, options, values, dates } = this;
    const rows = values[0]?.length ?? 0;
    const count = options.prices ? rows - 1 : rows;
    if (count < 1) {
      const needed = options.prices ? "two prices" : "one return";
      const days = options.from === null && options.to === null ? "" : " in the days asked for";
      throw refused(table.file, null, `has ${rows} rows${days}; it takes ${needed}`);
    }
    const returns = new Float64Array(columns.length * count);
    values.forEach((own, j) => {
      for (let t = 0; t < count; t++) {
        const value = own[t] as number;
        returns[j * count + t] = options.prices ? (own[t + 1] as number) / value - 1 : value;
      }
    });
    const assets = columns.map((column) => table.header[column] as string);
    const history = { assets, count, returns };
    const doubts = options.prices || count < TELLING_ROWS ? [] : doubtsOf(returns);
    return { history, dates: dates.slice(dates.length - count), doubts };
  }
}

/** Returns that look like prices, or like percent. */
function doubtsOf(returns: Float64Array): readonly string[] {
  if (returns.every((value) => value > 0)) {
    return ["every value is above 0: if these are prices, say --prices"];
  }
  const large = returns.reduce((n, value) => n + (Math.abs(value) > USUAL_RETURN ? 1 : 0), 0);
  if (2 * large < returns.length) return [];
  return ["half of the returns are beyond ±20 %: if the file is in percent, divide by 100"];
}
