// A return history from rows, as files and tables hold them. Promises: what is not a number of the right place is refused
// by row and column (rows from 0), never passed on.

import type { ReturnHistory } from "./return-history.ts";

type Rows = readonly (readonly number[])[];

/** One row a period, oldest first: the simple return of each asset. RangeError for what cannot be used. */
export function historyOfReturns(assets: readonly string[], rows: Rows): ReturnHistory {
  return history(assets, rows.length, (row, asset) => cell(assets, rows, row, asset));
}

/** One row a period, oldest first: the price of each asset, above 0. A period fewer than rows. RangeError likewise. */
export function historyOfPrices(assets: readonly string[], rows: Rows): ReturnHistory {
  const price = (row: number, asset: number): number => {
    const value = cell(assets, rows, row, asset);
    if (!(value > 0)) throw new RangeError(`prices[row ${row}, ${assets[asset]}] is ${value}`);
    return value;
  };
  return history(assets, Math.max(0, rows.length - 1), (row, asset) => {
    return price(row + 1, asset) / price(row, asset) - 1;
  });
}

function history(
  assets: readonly string[],
  count: number,
  value: (row: number, asset: number) => number,
): ReturnHistory {
  const returns = new Float64Array(assets.length * count);
  for (let asset = 0; asset < assets.length; asset++) {
    for (let row = 0; row < count; row++) returns[asset * count + row] = value(row, asset);
  }
  return { assets, count, returns };
}

function cell(assets: readonly string[], rows: Rows, row: number, asset: number): number {
  const values = rows[row] as readonly number[];
  if (values.length !== assets.length) {
    throw new RangeError(`row ${row} has ${values.length} values for ${assets.length} assets`);
  }
  const value = values[asset] as number;
  if (!Number.isFinite(value)) throw new RangeError(`[row ${row}, ${assets[asset]}] is ${value}`);
  return value;
}
