// What positions against margin cost. Promises: the cost is that which all who hear of the venue's reports book; a busted
// trade, a split and a change of symbol do to it what they do to theirs.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { actOn, bookReport, heldBy, withHolding } from "../../schemas/values/booking.ts";
import { changeHolding, emptied } from "../../schemas/values/holding.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { Book } from "./book.ts";

export const costOf = ({ held }: Book, portfolio: string): bigint =>
  held.get(portfolio)?.holding.cost ?? 0n;

/** Keeps what a position cost, as those who hear of it book it: of each report, a busted trade's too. */
export function noteCost({ held, instrument }: Book, report: ExecutionReport): void {
  const { portfolio } = report;
  const before = held.get(portfolio) ?? heldBy("AVERAGE");
  held.set(portfolio, bookReport(before, report, instrument as Instrument).held);
}

/** A position has come from elsewhere, or is in other shares; it cost what it had cost. */
export function restateCosts(book: Book, action: CorporateAction, timeUs: number): void {
  for (const [portfolio, held] of book.held) {
    const { holding } = held;
    book.held.set(
      portfolio,
      action.action === "SPLIT"
        ? actOn(held, book.last, action, book.instrument as Instrument, timeUs).held
        : withHolding(held, emptied(holding)),
    );
  }
}

export function bringCost(book: Book, portfolio: string, quantity: number, price: number): void {
  const held = book.held.get(portfolio) ?? heldBy("AVERAGE");
  const value = notionalMinor(price, quantity, book.instrument as Instrument);
  book.held.set(portfolio, withHolding(held, changeHolding(held.holding, quantity, value).holding));
}
