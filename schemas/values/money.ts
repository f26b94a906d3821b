// The one place where a price and a quantity become money. Promises: exact integers all the way, and
// one rounding, half to even, to the currency's minor unit.

import { TapedeckError } from "../errors.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { type Converted, convertMinor } from "./conversion.ts";
import { divideRounded } from "./decimal.ts";

/**
 * price × quantity × multiplier, in minor units of the instrument's currency. Takes its sign from the
 * quantity (and the price, where a future trades below zero). Of an INVERSE contract
 * -(quantity × multiplier ÷ price): what is held is worth less than nothing and loses that as prices rise, so
 * that a profit is a value less a cost for every contract. Throws VALUE_PRICE_INVALID for an INVERSE
 * contract that is priced at 0 or below. Of an instrument that carries a rate, in the currency that it leads to:
 * rounded twice, the value and what it comes to.
 * Cost: about 10 ns while the product stays below 2^53, about 0.3 µs beyond, or INVERSE.
 */
export function notionalMinor(price: number, quantity: number, instrument: Converted): bigint {
  if (instrument.into !== undefined) {
    const { into, ...plain } = instrument;
    return convertMinor(notionalMinor(price, quantity, plain), into);
  }
  if (instrument.contract === "INVERSE") return inverseMinor(price, quantity, instrument);
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

/** The same, signed as the quantity for every contract: what is gained as prices rise is above 0. */
export function exposureMinor(price: number, quantity: number, instrument: Converted): bigint {
  const value = notionalMinor(price, quantity, instrument);
  return instrument.contract === "INVERSE" ? -value : value;
}

function inverseMinor(price: number, quantity: number, instrument: Instrument): bigint {
  if (quantity === 0) return 0n;
  const { symbol, priceScale, quantityScale, currencyScale, multiplier } = instrument;
  if (price <= 0) {
    throw new TapedeckError(
      "VALUE_PRICE_INVALID",
      `${symbol} is an inverse contract, and its price is ${price}: it must be above 0`,
      { symbol, price },
    );
  }
  const excess = priceScale + currencyScale - quantityScale;
  const units = -BigInt(quantity) * BigInt(multiplier);
  return excess >= 0
    ? divideRounded(units * 10n ** BigInt(excess), BigInt(price))
    : divideRounded(units, BigInt(price) * 10n ** BigInt(-excess));
}

/** divideRounded for safe integers: `%` is exact, so every step here is. */
function divideSafe(numerator: number, denominator: number): number {
  const remainder = numerator % denominator;
  const quotient = (numerator - remainder) / denominator;
  const twice = 2 * Math.abs(remainder);
  if (twice < denominator || (twice === denominator && quotient % 2 === 0)) return quotient;
  return numerator < 0 ? quotient - 1 : quotient + 1;
}
