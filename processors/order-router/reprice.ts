// A working limit order goes after the market. Promises: it is amended, never cancelled and sent anew, so that what it
// executes while the amendment is under way counts; only while what it was sent for is still approved, and not before
// the last amendment is answered.

import type { OrdersConfig } from "../orders-config.ts";
import { awayFrom, isBeyond } from "./limit-price.ts";
import { isOpen, isUnanswered, type SymbolBook, type WorkingOrder } from "./order-book.ts";

/** `price`: the last close. `amend` asks for a limit of that price. */
export function reprice(
  { approval, working, instrument, atr }: SymbolBook,
  price: number,
  { reprice: most, limitOffsetBps: bps, limitOffsetAtrs: atrs }: OrdersConfig,
  amend: (working: WorkingOrder, limitPrice: number) => void,
): void {
  if (most === undefined || approval === null) return;
  for (const one of working) {
    const { order, pricedAt } = one;
    if (order.type !== "LIMIT" || !isOpen(one) || isUnanswered(one)) continue;
    if (!isBeyond(most, pricedAt, price, atr)) continue;
    const distance = atrs === undefined ? { bps } : { atrs };
    const limit = awayFrom(order.side, price, distance, atr, instrument?.tickSize ?? 1);
    if (limit === null) continue;
    one.pricedAt = price;
    if (limit !== order.limitPrice) amend(one, limit);
  }
}
