// What an open quantity cost, by the average-cost method. Promises: exact in minor units; the cost
// taken out by closing in parts adds up to the cost put in, whatever the rounding on the way.

import type { Instrument } from "../generated/market.instruments.ts";
import { divideRounded, formatScaled } from "./decimal.ts";

/** An open quantity and its cost in minor units, signed alike; flat is 0 and 0n. */
export interface Holding {
  readonly quantity: number;
  readonly cost: bigint;
}

export const flat: Holding = { quantity: 0, cost: 0n };

export interface HoldingChange {
  readonly holding: Holding;
  /** Quantity that an existing holding was reduced by, never negative. */
  readonly closed: number;
  /** Cost that left with it, signed as the holding was. */
  readonly closedCost: bigint;
  /** Value that it was closed at, signed as the trade. */
  readonly closedValue: bigint;
  /** Profit of what was closed, before fees. */
  readonly realised: bigint;
}

/**
 * Adds a trade of `quantity` (signed, not 0) worth `value` minor units (signed alike). A trade
 * through zero closes first and opens the rest at its own price: its value is split by quantity.
 */
export function changeHolding(holding: Holding, quantity: number, value: bigint): HoldingChange {
  const held = holding.quantity;
  if (held === 0 || held > 0 === quantity > 0) {
    const grown = { quantity: held + quantity, cost: holding.cost + value };
    return { holding: grown, closed: 0, closedCost: 0n, closedValue: 0n, realised: 0n };
  }
  const size = Math.abs(quantity);
  const heldSize = Math.abs(held);
  const closed = Math.min(size, heldSize);
  const closedValue = closed === size ? value : divideRounded(value * BigInt(closed), BigInt(size));
  const closedCost =
    closed === heldSize
      ? holding.cost
      : divideRounded(holding.cost * BigInt(closed), BigInt(heldSize));
  const cost = holding.cost - closedCost + (value - closedValue);
  return {
    holding: { quantity: held + quantity, cost },
    closed,
    closedCost,
    closedValue,
    realised: -closedValue - closedCost,
  };
}

const EXTRA_DIGITS = 4;

/**
 * Price that `quantity` worth `value` minor units was traded at, as decimal text with four digits
 * more than the instrument's prices have, half to even. Null for quantity 0.
 */
export function averagePrice(
  value: bigint,
  quantity: number,
  instrument: Instrument,
): string | null {
  if (quantity === 0) return null;
  const excess =
    instrument.priceScale + instrument.quantityScale - instrument.currencyScale + EXTRA_DIGITS;
  const units = BigInt(quantity) * BigInt(instrument.multiplier);
  const price =
    excess >= 0
      ? divideRounded(value * 10n ** BigInt(excess), units)
      : divideRounded(value, units * 10n ** BigInt(-excess));
  return formatScaled(price, instrument.priceScale + EXTRA_DIGITS);
}
