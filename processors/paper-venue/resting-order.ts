// An order at the venue, and at which price along a step it has something to do: to be set off, or to trade.
// Promises: a stop is never set off before its price is reached; a trailing stop only ever moves with the market's
// favour; a limit order trades at its limit or better.

import type { Order } from "../../schemas/generated/orders.ts";
import { reach } from "./bar-path.ts";
import type { FeeTally } from "./fees.ts";
import type { LevyTally } from "./levies.ts";
import { type Grid, onGrid } from "./ticks.ts";

export interface RestingOrder {
  /** With the terms of its last replace. */
  readonly order: Order;
  readonly arrivedUs: number;
  /** UTC day of the first price it could have traded at; null before. */
  day: number | null;
  executed: number;
  leaves: number;
  /** Of what it leaves: waits for its parent. */
  idle: number;
  /** Its stop or touch price was reached, or it has none. */
  isSetOff: boolean;
  /** Where a trailing stop is now; null before its first price. */
  stop: number | null;
  /** Stood at its limit with nothing to take, on quotes or in a queue: what trades with it now comes to it. */
  rests: boolean;
  /** null where there is no queue, and before it rests. */
  queue: QueuePlace | null;
  /** What it has paid; null before, and where fees follow no schedule. */
  tally: FeeTally | null;
  /** What each levy has charged; null before, and where there are none. */
  levied: readonly LevyTally[] | null;
}

export interface QueuePlace {
  /** Volume of others that trades at its price before it does. */
  ahead: number;
  /** What is left of the part that it displays. */
  tip: number;
}

const triggers = {
  STOP: "against",
  STOP_LIMIT: "against",
  TRAILING_STOP: "against",
  MARKET_IF_TOUCHED: "for",
  LIMIT_IF_TOUCHED: "for",
} as const;

export const hasTrigger = (type: Order["type"]): type is keyof typeof triggers =>
  Object.hasOwn(triggers, type);

export const restingOrder = (order: Order, arrivedUs: number): RestingOrder => ({
  order,
  arrivedUs,
  day: null,
  executed: 0,
  leaves: order.quantity,
  idle: 0,
  isSetOff: !hasTrigger(order.type),
  stop: order.stopPrice,
  rests: false,
  queue: null,
  tally: null,
  levied: null,
});

/** True where the price is at the order's limit or better; an order without a limit takes any. */
export function acceptable({ side, limitPrice }: Order, price: number): boolean {
  if (limitPrice === null) return true;
  return side === "BUY" ? price <= limitPrice : price >= limitPrice;
}

/** Ends with the first price that it could trade at, in whole or in part. */
export const isImmediate = ({ timeInForce }: Order): boolean =>
  timeInForce === "IOC" || timeInForce === "FOK";

/** Draws a trailing stop after the price: to a whole tick, no nearer than asked. */
export function trail(resting: RestingOrder, price: number, grid: Grid): void {
  const { side, trailOffset, trailBps } = resting.order;
  const offset = trailOffset ?? Math.ceil((Math.abs(price) * (trailBps ?? 0)) / 10_000);
  const isSale = side === "SELL";
  const stop = onGrid(isSale ? price - offset : price + offset, grid, isSale ? "down" : "up");
  if (resting.stop === null) resting.stop = stop;
  else resting.stop = isSale ? Math.max(resting.stop, stop) : Math.min(resting.stop, stop);
}

/** The first price from `at` to `to` at which the order is set off, trades, or ends; null where it rests. */
export function nextPrice({ order, isSetOff, stop }: RestingOrder, at: number, to: number) {
  const isBuy = order.side === "BUY";
  if (!isSetOff && hasTrigger(order.type)) {
    const rises = isBuy === (triggers[order.type] === "against");
    return stop === null ? null : reach(at, to, stop, rises ? "up" : "down");
  }
  if (order.limitPrice === null || isImmediate(order)) return at;
  return reach(at, to, order.limitPrice, isBuy ? "down" : "up");
}

/** Draws its stop after the market: each price matters to it. */
export const follows = ({ order, isSetOff, leaves, idle }: RestingOrder): boolean =>
  order.type === "TRAILING_STOP" && !isSetOff && idle < leaves;

/** Whether some price from `low` to `high` gives it something to do. */
export const mayAct = (resting: RestingOrder, low: number, high: number): boolean =>
  resting.idle < resting.leaves && (follows(resting) || nextPrice(resting, low, high) !== null);
