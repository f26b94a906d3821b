// Positions that stand for themselves against margin. Promises: one with less behind it than its maintenance margin,
// at the last price of a bar or by a trade, is closed at once at that price, with all that an execution costs; the
// portfolio's orders of the symbol end before that. The venue asks nobody: the report has no order, its id is 0.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { actOn, bookReport, heldBy, withHolding } from "../../schemas/values/booking.ts";
import { changeHolding, emptied } from "../../schemas/values/holding.ts";
import { marginState } from "../../schemas/values/margin.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { plainTerms } from "../../schemas/values/order-terms.ts";
import type { Book } from "./book.ts";
import { restingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";

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

/** Cost: O(portfolios) that hold the symbol. */
export function holdMargins(session: Session): void {
  const { book, config } = session;
  const { margin } = config;
  if (margin === undefined) return;
  for (const [portfolio, position] of [...book.positions]) {
    if (position === 0) continue;
    const value = notionalMinor(book.last, position, book.instrument as Instrument);
    const state = marginState(costOf(book, portfolio), value, margin);
    if (state === "LIQUIDATION") liquidate(session, portfolio, position);
  }
}

const costOf = ({ held }: Book, portfolio: string): bigint =>
  held.get(portfolio)?.holding.cost ?? 0n;

function liquidate(session: Session, portfolio: string, position: number): void {
  const { book, nowUs } = session;
  for (const resting of book.resting.filter(({ order }) => order.portfolio === portfolio)) {
    if (session.isResting(resting)) session.end(resting, "CANCELED", "MarginCall");
  }
  const quantity = Math.abs(position);
  const closing = restingOrder(
    {
      orderId: 0,
      action: "NEW",
      portfolio,
      symbol: (book.instrument as Instrument).symbol,
      side: position > 0 ? "SELL" : "BUY",
      type: "MARKET",
      quantity,
      limitPrice: null,
      timeInForce: "IOC",
      referencePrice: book.last,
      decidedUs: nowUs,
      ...plainTerms,
    },
    nowUs,
  );
  book.resting.push(closing);
  const print = { price: book.last, timeUs: book.lastUs, atLimit: false };
  session.fill(closing, quantity, print, "MarginCall");
}
