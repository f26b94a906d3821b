// One file as rows of cells, whatever its format: what a decoder reads from. A cursor, not objects:
// a row costs no memory. Promises: a number is exact or NaN, never rounded; a row that cannot be
// taken apart is a fault with its raw bytes, and the rows after it are unharmed.

import type { ImportCode } from "./import-error.ts";

export interface Fault {
  readonly code: ImportCode;
  readonly detail: string;
}

/** Rows that lie together; `next` steps to the first, then on. */
export interface Cells {
  next(): boolean;
  /** Line of a text file, row of a Parquet file; from 1. */
  readonly line: number;
  readonly fault: Fault | null;
  isEmpty(column: number): boolean;
  text(column: number): string;
  /** The cell times 10^scale; NaN when that is not exactly a safe integer. */
  scaled(column: number, scale: number): number;
  /** Decimals of the cell as written × 256 + those that are significant; -1: not a number. */
  decimals(column: number): number;
  /** Whether the cell is an instant already (Parquet timestamps): then `scaled` at 0 gives µs. */
  readonly instants: ReadonlySet<number>;
  raw(): Uint8Array;
}

export interface Table {
  readonly file: string;
  readonly format: "CSV" | "gzip'd CSV" | "Parquet";
  readonly header: readonly string[];
  /** Size in the unit that `onRead` counts in. */
  readonly size: number;
  /** All rows from the first on, each time it is called. A fault of the file is thrown. */
  pages(onRead?: (amount: number) => void): AsyncGenerator<Cells>;
}

/** Raw bytes kept of a row that is refused. */
export const RAW_BYTES = 4096;

/** Decimals that a number is written with, and those up to its last digit that is not 0. */
export interface Decimals {
  readonly written: number;
  readonly significant: number;
}

const DECIMAL = /^[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d{1,3}))?$/;

/** Null when the text is not a finite decimal number. */
export function decimalsOf(text: string): Decimals | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const fraction = match[1] ?? match[2] ?? "";
  const exponent = Number(match[3] ?? 0);
  const mantissa = text.replace(/[eE].*$/, "").replace(/[+.-]/g, "");
  const significantDigits = mantissa.replace(/0+$/, "");
  if (significantDigits === "") return { written: fraction.length, significant: 0 };
  const trailingZeros = mantissa.length - significantDigits.length;
  return {
    written: Math.max(0, fraction.length - exponent),
    significant: Math.max(0, fraction.length - trailingZeros - exponent),
  };
}

/** What `Cells.decimals` gives, for a number that is text. */
export function packedDecimals(text: string): number {
  const decimals = decimalsOf(text);
  return decimals === null
    ? -1
    : (Math.min(decimals.written, 255) << 8) | Math.min(decimals.significant, 255);
}
