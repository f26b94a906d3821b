// What an import did, as plain data: printed, given as JSON, kept beside the tape.

import type { ImportKind } from "./import-options.ts";
import type { SymbolQuality } from "./quality.ts";

export interface FileReport {
  readonly file: string;
  readonly format: string;
  /** Rows read, the header and blank lines left out. */
  readonly rows: number;
  /** Events written: one a row, or one a filled cell where a file has a column per symbol. */
  readonly events: number;
  /** Dead letters written: one a bad row, or one a bad cell. */
  readonly rejected: number;
}

export interface ImportReport {
  readonly kind: ImportKind;
  readonly files: readonly FileReport[];
  readonly rows: number;
  readonly events: number;
  readonly rejected: number;
  /** Dead letters by code. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Numbers rounded to a scale that was asked for. */
  readonly rounded: number;
  /** Seconds of a bar; null for ticks and quotes. */
  readonly intervalSeconds: number | null;
  readonly priceScale: number;
  readonly quantityScale: number;
  /** Origins of this import's events on the tape: first, and the one after the last. */
  readonly origins: readonly [number, number];
  readonly newInstruments: readonly string[];
  readonly symbols: Readonly<Record<string, SymbolQuality>>;
}
