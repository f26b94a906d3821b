// What an open quantity cost, by average cost or by lots, first in, first out. Promises: exact in minor
// units; the cost taken out by closing in parts adds up to the cost put in, whatever the rounding on the way;
// realised profit and what is left unrealised add up to the same by either method.

import type { Instrument } from "../generated/market.instruments.ts";
import { divideRounded, formatScaled } from "./decimal.ts";

/** How closing takes cost out: a part of all of it, or the whole of the oldest. */
export type LotMethod = "AVERAGE" | "FIFO";

/** One purchase, or one short sale, as far as it is still open; signed as the holding. */
export interface Lot {
  readonly quantity: number;
  readonly cost: bigint;
  readonly openedUs: number;
}

/**
 * An open quantity and its cost in minor units, signed alike (of an INVERSE contract the other way round:
 * what is long costs less than nothing); flat is 0 and 0n.
 */
export interface Holding {
  readonly quantity: number;
  readonly cost: bigint;
  /** First in, first out: oldest first, adding up to the two above. By average cost there are none. */
  readonly lots?: readonly Lot[];
}

export const flat: Holding = { quantity: 0, cost: 0n };
const flatLots: Holding = { quantity: 0, cost: 0n, lots: [] };

export const flatBy = (method: LotMethod | undefined): Holding =>
  method === "FIFO" ? flatLots : flat;

/** Nothing, kept by the method of what was held. */
export const emptied = ({ lots }: Holding): Holding => (lots === undefined ? flat : flatLots);

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
 * Adds a trade of `quantity` (signed, not 0) worth `value` minor units (signed as a holding's cost). A trade
 * through zero closes first and opens the rest at its own price: its value is split by quantity.
 * `timeUs`: when, for the lot that it opens. Cost: by lots, a copy of them.
 */
export function changeHolding(
  holding: Holding,
  quantity: number,
  value: bigint,
  timeUs = 0,
): HoldingChange {
  const held = holding.quantity;
  const { lots } = holding;
  if (held === 0 || held > 0 === quantity > 0) {
    const sums = { quantity: held + quantity, cost: holding.cost + value };
    const opened = { quantity, cost: value, openedUs: timeUs };
    const grown = lots === undefined ? sums : { ...sums, lots: [...lots, opened] };
    return { holding: grown, closed: 0, closedCost: 0n, closedValue: 0n, realised: 0n };
  }
  const size = Math.abs(quantity);
  const heldSize = Math.abs(held);
  const closed = Math.min(size, heldSize);
  const closedValue = closed === size ? value : divideRounded(value * BigInt(closed), BigInt(size));
  const left = lots === undefined ? null : withoutOldest(lots, closed);
  const closedCost =
    closed === heldSize
      ? holding.cost
      : left === null
        ? divideRounded(holding.cost * BigInt(closed), BigInt(heldSize))
        : holding.cost - costOf(left);
  const cost = holding.cost - closedCost + (value - closedValue);
  const sums = { quantity: held + quantity, cost };
  return {
    holding:
      left === null ? sums : { ...sums, lots: turned(left, held + quantity, held, cost, timeUs) },
    closed,
    closedCost,
    closedValue,
    realised: -closedValue - closedCost,
  };
}

const costOf = (lots: readonly Lot[]): bigint => lots.reduce((sum, { cost }) => sum + cost, 0n);

/** What is left of a holding; after a trade through zero, the one lot that it opened. */
function turned(
  left: readonly Lot[],
  quantity: number,
  held: number,
  cost: bigint,
  openedUs: number,
): readonly Lot[] {
  if (quantity === 0) return [];
  return quantity > 0 === held > 0 ? left : [{ quantity, cost, openedUs }];
}

/** A lot that is closed in part gives its part of its cost, half to even. */
function withoutOldest(lots: readonly Lot[], size: number): readonly Lot[] {
  let rest = size;
  for (const [i, lot] of lots.entries()) {
    const open = Math.abs(lot.quantity);
    if (rest < open) {
      if (rest === 0) return lots.slice(i);
      const cost = lot.cost - divideRounded(lot.cost * BigInt(rest), BigInt(open));
      const quantity = lot.quantity - Math.sign(lot.quantity) * rest;
      return [{ ...lot, quantity, cost }, ...lots.slice(i + 1)];
    }
    rest -= open;
  }
  return [];
}

/** Puts a holding with another of the same: lots stay what they are, unless the two close each other. */
export function addHolding(holding: Holding, other: Holding): HoldingChange {
  const { lots } = holding;
  const { lots: more, quantity } = other;
  const alike = holding.quantity === 0 || holding.quantity > 0 === quantity > 0;
  if (lots === undefined || more === undefined || !alike || quantity === 0) {
    const openedUs = more?.[0]?.openedUs ?? 0;
    if (quantity !== 0) return changeHolding(holding, quantity, other.cost, openedUs);
    return { holding, closed: 0, closedCost: 0n, closedValue: 0n, realised: 0n };
  }
  const grown = {
    quantity: holding.quantity + quantity,
    cost: holding.cost + other.cost,
    lots: [...lots, ...more].sort((a, b) => a.openedUs - b.openedUs),
  };
  return { holding: grown, closed: 0, closedCost: 0n, closedValue: 0n, realised: 0n };
}

/**
 * Lots restated to a new quantity and cost in all, as at a split: each has its share of both, by running
 * sums, so that they add up. A lot that is left without a unit gives its cost to the next.
 */
export function restateLots(
  lots: readonly Lot[],
  quantityOf: (running: number) => number,
  cost: bigint,
): readonly Lot[] {
  const whole = costOf(lots);
  const restated: Lot[] = [];
  let running = 0;
  let runningCost = 0n;
  let told = 0;
  let toldCost = 0n;
  for (const [i, lot] of lots.entries()) {
    running += lot.quantity;
    runningCost += lot.cost;
    const quantity = quantityOf(running) - told;
    if (quantity === 0) continue;
    const last = i === lots.length - 1;
    const share =
      last || whole === 0n ? (last ? cost : 0n) : divideRounded(cost * runningCost, whole);
    restated.push({ quantity, cost: share - toldCost, openedUs: lot.openedUs });
    told += quantity;
    toldCost = share;
  }
  const end = restated[restated.length - 1];
  if (end === undefined) return [];
  // The last lots may have been left without a unit.
  return [...restated.slice(0, -1), { ...end, cost: end.cost + cost - toldCost }];
}

const EXTRA_DIGITS = 4;

/**
 * Price that `quantity` worth `value` minor units was traded at, as decimal text with four digits
 * more than the instrument's prices have, half to even. Null for quantity 0, and where an INVERSE
 * contract's value is 0.
 */
export function averagePrice(
  value: bigint,
  quantity: number,
  instrument: Instrument,
  extraDigits = EXTRA_DIGITS,
): string | null {
  if (quantity === 0) return null;
  const { priceScale, quantityScale, currencyScale, contract } = instrument;
  const units = BigInt(quantity) * BigInt(instrument.multiplier);
  const inverse = contract === "INVERSE";
  if (inverse && value === 0n) return null;
  const excess = inverse
    ? priceScale + currencyScale - quantityScale + extraDigits
    : priceScale + quantityScale - currencyScale + extraDigits;
  const [top, bottom] = inverse ? [-units, value] : [value, units];
  const price =
    excess >= 0
      ? divideRounded(top * 10n ** BigInt(excess), bottom)
      : divideRounded(top, bottom * 10n ** BigInt(-excess));
  return formatScaled(price, priceScale + extraDigits);
}
