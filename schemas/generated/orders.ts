// Generated from schemas/orders.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const orderActionSymbols = ["NEW", "CANCEL"] as const;

export type OrderAction = (typeof orderActionSymbols)[number];

function orderActionIndex(value: OrderAction): number {
  switch (value) {
    case "NEW":
      return 1;
    case "CANCEL":
      return 2;
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

export const orderTypeSymbols = ["MARKET", "LIMIT"] as const;

export type OrderType = (typeof orderTypeSymbols)[number];

function orderTypeIndex(value: OrderType): number {
  switch (value) {
    case "MARKET":
      return 1;
    case "LIMIT":
      return 2;
    default:
      return 0;
  }
}

export const timeInForceSymbols = ["DAY", "GTC", "IOC"] as const;

export type TimeInForce = (typeof timeInForceSymbols)[number];

function timeInForceIndex(value: TimeInForce): number {
  switch (value) {
    case "DAY":
      return 1;
    case "GTC":
      return 2;
    case "IOC":
      return 3;
    default:
      return 0;
  }
}

/** An instruction to a venue. */
export interface Order {
  /** unique within the run, from 1 */
  readonly orderId: number;
  readonly action: OrderAction;
  readonly portfolio: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  /** always positive, scaled by quantityScale */
  readonly quantity: number;
  readonly limitPrice: number | null;
  readonly timeInForce: TimeInForce;
  /** price the decision was made at */
  readonly referencePrice: number;
  /** event time of the decision, before latency */
  readonly decidedUs: number;
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
  };
}

export const orderCodec: Codec<Order> = { encode: encodeOrder, decode: decodeOrder };
