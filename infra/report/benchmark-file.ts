// A benchmark from a file of dates and closes: CSV, gzip'd CSV or Parquet. Promises: one close a UTC day, in
// the order of time, each above 0; what is not so is refused with the line that shows it.

import { TapedeckError } from "../../schemas/errors.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import type { Table } from "../import/cells.ts";
import { openCsv } from "../import/csv-table.ts";
import { identifyFile } from "../import/file-bytes.ts";
import { openParquet } from "../import/parquet-table.ts";
import type { Benchmark } from "./relative-measures.ts";

const DAY_US = 86_400_000_000;
const DATE = /^(date|day|time|timestamp|datetime)$/i;
const CLOSE = /^(adj(usted)?[ _.]?close|close|price|value)$/i;

/** Its name is that of the column of closes, or of the file where that says nothing. */
export async function readBenchmark(file: string): Promise<Benchmark> {
  const { format, bytes } = await identifyFile(file);
  const table =
    format === "parquet"
      ? await openParquet(file, bytes)
      : await openCsv(file, format, bytes, null, null);
  const { date, close } = columnsOf(table);
  const refuse = (line: number, what: string): TapedeckError =>
    new TapedeckError("REPORT_BENCHMARK_INVALID", `${file}, line ${line}: ${what}`, { file, line });
  const days: number[] = [];
  const values: number[] = [];
  for await (const page of table.pages()) {
    while (page.next()) {
      if (page.fault !== null) throw refuse(page.line, page.fault.detail);
      const text = page.text(date);
      const timeUs = page.instants.has(date) ? page.scaled(date, 0) : parseIsoUs(text);
      if (timeUs === null || Number.isNaN(timeUs)) {
        throw refuse(page.line, `${JSON.stringify(text)} is no ISO date`);
      }
      const value = Number(page.text(close));
      if (page.isEmpty(close)) continue;
      if (!(value > 0 && Number.isFinite(value))) {
        throw refuse(page.line, `${JSON.stringify(page.text(close))} is no close above 0`);
      }
      const day = Math.floor(timeUs / DAY_US);
      const last = days.at(-1) ?? Number.NEGATIVE_INFINITY;
      if (day < last) throw refuse(page.line, `${text} is earlier than the line before`);
      if (day === last) values[values.length - 1] = value;
      else {
        days.push(day);
        values.push(value);
      }
    }
  }
  const name = table.header[close] as string;
  return { name: CLOSE.test(name) ? baseName(file) : name, days, values };
}

function columnsOf({ file, header }: Table): { readonly date: number; readonly close: number } {
  const date = Math.max(
    header.findIndex((name) => DATE.test(name)),
    0,
  );
  const named = header.findIndex((name) => CLOSE.test(name));
  const close = named >= 0 ? named : header.length === 2 ? 1 - date : -1;
  if (close >= 0 && close !== date) return { date, close };
  throw new TapedeckError(
    "REPORT_BENCHMARK_INVALID",
    `${file} has the columns ${header.join(", ")}: which one is the close?`,
    { file },
  );
}

const baseName = (file: string): string =>
  (file.split(/[\\/]/).at(-1) ?? file).replace(/\.(csv|gz|parquet|\.)+$/gi, "");
