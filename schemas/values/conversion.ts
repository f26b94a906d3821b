// Money of one currency in another, by the price of a pair. Promises: exact integers and one rounding, half
// to even, to the minor unit that it is converted to; a pair serves both ways, and no other pair is
// chained to it.

import type { Instrument } from "../generated/market.instruments.ts";
import { divideRounded } from "./decimal.ts";

/** How many minor units of the one currency a minor unit of the other is, as a fraction. */
export interface Rate {
  readonly top: bigint;
  readonly bottom: bigint;
}

/** An instrument whose values are told in another currency than it settles in. */
export interface Converted extends Instrument {
  readonly into?: Rate;
}

/**
 * The rate from `currency` to `into` that a price of a pair gives; null where it is another pair, or no price
 * is known.
 */
export function rateOf(
  pair: Instrument,
  price: number,
  currency: string,
  into: string,
): Rate | null {
  if (pair.contract !== "EXCHANGE" || price <= 0) return null;
  const { baseCurrency, baseScale, currency: quote, currencyScale, priceScale } = pair;
  const quoteMinor = BigInt(price) * 10n ** BigInt(currencyScale);
  const baseMinor = 10n ** BigInt(priceScale + baseScale);
  if (currency === baseCurrency && into === quote) return { top: quoteMinor, bottom: baseMinor };
  if (currency === quote && into === baseCurrency) return { top: baseMinor, bottom: quoteMinor };
  return null;
}

export const convertMinor = (amount: bigint, { top, bottom }: Rate): bigint =>
  divideRounded(amount * top, bottom);

/** A quantity of an EXCHANGE instrument in minor units of its base currency, half to even. */
export function baseMinor(quantity: number, instrument: Instrument): bigint {
  const { quantityScale, baseScale, multiplier } = instrument;
  const units = BigInt(quantity) * BigInt(multiplier);
  const excess = quantityScale - baseScale;
  return excess > 0 ? divideRounded(units, 10n ** BigInt(excess)) : units * 10n ** BigInt(-excess);
}
