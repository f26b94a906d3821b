// Prices of rows without those that are rounding. Promises: what is left out does less than a share of what the largest does.
//
// A price of 1e-20 beside others of 1 is what rounding left of 0. Where it is all that there is of some slope, it would move a
// weight without a bound for ever, and spoil a proof.

import type { Program } from "./program.ts";

export function pricesThatCount(
  { rows, variables }: Program,
  prices: Float64Array,
  share: number,
): Float64Array {
  const effects = prices.map((price, i) => {
    const row = rows.coefficients.subarray(i * variables, (i + 1) * variables);
    return row.reduce((most, value) => Math.max(most, Math.abs(price * value)), 0);
  });
  const most = effects.reduce((largest, effect) => Math.max(largest, effect), 0);
  return prices.map((price, i) => {
    // A row without coefficients moves nothing, and is priced for its limits alone.
    const isBare = effects[i] === 0;
    return isBare || (effects[i] as number) > share * most ? price : 0;
  });
}
