// Whole numbers that are plain numbers while they fit ±(2^53 - 1) and bigints beyond: exact at any
// size, and free of allocation at the sizes that portfolios have.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { notionalMinor } from "../../schemas/values/money.ts";

export type Exact = number | bigint;

/** A number where it is safe: one value has one form. */
const normal = (value: bigint): Exact => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** a + b, exactly. A rounded sum is never below 2^53, so a safe one is exact. */
export function add(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return normal(BigInt(a) + BigInt(b));
}

export const negated = (value: Exact): Exact => (value === 0 ? 0 : -value);

export const magnitude = (value: Exact): Exact => (value < 0 ? -value : value);

/** notionalMinor without the bigint where the value needs no rounding and is safe. */
export function marketValue(price: number, quantity: number, instrument: Instrument): Exact {
  const product = price * quantity * instrument.multiplier;
  if (
    Number.isSafeInteger(product) &&
    instrument.priceScale + instrument.quantityScale === instrument.currencyScale &&
    instrument.contract !== "INVERSE"
  ) {
    return product === 0 ? 0 : product;
  }
  return normal(notionalMinor(price, quantity, instrument));
}
