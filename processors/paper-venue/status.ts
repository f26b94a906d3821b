// What an exchange says of trading in a symbol.

import type { MarketStatus } from "../../schemas/generated/market.status.ts";
import { bust } from "./busts.ts";
import type { Session } from "./session.ts";

/** A halt holds until trading goes on, whatever the hours; a cancel is taken during it. */
export function onStatus(session: Session, status: MarketStatus): void {
  const { book, nowUs } = session;
  switch (status.status) {
    case "HALTED":
      book.halt = "MarketHalted";
      break;
    case "CLOSED":
      book.halt = "MarketClosed";
      break;
    case "TRADING":
      book.halt = null;
      book.resumedUs = nowUs;
      break;
    case "BUSTED":
      bust(session, status);
      break;
  }
}
