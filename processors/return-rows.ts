// The last returns of every symbol, side by side. Promises: as many rows as are asked for and no more; a fold of features
// in the one order.
//
// A row is a moment at which bars end. A symbol without a bar then has earned nothing; before its second bar it has
// no return. Returns are logarithmic, as the features have them: they do not jump at a split.

import type { Features } from "../schemas/generated/features.ts";

export interface ReturnRows {
  readonly rows: number;
  /** End of the bars of the row that is being filled; -1 before the first. */
  rowUs: number;
  cursor: number;
  /** Rings by the cursor; NaN where there is no return. */
  readonly symbols: Map<string, number[]>;
}

export const emptyRows = (rows: number): ReturnRows => ({
  rows,
  rowUs: -1,
  cursor: 0,
  symbols: new Map(),
});

/** Cost: linear in the symbols where a row begins. */
export function takeReturn(kept: ReturnRows, { symbol, barEndUs, logReturn }: Features): void {
  const { symbols, rows } = kept;
  if (barEndUs > kept.rowUs) {
    kept.rowUs = barEndUs;
    kept.cursor = (kept.cursor + 1) % rows;
    for (const ring of symbols.values()) ring[kept.cursor] = 0;
  }
  const ring = symbols.get(symbol);
  if (ring === undefined) symbols.set(symbol, new Array<number>(rows).fill(Number.NaN));
  else if (barEndUs === kept.rowUs) ring[kept.cursor] = logReturn;
}

/** Of each symbol, all rows; null where one of them lacks some. The rows are in one order for all. */
export function fullRows(
  { symbols }: ReturnRows,
  names: readonly string[],
): readonly (readonly number[])[] | null {
  const found: (readonly number[])[] = [];
  for (const name of names) {
    const ring = symbols.get(name);
    if (ring === undefined || ring.some(Number.isNaN)) return null;
    found.push(ring);
  }
  return found;
}

/** A new name takes the returns along; a delisted one is forgotten. */
export function moveRows({ symbols }: ReturnRows, from: string, to: string | null): void {
  const ring = symbols.get(from);
  if (ring === undefined) return;
  symbols.delete(from);
  if (to !== null && !symbols.has(to)) symbols.set(to, ring);
}
