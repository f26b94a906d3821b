// The terms that an order may have and a plain one has not. Promises: an order with these is what it was
// before they came with versions 2 and 3 of its schema.

import type { Order } from "../generated/orders.ts";

export type SpecialTerms = Pick<
  Order,
  | "stopPrice"
  | "trailOffset"
  | "trailBps"
  | "expireUs"
  | "displayQuantity"
  | "postOnly"
  | "reduceOnly"
  | "parentOrderId"
  | "ocoGroup"
  | "sliceParentId"
  | "sliceNumber"
>;

/** In the schema's order. */
export const plainTerms: SpecialTerms = {
  stopPrice: null,
  trailOffset: null,
  trailBps: null,
  expireUs: null,
  displayQuantity: null,
  postOnly: false,
  reduceOnly: false,
  parentOrderId: null,
  ocoGroup: null,
  sliceParentId: null,
  sliceNumber: 0,
};
