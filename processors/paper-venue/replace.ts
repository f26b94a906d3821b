// New terms for an order that works. Promises: side, type and links stay what they were; what is refused leaves the order
// as it was; it keeps its place and its price history where only its size shrinks, else it comes anew.

import type { Order } from "../../schemas/generated/orders.ts";
import { unheardOf } from "./groups.ts";
import { flawOf } from "./order-check.ts";
import { meetQuotes, otherSide } from "./quotes.ts";
import { acceptable, type RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";
import { overBy } from "./time-limits.ts";

/** `quantity` counts what the order has executed. */
export function replace(session: Session, order: Order, found: RestingOrder | undefined): void {
  const { book, nowUs } = session;
  const flaw = found === undefined ? "UnknownOrder" : flawOfReplace(session, order, found);
  if (found === undefined || flaw !== null) {
    const what = found ?? { order, executed: 0, leaves: 0 };
    session.report(what, "REPLACE_REJECTED", flaw ?? "UnknownOrder");
    return;
  }
  const { order: before, executed, idle, leaves: left } = found;
  const leaves = Math.max(0, order.quantity - executed);
  const shrinks = isShrunk(before, order);
  const now: RestingOrder = {
    ...found,
    order: shrinks ? { ...order, decidedUs: before.decidedUs } : order,
    arrivedUs: shrinks ? found.arrivedUs : nowUs,
    leaves,
    idle: idle === left ? leaves : Math.min(idle, leaves),
    stop: isTrailedAlike(before, order) ? found.stop : order.stopPrice,
    ...(shrinks ? {} : { rests: false, queue: null }),
  };
  book.resting.splice(book.resting.indexOf(found), 1, now);
  if (!shrinks) book.resting.push(...book.resting.splice(book.resting.indexOf(now), 1));
  session.report(now, "REPLACED", "NONE");
  if (leaves === 0) {
    session.finish(now);
    return;
  }
  if (now.idle === leaves) session.report(now, "SUSPENDED", "LinkedOrder");
  session.cut(now, unheardOf(book, order, session.config.latencyUs));
  if (!session.isResting(now) || now.idle === now.leaves) return;
  if (session.config.fill === "quote") meetQuotes(session, (one) => one === now);
}

function flawOfReplace(session: Session, order: Order, found: RestingOrder) {
  const { book, nowUs } = session;
  const { side, type, portfolio, symbol, parentOrderId, ocoGroup } = found.order;
  const isSame =
    order.side === side &&
    order.type === type &&
    order.portfolio === portfolio &&
    order.symbol === symbol &&
    order.parentOrderId === parentOrderId &&
    order.ocoGroup === ocoGroup;
  if (!isSame) return "InvalidTerms";
  const flaw = flawOf(order, book.instrument, nowUs);
  if (flaw !== null) return flaw;
  if (overBy(order, book.instrument, nowUs) !== null) return "InvalidTerms";
  return wouldTake(session, order) ? "PostOnlyWouldTake" : null;
}

const isTrailedAlike = (a: Order, b: Order): boolean =>
  a.stopPrice === b.stopPrice && a.trailOffset === b.trailOffset && a.trailBps === b.trailBps;

/** The same terms with a smaller quantity. */
function isShrunk(before: Order, now: Order): boolean {
  return (
    now.quantity <= before.quantity &&
    now.limitPrice === before.limitPrice &&
    now.timeInForce === before.timeInForce &&
    now.expireUs === before.expireUs &&
    now.postOnly === before.postOnly &&
    now.reduceOnly === before.reduceOnly &&
    isTrailedAlike(before, now)
  );
}

/** A post-only order that the last price, or the other side of the quotes, trades with. */
export function wouldTake({ book, config }: Session, order: Order): boolean {
  if (!order.postOnly) return false;
  if (config.fill !== "quote") return book.lastUs >= 0 && acceptable(order, book.last);
  const other = otherSide(book, order);
  return other !== null && acceptable(order, other.price);
}
