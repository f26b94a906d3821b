// What the venue does with a NEW or a CANCEL (a REPLACE: replace.ts), and with a corporate action. Promises: each is answered, or rests; an order that is
// refused leaves no trace but its report.

import type { ExecReason } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { endsOrders, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { keepAction } from "../../schemas/values/late-deal.ts";
import { jumpTo } from "./bar-path.ts";
import { noTrades } from "./book.ts";
import { unheardOf } from "./groups.ts";
import { splitLiquidity } from "./liquidity.ts";
import { flawOf, isAuction } from "./order-check.ts";
import { bringCost, restateCosts } from "./position-costs.ts";
import { forgetBefore, meetQuotes } from "./quotes.ts";
import { replace, wouldTake } from "./replace.ts";
import { type RestingOrder, restingOrder } from "./resting-order.ts";
import { keyOf, type Session } from "./session.ts";
import { overBy } from "./time-limits.ts";
import { walk } from "./walk.ts";

/** `freshUs`: a price from before it is not to be had on arrival. */
export function handle(session: Session, order: Order, freshUs = order.decidedUs): void {
  if (order.action === "NEW") place(session, order, freshUs);
  else if (order.action === "TRANSFER") bring(session, order);
  else {
    const found = session.find(order);
    if (order.action === "CANCEL") cancel(session, order, found);
    else replace(session, order, found);
  }
}

/** Answers what the order gate has refused: a replace or a cancel leaves its order as it was. */
export function deny(session: Session, order: Order): void {
  const unknown = { order, executed: 0, leaves: 0 };
  if (order.action === "NEW") {
    if (refuseTwice(session, order)) return;
    session.report(unknown, "REJECTED", "DeniedByRisk");
    return;
  }
  const found = session.find(order);
  const reason = found === undefined ? "UnknownOrder" : "DeniedByRisk";
  const answer = order.action === "CANCEL" ? "CANCEL_REJECTED" : "REPLACE_REJECTED";
  session.report(found ?? unknown, answer, reason);
}

/**
 * A new order under the id of one that works here, or ended in this instant, is refused, and that one stays what it is.
 * As FIX's OrdRejReason 6, "Duplicate Order". True where it was.
 */
export function refuseTwice(session: Session, order: Order): boolean {
  if (order.action !== "NEW") return false;
  const { book, nowUs } = session;
  const found = session.find(order);
  const ended = book.endedUs === nowUs ? book.ended.get(keyOf(order)) : undefined;
  if (found === undefined && ended === undefined) return false;
  const { executed, leaves } = found ?? { executed: ended ?? 0, leaves: 0 };
  session.report({ order, executed, leaves }, "REJECTED", "DuplicateOrder");
  return true;
}

/** Every order of the symbol ends; what is held of it here is in new shares, or no longer. */
export function act(session: Session, action: CorporateAction): void {
  if (!endsOrders(action)) return;
  const { book, nowUs } = session;
  for (const resting of [...book.resting]) {
    if (session.isResting(resting)) session.end(resting, "CANCELED", "CorporateAction");
  }
  for (const { order } of book.shut.splice(0)) {
    const answer = order.action === "NEW" ? "CANCELED" : "REPLACE_REJECTED";
    session.report({ order, executed: 0, leaves: 0 }, answer, "CorporateAction");
  }
  for (const [portfolio, position] of book.positions) {
    const isSplit = action.action === "SPLIT";
    const past = book.past.get(portfolio) ?? [];
    book.past.set(portfolio, keepAction(past, nowUs, action, 0, position));
    book.positions.set(portfolio, isSplit ? splitQuantity(position, action) : 0);
  }
  if (book.held.size > 0) restateCosts(book, action, nowUs);
  if (book.liquidity !== null && action.action === "SPLIT") {
    splitLiquidity(book.liquidity, (shares) => splitQuantity(shares, action));
  }
  if (action.action === "SPLIT") book.last = splitPrice(book.last, action);
  // Of shares that are no more.
  book.bid = null;
  book.ask = null;
  book.trades = noTrades;
  book.groupDeals.length = 0;
  book.actionUs = nowUs;
  if (action.action === "DELISTING") book.isDelisted = true;
}

/**
 * What was held under another name: the venue of that name may lie on another partition, so its owner brings it along.
 * It is of the shares of the time at which the name changed.
 */
function bring(session: Session, order: Order): void {
  const { book, config } = session;
  const { portfolio, side, referencePrice, decidedUs } = order;
  const signed = side === "BUY" ? order.quantity : -order.quantity;
  const now = session.inSharesOfNow(portfolio, signed, referencePrice, decidedUs);
  const { quantity, price } = now;
  if (quantity === 0) return;
  if (config.margin !== undefined && book.instrument !== null) {
    bringCost(book, portfolio, quantity, price);
  }
  book.positions.set(portfolio, (book.positions.get(portfolio) ?? 0) + quantity);
}

function cancel(session: Session, order: Order, found: RestingOrder | undefined): void {
  if (found !== undefined) session.end(found, "CANCELED", "CanceledByUser");
  else session.report({ order, executed: 0, leaves: 0 }, "CANCEL_REJECTED", "UnknownOrder");
}

function place(session: Session, order: Order, freshUs: number): void {
  const { book, nowUs, config } = session;
  if (refuseTwice(session, order)) return;
  if (order.decidedUs < book.actionUs) {
    session.report({ order, executed: 0, leaves: 0 }, "CANCELED", "CorporateAction");
    return;
  }
  const resting = restingOrder(order, nowUs);
  const link = linkOf(session, order);
  const flaw = flawOf(order, book.instrument, nowUs) ?? refusalOf(session, order, link);
  if (flaw !== null) {
    session.report({ order, executed: 0, leaves: 0 }, "REJECTED", flaw);
    return;
  }
  // It was on its way for longer than it is good for.
  if (overBy(order, book.instrument, nowUs) !== null) {
    session.report({ order, executed: 0, leaves: 0 }, "EXPIRED", "GoodTillDate");
    return;
  }
  if (link !== null) resting.idle = Math.max(0, order.quantity - link.executed);
  book.resting.push(resting);
  if (config.acknowledge === true) session.report(resting, "NEW", "NONE");
  if (link?.ended === true && resting.idle > 0) {
    resting.leaves -= resting.idle;
    resting.idle = 0;
    session.report(resting, "RESTATED", "LinkedOrder");
  }
  if (resting.idle === resting.leaves) session.report(resting, "SUSPENDED", "LinkedOrder");
  session.cut(resting, unheardOf(book, order, config.latencyUs));
  if (!session.isResting(resting) || resting.idle === resting.leaves) return;
  const { last, lastUs } = book;
  const isKnown = lastUs >= order.decidedUs && lastUs >= freshUs && lastUs <= nowUs;
  if (config.fill === "bar-close" && isKnown && !isAuction(order)) {
    walk(session, [jumpTo(last, lastUs, "close")], (one) => one === resting);
  } else if (config.fill === "quote") {
    if (freshUs > order.decidedUs) forgetBefore(book, freshUs);
    meetQuotes(session, (one) => one === resting);
  }
}

interface Link {
  /** What the parent has executed. */
  readonly executed: number;
  readonly ended: boolean;
}

/** How far the parent has come: it works, or ended in this instant. Null where there is none. */
function linkOf({ book, nowUs }: Session, { parentOrderId, portfolio }: Order): Link | null {
  if (parentOrderId === null) return null;
  const key = `${portfolio}/${parentOrderId}`;
  const parent = book.resting.find(({ order }) => keyOf(order) === key);
  if (parent !== undefined) return { executed: parent.executed, ended: false };
  const executed = book.endedUs === nowUs ? book.ended.get(key) : undefined;
  return executed === undefined ? null : { executed, ended: true };
}

/** What the state of the book has against it. */
function refusalOf(session: Session, order: Order, link: Link | null): ExecReason | null {
  const { book } = session;
  if (book.isDelisted) return "InstrumentExpired";
  if (order.parentOrderId !== null && (link === null || (link.ended && link.executed === 0))) {
    return "LinkedOrder";
  }
  const position = book.positions.get(order.portfolio) ?? 0;
  const reduces = order.side === "BUY" ? position < 0 : position > 0;
  if (order.reduceOnly && link === null && !reduces) return "NothingToReduce";
  return wouldTake(session, order) ? "PostOnlyWouldTake" : null;
}
