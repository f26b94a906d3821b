// CSV as RFC 4180 has it, over bytes, with one exception: a quoted cell ends with its line, so a
// stray quote spoils one row and not the rest of the file. Promises: no row costs memory beyond
// the page it lies in; no line is longer than MAX_LINE_BYTES; every byte of input is in some row.

import { parseScaled } from "../../schemas/values/decimal.ts";
import { type Cells, type Fault, packedDecimals, RAW_BYTES } from "./cells.ts";

export const MAX_LINE_BYTES = 1024 * 1024;
export const MAX_COLUMNS = 4096;

const QUOTE = 34;
const SPACE = 32;
const RETURN = 13;
const DOT = 46;
const MINUS = 45;
const ZERO = 48;
/** Digits that fit a double exactly whatever they are. */
const EXACT_DIGITS = 15;

const powers: readonly number[] = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

const tooLong: Fault = {
  code: "IMPORT_ROW_TOO_LONG",
  detail: `the line is longer than ${MAX_LINE_BYTES} bytes; its first ${RAW_BYTES} are kept`,
};

const malformed = (detail: string): Fault => ({ code: "IMPORT_ROW_MALFORMED", detail });

export interface CsvShape {
  readonly delimiter: number;
  /** 10; or 13 in files that never use 10. */
  readonly lineEnd: number;
}

/** Rows of whole lines. Blank lines are passed over. */
export class CsvCells implements Cells {
  readonly instants: ReadonlySet<number> = new Set();
  line: number;
  fault: Fault | null = null;
  private readonly shape: CsvShape;
  private readonly columns: number;
  private bytes: Buffer = Buffer.alloc(0);
  private pos = 0;
  private rowStart = 0;
  private rowEnd = 0;
  private cellStart = 0;
  private cellEnd = 0;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  /** Cells in which a quote is doubled; nearly always none. */
  private readonly escaped = new Set<number>();
  private overlong = false;

  /** `line` is the number of the line before the first. */
  constructor(shape: CsvShape, columns: number, line: number) {
    this.shape = shape;
    this.columns = columns;
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
    this.line = line;
  }

  /** Goes on with `bytes`, which end with a line; `overlong`: they are the start of one too long. */
  load(bytes: Buffer, overlong = false): this {
    this.bytes = bytes;
    this.pos = 0;
    this.overlong = overlong;
    return this;
  }

  next(): boolean {
    const { bytes } = this;
    const { lineEnd } = this.shape;
    this.fault = null;
    if (this.overlong && this.pos < bytes.length) {
      this.line++;
      this.rowStart = 0;
      this.rowEnd = this.pos = bytes.length;
      this.fault = tooLong;
      return true;
    }
    while (this.pos < bytes.length) {
      this.line++;
      const first = bytes[this.pos];
      if (first === lineEnd || (first === RETURN && bytes[this.pos + 1] === lineEnd)) {
        this.pos += first === lineEnd ? 1 : 2;
        continue;
      }
      this.split();
      return true;
    }
    return false;
  }

  /** One pass over the line: where each cell starts and ends. */
  private split(): void {
    const { bytes, starts, ends, columns } = this;
    const { delimiter, lineEnd } = this.shape;
    if (this.escaped.size > 0) this.escaped.clear();
    let at = this.pos;
    this.rowStart = at;
    let count = 0;
    let start = at;
    if (bytes[at] === QUOTE) {
      this.splitQuoted();
      return;
    }
    for (;;) {
      const byte = at < bytes.length ? (bytes[at] as number) : lineEnd;
      if (byte === delimiter || byte === lineEnd) {
        if (count < columns) {
          starts[count] = start;
          ends[count] = at;
        }
        count++;
        if (byte === lineEnd) break;
        start = at + 1;
        if (bytes[start] === QUOTE) {
          this.splitQuoted();
          return;
        }
      }
      at++;
    }
    this.finish(at, count);
  }

