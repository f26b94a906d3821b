// Where an order at its limit stands among those of others. Promises: it fills from trades only once the volume
// ahead of it has traded at its price, never more than what trades beyond that; of our own orders the better price
// first, then who came first; all of them together no more than the volume cap.
//
// It joins behind what is displayed at its price: nothing where it is the best price, an average trade times the
// configured number where no quote shows it. Those who cancel are taken to stand behind it, until what is displayed
// is less than what was ahead. A trade beyond its price counts like one at its price. What an iceberg displays has a
// place, and goes to the back when it has executed; so does an order with new terms.

import type { VenueConfig } from "../flow-config.ts";
import { jumpTo } from "./bar-path.ts";
import type { Book } from "./book.ts";
import { isAuction } from "./order-check.ts";
import { acceptable, isImmediate, type RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";
import { act, type Served } from "./walk.ts";

/** Takes the last place at its price, with what it displays. */
export function joinQueue(book: Book, resting: RestingOrder, { queueBps }: VenueConfig): void {
  if (queueBps === undefined) return;
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

/** A trade moves the queues at its price, and fills who has come to the front. */
export function tradeAtQueue(session: Session, price: number, quantity: number): void {
  const { book, nowUs } = session;
  const served: Served = new Set();
  for (const side of ["BUY", "SELL"] as const) {
    const met = book.resting
      .filter(({ order, queue }) => queue !== null && order.side === side)
      .filter(({ order, idle, leaves }) => idle < leaves && acceptable(order, price))
      .sort((a, b) => priority(a) - priority(b));
    let ours = 0;
    for (const resting of met) {
      const { queue, order } = resting;
      if (queue === null || !session.isResting(resting)) continue;
      const reached = quantity - ours;
      const most = Math.min(Math.max(0, reached - queue.ahead), queue.tip);
      queue.ahead = Math.max(0, queue.ahead - reached);
      if (most === 0) continue;
      const before = resting.executed;
      const limit = order.limitPrice as number;
      act(session, resting, { step: jumpTo(limit, nowUs, "path"), price: limit, most }, served);
      ours += resting.executed - before;
    }
  }
}

/** Better prices first; the sort keeps the order of arrival. */
const priority = ({ order }: RestingOrder): number =>
  order.side === "BUY" ? -(order.limitPrice as number) : (order.limitPrice as number);

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
