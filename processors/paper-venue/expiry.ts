// The end of a contract. Promises: from its expiry on nothing trades in it; what rests ends, and what is held is settled
// in cash at the last price printed up to then (of a bar over the expiry, its close), once, without fees or parts of a price. A DELISTING that comes at or
// before the expiry, or as the first event after it, settles at its own price instead.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Book } from "./book.ts";
import type { Session } from "./session.ts";
import { expire } from "./time-limits.ts";

/** The expiry, where it lies before that time and something is left to be done for it; else null. */
export function expiryBefore(book: Book, nowUs: number): number | null {
  const expiryUs = book.instrument?.expiryUs ?? null;
  if (expiryUs === null || nowUs <= expiryUs) return null;
  if (book.resting.length + book.underway.length + book.shut.length > 0) return expiryUs;
  for (const position of book.positions.values()) if (position !== 0) return expiryUs;
  return null;
}

/** Cost: O(portfolios) that hold the symbol. */
export function settleExpired(session: Session): void {
  const { book, nowUs } = session;
  expire(session, nowUs);
  const { last: price, lastUs: tradeUs } = book;
  const { symbol } = book.instrument as Instrument;
  for (const [portfolio, position] of book.positions) {
    if (position === 0) continue;
    book.positions.set(portfolio, 0);
    const side = position > 0 ? ("SELL" as const) : ("BUY" as const);
    const quantity = Math.abs(position);
    const closing = {
      order: { orderId: 0, portfolio, symbol, side },
      executed: quantity,
      leaves: 0,
    };
    session.report(closing, "FILLED", "InstrumentExpired", { quantity, price, tradeUs });
  }
}
