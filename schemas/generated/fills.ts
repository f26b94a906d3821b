// Generated from schemas/fills.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const execTypeSymbols = [
  "FILLED",
  "REJECTED",
  "CANCELED",
  "NEW",
  "SUSPENDED",
  "TRIGGERED",
  "REPLACED",
  "RESTATED",
  "EXPIRED",
  "CANCEL_REJECTED",
  "REPLACE_REJECTED",
  "TRADE_CANCEL",
  "CARRIED",
  "MARGIN_CALL",
] as const;

export type ExecType = (typeof execTypeSymbols)[number];

function execTypeIndex(value: ExecType): number {
  switch (value) {
    case "FILLED":
      return 1;
    case "REJECTED":
      return 2;
    case "CANCELED":
      return 3;
    case "NEW":
      return 4;
    case "SUSPENDED":
      return 5;
    case "TRIGGERED":
      return 6;
    case "REPLACED":
      return 7;
    case "RESTATED":
      return 8;
    case "EXPIRED":
      return 9;
    case "CANCEL_REJECTED":
      return 10;
    case "REPLACE_REJECTED":
      return 11;
    case "TRADE_CANCEL":
      return 12;
    case "CARRIED":
      return 13;
    case "MARGIN_CALL":
      return 14;
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

export const execReasonSymbols = [
  "NONE",
  "UnknownInstrument",
  "InvalidQuantity",
  "InvalidPrice",
  "UnknownOrder",
  "CanceledByUser",
  "ImmediateOrCancel",
  "DayEnded",
  "CorporateAction",
  "InvalidTerms",
  "PostOnlyWouldTake",
  "NothingToReduce",
  "FillOrKill",
  "GoodTillDate",
  "AuctionMissed",
  "LinkedOrder",
  "MarketClosed",
  "MarketHalted",
  "RefusedByVenue",
  "TradeBusted",
  "BorrowFee",
  "Funding",
  "Financing",
  "DeniedByRisk",
  "MarginCall",
  "DuplicateOrder",
  "InstrumentExpired",
] as const;

export type ExecReason = (typeof execReasonSymbols)[number];

function execReasonIndex(value: ExecReason): number {
  switch (value) {
    case "NONE":
      return 1;
    case "UnknownInstrument":
      return 2;
    case "InvalidQuantity":
      return 3;
    case "InvalidPrice":
      return 4;
    case "UnknownOrder":
      return 5;
    case "CanceledByUser":
      return 6;
    case "ImmediateOrCancel":
      return 7;
    case "DayEnded":
      return 8;
    case "CorporateAction":
      return 9;
    case "InvalidTerms":
      return 10;
    case "PostOnlyWouldTake":
      return 11;
    case "NothingToReduce":
      return 12;
    case "FillOrKill":
      return 13;
    case "GoodTillDate":
      return 14;
    case "AuctionMissed":
      return 15;
    case "LinkedOrder":
      return 16;
    case "MarketClosed":
      return 17;
    case "MarketHalted":
      return 18;
    case "RefusedByVenue":
      return 19;
    case "TradeBusted":
      return 20;
    case "BorrowFee":
      return 21;
    case "Funding":
      return 22;
    case "Financing":
      return 23;
    case "DeniedByRisk":
      return 24;
    case "MarginCall":
      return 25;
    case "DuplicateOrder":
      return 26;
    case "InstrumentExpired":
      return 27;
    default:
      return 0;
  }
}

export const pricePartKindSymbols = [
  "HALF_SPREAD",
  "SLIPPAGE",
  "VOLUME_SHARE",
  "VOLATILITY",
  "TEMPORARY_IMPACT",
  "PERMANENT_IMPACT",
  "CAP",
  "TICK",
] as const;

export type PricePartKind = (typeof pricePartKindSymbols)[number];

function pricePartKindIndex(value: PricePartKind): number {
  switch (value) {
    case "HALF_SPREAD":
      return 1;
    case "SLIPPAGE":
      return 2;
    case "VOLUME_SHARE":
      return 3;
    case "VOLATILITY":
      return 4;
    case "TEMPORARY_IMPACT":
      return 5;
    case "PERMANENT_IMPACT":
      return 6;
    case "CAP":
      return 7;
    case "TICK":
      return 8;
    default:
      return 0;
  }
}

export interface PricePart {
  readonly part: PricePartKind;
  /** added to the price, scaled by priceScale; CAP gives back what goes beyond the limit, TICK rounds to a tick */
  readonly amount: number;
}
export function encodePricePart(writer: Writer, value: PricePart): void {
  writer.enumeration(pricePartKindIndex(value.part), value.part);
  writer.long(value.amount);
}
export function decodePricePart(reader: Reader): PricePart {
  return { part: reader.enumeration(pricePartKindSymbols), amount: reader.long() };
}

function readItems(reader: Reader): PricePart[] {
  const items: PricePart[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodePricePart(reader));
  }
  return items;
}

export const chargeKindSymbols = ["FEE", "TAX"] as const;

export type ChargeKind = (typeof chargeKindSymbols)[number];

function chargeKindIndex(value: ChargeKind): number {
  switch (value) {
    case "FEE":
      return 1;
    case "TAX":
      return 2;
    default:
      return 0;
  }
}

export interface Charge {
  readonly kind: ChargeKind;
  /** ISO 4217 code, or a coin's */
  readonly currency: string;
  /** decimal digits of the currency's minor unit */
  readonly scale: number;
  /** paid by us; below 0: given back. As it was charged of a TRADE_CANCEL */
  readonly amount: bigint;
}
export function encodeCharge(writer: Writer, value: Charge): void {
  writer.enumeration(chargeKindIndex(value.kind), value.kind);
  writer.string(value.currency);
  writer.int(value.scale);
  writer.bigLong(value.amount);
}
export function decodeCharge(reader: Reader): Charge {
  return {
    kind: reader.enumeration(chargeKindSymbols),
    currency: reader.string(),
    scale: reader.int(),
    amount: reader.bigLong(),
  };
}

function readItems2(reader: Reader): Charge[] {
  const items: Charge[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeCharge(reader));
  }
  return items;
}

