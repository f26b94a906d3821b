// An order meets a price. Promises: it trades at its limit or better, FOK whole or not at all, no more than the
// volume there is, or than it may by its own terms; who waited at his limit gets just that.

import type { Step } from "./bar-path.ts";
import { afterFill } from "./queue-place.ts";
import { acceptable, isImmediate, type RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";

/** Had their execution. */
export type Served = Set<RestingOrder>;

interface Meeting {
  readonly step: Step;
  readonly price: number;
  /** Of it, most that comes to this order; left out: all that there is. */
  readonly most?: number;
  /** The order stood at its limit before. */
  readonly stood?: boolean;
}

/** An order meets a price: it is set off, trades, or ends. */
export function act(
  session: Session,
  resting: RestingOrder,
  meeting: Meeting,
  served: Served,
): void {
  const { order } = resting;
  if (!resting.isSetOff) {
    resting.isSetOff = true;
    session.report(resting, "TRIGGERED", "NONE");
    return;
  }
  const ending = order.timeInForce === "FOK" ? "FillOrKill" : "ImmediateOrCancel";
  if (!acceptable(order, meeting.price)) {
    session.end(resting, "CANCELED", ending);
    return;
  }
  const held = reducible(session, resting);
  if (held === 0) {
    // A child whose parent still works has more to come.
    if (resting.idle > 0) served.add(resting);
    else session.end(resting, "CANCELED", "NothingToReduce");
    return;
  }
  const quantity = Math.min(held, shown(resting, meeting), available(session, resting, meeting));
  if (quantity <= 0 || (order.timeInForce === "FOK" && quantity < resting.leaves)) {
    if (isImmediate(order)) session.end(resting, "CANCELED", ending);
    else served.add(resting);
    return;
  }
  const { book } = session;
  if (book.volumeLeft !== null) book.volumeLeft -= quantity;
  served.add(resting);
  session.fill(resting, quantity, printFor(resting, meeting));
  if (!session.isResting(resting)) return;
  if (resting.queue !== null) afterFill(book, resting, quantity, session.config);
  if (isImmediate(order)) session.end(resting, "CANCELED", ending);
  else if (resting.idle === 0 && reducible(session, resting) === 0) {
    session.end(resting, "CANCELED", "NothingToReduce");
  }
}

/** Of the last bar, tick or quote, what comes to the order: behind a queue at its price; in whole lots. */
function available(
  { book, config }: Session,
  { order, queue: place }: RestingOrder,
  { price, most = Number.POSITIVE_INFINITY }: Meeting,
): number {
  let quantity = Math.min(book.volumeLeft ?? Number.POSITIVE_INFINITY, most);
  const queue = config.queueBps === undefined ? null : place;
  if (queue !== null && queue.ahead > 0 && price === order.limitPrice) {
    const other = order.side === "BUY" ? book.ask : book.bid;
    quantity = Math.max(0, Math.min(quantity, (other?.quantity ?? 0) - queue.ahead));
  }
  const lot = Math.max(book.instrument?.lotSize ?? 1, 1);
  return quantity === Number.POSITIVE_INFINITY ? quantity : quantity - (quantity % lot);
}

/** What may execute of an order by its own terms: of a reduce-only order no more than is held against it. */
function reducible(session: Session, { order, leaves, idle }: RestingOrder): number {
  if (!order.reduceOnly) return leaves - idle;
  const position = session.positionOf(order);
  const held = order.side === "BUY" ? -position : position;
  return Math.max(0, Math.min(leaves - idle, held));
}

/** All of it where the price goes through its limit, what it displays where the limit is only touched. */
function shown({ order, leaves, queue }: RestingOrder, { step, price }: Meeting): number {
  const { displayQuantity, limitPrice } = order;
  const isTouched = price === limitPrice && step.to === price;
  return displayQuantity !== null && isTouched ? (queue?.tip ?? displayQuantity) : leaves;
}

/** Who waited for the price gets just that; who takes it pays for taking it, at his limit too. */
function printFor({ order, rests }: RestingOrder, { step, price, stood = false }: Meeting) {
  const { limitPrice, postOnly } = order;
  const waited = postOnly || rests || (stood && price === limitPrice);
  const atLimit = waited && limitPrice !== null;
  return { price: atLimit ? limitPrice : price, timeUs: step.timeUs, atLimit };
}
