// What corporate actions do to the router's books. Promises: nothing is sent here. The venue cancels the
// orders of the symbol by itself, and its reports lead to what follows.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import {
  checkRatio,
  endsOrders,
  splitPrice,
  splitQuantity,
} from "../../schemas/values/corporate-action.ts";
import { bookOf, type RouterState, type SymbolBook } from "./desk.ts";

/** Throws VALUE_SPLIT_INVALID. */
export function act(state: RouterState, action: CorporateAction): void {
  const book = state.books.get(action.symbol);
  if (book === undefined || !endsOrders(action)) return;
  for (const working of book.working) working.cancelRequested = true;
  if (action.action === "SPLIT") {
    split(book, action);
    return;
  }
  if (action.action === "SYMBOL_CHANGE") {
    const { newSymbol: symbol } = action;
    const renamed = bookOf(state, symbol);
    renamed.position += book.position;
    if (book.instrument !== null) renamed.instrument ??= { ...book.instrument, symbol };
  }
  book.position = 0;
  book.approval = null;
}

function split(book: SymbolBook, action: CorporateAction): void {
  checkRatio(action);
  book.position = splitQuantity(book.position, action);
  if (book.approval === null) return;
  const { quantity, referencePrice, largest } = book.approval;
  book.approval = {
    quantity: splitQuantity(quantity, action),
    referencePrice: splitPrice(referencePrice, action),
    largest: splitQuantity(largest, action),
  };
}
