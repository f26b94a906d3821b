// Protective exits: which orders a position should have at the venue, and what brings them there. Promises: they
// only reduce; they are the size of the position, a group of which one's execution is taken off the others; they
// lie at least as far from the average entry price as asked, on ticks.

import type { Order } from "../../schemas/generated/orders.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import type { ExitsConfig } from "../orders-config.ts";
import { limitPrice } from "./limit-price.ts";
import { isOpen, isUnanswered, type SymbolBook, type WorkingOrder } from "./order-book.ts";

/** Every order of a symbol that makes a position smaller is in this group, where there are exits. */
export const EXIT_GROUP = 1;

export type ExitTerms = Pick<
  Order,
  "type" | "side" | "quantity" | "limitPrice" | "stopPrice" | "trailBps"
>;

export const hasExits = (exits: ExitsConfig): boolean =>
  Object.values(exits).some((bps) => bps !== null);

/** Of a position that is not flat, by the average-cost method, rounded half to even. */
export const averageEntry = ({ position, cost }: SymbolBook): number =>
  Number(divideRounded(cost, BigInt(position)));

/** The exits of the position as it is; none of a flat one. */
export function wantedExits(exits: ExitsConfig, book: SymbolBook): readonly ExitTerms[] {
  const { position, instrument } = book;
  if (position === 0 || instrument === null) return [];
  const side = position > 0 ? "SELL" : "BUY";
  const other = position > 0 ? "BUY" : "SELL";
  const plain = { side, quantity: Math.abs(position), limitPrice: null, stopPrice: null } as const;
  const average = averageEntry(book);
  const away = (bps: number, towards: Order["side"]): number =>
    limitPrice(towards, average, bps, instrument.tickSize);
  const { stopLossBps, takeProfitBps, trailingStopBps } = exits;
  const wanted: ExitTerms[] = [];
  if (stopLossBps !== null) {
    wanted.push({ ...plain, type: "STOP", stopPrice: away(stopLossBps, other), trailBps: null });
  }
  if (takeProfitBps !== null) {
    wanted.push({ ...plain, type: "LIMIT", limitPrice: away(takeProfitBps, side), trailBps: null });
  }
  if (trailingStopBps !== null) {
    wanted.push({ ...plain, type: "TRAILING_STOP", trailBps: trailingStopBps });
  }
  return wanted;
}

/** How requests leave the desk. */
export interface Requests {
  submit(terms: ExitTerms): void;
  replace(exit: WorkingOrder, terms: ExitTerms): void;
  cancel(exit: WorkingOrder): void;
}

/**
 * Asks for what is missing between the exits there are and those that are wanted. The venue may be about to say
 * that it has done the same, because an order of the group executed; or the exit may have come too late for that.
 */
export function protect(
  { exits, refused }: SymbolBook,
  wanted: readonly ExitTerms[],
  requests: Requests,
): void {
  for (const exit of exits) {
    if (!isOpen(exit) || isUnanswered(exit)) continue;
    const { order } = exit;
    const terms = wanted.find(({ type, side }) => type === order.type && side === order.side);
    if (terms === undefined) requests.cancel(exit);
    else if (!isAlike(exit, terms)) requests.replace(exit, terms);
  }
  for (const terms of wanted) {
    const isThere = exits.some(({ order }) => order.type === terms.type);
    if (!isThere && !refused.includes(terms.type)) requests.submit(terms);
  }
}

const isAlike = ({ order, progress }: WorkingOrder, terms: ExitTerms): boolean =>
  progress.leavesQuantity === terms.quantity &&
  order.limitPrice === terms.limitPrice &&
  order.stopPrice === terms.stopPrice;
