// The market goes its way, and the orders that it meets act where it meets them (meeting.ts). Promises: in the order of
// the prices along each step, at one price in the order of arrival; one execution of an order for each bar or tick.

import type { Step } from "./bar-path.ts";
import type { Book } from "./book.ts";
import { liquidate, liquidationAlong } from "./liquidation.ts";
import { act, type Served } from "./meeting.ts";
import { isAuction } from "./order-check.ts";
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

/** `isMarket`: the prices are new, and call margins. */
export function walk(
  session: Session,
  steps: readonly Step[],
  takes: Takes,
  isMarket = false,
): void {
  const served: Served = new Set();
  const stood = whoStood(session);
  for (const step of steps) {
    let at = step.from;
    for (;;) {
      const next = firstAlong(session, step, at, takes, served, stood);
      const call = isMarket ? liquidationAlong(session, at, next?.price ?? step.to) : null;
      // Who has an order at the price at which he would be closed acts first.
      if (call !== null && (next === null || call.price !== next.price)) {
        liquidate(session, call.portfolio, { price: call.price, timeUs: step.timeUs });
        at = call.price;
        continue;
      }
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
