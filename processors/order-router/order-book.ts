// What the router knows of a symbol: its position, what may still be done, and the orders at the venue.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { TradingState } from "../../schemas/generated/risk.verdicts.ts";
import { type HeardReports, nothingHeard } from "../../schemas/values/heard-reports.ts";
import { changeHolding } from "../../schemas/values/holding.ts";
import { lateDeal, type PastAction } from "../../schemas/values/late-deal.ts";
import { type OrderProgress, submitted } from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import type { Parent } from "./parent-order.ts";
import type { VolumeCurve } from "./volume-curve.ts";

export interface WorkingOrder {
  /** With the terms that were asked for last. */
  order: Order;
  progress: OrderProgress;
  /** A cancel was refused: it is as good as filled, until something else is heard of it. */
  cancelRefused: boolean;
  /** What its limit was measured from last. */
  pricedAt: number;
}

/** What may still be done about a verdict. */
export interface Approval {
  readonly quantity: number;
  readonly referencePrice: number;
  /** Size that no order goes beyond. */
  readonly largest: number;
  /** Where an algorithm cuts it into children; ends with the approval. */
  readonly parent: Parent | null;
}

export interface SymbolBook {
  instrument: Instrument | null;
  /** Signed, by our own fills, and what it cost in units of price times quantity. */
  position: number;
  cost: bigint;
  approval: Approval | null;
  /** Oldest first, all on one side; those that ended, too, until each execution is told of. */
  working: WorkingOrder[];
  /** Protective exits, at most one of a type; a type that the venue refused is not sent for this position. */
  exits: WorkingOrder[];
  refused: Order["type"][];
  heard: HeardReports;
  /** Corporate actions that reports may still be on their way from. */
  past: readonly PastAction[];
  /** Where an algorithm follows it. */
  curve: VolumeCurve | null;
  /** Average true range in units of price: the last one heard, and that of the entry; null where none is asked for. */
  atr: number | null;
  entryAtr: number | null;
}

export interface RouterState {
  readonly books: Map<string, SymbolBook>;
  nextOrderId: number;
  trading: TradingState;
  /** Asked for by the last event. */
  orders: Order[];
}

export function bookOf(state: RouterState, symbol: string): SymbolBook {
  const found = state.books.get(symbol);
  if (found !== undefined) return found;
  const book: SymbolBook = {
    instrument: null,
    position: 0,
    cost: 0n,
    approval: null,
    working: [],
    exits: [],
    refused: [],
    heard: nothingHeard,
    past: [],
    curve: null,
    atr: null,
    entryAtr: null,
  };
  state.books.set(symbol, book);
  return book;
}

/** True of a pair of currencies: it is never held. */
export const isConversion = ({ instrument }: SymbolBook): boolean =>
  instrument?.contract === "EXCHANGE";

export const lotOf = ({ instrument }: SymbolBook): number => Math.max(instrument?.lotSize ?? 1, 1);

export const workingOrder = (order: Order): WorkingOrder => ({
  order,
  progress: submitted(order.quantity),
  cancelRefused: false,
  pricedAt: order.referencePrice,
});

export const signed = ({ side, quantity }: { side: string; quantity: number }): number =>
  side === "BUY" ? quantity : -quantity;

/** Signed. */
export const leavesOf = ({ order: { side }, progress }: WorkingOrder): number =>
  signed({ side, quantity: progress.leavesQuantity });

export const sum = (orders: readonly WorkingOrder[], of: (one: WorkingOrder) => number): number =>
  orders.reduce((total, one) => total + of(one), 0);

/** Executed by what the venue says of an order's quantities, before it tells of each execution; signed. */
export const untoldOf = ({ order: { side }, progress }: WorkingOrder): number =>
  progress.missing.reduce((sum, { from, to }) => sum + signed({ side, quantity: to - from }), 0);

export const isOpen = ({ progress }: WorkingOrder): boolean => !isEnd(progress.status);

/** Something is to be heard of it before anything else is asked. */
export const isUnanswered = ({ progress, cancelRefused }: WorkingOrder): boolean =>
  progress.cancels > 0 || progress.replaces > 0 || cancelRefused;

/**
 * Position and cost after an execution, in the shares of now; of one that a change of symbol has overtaken, under
 * the new name, which it gives back with what came to it.
 */
export function execute(
  state: RouterState,
  book: SymbolBook,
  report: ExecutionReport,
): { readonly symbol: string; readonly quantity: number; readonly price: number } | null {
  const { price, tradeUs: timeUs } = report;
  const deal = { quantity: signed(report), price, timeUs };
  if (isConversion(book)) {
    // What it buys is cash: what is approved is what is still to be converted.
    const { approval } = book;
    if (approval !== null) {
      book.approval = { ...approval, quantity: approval.quantity - deal.quantity };
    }
    return null;
  }
  const late = book.past.length === 0 ? null : lateDeal(book.past, deal, null);
  book.refused = [];
  if (late === null) {
    change(book, deal.quantity, BigInt(price) * BigInt(deal.quantity));
    return null;
  }
  book.past = late.past;
  const { quantity, renamed } = late;
  if (quantity === 0) return null;
  if (renamed === null) {
    // The value of a deal is the same in any shares.
    change(book, quantity, BigInt(price) * BigInt(deal.quantity));
    return null;
  }
  const { symbol } = renamed;
  const side = quantity > 0 ? ("BUY" as const) : ("SELL" as const);
  const anew = { side, quantity: Math.abs(quantity), price: late.price, tradeUs: renamed.timeUs };
  return (
    execute(state, bookOf(state, symbol), { ...report, ...anew }) ?? {
      symbol,
      quantity,
      price: late.price,
    }
  );
}

function change(book: SymbolBook, quantity: number, value: bigint): void {
  const { position, cost } = book;
  const { holding } = changeHolding({ quantity: position, cost }, quantity, value);
  book.position = holding.quantity;
  book.cost = holding.cost;
}
