// Positions that stand for themselves against margin. Promises: one with less behind it than its maintenance margin
// is closed at the first price at which that is so, along the way through a bar (bar-path.ts) or by a trade, with all that an
// execution costs; orders that lie nearer on that way come first; then the portfolio's orders of the symbol end. The venue asks
// nobody: the report has no order, its id is 0.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { marginOf, marginState } from "../../schemas/values/margin.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { plainTerms } from "../../schemas/values/order-terms.ts";
import type { VenueMargin } from "../venue-config.ts";
import type { Print } from "./execution.ts";
import { costOf } from "./position-costs.ts";
import { restingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";

/** At the last price: what has too little behind it is closed, who comes near to that is told. Cost: O(portfolios). */
export function holdMargins(session: Session): void {
  const { book, config } = session;
  const { margin } = config;
  if (margin === undefined || book.instrument === null) return;
  for (const [portfolio, position] of [...book.positions]) {
    if (stateAt(session, portfolio, position, book.last) === "LIQUIDATION") {
      liquidate(session, portfolio, { price: book.last, timeUs: book.lastUs });
    }
    if (margin.callPerMillion !== undefined) call(session, portfolio, margin.callPerMillion);
  }
}

/** Told once, until there is enough again. */
function call(session: Session, portfolio: string, callPerMillion: number): void {
  const { book, config } = session;
  const instrument = book.instrument as Instrument;
  const position = book.positions.get(portfolio) ?? 0;
  const { leverage, ...terms } = config.margin as VenueMargin;
  const value = notionalMinor(book.last, position, instrument);
  const cost = costOf(book, portfolio);
  const equity = marginOf(cost, { ...terms, leverage }).initial + value - cost;
  const needed = marginOf(value, { ...terms, initialPerMillion: callPerMillion, leverage }).initial;
  if (position === 0 || equity >= needed) {
    book.called.delete(portfolio);
    return;
  }
  if (book.called.has(portfolio)) return;
  book.called.set(portfolio, true);
  const side = position > 0 ? ("BUY" as const) : ("SELL" as const);
  const order = { orderId: 0, portfolio, symbol: instrument.symbol, side };
  const figures = { quantity: Math.abs(position), price: book.last, tradeUs: book.lastUs };
  session.report({ order, executed: 0, leaves: 0 }, "MARGIN_CALL", "NONE", figures);
}

/** The first price from `at` to `to` at which a position has too little behind it, and whose it is; null: none has. */
export function liquidationAlong(session: Session, at: number, to: number) {
  const { book, config } = session;
  if (config.margin === undefined || book.instrument === null) return null;
  let first: { readonly portfolio: string; readonly price: number } | null = null;
  for (const [portfolio, position] of book.positions) {
    const isShort = (price: number): boolean =>
      stateAt(session, portfolio, position, price) === "LIQUIDATION";
    if (position === 0 || !isShort(to)) continue;
    const price = isShort(at) ? at : firstBetween(at, to, isShort);
    if (first === null || Math.abs(price - at) < Math.abs(first.price - at)) {
      first = { portfolio, price };
    }
  }
  return first;
}

/** Whether one of these prices closes some position. */
export const mayLiquidate = (session: Session, low: number, high: number): boolean =>
  session.config.margin !== undefined &&
  (liquidationAlong(session, low, low) ?? liquidationAlong(session, high, high)) !== null;

/** The first whole price for which it holds, which it does not at `at`, and from which on it does until `to`. */
function firstBetween(at: number, to: number, holds: (price: number) => boolean): number {
  const step = to > at ? 1 : -1;
  let without = 0;
  let within = Math.abs(to - at);
  while (within - without > 1) {
    const middle = Math.floor((within + without) / 2);
    if (holds(at + step * middle)) within = middle;
    else without = middle;
  }
  return at + step * within;
}

function stateAt({ book, config }: Session, portfolio: string, position: number, price: number) {
  if (position === 0) return "ENOUGH";
  const value = notionalMinor(price, position, book.instrument as Instrument);
  return marginState(costOf(book, portfolio), value, config.margin as VenueMargin);
}

/** In minor units, half to even. */
export function liquidationFee({ book, config }: Session, price: number, quantity: number): bigint {
  const rate = config.margin?.liquidationFeePerMillion ?? 0;
  if (rate === 0) return 0n;
  const value = notionalMinor(price, quantity, book.instrument as Instrument);
  return divideRounded((value < 0n ? -value : value) * BigInt(rate), 1_000_000n);
}

/** Closes a position at a price that was printed, after the orders of its owner. */
export function liquidate(
  session: Session,
  portfolio: string,
  { price, timeUs }: Pick<Print, "price" | "timeUs">,
): void {
  const { book, nowUs } = session;
  for (const resting of book.resting.filter(({ order }) => order.portfolio === portfolio)) {
    if (session.isResting(resting)) session.end(resting, "CANCELED", "MarginCall");
  }
  const position = book.positions.get(portfolio) ?? 0;
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
      referencePrice: price,
      decidedUs: nowUs,
      ...plainTerms,
    },
    nowUs,
  );
  book.resting.push(closing);
  session.fill(closing, quantity, { price, timeUs, atLimit: false }, "MarginCall");
}