  /** The slow way, for lines in which a cell is quoted. */
  private splitQuoted(): void {
    const { bytes, starts, ends, columns } = this;
    const { delimiter, lineEnd } = this.shape;
    let lineStop = bytes.indexOf(lineEnd, this.rowStart);
    if (lineStop < 0) lineStop = bytes.length;
    const stop =
      lineStop > this.rowStart && bytes[lineStop - 1] === RETURN ? lineStop - 1 : lineStop;
    let count = 0;
    let at = this.rowStart;
    let fault: Fault | null = null;
    for (;;) {
      let start = at;
      let end: number;
      if (bytes[at] === QUOTE && at < stop) {
        start = ++at;
        while (at < stop && (bytes[at] !== QUOTE || bytes[at + 1] === QUOTE)) {
          if (bytes[at] === QUOTE) {
            this.escaped.add(count);
            at++;
          }
          at++;
        }
        end = at;
        if (at >= stop) fault ??= malformed("a quoted cell does not end on its line");
        else at++;
        if (at < stop && bytes[at] !== delimiter) {
          fault ??= malformed("text follows a closing quote");
        }
        while (at < stop && bytes[at] !== delimiter) at++;
      } else {
        while (at < stop && bytes[at] !== delimiter) at++;
        end = at;
      }
      if (count < columns) {
        starts[count] = start;
        ends[count] = end;
      }
      count++;
      if (at >= stop) break;
      at++;
    }
    this.finish(lineStop, count);
    this.fault = fault ?? this.fault;
  }

  /** The line ends at `at`, exclusive of its line end. */
  private finish(at: number, count: number): void {
    const { bytes, ends, starts, columns } = this;
    this.pos = at + 1;
    this.rowEnd = at > this.rowStart && bytes[at - 1] === RETURN ? at - 1 : at;
    const last = columns - 1;
    if (count === columns) {
      // A \r\n line end leaves the \r in the last cell.
      if ((ends[last] as number) > this.rowEnd)
        ends[last] = Math.max(this.rowEnd, starts[last] as number);
    } else {
      this.fault = malformed(`${count} cells where the header has ${columns}`);
    }
    if (at - this.rowStart > MAX_LINE_BYTES) this.fault = tooLong;
  }

  isEmpty(column: number): boolean {
    return this.trimmed(column) === 0;
  }

  text(column: number): string {
    this.trimmed(column);
    const text = this.bytes.toString("utf8", this.cellStart, this.cellEnd);
    return this.escaped.has(column) ? text.replaceAll('""', '"') : text;
  }

  scaled(column: number, scale: number): number {
    const size = this.trimmed(column);
    const { bytes } = this;
    let at = this.cellStart;
    const end = this.cellEnd;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    if (size === 0 || at === end || end - at > EXACT_DIGITS)
      return this.scaledSlowly(column, scale);
    let value = 0;
    let dot = -1;
    for (let i = at; i < end; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (digit === DOT - ZERO && dot < 0) dot = i;
      else return this.scaledSlowly(column, scale);
    }
    const fraction = dot < 0 ? 0 : end - dot - 1;
    if (dot >= 0 && end - at === 1) return Number.NaN;
    if (fraction > scale) {
      const divisor = powers[fraction - scale] as number;
      const quotient = value / divisor;
      // Both are exact integers below 10^15, so a whole quotient is exact too.
      if (!Number.isInteger(quotient)) return Number.NaN;
      value = quotient;
    } else if (fraction < scale) {
      value *= powers[scale - fraction] as number;
      if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
    }
    return negative && value !== 0 ? -value : value;
  }

  decimals(column: number): number {
    const size = this.trimmed(column);
    const { bytes } = this;
    const end = this.cellEnd;
    let at = this.cellStart;
    if (size === 0) return -1;
    if (bytes[at] === MINUS) at++;
    let dot = -1;
    let lastDigit = -1;
    for (let i = at; i < end; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit > 0 && digit <= 9) lastDigit = i;
      else if (digit === DOT - ZERO && dot < 0) dot = i;
      else if (digit !== 0) return packedDecimals(this.text(column));
    }
    if (end - at === (dot < 0 ? 0 : 1)) return -1;
    if (dot < 0) return 0;
    const written = Math.min(end - dot - 1, 255);
    return (written << 8) | Math.min(Math.max(lastDigit - dot, 0), 255);
  }

  private scaledSlowly(column: number, scale: number): number {
    return parseScaled(this.text(column), scale) ?? Number.NaN;
  }

  raw(): Uint8Array {
    const end = Math.min(this.rowEnd, this.rowStart + RAW_BYTES);
    return Uint8Array.from(this.bytes.subarray(this.rowStart, end));
  }

  /** Sets cellStart and cellEnd to the cell without spaces around it; returns its length. */
  private trimmed(column: number): number {
    let start = this.starts[column] as number;
    let end = this.ends[column] as number;
    const { bytes } = this;
    while (start < end && bytes[start] === SPACE) start++;
    while (end > start && bytes[end - 1] === SPACE) end--;
    this.cellStart = start;
    this.cellEnd = end;
    return end - start;
  }
}
