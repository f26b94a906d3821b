// Requests on their way to the venue. Promises: what is asked for is in the order's progress at once; nothing is
// asked twice while it is unanswered.

import type { Order } from "../../schemas/generated/orders.ts";
import { cancelRequested, replaceRequested } from "../../schemas/values/order-progress.ts";
import { plainTerms, type SpecialTerms } from "../../schemas/values/order-terms.ts";
import type { Moved } from "./actions.ts";
import { isOpen, type RouterState, type WorkingOrder, workingOrder } from "./order-book.ts";

export type Terms = Pick<
  Order,
  "side" | "type" | "quantity" | "limitPrice" | "timeInForce" | "referencePrice"
> &
  Partial<SpecialTerms>;

export class Outbox {
  private readonly state: RouterState;
  private readonly portfolio: string;
  private readonly nowUs: number;

  constructor(state: RouterState, portfolio: string, nowUs: number) {
    this.state = state;
    this.portfolio = portfolio;
    this.nowUs = nowUs;
  }

  /** Fields in the schema's order, as they are read back: what keeps an order as state keeps that order. */
  place(symbol: string, terms: Terms): WorkingOrder {
    const { side, type, quantity, limitPrice, timeInForce, referencePrice, ...special } = terms;
    const order: Order = {
      orderId: this.state.nextOrderId++,
      action: "NEW",
      portfolio: this.portfolio,
      symbol,
      side,
      type,
      quantity,
      limitPrice,
      timeInForce,
      referencePrice,
      decidedUs: this.nowUs,
      ...plainTerms,
      ...special,
    };
    this.state.orders.push(order);
    return workingOrder(order);
  }

  /** No order: nothing is answered, and it has no id. */
  transfer({ symbol, quantity, price }: Moved): void {
    this.state.orders.push({
      orderId: 0,
      action: "TRANSFER",
      portfolio: this.portfolio,
      symbol,
      side: quantity > 0 ? "BUY" : "SELL",
      type: "MARKET",
      quantity: Math.abs(quantity),
      limitPrice: null,
      timeInForce: "GTC",
      referencePrice: price,
      decidedUs: this.nowUs,
      ...plainTerms,
    });
  }

  /** `quantity` of the terms is what shall be left of it. */
  replace(working: WorkingOrder, terms: Pick<Order, "quantity"> & Partial<Order>): void {
    const quantity = working.progress.cumQuantity + terms.quantity;
    working.order = { ...working.order, ...terms, quantity };
    working.progress = replaceRequested(working.progress, quantity);
    this.state.orders.push({ ...working.order, action: "REPLACE", decidedUs: this.nowUs });
  }

  cancel(working: WorkingOrder): void {
    const { order, progress, cancelRefused } = working;
    if (!isOpen(working) || progress.cancels > 0 || cancelRefused) return;
    working.progress = cancelRequested(progress);
    const quantity = progress.leavesQuantity;
    this.state.orders.push({ ...order, action: "CANCEL", quantity, decidedUs: this.nowUs });
  }
}
