// A round trip: what a position did from the fill that opened it to the fill that closed it, dividends
// included. Promises: fees and profits of all trips, open ones included, add up to those of the fills and
// of the corporate actions. At a split quantities and prices are restated in new shares; a delisting closes.

import type { CorporateAction } from "../generated/market.corporate-actions.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { applyAction, splitPrice, splitQuantity } from "./corporate-action.ts";
import { divideRounded } from "./decimal.ts";
import { changeHolding, flat, type Holding } from "./holding.ts";
import type { LateDeal } from "./late-deal.ts";

/** One execution; quantity signed, value and fee in minor units, value signed as the quantity. */
export interface TripFill {
  readonly timeUs: number;
  readonly quantity: number;
  readonly price: number;
  readonly value: bigint;
  readonly fee: bigint;
}

/** Sizes are never negative; prices are scaled by the instrument's priceScale. */
export interface RoundTrip {
  readonly direction: "LONG" | "SHORT";
  readonly entryUs: number;
  /** Time of the last fill so far; of the closing one in a closed trip. */
  readonly exitUs: number;
  readonly holding: Holding;
  readonly entryQuantity: number;
  readonly entryValue: bigint;
  readonly exitQuantity: number;
  readonly exitValue: bigint;
  /** Profit before fees. */
  readonly realised: bigint;
  readonly fees: bigint;
  readonly fills: number;
  /**
   * How far the market went against and for it, as parts of the average price of what was held just then:
   * at most 0, at least 0. Of what `markTrip` was told, so a trip that is added to far from its first price
   * is never measured by an average it did not have yet.
   */
  readonly adverse: number;
  readonly favourable: number;
  /** Where that was; the first fill's price where it was nowhere. */
  readonly worstPrice: number;
  readonly bestPrice: number;
}

