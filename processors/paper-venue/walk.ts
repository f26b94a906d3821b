// The market goes its way, and the orders that it meets act where it meets them. Promises: in the order of the
// prices along each step, at one price in the order of arrival; an order trades at its limit or better, FOK whole
// or not at all, no more than the volume there is; one execution of an order for each bar or tick.

import type { Step } from "./bar-path.ts";
import { acceptable, isImmediate, nextPrice, type RestingOrder, trail } from "./resting-order.ts";
import type { Session } from "./session.ts";

/** Whether an order may act on a step at all. */
export type Takes = (resting: RestingOrder, step: Step) => boolean;

interface Tally {
  /** Most that may still execute. */
  volume: number;
  /** Had their execution. */
  readonly served: Set<RestingOrder>;
}

export function walk(
  session: Session,
  steps: readonly Step[],
  takes: Takes,
  volume = Number.POSITIVE_INFINITY,
): void {
  const tally: Tally = { volume, served: new Set() };
  for (const step of steps) {
    let at = step.from;
    for (;;) {
      const next = firstAlong(session, step, at, takes, tally);
      if (next === null) break;
      act(session, next.resting, { step, price: next.price }, tally);
      at = next.price;
    }
    for (const resting of session.book.resting) {
      if (follows(resting) && takes(resting, step)) trail(resting, step.to);
    }
  }
}

const follows = ({ order, isSetOff, leaves, idle }: RestingOrder): boolean =>
  order.type === "TRAILING_STOP" && !isSetOff && idle < leaves;

function firstAlong({ book }: Session, step: Step, at: number, takes: Takes, { served }: Tally) {
  let first: { readonly resting: RestingOrder; readonly price: number } | null = null;
  for (const resting of book.resting) {
    if (resting.idle === resting.leaves || served.has(resting) || !takes(resting, step)) continue;
    if (follows(resting)) trail(resting, at);
    const price = nextPrice(resting, at, step.to);
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
}

function act(session: Session, resting: RestingOrder, meeting: Meeting, tally: Tally): void {
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
    session.end(resting, "CANCELED", "NothingToReduce");
    return;
  }
  const quantity = Math.min(held, shown(resting, meeting), tally.volume);
  if (quantity <= 0 || (order.timeInForce === "FOK" && quantity < resting.leaves)) {
    if (isImmediate(order)) session.end(resting, "CANCELED", ending);
    else tally.served.add(resting);
    return;
  }
  tally.volume -= quantity;
  tally.served.add(resting);
  session.fill(resting, quantity, printFor(resting, meeting));
  if (!session.isResting(resting)) return;
  if (isImmediate(order)) session.end(resting, "CANCELED", ending);
  else if (reducible(session, resting) === 0) session.end(resting, "CANCELED", "NothingToReduce");
}

/** What may execute of an order by its own terms: of a reduce-only order no more than is held against it. */
function reducible(session: Session, { order, leaves, idle }: RestingOrder): number {
  if (!order.reduceOnly) return leaves - idle;
  const position = session.positionOf(order);
  const held = order.side === "BUY" ? -position : position;
  return Math.max(0, Math.min(leaves - idle, held));
}

/** All of it where the price goes through its limit, what it displays where the limit is only touched. */
function shown({ order, leaves }: RestingOrder, { step, price }: Meeting): number {
  const { displayQuantity, limitPrice } = order;
  const isTouched = price === limitPrice && step.to === price;
  return displayQuantity !== null && isTouched ? displayQuantity : leaves;
}

/** Who waited for the price gets just that; who takes it pays for taking it. */
function printFor({ order }: RestingOrder, { step, price }: Meeting) {
  const { limitPrice, postOnly } = order;
  const waited = limitPrice !== null && (postOnly || price === limitPrice);
  return { price: waited ? limitPrice : price, timeUs: step.timeUs, atLimit: waited };
}
