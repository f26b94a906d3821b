// Generated from schemas/orders.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const orderActionSymbols = ["NEW", "CANCEL", "REPLACE", "TRANSFER"] as const;

export type OrderAction = (typeof orderActionSymbols)[number];

function orderActionIndex(value: OrderAction): number {
  switch (value) {
    case "NEW":
      return 1;
    case "CANCEL":
      return 2;
    case "REPLACE":
      return 3;
    case "TRANSFER":
      return 4;
    default:
      return 0;
  }
}

export const sideSymbols = ["BUY", "SELL"] as const;

export type Side = (typeof sideSymbols)[number];

function sideIndex(value: Side): number {
  switch (value) {
    case "BUY":
      return 1;
    case "SELL":
      return 2;
    default:
      return 0;
  }
}

export const orderTypeSymbols = [
  "MARKET",
  "LIMIT",
  "STOP",
  "STOP_LIMIT",
  "MARKET_IF_TOUCHED",
  "LIMIT_IF_TOUCHED",
  "TRAILING_STOP",
] as const;

export type OrderType = (typeof orderTypeSymbols)[number];

function orderTypeIndex(value: OrderType): number {
  switch (value) {
    case "MARKET":
      return 1;
    case "LIMIT":
      return 2;
    case "STOP":
      return 3;
    case "STOP_LIMIT":
      return 4;
    case "MARKET_IF_TOUCHED":
      return 5;
    case "LIMIT_IF_TOUCHED":
      return 6;
    case "TRAILING_STOP":
      return 7;
    default:
      return 0;
  }
}

export const timeInForceSymbols = [
  "DAY",
  "GTC",
  "IOC",
  "GTD",
  "FOK",
  "AT_THE_OPENING",
  "AT_THE_CLOSE",
] as const;

export type TimeInForce = (typeof timeInForceSymbols)[number];

function timeInForceIndex(value: TimeInForce): number {
  switch (value) {
    case "DAY":
      return 1;
    case "GTC":
      return 2;
    case "IOC":
      return 3;
    case "GTD":
      return 4;
    case "FOK":
      return 5;
    case "AT_THE_OPENING":
      return 6;
    case "AT_THE_CLOSE":
      return 7;
    default:
      return 0;
  }
}

/** An instruction to a venue. */
export interface Order {
  /** unique within the run, from 1 */
  readonly orderId: number;
  /** CANCEL and REPLACE name the order by its id; REPLACE gives its terms anew, the rest as it was; TRANSFER asks for nothing: so much, at referencePrice on average, came to the symbol by a change of name */
  readonly action: OrderAction;
  readonly portfolio: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  /** always positive, scaled by quantityScale; of a REPLACE what is executed already included */
  readonly quantity: number;
  readonly limitPrice: number | null;
  readonly timeInForce: TimeInForce;
  /** price the decision was made at */
  readonly referencePrice: number;
  /** event time of the decision, before latency */
  readonly decidedUs: number;
  /** price that sets off a STOP, STOP_LIMIT or …_IF_TOUCHED order; first stop of a TRAILING_STOP, or null */
  readonly stopPrice: number | null;
  /** TRAILING_STOP: distance from the best price, scaled by priceScale */
  readonly trailOffset: number | null;
  /** TRAILING_STOP: the distance in basis points instead */
  readonly trailBps: number | null;
  /** GTD: the last moment at which it may trade */
  readonly expireUs: number | null;
  /** most that is shown of a limit order at a time; null for all */
  readonly displayQuantity: number | null;
  /** never takes: refused where it would trade on arrival, fills at its limit only */
  readonly postOnly: boolean;
  /** never opens or turns a position: no more than what is held fills */
  readonly reduceOnly: boolean;
  /** one triggers other: rests idle until that order has filled, by as much as has */
  readonly parentOrderId: number | null;
  /** one cancels other: what one order of the group executes is taken off the others */
  readonly ocoGroup: number | null;
  /** of a child that an execution algorithm sent: the order id of the parent's first child; null for any other order */
  readonly sliceParentId: number | null;
  /** numbers the children of a parent from 1; 0 for any other order */
  readonly sliceNumber: number;
}
export function encodeOrder(writer: Writer, value: Order): void {
  writer.long(value.orderId);
  writer.enumeration(orderActionIndex(value.action), value.action);
  writer.string(value.portfolio);
  writer.string(value.symbol);
  writer.enumeration(sideIndex(value.side), value.side);
  writer.enumeration(orderTypeIndex(value.type), value.type);
  writer.long(value.quantity);
  if (value.limitPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.limitPrice);
  }
  writer.enumeration(timeInForceIndex(value.timeInForce), value.timeInForce);
  writer.long(value.referencePrice);
  writer.long(value.decidedUs);
  if (value.stopPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.stopPrice);
  }
  if (value.trailOffset === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.trailOffset);
  }
  if (value.trailBps === null) writer.long(0);
  else {
    writer.long(1);
    writer.int(value.trailBps);
  }
  if (value.expireUs === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.expireUs);
  }
  if (value.displayQuantity === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.displayQuantity);
  }
  writer.boolean(value.postOnly);
  writer.boolean(value.reduceOnly);
  if (value.parentOrderId === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.parentOrderId);
  }
  if (value.ocoGroup === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.ocoGroup);
  }
  if (value.sliceParentId === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.sliceParentId);
  }
  writer.int(value.sliceNumber);
}
export function decodeOrder(reader: Reader): Order {
  return {
    orderId: reader.long(),
    action: reader.enumeration(orderActionSymbols),
    portfolio: reader.string(),
    symbol: reader.string(),
    side: reader.enumeration(sideSymbols),
    type: reader.enumeration(orderTypeSymbols),
    quantity: reader.long(),
    limitPrice: reader.present() ? reader.long() : null,
    timeInForce: reader.enumeration(timeInForceSymbols),
    referencePrice: reader.long(),
    decidedUs: reader.long(),
    stopPrice: reader.goesOn() ? (reader.present() ? reader.long() : null) : null,
    trailOffset: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    trailBps: reader.wentOn ? (reader.present() ? reader.int() : null) : null,
    expireUs: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    displayQuantity: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    postOnly: reader.wentOn ? reader.boolean() : false,
    reduceOnly: reader.wentOn ? reader.boolean() : false,
    parentOrderId: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    ocoGroup: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    sliceParentId: reader.goesOn() ? (reader.present() ? reader.long() : null) : null,
    sliceNumber: reader.wentOn ? reader.int() : 0,
  };
}

export const orderCodec: Codec<Order> = { encode: encodeOrder, decode: decodeOrder };