/** What a fill did: the trip it closed, if any, and the trip that is open after it, if any. */
export interface TripStep {
  readonly closed: RoundTrip | null;
  readonly open: RoundTrip | null;
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

const start = (fill: TripFill): RoundTrip => ({
  direction: fill.quantity > 0 ? "LONG" : "SHORT",
  entryUs: fill.timeUs,
  exitUs: fill.timeUs,
  holding: flat,
  entryQuantity: 0,
  entryValue: 0n,
  exitQuantity: 0,
  exitValue: 0n,
  realised: 0n,
  fees: 0n,
  fills: 0,
  adverse: 0,
  favourable: 0,
  worstPrice: fill.price,
  bestPrice: fill.price,
});

/**
 * An open trip after the market was between these prices: at a bar, and at a price that it trades at, before
 * that changes what is held. The same trip where it was further both ways before.
 */
export function markTrip(
  trip: RoundTrip,
  low: number,
  high: number,
  instrument: Instrument,
): RoundTrip {
  const entry = heldAt(trip.holding, instrument);
  // What was paid for may be worth nothing, and an average below 0 has no parts.
  if (!(entry > 0)) return trip;
  const long = trip.direction === "LONG";
  const [worst, best] = long ? [low, high] : [high, low];
  const adverse = long ? worst / entry - 1 : 1 - worst / entry;
  const favourable = long ? best / entry - 1 : 1 - best / entry;
  if (adverse >= trip.adverse && favourable <= trip.favourable) return trip;
  return {
    ...trip,
    ...(adverse < trip.adverse ? { adverse, worstPrice: worst } : {}),
    ...(favourable > trip.favourable ? { favourable, bestPrice: best } : {}),
  };
}

/** The average price of what is held, in steps of the price scale: a float, to measure by. */
function heldAt({ quantity, cost }: Holding, instrument: Instrument): number {
  const { priceScale, quantityScale, currencyScale, multiplier, contract } = instrument;
  const units = quantity * multiplier;
  return contract === "INVERSE"
    ? (-units / Number(cost)) * 10 ** (priceScale + currencyScale - quantityScale)
    : (Number(cost) / units) * 10 ** (priceScale + quantityScale - currencyScale);
}

/** A fill through zero closes its trip and opens another; its value and fee go by quantity. */
export function advanceTrip(trip: RoundTrip | null, fill: TripFill): TripStep {
  const before = trip ?? start(fill);
  const held = before.holding.quantity;
  const size = Math.abs(fill.quantity);
  if (held !== 0 && held > 0 !== fill.quantity > 0 && size > Math.abs(held)) {
    const part = BigInt(Math.abs(held));
    const closing: TripFill = {
      ...fill,
      quantity: -held,
      value: divideRounded(fill.value * part, BigInt(size)),
      fee: divideRounded(fill.fee * part, BigInt(size)),
    };
    const opening: TripFill = {
      ...fill,
      quantity: fill.quantity + held,
      value: fill.value - closing.value,
      fee: fill.fee - closing.fee,
    };
    return { closed: advanceTrip(before, closing).closed, open: advanceTrip(null, opening).open };
  }
  const change = changeHolding(before.holding, fill.quantity, fill.value);
  const entering = change.closed === 0;
  const after: RoundTrip = {
    ...before,
    exitUs: fill.timeUs,
    holding: change.holding,
    entryQuantity: before.entryQuantity + (entering ? size : 0),
    entryValue: before.entryValue + (entering ? magnitude(fill.value) : 0n),
    exitQuantity: before.exitQuantity + (entering ? 0 : size),
    exitValue: before.exitValue + (entering ? 0n : magnitude(fill.value)),
    realised: before.realised + change.realised,
    fees: before.fees + fill.fee,
    fills: before.fills + 1,
  };
  return change.holding.quantity === 0
    ? { closed: after, open: null }
    : { closed: null, open: after };
}

/** What a late deal (late-deal.ts) does to the trip of today, and the trip that it closed, if any. */
export function lateTrip(trip: RoundTrip | null, fill: TripFill, late: LateDeal): TripStep {
  const { quantity, price, income } = late;
  const paid = (one: RoundTrip): RoundTrip => ({ ...one, realised: one.realised + income });
  if (quantity !== 0) {
    const step = advanceTrip(trip, { ...fill, quantity, price });
    if (income === 0n) return step;
    return step.closed === null
      ? { closed: null, open: step.open === null ? null : paid(step.open) }
      : { closed: paid(step.closed), open: step.open };
  }
  // Nothing of it is left: it was paid for.
  const { value, fee } = fill;
  const before = trip ?? start(fill);
  const after = {
    ...before,
    exitUs: fill.timeUs,
    realised: before.realised + income - value,
    fees: before.fees + fee,
    fills: before.fills + 1,
  };
  return trip === null ? { closed: after, open: null } : { closed: null, open: after };
}

/** An open trip after a corporate action, marked at `mark` before it. A SYMBOL_CHANGE changes nothing. */
export function restateTrip(
  trip: RoundTrip,
  mark: number,
  timeUs: number,
  action: CorporateAction,
  instrument: Instrument,
): TripStep {
  const { holding, cash, realised } = applyAction(trip.holding, mark, action, instrument);
  const paid = { ...trip, holding, realised: trip.realised + realised };
  if (holding.quantity === 0) {
    // All that was held is paid for: told in the shares that it was held in.
    const finalPrice = action.action === "DELISTING" ? (action.finalPrice ?? 0) : mark;
    const { adverse, favourable, worstPrice, bestPrice } = markTrip(
      trip,
      finalPrice,
      finalPrice,
      instrument,
    );
    const closed: RoundTrip = {
      ...paid,
      exitUs: timeUs,
      exitQuantity: trip.entryQuantity,
      exitValue: trip.exitValue + magnitude(cash),
      adverse,
      favourable,
      worstPrice,
      bestPrice,
    };
    return { closed, open: null };
  }
  if (action.action !== "SPLIT") return { closed: null, open: paid };
  const open: RoundTrip = {
    ...paid,
    entryQuantity: splitQuantity(trip.entryQuantity, action),
    exitQuantity: splitQuantity(trip.exitQuantity, action),
    worstPrice: splitPrice(trip.worstPrice, action),
    bestPrice: splitPrice(trip.bestPrice, action),
  };
  return { closed: null, open };
}

/**
 * A trip of a symbol that takes the name of one that has a trip already, which is rare: it ends with what it
 * has earned, and its holding joins the other at its cost. `price`: its mark.
 */
export function joinTrips(
  trip: RoundTrip,
  other: RoundTrip,
  timeUs: number,
  price: number,
): TripStep & { readonly ended: RoundTrip } {
  const { quantity, cost: value } = trip.holding;
  const ended = { ...trip, holding: flat, exitUs: timeUs };
  return { ended, ...advanceTrip(other, { timeUs, quantity, price, value, fee: 0n }) };
}
