// Protective exits: which orders a position should have at the venue, and what brings them there. Promises: they
// only reduce; they are the size of the position, a group of which one's execution is taken off the others; they
// lie at least as far from the average entry price as asked, on ticks.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { cancelRequested } from "../../schemas/values/order-progress.ts";
import type { Distance, ExitsConfig } from "../orders-config.ts";
import { awayFrom, trailTerms } from "./limit-price.ts";
import {
  isOpen,
  isUnanswered,
  leavesOf,
  type SymbolBook,
  sum,
  untoldOf,
  type WorkingOrder,
} from "./order-book.ts";

/** Every order of a symbol that makes a position smaller is in this group, where there are exits. */
export const EXIT_GROUP = 1;

export type ExitTerms = Pick<
  Order,
  "type" | "side" | "quantity" | "limitPrice" | "stopPrice" | "trailBps" | "trailOffset"
>;

export const hasExits = (exits: ExitsConfig): boolean =>
  Object.values(exits).some((size) => size !== null);

/** Any distance of theirs is in ATRs. */
export const isInRanges = (exits: ExitsConfig): boolean =>
  [exits.stopLossAtrs, exits.takeProfitAtrs, exits.trailingStopAtrs].some(
    (atrs) => atrs !== undefined,
  );

/** Of a position that is not flat, by the average-cost method, rounded half to even. */
export const averageEntry = ({ position, cost }: SymbolBook): number =>
  Number(divideRounded(cost, BigInt(position)));

/** What exits are to protect. */
export interface Cover {
  /** Signed. */
  readonly quantity: number;
  /** That distances are measured from. */
  readonly price: number;
  /** Where nothing is held of it yet: what its exits hang on. */
  readonly entry: WorkingOrder | null;
}

/** The position; with a bracket also what its entry may still add, from the moment it is sent. Null of nothing. */
export function coverOf(book: SymbolBook, isBracket: boolean): Cover | null {
  const { position, working } = book;
  const entries = isBracket ? working.filter(isEntry) : [];
  const coming = sum(entries, leavesOf) + sum(entries, untoldOf);
  if (position !== 0) {
    const isSame = coming > 0 === position > 0;
    const quantity = isSame ? position + coming : position;
    return { quantity, price: averageEntry(book), entry: null };
  }
  const [entry] = entries;
  if (entry === undefined || coming === 0) return null;
  const { limitPrice, stopPrice, referencePrice } = entry.order;
  return { quantity: coming, price: limitPrice ?? stopPrice ?? referencePrice, entry };
}

/** Refused because what it was to protect had gone, or had come: that says nothing of the next exit of its type. */
export function cameTooLate(
  { position, working }: SymbolBook,
  { order: { parentOrderId } }: WorkingOrder,
  { reason }: ExecutionReport,
): boolean {
  if (reason === "NothingToReduce") return position === 0;
  const isParent = (one: WorkingOrder): boolean => one.order.orderId === parentOrderId;
  return reason === "LinkedOrder" && !working.some((one) => isParent(one) && isOpen(one));
}

/** An entry has ended without an execution: the venue ends what hung on it by itself. */
export function endChildren({ exits }: SymbolBook, { order: { orderId } }: WorkingOrder): void {
  for (const exit of exits) {
    if (exit.order.parentOrderId !== orderId || !isOpen(exit)) continue;
    if (exit.progress.cancels === 0) exit.progress = cancelRequested(exit.progress);
  }
}

/** Opens or enlarges a position. */
export const isEntry = ({ order }: WorkingOrder): boolean => !order.reduceOnly;

/** The exits of what there is to cover, as far as the ATR that they need is known. */
export function wantedExits(
  exits: ExitsConfig,
  { instrument, entryAtr }: SymbolBook,
  cover: Cover | null,
): readonly ExitTerms[] {
  if (cover === null || instrument === null) return [];
  const { quantity, price } = cover;
  const side = quantity > 0 ? "SELL" : "BUY";
  const other = quantity > 0 ? "BUY" : "SELL";
  const noPrices = { limitPrice: null, stopPrice: null, trailBps: null, trailOffset: null };
  const plain = { side, quantity: Math.abs(quantity), ...noPrices } as const;
  const { tickSize } = instrument;
  const away = (distance: Distance | null, towards: Order["side"]): number | null =>
    distance === null ? null : awayFrom(towards, price, distance, entryAtr, tickSize);
  const stopPrice = away(distanceOf(exits.stopLossBps, exits.stopLossAtrs), other);
  const limitPrice = away(distanceOf(exits.takeProfitBps, exits.takeProfitAtrs), side);
  const trailed = distanceOf(exits.trailingStopBps, exits.trailingStopAtrs);
  const trail = trailTerms(trailed, entryAtr, tickSize);
  const wanted: ExitTerms[] = [];
  if (stopPrice !== null) wanted.push({ ...plain, type: "STOP", stopPrice });
  if (limitPrice !== null) wanted.push({ ...plain, type: "LIMIT", limitPrice });
  if (trail !== null) wanted.push({ ...plain, type: "TRAILING_STOP", ...trail });
  return wanted;
}

const distanceOf = (bps: number | null, atrs: number | undefined): Distance | null =>
  atrs !== undefined ? { atrs } : bps === null ? null : { bps };

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
  entry: WorkingOrder | null,
  requests: Requests,
): void {
  // Where nothing is held, an exit that hangs on another entry, or on none, is of a position that has gone.
  const isOfIt = ({ order: { parentOrderId } }: WorkingOrder): boolean =>
    entry === null || parentOrderId === entry.order.orderId;
  for (const exit of exits) {
    if (!isOpen(exit) || isUnanswered(exit)) continue;
    const { order } = exit;
    const terms = wanted.find(({ type, side }) => type === order.type && side === order.side);
    if (terms === undefined || !isOfIt(exit)) requests.cancel(exit);
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
