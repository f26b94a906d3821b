// What corporate actions do to the router's books. Promises: nothing is sent here. The venue cancels the
// orders of the symbol by itself, and its reports lead to what follows; of a position that goes by another name
// from now on the desk tells the venue.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import {
  checkRatio,
  endsOrders,
  splitPrice,
  splitQuantity,
} from "../../schemas/values/corporate-action.ts";
import { keepAction } from "../../schemas/values/late-deal.ts";
import { cancelRequested } from "../../schemas/values/order-progress.ts";
import { averageEntry } from "./exits.ts";
import { bookOf, isOpen, type RouterState, type SymbolBook } from "./order-book.ts";

/** A position that has come to a symbol, and what it cost on average. */
export interface Moved {
  readonly symbol: string;
  readonly quantity: number;
  readonly price: number;
}

/** What a change of symbol moves; null where it moves nothing. Throws VALUE_SPLIT_INVALID. */
export function act(state: RouterState, action: CorporateAction, timeUs: number): Moved | null {
  const book = state.books.get(action.symbol);
  if (book === undefined || !endsOrders(action)) return null;
  for (const one of [...book.working, ...book.exits]) {
    if (isOpen(one) && one.progress.cancels === 0) one.progress = cancelRequested(one.progress);
  }
  book.past = keepAction(book.past, timeUs, action, 0, book.position);
  if (action.action === "SPLIT") {
    split(book, action);
    return null;
  }
  let moved: Moved | null = null;
  if (action.action === "SYMBOL_CHANGE") {
    const { newSymbol: symbol } = action;
    const renamed = bookOf(state, symbol);
    const { position: quantity } = book;
    if (quantity !== 0) moved = { symbol, quantity, price: averageEntry(book) };
    renamed.position += book.position;
    renamed.cost += book.cost;
    if (book.instrument !== null) renamed.instrument ??= { ...book.instrument, symbol };
    renamed.curve ??= book.curve;
    renamed.atr ??= book.atr;
    renamed.entryAtr ??= book.entryAtr;
    book.curve = null;
  }
  book.position = 0;
  book.cost = 0n;
  book.approval = null;
  book.atr = null;
  book.entryAtr = null;
  return moved;
}

function split(book: SymbolBook, action: CorporateAction): void {
  checkRatio(action);
  book.position = splitQuantity(book.position, action);
  const factor = action.oldShares / action.newShares;
  if (book.atr !== null) book.atr *= factor;
  if (book.entryAtr !== null) book.entryAtr *= factor;
  // A parent ends: its slices were of shares that are no more.
  if (book.approval?.parent != null) book.approval = null;
  if (book.approval === null) return;
  const { quantity, referencePrice, largest } = book.approval;
  book.approval = {
    quantity: splitQuantity(quantity, action),
    referencePrice: splitPrice(referencePrice, action),
    largest: splitQuantity(largest, action),
    parent: null,
  };
}
