// The one place where a price and a quantity become money. Promises: exact integers all the way, and
// one rounding, half to even, to the currency's minor unit.

import type { Instrument } from "../generated/market.instruments.ts";
import { divideRounded } from "./decimal.ts";

/**
 * price × quantity × multiplier, in minor units of the instrument's currency. Takes its sign from the
 * quantity (and the price, where a future trades below zero).
 * Cost: about 10 ns while the product stays below 2^53, about 0.3 µs beyond.
 */
export function notionalMinor(price: number, quantity: number, instrument: Instrument): bigint {
  const excess = instrument.priceScale + instrument.quantityScale - instrument.currencyScale;
  const product = price * quantity * instrument.multiplier;
  // A rounded product is never below 2^53, so a safe one is exact.
  if (excess >= 0 && excess <= 15 && Number.isSafeInteger(product)) {
    if (excess === 0) return BigInt(product);
    return BigInt(divideSafe(product, 10 ** excess));
  }
  const exact = BigInt(price) * BigInt(quantity) * BigInt(instrument.multiplier);
  return excess >= 0 ? divideRounded(exact, 10n ** BigInt(excess)) : exact * 10n ** BigInt(-excess);
}

/** divideRounded for safe integers: `%` is exact, so every step here is. */
function divideSafe(numerator: number, denominator: number): number {
  const remainder = numerator % denominator;
  const quotient = (numerator - remainder) / denominator;
  const twice = 2 * Math.abs(remainder);
  if (twice < denominator || (twice === denominator && quotient % 2 === 0)) return quotient;
  return numerator < 0 ? quotient - 1 : quotient + 1;
}
