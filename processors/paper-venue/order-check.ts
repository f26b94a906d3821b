// Why the venue cannot take an order, from its terms alone. Promises: what passes can be filled by the rules of
// meeting.ts; prices are on ticks, quantities in lots.

import type { ExecReason } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { hasTrigger, isImmediate } from "./resting-order.ts";
import { leastPrice, tickOf } from "./ticks.ts";

const limited: ReadonlySet<Order["type"]> = new Set(["LIMIT", "STOP_LIMIT", "LIMIT_IF_TOUCHED"]);

export const isAuction = ({ timeInForce }: Pick<Order, "timeInForce">): boolean =>
  timeInForce === "AT_THE_OPENING" || timeInForce === "AT_THE_CLOSE";

/** Null where it can be taken. */
export function flawOf(
  order: Order,
  instrument: Instrument | null,
  nowUs: number,
): ExecReason | null {
  if (instrument === null) return "UnknownInstrument";
  const { type, quantity, limitPrice, stopPrice } = order;
  const lot = Math.max(instrument.lotSize, 1);
  const tick = tickOf(instrument);
  const least = leastPrice(instrument);
  const inLots = (size: number): boolean => size > 0 && size % lot === 0;
  const onTick = (price: number | null): boolean =>
    price !== null && price >= least && price % tick === 0;
  if (instrument.expiryUs !== null && nowUs >= instrument.expiryUs) return "InstrumentExpired";
  if (!inLots(quantity)) return "InvalidQuantity";
  if (limited.has(type) ? !onTick(limitPrice) : limitPrice !== null) return "InvalidPrice";
  const isTrailing = type === "TRAILING_STOP";
  const stopGiven = isTrailing ? stopPrice !== null : hasTrigger(type);
  if (stopGiven ? !onTick(stopPrice) : stopPrice !== null) return "InvalidPrice";
  if (!hasRightTerms(order)) return "InvalidTerms";
  const { displayQuantity } = order;
  if (displayQuantity === null) return null;
  if (!limited.has(type)) return "InvalidTerms";
  return inLots(displayQuantity) && displayQuantity <= quantity ? null : "InvalidQuantity";
}

function hasRightTerms(order: Order): boolean {
  const { type, timeInForce, trailOffset, trailBps, expireUs, postOnly, decidedUs } = order;
  if (type === "TRAILING_STOP") {
    if ((trailOffset === null) === (trailBps === null)) return false;
    if (trailOffset !== null && trailOffset <= 0) return false;
    if (trailBps !== null && (trailBps <= 0 || trailBps >= 10_000)) return false;
  } else if (trailOffset !== null || trailBps !== null) return false;
  if (timeInForce === "GTD" ? expireUs === null || expireUs < decidedUs : expireUs !== null) {
    return false;
  }
  if (isAuction(order) && type !== "MARKET" && type !== "LIMIT") return false;
  if (postOnly && (type !== "LIMIT" || isImmediate(order) || isAuction(order))) return false;
  return order.parentOrderId !== order.orderId;
}
