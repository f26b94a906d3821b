// Best bid and ask: who takes, takes what they display; who rests, fills when the other side comes to his price.
// Promises: from a quote our orders together take no more than its size and the participation cap allow; an
// order that rests fills at its limit, and only by the policy of touch or cross.
//
// A side that a quote leaves out stands as it was. A side that is quoted, at whatever price, displays its
// size anew. What stands when an order arrives is what it meets: it takes at once. What is left of an order
// that took goes on taking, from each quote, until a price stands that it does not take.

import type { MarketQuote } from "../../schemas/generated/market.quotes.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { jumpTo } from "./bar-path.ts";
import type { Book, Standing } from "./book.ts";
import { dateOf, mayTrade } from "./hours.ts";
import { beginVolume, shareOf } from "./liquidity.ts";
import { isAuction } from "./order-check.ts";
import { restUnless, shorten } from "./queue-place.ts";
import { acceptable, isImmediate, type RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";
import { endDays, expire } from "./time-limits.ts";
import { walk } from "./walk.ts";

export function onQuote(session: Session, quote: MarketQuote): void {
  const { book, config, nowUs } = session;
  const { bidPrice, bidQuantity, askPrice, askQuantity } = quote;
  const standing = (price: number, quantity: number): Standing => ({
    price,
    quantity,
    sinceUs: nowUs,
    left: shareOf(quantity, config) ?? quantity,
  });
  if (bidPrice !== null) book.bid = standing(bidPrice, bidQuantity);
  if (askPrice !== null) book.ask = standing(askPrice, askQuantity);
  if (book.resting.length === 0 || !mayTrade(book, config, nowUs, nowUs)) return;
  expire(session, nowUs);
  endDays(session, dateOf(session.book, session.config, nowUs), ({ order }) => !isAuction(order));
  for (const resting of book.resting) shorten(book, resting);
  meetQuotes(session, () => true);
}

/** What stood before a time that an order has waited for is not to be had. */
export function forgetBefore(book: Book, timeUs: number): void {
  if (book.bid !== null && book.bid.sinceUs < timeUs) book.bid = null;
  if (book.ask !== null && book.ask.sinceUs < timeUs) book.ask = null;
}

/** The price that an order would take; null where none is known. */
export const otherSide = ({ bid, ask }: Book, { side }: Order): Standing | null =>
  side === "BUY" ? ask : bid;

/** Buyers, then sellers, of those that `which` names, in the order of arrival. */
export function meetQuotes(session: Session, which: (resting: RestingOrder) => boolean): void {
  const { book, config, nowUs } = session;
  for (const side of ["BUY", "SELL"] as const) {
    const standing = side === "BUY" ? book.ask : book.bid;
    if (standing === null) continue;
    const takes = (resting: RestingOrder): boolean => {
      const { order, isSetOff, rests } = resting;
      if (order.side !== side || !isSetOff || isAuction(order) || !which(resting)) return false;
      return !(rests && config.limitFill === "CROSS" && order.limitPrice === standing.price);
    };
    if (!book.resting.some((one) => takes(one) && reaches(one, standing))) continue;
    book.volumeLeft = standing.left;
    if (book.liquidity !== null) beginVolume(book.liquidity, standing.quantity);
    walk(session, [jumpTo(standing.price, nowUs, "path")], takes);
    standing.left = book.volumeLeft;
  }
  for (const resting of book.resting) comeToRest(session, resting);
}

/** Immediate orders end at the first price, whatever it is. */
const reaches = ({ order }: RestingOrder, { price }: Standing): boolean =>
  isImmediate(order) || acceptable(order, price);

function comeToRest({ book, config }: Session, resting: RestingOrder): void {
  const other = otherSide(book, resting.order);
  if (other !== null) restUnless(book, resting, other.price, config);
}
