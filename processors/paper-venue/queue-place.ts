// The place of an order in the queue at its limit. It joins behind what is displayed at its price: nothing where it
// is the best price, an average trade times the configured number where no quote shows it. Promises: it only
// moves forward. Those who cancel are taken to stand behind it, until what is displayed is less than what was ahead.
// What an iceberg displays has a place, and goes to the back when it has executed; so does an order with new terms.

import type { VenueConfig } from "../venue-config.ts";
import type { Book } from "./book.ts";
import { isAuction } from "./order-check.ts";
import { acceptable, isImmediate, type RestingOrder } from "./resting-order.ts";

/** Takes the last place at its price, with what it displays. */
export function joinQueue(book: Book, resting: RestingOrder, { queueBps }: VenueConfig): void {
  // A fork may go on without queues.
  if (queueBps === undefined) {
    resting.queue = null;
    return;
  }
  const { order, leaves } = resting;
  const limit = order.limitPrice as number;
  const own = order.side === "BUY" ? book.bid : book.ask;
  let ahead = averageTrades(book, queueBps);
  if (own !== null && own.price === limit) ahead = own.quantity;
  else if (own !== null && isBetter(order.side, limit, own.price)) ahead = 0;
  resting.queue = { ahead, tip: Math.min(order.displayQuantity ?? leaves, leaves) };
}

const isBetter = (side: string, price: number, than: number): boolean =>
  side === "BUY" ? price > than : price < than;

/** Rounded up; 0 before the first trade. */
function averageTrades({ trades: { count, volume } }: Book, bps: number): number {
  if (count === 0) return 0;
  const parts = BigInt(count) * 10_000n;
  return Number((BigInt(volume) * BigInt(bps) + parts - 1n) / parts);
}

/** No more can be ahead of it than is displayed at its price; nothing where no other is there. */
export function shorten(book: Book, { order, queue }: RestingOrder): void {
  const own = order.side === "BUY" ? book.bid : book.ask;
  if (queue === null || own === null) return;
  const limit = order.limitPrice as number;
  if (isBetter(order.side, limit, own.price)) queue.ahead = 0;
  else if (own.price === limit) queue.ahead = Math.min(queue.ahead, own.quantity);
}

/** After an execution: what it displayed is gone, and the next part joins at the back. */
export function afterFill(
  book: Book,
  resting: RestingOrder,
  quantity: number,
  config: VenueConfig,
): void {
  const { queue } = resting;
  if (queue === null) return;
  queue.tip -= quantity;
  if (queue.tip <= 0) joinQueue(book, resting, config);
}

/** An order that does not take the price there is stands at its limit from now on. */
export function restUnless(
  book: Book,
  resting: RestingOrder,
  price: number,
  config: VenueConfig,
): void {
  const { order, isSetOff, rests, idle, leaves } = resting;
  if (rests || !isSetOff || idle === leaves || order.limitPrice === null) return;
  if (isAuction(order) || isImmediate(order) || acceptable(order, price)) return;
  resting.rests = true;
  joinQueue(book, resting, config);
}
