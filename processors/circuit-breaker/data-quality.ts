// How many of the bars that were to be expected came, and came clean. Promises: a fold of recorded events in
// the one order; bounded by the window and the symbols.
//
// A row is a moment at which some symbol's bar ends. From its first bar on, each symbol is expected in every
// row; where `every` says how far apart bars are, a gap between two rows that is no closed market holds rows
// in which all are missing. A bar is good if it is there by the time the row after the next begins, and no print
// in it was flagged suspicious. What was put aside as a dead letter is missing.

import { pushShare, type RollingShare, rollingShare } from "../../quant/rolling-share.ts";
import type { DataQualityConfig } from "../breakers-config.ts";

interface Row {
  readonly endUs: number;
  /** Whether its bar was clean, by symbol. */
  readonly clean: Map<string, boolean>;
}

export interface DataQuality {
  readonly share: RollingShare;
  /** First row of each symbol. */
  readonly known: Map<string, number>;
  /** The rows that are not judged yet, oldest first. */
  readonly rows: Row[];
  /** First and last suspicious print that no bar has closed over yet. */
  readonly suspicious: Map<string, { readonly firstUs: number; lastUs: number }>;
}

export const dataQuality = ({ bars }: DataQualityConfig): DataQuality => ({
  share: rollingShare(bars),
  known: new Map(),
  rows: [],
  suspicious: new Map(),
});

/** Rows that wait for late bars beside the newest. */
const PATIENCE = 1;

export function takePrint(quality: DataQuality, symbol: string, timeUs: number): void {
  const seen = quality.suspicious.get(symbol);
  if (seen === undefined) quality.suspicious.set(symbol, { firstUs: timeUs, lastUs: timeUs });
  else seen.lastUs = timeUs;
}

/** Cost: a few operations; linear in the symbols where a row begins. */
export function takeBar(
  quality: DataQuality,
  symbol: string,
  endUs: number,
  { every }: DataQualityConfig,
): void {
  const newest = quality.rows.at(-1);
  if (newest === undefined || endUs > newest.endUs) {
    quality.rows.push({ endUs, clean: new Map() });
    while (quality.rows.length > PATIENCE + 1) judge(quality, quality.rows.shift() as Row);
    if (newest !== undefined && every !== null) missRows(quality, endUs - newest.endUs, every);
  }
  if (!quality.known.has(symbol)) quality.known.set(symbol, endUs);
  const row = quality.rows.find((one) => one.endUs === endUs);
  row?.clean.set(symbol, closeOver(quality, symbol, endUs));
}

function judge({ share, known }: DataQuality, { endUs, clean }: Row): void {
  for (const [symbol, since] of known) {
    if (since <= endUs) pushShare(share, clean.get(symbol) === true);
  }
}

function missRows(
  { share, known }: DataQuality,
  gapUs: number,
  { barUs, closedUs }: NonNullable<DataQualityConfig["every"]>,
): void {
  if (gapUs >= closedUs) return;
  // More than the window holds says no more than a window of nothing else.
  const missed = Math.min(Math.ceil(gapUs / barUs) - 1, share.length);
  for (let i = 0; i < missed; i++) for (const _ of known) pushShare(share, false);
}

/** Whether no suspicious print lies in the bar; a print at its end belongs to the next. */
function closeOver({ suspicious }: DataQuality, symbol: string, endUs: number): boolean {
  const seen = suspicious.get(symbol);
  if (seen === undefined || seen.firstUs >= endUs) return true;
  suspicious.delete(symbol);
  if (seen.lastUs >= endUs) {
    suspicious.set(symbol, { firstUs: seen.lastUs, lastUs: seen.lastUs });
  }
  return false;
}

/** A renamed or delisted symbol is expected no more. */
export function dropSymbol({ known, suspicious, rows }: DataQuality, symbol: string): void {
  known.delete(symbol);
  suspicious.delete(symbol);
  for (const { clean } of rows) clean.delete(symbol);
}
