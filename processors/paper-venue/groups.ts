// What a group of orders (one cancels other) has executed, for members that were sent before anyone could hear of it.
// Promises: an order that comes after the execution of another of its group is cut by it, as if it had rested by then;
// who knew of the execution when he decided has counted it himself, and is not cut. A group's number may be used again.

import type { Order } from "../../schemas/generated/orders.ts";
import type { Book } from "./book.ts";

export interface GroupDeal {
  readonly portfolio: string;
  readonly ocoGroup: number;
  readonly orderId: number;
  readonly quantity: number;
  readonly timeUs: number;
}

/** Requests come within a day or two, and wait for an opening over a weekend: what is older is forgotten. */
const KEPT_US = 7 * 86_400_000_000;

/** Keeps an execution of a group's order; of any other there is nothing to keep. */
export function keepGroupDeal(book: Book, order: Order, quantity: number, timeUs: number): void {
  const { portfolio, ocoGroup, orderId } = order;
  if (ocoGroup === null) return;
  const { groupDeals } = book;
  while (groupDeals[0] !== undefined && groupDeals[0].timeUs < timeUs - KEPT_US) groupDeals.shift();
  groupDeals.push({ portfolio, ocoGroup, orderId, quantity, timeUs });
}

/** What others of its group have executed that could not be heard of when it was decided. */
export function unheardOf({ groupDeals }: Book, order: Order, latencyUs: number): number {
  if (order.ocoGroup === null) return 0;
  let sum = 0;
  for (let i = groupDeals.length - 1; i >= 0; i--) {
    const deal = groupDeals[i] as GroupDeal;
    if (deal.timeUs + latencyUs <= order.decidedUs) break;
    const isOther = deal.orderId !== order.orderId && deal.portfolio === order.portfolio;
    if (isOther && deal.ocoGroup === order.ocoGroup) sum += deal.quantity;
  }
  return sum;
}
