// What corporate actions do to the book reviewer's book. Promises: nothing is proposed for them; what was
// aimed at and what is held are of new shares from then on.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import { checkRatio, splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { moveRows } from "../return-rows.ts";
import type { Book } from "./book.ts";
import { actOnOutlook } from "./conviction.ts";

/** Throws VALUE_SPLIT_INVALID. */
export function act(book: Book, action: CorporateAction): void {
  const { symbol, newSymbol } = action;
  if (book.outlook !== null) actOnOutlook(book.outlook, action);
  if (action.action === "CASH_DIVIDEND") return;
  const name = book.names.get(symbol);
  if (action.action === "SPLIT") {
    checkRatio(action);
    if (name === undefined) return;
    // Returns of the view are the same in any shares.
    name.price = splitPrice(name.price, action);
    name.held = splitQuantity(name.held, action);
    name.aim = splitQuantity(name.aim, action);
    return;
  }
  const delisted = action.action === "DELISTING";
  if (book.returns !== null) moveRows(book.returns, symbol, delisted ? null : newSymbol);
  const instrument = book.instruments.get(symbol);
  book.instruments.delete(symbol);
  book.names.delete(symbol);
  if (delisted) return;
  if (instrument !== undefined && !book.instruments.has(newSymbol)) {
    book.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  }
  if (name !== undefined && !book.names.has(newSymbol)) book.names.set(newSymbol, name);
}
