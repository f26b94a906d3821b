// What an order is worth in the portfolio's money, and whether cash pays for it. Exact integers. Promises: an order is
// valued at the dearest price that it is sure not to exceed, or that is known; what cannot be valued is refused.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/risk.order-verdicts.ts";
import { convertMinor, rateOf } from "../../schemas/values/conversion.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { GateState } from "./gate-state.ts";
import { hold, type Inquiry, pricesOf, toLong, unknown, usedAt } from "./inquiry.ts";
import { leavesOf } from "./working-orders.ts";

/** A purchase costs its limit at most; else the dearer of the order's price and the last close. */
function priceOf(
  { side, limitPrice, referencePrice }: Order,
  last: number,
  of: Instrument,
): number {
  const isInverse = of.contract === "INVERSE";
  if (limitPrice !== null && side === "BUY" && !isInverse) return limitPrice;
  const own = limitPrice ?? referencePrice;
  if (own <= 0 || last <= 0) return Math.max(own, last);
  // A contract that is worth so much of another currency is worth more where its price is lower.
  return isInverse ? Math.min(own, last) : Math.max(own, last);
}

/** Never negative; null where there is no instrument, no price, or no price of the currencies' pair. */
function worthOf(
  state: GateState,
  { currency: base }: PortfolioConfig,
  symbol: string,
  quantity: number,
  priced: (last: number, of: Instrument) => number,
): bigint | null {
  const watch = state.symbols.get(symbol);
  if (watch === undefined || watch.instrument === null) return null;
  const { instrument } = watch;
  const price = priced(watch.price, instrument);
  if (price <= 0) return null;
  const value = notionalMinor(price, quantity, instrument);
  const size = value < 0n ? -value : value;
  return instrument.currency === base ? size : converted(state, size, instrument.currency, base);
}

/** By the last close of a pair of the two. Cost: a walk over the symbols. */
function converted(state: GateState, size: bigint, from: string, base: string): bigint | null {
  for (const { instrument, price } of state.symbols.values()) {
    const rate = instrument === null ? null : rateOf(instrument, price, from, base);
    if (rate !== null) return convertMinor(size, rate);
  }
  return null;
}

/** Of the order under examination. */
export function orderWorth({ state, portfolio, order }: Inquiry, quantity: number): bigint | null {
  const priced = (last: number, of: Instrument) => priceOf(order, last, of);
  return worthOf(state, portfolio, order.symbol, quantity, priced);
}

/**
 * Cash less twice what short positions are worth is equity less gross exposure: what is left for new positions that
 * are paid in full. Working orders have their part of it reserved. Fees are not in it.
 */
export function checkBuyingPower(inquiry: Inquiry): void {
  const { config, state, watch, opening } = inquiry;
  if (!config.buyingPower || opening === 0) return;
  const own = orderWorth(inquiry, opening);
  const reserved = reservedBy(inquiry);
  const shorts = shortsOf(inquiry);
  const room = shorts === null ? 0n : state.cash - 2n * shorts;
  const limit = room > 0n ? toLong(room) : 0;
  const isKnown = own !== null && reserved !== null && shorts !== null;
  const measured = isKnown ? toLong(reserved + own) : unknown;
  const used = [...pricesOf(watch), ...usedAt("portfolio.snapshots", state.cashUs)];
  const finding = { check: "BUYING_POWER", limit, measured, unit: "MINOR", used } as const;
  hold(inquiry, finding, isKnown ? "BuyingPowerExceeded" : "NoReferencePrice");
}

function reservedBy({ state, portfolio, order: { orderId } }: Inquiry): bigint | null {
  let sum = 0n;
  for (const one of state.orders.values()) {
    const { order } = one;
    const quantity = Math.min(one.opening, leavesOf(one));
    if (quantity === 0 || order.orderId === orderId) continue;
    const priced = (last: number, of: Instrument) => priceOf(order, last, of);
    const worth = worthOf(state, portfolio, order.symbol, quantity, priced);
    if (worth === null) return null;
    sum += worth;
  }
  return sum;
}

function shortsOf({ state, portfolio }: Inquiry): bigint | null {
  let sum = 0n;
  for (const [symbol, { position }] of state.symbols) {
    if (position >= 0) continue;
    const worth = worthOf(state, portfolio, symbol, position, (last) => last);
    if (worth === null) return null;
    sum += worth;
  }
  return sum;
}
