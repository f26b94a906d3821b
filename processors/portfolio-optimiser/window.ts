// The window of returns that a problem is made from. Promises: oldest first, whole windows only; returns are total: what a
// dividend paid counts, and a split does not.

import { exponential, exponentialMinusOne } from "../../quant/exponential.ts";
import { logReturn } from "../../quant/logarithm.ts";
import type { Features } from "../../schemas/generated/features.ts";
import type { ReturnRows } from "../return-rows.ts";

/** Simple returns of the symbols, asset by asset; each must have all rows. */
export function windowOf(kept: ReturnRows, symbols: readonly string[]): Float64Array {
  const { rows, cursor } = kept;
  const returns = new Float64Array(symbols.length * rows);
  for (const [j, symbol] of symbols.entries()) {
    const ring = kept.symbols.get(symbol) as readonly number[];
    for (let t = 0; t < rows; t++) {
      const value = ring[(cursor + 1 + t) % rows] as number;
      returns[j * rows + t] = exponentialMinusOne(value);
    }
  }
  return returns;
}

/** Whether every row of the symbol has a return. */
export const isFull = ({ symbols }: ReturnRows, symbol: string): boolean =>
  symbols.get(symbol)?.some(Number.isNaN) === false;

/** The bar's return with what was paid since the bar before, as a share of that bar's close. */
export const withDividend = (features: Features, paid: number): Features => ({
  ...features,
  logReturn: logReturn(1, exponential(features.logReturn) + paid),
});