/** What a venue says about an order. */
export interface ExecutionReport {
  readonly orderId: number;
  readonly execType: ExecType;
  readonly portfolio: string;
  readonly symbol: string;
  readonly side: Side;
  /** executed, undone by a TRADE_CANCEL, or held where CARRIED; always positive, 0 of other reports */
  readonly quantity: number;
  /** executed price, also of a TRADE_CANCEL; what a position that is CARRIED is valued at; else 0 */
  readonly price: number;
  /** still open after this report */
  readonly leavesQuantity: number;
  /** minor units of the instrument's currency; what carrying a position cost, or brought if below 0, of CARRIED; as it was charged of a TRADE_CANCEL */
  readonly fee: bigint;
  /** adverse price difference that the parts of the price add up to, scaled by priceScale; below 0 where our own earlier impact moved the price our way */
  readonly slippage: number;
  readonly reason: ExecReason;
  /** when the price that filled it was printed */
  readonly tradeUs: number;
  /** numbers the reports of a portfolio and symbol from 1, without gaps: its identity; 0 before version 2 */
  readonly execId: number;
  /** executed of the order in all, with this report; 0 before version 2 */
  readonly cumQuantity: number;
  /** what made the price of an execution: price less these is the price that was printed */
  readonly parts: readonly PricePart[];
  /** TRADE_CANCEL: the report that it undoes; else 0 */
  readonly refExecId: number;
  /** taxes, and fees in other currencies than the instrument's: all that is charged beside fee */
  readonly charges: readonly Charge[];
}
export function encodeExecutionReport(writer: Writer, value: ExecutionReport): void {
  writer.long(value.orderId);
  writer.enumeration(execTypeIndex(value.execType), value.execType);
  writer.string(value.portfolio);
  writer.string(value.symbol);
  writer.enumeration(sideIndex(value.side), value.side);
  writer.long(value.quantity);
  writer.long(value.price);
  writer.long(value.leavesQuantity);
  writer.bigLong(value.fee);
  writer.long(value.slippage);
  writer.enumeration(execReasonIndex(value.reason), value.reason);
  writer.long(value.tradeUs);
  writer.long(value.execId);
  writer.long(value.cumQuantity);
  if (value.parts.length > 0) {
    writer.long(value.parts.length);
    for (const item of value.parts) {
      encodePricePart(writer, item);
    }
  }
  writer.long(0);
  writer.long(value.refExecId);
  if (value.charges.length > 0) {
    writer.long(value.charges.length);
    for (const item of value.charges) {
      encodeCharge(writer, item);
    }
  }
  writer.long(0);
}
export function decodeExecutionReport(reader: Reader): ExecutionReport {
  return {
    orderId: reader.long(),
    execType: reader.enumeration(execTypeSymbols),
    portfolio: reader.string(),
    symbol: reader.string(),
    side: reader.enumeration(sideSymbols),
    quantity: reader.long(),
    price: reader.long(),
    leavesQuantity: reader.long(),
    fee: reader.bigLong(),
    slippage: reader.long(),
    reason: reader.enumeration(execReasonSymbols),
    tradeUs: reader.long(),
    execId: reader.goesOn() ? reader.long() : 0,
    cumQuantity: reader.wentOn ? reader.long() : 0,
    parts: reader.goesOn() ? readItems(reader) : [],
    refExecId: reader.wentOn ? reader.long() : 0,
    charges: reader.goesOn() ? readItems2(reader) : [],
  };
}

export const executionReportCodec: Codec<ExecutionReport> = {
  encode: encodeExecutionReport,
  decode: decodeExecutionReport,
};
