// Whole lots that leave the least of a book's money unspent. Promises: each position is its weight cut to
// whole lots, or one lot more; together they are never worth more than the weights add up to.

import { spendOnLots } from "../../quant/whole-lots.ts";
import type { Converted } from "../../schemas/values/conversion.ts";
import type { Line } from "./line.ts";
import { unitValue } from "./sizing.ts";

/**
 * Adds lots to the lines that stand at their weight (not at the edge of a band). Money is exact: in
 * parts of a minor unit of the portfolio's currency that hold every lot's value and every weight's,
 * whatever the rates. Where names are too many for the search to end, it is the greedy choice or better
 * (quant/whole-lots.ts).
 */
export function spendResidual(lines: readonly Line[], equity: bigint): void {
  const open = lines.flatMap((line) => {
    const { share, name, instrument } = line.aim;
    if (line.heldBack !== null || share === null) return [];
    return [{ line, share, unit: unitValue(name.price, instrument) }];
  });
  let parts = 1n;
  for (const { unit, share } of open) {
    parts = commonMultiple(commonMultiple(parts, unit.bottom), share.denominator);
  }
  let left = 0n;
  const costs: bigint[] = [];
  for (const { line, share, unit } of open) {
    const one = (unit.top * parts) / unit.bottom;
    left += (equity * parts * share.numerator) / share.denominator;
    left -= one * BigInt(Math.abs(line.quantity));
    costs.push(one * BigInt(line.aim.instrument.lotSize));
  }
  const { taken } = spendOnLots(costs, left);
  open.forEach(({ line }, i) => {
    if (taken[i] !== true) return;
    const { lotSize } = line.aim.instrument;
    line.quantity += line.aim.weight < 0 ? -lotSize : lotSize;
  });
}

function commonMultiple(a: bigint, b: bigint): bigint {
  if (a % b === 0n) return a;
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}

/**
 * By how many minor units of the portfolio's currency a value may have been rounded up or down: by one
 * where it has digits beyond the currency's, by as many more as one is worth where it was converted.
 */
export function roundingOf({
  priceScale,
  quantityScale,
  currencyScale,
  contract,
  into,
}: Converted): bigint {
  const isExact = contract !== "INVERSE" && priceScale + quantityScale <= currencyScale;
  if (into === undefined) return isExact ? 0n : 1n;
  return 1n + (isExact ? 0n : into.top / into.bottom + 1n);
}
