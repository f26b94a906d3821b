// What trades do for orders that wait in queues. Promises: an order fills only once the volume ahead of it has
// traded, never more than what trades beyond that; of our own orders the better price first, then who came
// first; all of them together no more than the volume cap. A trade beyond a price counts like one at it.

import { jumpTo } from "./bar-path.ts";
import { act, type Served } from "./meeting.ts";
import { acceptable, type RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";

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
      const most = Math.max(0, reached - queue.ahead);
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
