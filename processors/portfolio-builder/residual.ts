// Whole lots that leave the least of a book's money unspent. Promises: each position is its weight cut to
// whole lots, or one lot more; together they are never worth more than the weights add up to.

import { spendOnLots } from "../../quant/whole-lots.ts";
import type { Line } from "./line.ts";

/**
 * Adds lots to the lines that stand at their weight (not at the edge of a band). Money is exact: in
 * fractions of a minor unit that hold every lot's value. Where names are too many for the search to end,
 * it is the greedy choice or better (quant/whole-lots.ts).
 */
export function spendResidual(lines: readonly Line[], equity: bigint): void {
  const open = lines.filter(({ aim, heldBack }) => heldBack === null && aim.share !== null);
  let digits = 0;
  for (const { aim } of open) digits = Math.max(digits, excessDigits(aim.instrument));
  const money = equity * 10n ** BigInt(digits);
  let left = 0n;
  const costs: bigint[] = [];
  for (const { aim, quantity } of open) {
    const { instrument, name, share } = aim;
    if (share === null) continue;
    const unit =
      BigInt(name.price) *
      BigInt(instrument.multiplier) *
      10n ** BigInt(digits - excessDigits(instrument));
    left += (money * share.numerator) / share.denominator - unit * BigInt(Math.abs(quantity));
    costs.push(unit * BigInt(instrument.lotSize));
  }
  const { taken } = spendOnLots(costs, left);
  open.forEach((line, i) => {
    if (taken[i] !== true) return;
    const { lotSize } = line.aim.instrument;
    line.quantity += line.aim.weight < 0 ? -lotSize : lotSize;
  });
}

/** Decimal digits of price × quantity beyond the currency's. */
export const excessDigits = (instrument: {
  readonly priceScale: number;
  readonly quantityScale: number;
  readonly currencyScale: number;
}): number => instrument.priceScale + instrument.quantityScale - instrument.currencyScale;
