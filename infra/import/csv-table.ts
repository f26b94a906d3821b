// A CSV file, plain or gzip'd, as a table: its delimiter, its header, its rows by the page.

import type { Cells, Table } from "./cells.ts";
import { CsvCells, type CsvShape, MAX_COLUMNS, MAX_LINE_BYTES } from "./csv-rows.ts";
import { type FileFormat, fileBytes } from "./file-bytes.ts";
import { fileError, shown } from "./import-error.ts";

const SNIFF_BYTES = 256 * 1024;
const LINE_FEED = 10;
const RETURN = 13;
/** A number, a date or a time: no column is called so, at least not the first. */
const FIGURE = /^[-+]?[\d.][\d.:/TZ +-]*$/;
const delimiters = [",", ";", "\t", "|"];

/** `columns` names the columns of a file without a header line. */
export async function openCsv(
  file: string,
  format: FileFormat,
  size: number,
  delimiter: string | null,
  columns: readonly string[] | null,
): Promise<Table> {
  const head = await firstBytes(file, format);
  if (head.includes(0)) {
    throw fileError("IMPORT_FILE_BINARY", file, "holds zero bytes: it is not text");
  }
  const lineEnd = head.includes(LINE_FEED) || !head.includes(RETURN) ? LINE_FEED : RETURN;
  const bom = head.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  const { text, bytes, lines } = firstLine(file, head, bom, lineEnd);
  const chosen = delimiter ?? likelyDelimiter(text);
  const header = columns ?? headerNames(file, splitHeader(text, chosen));
  const shape: CsvShape = { delimiter: chosen.charCodeAt(0), lineEnd };
  const skipped = columns === null ? { bytes, lines } : { bytes: bom, lines: 0 };
  return {
    file,
    format: format === "gzip" ? "gzip'd CSV" : "CSV",
    header,
    size,
    pages: (onRead) =>
      csvPages(
        fileBytes(file, format, onRead),
        new CsvCells(shape, header.length, skipped.lines),
        lineEnd,
        skipped.bytes,
      ),
  };
}

async function firstBytes(file: string, format: FileFormat): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of fileBytes(file, format)) {
    parts.push(chunk);
    size += chunk.length;
    // One line must be whole, so that it can be told from one that never ends.
    if (size >= SNIFF_BYTES && (chunk.includes(LINE_FEED) || size > 2 * MAX_LINE_BYTES)) break;
  }
  return Buffer.concat(parts);
}

/** The first line that is not blank, and how much of the file it and the blank ones take. */
function firstLine(file: string, head: Buffer, from: number, lineEnd: number) {
  let start = from;
  for (let lines = 1; start < head.length; lines++) {
    const found = head.indexOf(lineEnd, start);
    const end = found < 0 ? head.length : found;
    if (end - start > MAX_LINE_BYTES) {
      const what = `its first line is longer than ${MAX_LINE_BYTES} bytes`;
      throw fileError("IMPORT_HEADER_INVALID", file, what);
    }
    const text = head.toString("utf8", start, end).replace(/\r$/, "");
    if (text.trim() !== "") return { text, bytes: end + 1, lines };
    start = end + 1;
  }
  throw fileError("IMPORT_FILE_EMPTY", file, "holds no text");
}

const likelyDelimiter = (header: string): string => {
  const outside = header.replaceAll(/"[^"]*"/g, "");
  const counts = delimiters.map((each) => outside.split(each).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ",";
};

function splitHeader(text: string, delimiter: string): string[] {
  const names: string[] = [];
  let name = "";
  let quoted = false;
  for (const unit of text) {
    if (unit === '"') quoted = !quoted;
    else if (unit === delimiter && !quoted) {
      names.push(name.trim());
      name = "";
    } else name += unit;
  }
  names.push(name.trim());
  return names;
}

/** Refuses what cannot be a header: figures, control characters, one name twice. */
export function headerNames(file: string, names: readonly string[]): readonly string[] {
  if (names.length > MAX_COLUMNS) {
    const what = `has ${names.length} columns; at most ${MAX_COLUMNS} are read`;
    throw fileError("IMPORT_HEADER_INVALID", file, what);
  }
  const seen = new Set<string>();
  for (const name of names) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f\u007f\ufffd]/.test(name)) {
      const what = `its first line is no header: ${shown(name)} is not a column's name`;
      throw fileError("IMPORT_HEADER_INVALID", file, what);
    }
    if (name !== "" && seen.has(name)) {
      const what = `two columns are called ${shown(name)}`;
      throw fileError("IMPORT_COLUMN_DUPLICATE", file, what, { column: name.slice(0, 60) });
    }
    seen.add(name);
  }
  const first = names.find((name) => name !== "") ?? "";
  if (FIGURE.test(first)) {
    const what = `its first line holds figures, not names: ${shown(names.join(","))}`;
    throw fileError("IMPORT_HEADER_MISSING", file, what);
  }
  return names;
}

async function* csvPages(
  chunks: AsyncIterable<Buffer>,
  cells: CsvCells,
  lineEnd: number,
  skip: number,
): AsyncGenerator<Cells> {
  let toSkip = skip;
  let carry: Buffer = Buffer.alloc(0);
  let overlong = false;
  for await (const chunk of chunks) {
    let data = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    carry = Buffer.alloc(0);
    if (toSkip > 0) {
      const skipped = Math.min(toSkip, data.length);
      toSkip -= skipped;
      data = data.subarray(skipped);
    }
    if (overlong) {
      const end = data.indexOf(lineEnd);
      if (end < 0) continue;
      overlong = false;
      data = data.subarray(end + 1);
    }
    const last = data.lastIndexOf(lineEnd);
    if (last >= 0) yield cells.load(data.subarray(0, last + 1));
    carry = data.subarray(last + 1);
    if (carry.length > MAX_LINE_BYTES) {
      yield cells.load(carry, true);
      carry = Buffer.alloc(0);
      overlong = true;
    }
  }
  if (carry.length > 0) yield cells.load(carry);
}
