// Whether equity covers what an order opens. Exact integers. Promises: what is bought and held, and contracts that settle
// their profit alone, are counted each in its own way; what cannot be valued is refused.
//
//   room = cash + Σ value of what is held + Σ profit of contracts - Σ requirement × |value|
//
// Without leverage (a requirement of 1) and without contracts that is cash less twice what short positions are worth:
// equity less gross exposure. Working orders have their part of it reserved. What an order closes before it opens makes room
// for what it opens, and for nothing else. Fees are not in it.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order, UsedEvent } from "../../schemas/generated/risk.order-verdicts.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { isPair } from "../currency.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import type { SymbolWatch } from "./gate-state.ts";
import { hold, holdingsOf, type Inquiry, termsOf, toLong, unknown, usedAt } from "./inquiry.ts";
import { leavesOf } from "./working-orders.ts";
import { priceOf, Valuer } from "./worth.ts";

const WHOLE = 1_000_000;

const isContract = ({ contract }: Instrument): boolean =>
  contract === "LINEAR" || contract === "INVERSE";

const sizeOf = (value: bigint): bigint => (value < 0n ? -value : value);

/** Of the order under examination, never negative, and the bars that its rate was taken from. */
export function orderWorth(
  inquiry: Inquiry,
  quantity: number,
): { readonly worth: bigint | null; readonly used: readonly UsedEvent[] } {
  const { watch, order } = inquiry;
  const valuer = new Valuer(inquiry);
  const { instrument } = watch;
  if (instrument === null) return { worth: null, used: [] };
  const value = valuer.value(watch, quantity, priceOf(order, watch.price, instrument));
  const used = valuer.used.filter(({ timeUs }) => timeUs !== watch.priceUs);
  return { worth: value === null ? null : sizeOf(value), used };
}

export function checkBuyingPower(inquiry: Inquiry): void {
  const { config, state, watch, opening } = inquiry;
  if (!config.buyingPower) return;
  const valuer = new Valuer(inquiry);
  const room = roomOf(inquiry, valuer);
  const reserved = opening === 0 ? 0n : reservedBy(inquiry, valuer);
  const isKnown = opening === 0 || (room !== null && reserved !== null);
  const limit = room !== null && room > 0n ? toLong(room) : 0;
  const measured = isKnown ? toLong(reserved ?? 0n) : unknown;
  const cash = usedAt("portfolio.snapshots", state.cashUs);
  const holdings = holdingsOf(inquiry).filter(({ topic }) => topic !== "portfolio.snapshots");
  const used = [...valuer.used, ...termsOf(watch), ...cash, ...holdings];
  const finding = { check: "BUYING_POWER", limit, measured, unit: "MINOR", used } as const;
  hold(inquiry, finding, isKnown ? "BuyingPowerExceeded" : "NoReferencePrice");
}

/** What a value takes of equity, rounded half to even. */
function required({ requirement }: OrderRiskConfig, value: bigint, of: Instrument): bigint {
  const { spotPerMillion = WHOLE, contractPerMillion = WHOLE } = requirement ?? {};
  const perMillion = isContract(of) ? contractPerMillion : spotPerMillion;
  const size = sizeOf(value);
  return perMillion === WHOLE ? size : divideRounded(size * BigInt(perMillion), BigInt(WHOLE));
}

/** null where a position cannot be valued. */
function roomOf({ state, config }: Inquiry, valuer: Valuer): bigint | null {
  let room = state.cash;
  for (const watch of state.symbols.values()) {
    if (watch.position === 0) continue;
    const left = leftBy(watch, config, valuer);
    if (left === null) return null;
    room += left;
  }
  return room;
}

/** What a position adds to equity, less what it takes. */
function leftBy(watch: SymbolWatch, config: OrderRiskConfig, valuer: Valuer): bigint | null {
  const { instrument, position, cost } = watch;
  const { spotPerMillion = WHOLE } = config.requirement ?? {};
  const isPaid = spotPerMillion === WHOLE && position > 0;
  // What is paid in full adds and takes the same, whatever it is worth.
  if (instrument !== null && isPaid && !isContract(instrument)) return 0n;
  const value = valuer.value(watch, position);
  if (value === null || instrument === null) return null;
  const paid = isContract(instrument) ? valuer.converted(cost, instrument) : 0n;
  return paid === null ? null : value - paid - required(config, value, instrument);
}

/** By the working orders that open, at the dearer of what they are and what was asked in their place, and this one. */
function reservedBy(inquiry: Inquiry, valuer: Valuer): bigint | null {
  const { state, config, order: asked, opening } = inquiry;
  let sum = 0n;
  const reserve = (
    order: Order,
    pending: Order | null,
    quantity: number,
    closing: number,
  ): boolean => {
    const watch = state.symbols.get(order.symbol);
    const of = watch?.instrument ?? null;
    if (watch === undefined || of === null) return false;
    // A conversion gives cash for cash: it takes no equity.
    if (isPair(of)) return true;
    const at = (terms: Order) => valuer.value(watch, quantity, priceOf(terms, watch.price, of));
    const value = at(order);
    const other = pending === null ? value : at(pending);
    const closed = closing === 0 ? 0n : valuer.value(watch, closing);
    if (value === null || other === null || closed === null) return false;
    const taken = required(config, sizeOf(value) > sizeOf(other) ? value : other, of);
    const freed = required(config, closed, of);
    if (taken > freed) sum += taken - freed;
    return true;
  };
  if (!reserve(asked, null, opening, inquiry.quantity - opening)) return null;
  for (const one of state.orders.values()) {
    const { order, pending } = one;
    const leaves = leavesOf(one);
    const quantity = Math.min(one.opening, leaves);
    if (quantity === 0 || order.orderId === asked.orderId) continue;
    if (!reserve(order, pending, quantity, leaves - quantity)) return null;
  }
  return sum;
}
