// The market goes its way, and the orders that it meets act where it meets them. Promises: in the order of the
// prices along each step, at one price in the order of arrival; an order trades at its limit or better, FOK whole
// or not at all, no more than the volume there is; one execution of an order for each bar or tick.

import type { Step } from "./bar-path.ts";
import type { Book } from "./book.ts";
import { isAuction } from "./order-check.ts";
import { afterFill } from "./queue-place.ts";
import {
  acceptable,
  follows,
  isImmediate,
  nextPrice,
  type RestingOrder,
  trail,
} from "./resting-order.ts";
import type { Session } from "./session.ts";
import type { Grid } from "./ticks.ts";

/** Whether an order may act on a step at all. */
export type Takes = (resting: RestingOrder, step: Step) => boolean;

/** Had their execution. */
export type Served = Set<RestingOrder>;

export function walk(session: Session, steps: readonly Step[], takes: Takes): void {
  const served: Served = new Set();
  const stood = whoStood(session);
  for (const step of steps) {
    let at = step.from;
    for (;;) {
      const next = firstAlong(session, step, at, takes, served, stood);
      if (next === null) break;
      const { resting, price } = next;
      act(session, resting, { step, price, stood: stood.has(resting) }, served);
      at = next.price;
    }
    for (const resting of session.book.resting) {
      if (follows(resting) && takes(resting, step)) trail(resting, step.to, gridOf(session.book));
    }
  }
}

/** Orders that the price has come to: where it was before, they did not take it. */
type Stood = Set<RestingOrder>;

/** Those that did not take the last price that was printed. On quotes `rests` says it. */
function whoStood({ book, config }: Session): Stood {
  const stood: Stood = new Set();
  if (config.fill === "quote" || book.lastUs < 0) return stood;
  for (const resting of book.resting) {
    if (canStand(resting) && !acceptable(resting.order, book.last)) stood.add(resting);
  }
  return stood;
}

/** An auction has one price, and neither maker nor taker. */
const canStand = ({ order, isSetOff, idle, leaves }: RestingOrder): boolean =>
  isSetOff && idle < leaves && !isImmediate(order) && !isAuction(order);

const cent = { tickSize: 1, contract: "SPOT" } as const;

/** An order rests only once its instrument was known. */
const gridOf = ({ instrument }: Book): Grid => instrument ?? cent;

function firstAlong(
  { book }: Session,
  step: Step,
  at: number,
  takes: Takes,
  served: Served,
  stood: Stood,
) {
  let first: { readonly resting: RestingOrder; readonly price: number } | null = null;
  for (const resting of book.resting) {
    if (resting.idle === resting.leaves || served.has(resting) || !takes(resting, step)) continue;
    if (follows(resting)) trail(resting, at, gridOf(book));
    const price = nextPrice(resting, at, step.to);
    if (price !== at && canStand(resting)) stood.add(resting);
    if (price === null) continue;
    if (first === null || Math.abs(price - at) < Math.abs(first.price - at)) {
      first = { resting, price };
    }
  }
  return first;
}

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
