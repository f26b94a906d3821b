// Generated from schemas/risk.order-verdicts.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const orderRiskOutcomeSymbols = ["PASS", "DENY"] as const;

export type OrderRiskOutcome = (typeof orderRiskOutcomeSymbols)[number];

function orderRiskOutcomeIndex(value: OrderRiskOutcome): number {
  switch (value) {
    case "PASS":
      return 1;
    case "DENY":
      return 2;
    default:
      return 0;
  }
}

export const orderRiskReasonSymbols = [
  "NONE",
  "TradingHalted",
  "TradingKilled",
  "TradingFlattened",
  "ReduceOnly",
  "RepeatedExecution",
  "UnexplainedFill",
  "DuplicateOrder",
  "UnknownOrder",
  "MessageRateExceeded",
  "OrderRateExceeded",
  "OutsideSession",
  "StalePrice",
  "NoReferencePrice",
  "PriceCollarExceeded",
  "MaxOrderQuantityExceeded",
  "MaxOrderValueExceeded",
  "VolumeShareExceeded",
  "NotApproved",
  "ShortNotAvailable",
  "BuyingPowerExceeded",
  "KillSwitch",
  "DenialsExceeded",
  "DuplicateContent",
  "Restricted",
  "Blackout",
] as const;

export type OrderRiskReason = (typeof orderRiskReasonSymbols)[number];

function orderRiskReasonIndex(value: OrderRiskReason): number {
  switch (value) {
    case "NONE":
      return 1;
    case "TradingHalted":
      return 2;
    case "TradingKilled":
      return 3;
    case "TradingFlattened":
      return 4;
    case "ReduceOnly":
      return 5;
    case "RepeatedExecution":
      return 6;
    case "UnexplainedFill":
      return 7;
    case "DuplicateOrder":
      return 8;
    case "UnknownOrder":
      return 9;
    case "MessageRateExceeded":
      return 10;
    case "OrderRateExceeded":
      return 11;
    case "OutsideSession":
      return 12;
    case "StalePrice":
      return 13;
    case "NoReferencePrice":
      return 14;
    case "PriceCollarExceeded":
      return 15;
    case "MaxOrderQuantityExceeded":
      return 16;
    case "MaxOrderValueExceeded":
      return 17;
    case "VolumeShareExceeded":
      return 18;
    case "NotApproved":
      return 19;
    case "ShortNotAvailable":
      return 20;
    case "BuyingPowerExceeded":
      return 21;
    case "KillSwitch":
      return 22;
    case "DenialsExceeded":
      return 23;
    case "DuplicateContent":
      return 24;
    case "Restricted":
      return 25;
    case "Blackout":
      return 26;
    default:
      return 0;
  }
}

export const tradingStateSymbols = [
  "ACTIVE",
  "REDUCE_ONLY",
  "HALTED",
  "KILLED",
  "FLATTENED",
] as const;

export type TradingState = (typeof tradingStateSymbols)[number];

function tradingStateIndex(value: TradingState): number {
  switch (value) {
    case "ACTIVE":
      return 1;
    case "REDUCE_ONLY":
      return 2;
    case "HALTED":
      return 3;
    case "KILLED":
      return 4;
    case "FLATTENED":
      return 5;
    default:
      return 0;
  }
}

export const orderCheckNameSymbols = [
  "TRADING_STATE",
  "LATCH",
  "DUPLICATE_ORDER",
  "KNOWN_ORDER",
  "MESSAGE_RATE",
  "ORDER_RATE",
  "REPEATED_EXECUTION",
  "SESSION",
  "PRICE_AGE",
  "PRICE_COLLAR",
  "MAX_ORDER_QUANTITY",
  "MAX_ORDER_VALUE",
  "VOLUME_SHARE",
  "APPROVED_TARGET",
  "APPROVED_QUANTITY",
  "SHORT_AVAILABILITY",
  "BUYING_POWER",
  "DUPLICATE_CONTENT",
  "RESTRICTED",
  "BLACKOUT",
] as const;

export type OrderCheckName = (typeof orderCheckNameSymbols)[number];

function orderCheckNameIndex(value: OrderCheckName): number {
  switch (value) {
    case "TRADING_STATE":
      return 1;
    case "LATCH":
      return 2;
    case "DUPLICATE_ORDER":
      return 3;
    case "KNOWN_ORDER":
      return 4;
    case "MESSAGE_RATE":
      return 5;
    case "ORDER_RATE":
      return 6;
    case "REPEATED_EXECUTION":
      return 7;
    case "SESSION":
      return 8;
    case "PRICE_AGE":
      return 9;
    case "PRICE_COLLAR":
      return 10;
    case "MAX_ORDER_QUANTITY":
      return 11;
    case "MAX_ORDER_VALUE":
      return 12;
    case "VOLUME_SHARE":
      return 13;
    case "APPROVED_TARGET":
      return 14;
    case "APPROVED_QUANTITY":
      return 15;
    case "SHORT_AVAILABILITY":
      return 16;
    case "BUYING_POWER":
      return 17;
    case "DUPLICATE_CONTENT":
      return 18;
    case "RESTRICTED":
      return 19;
    case "BLACKOUT":
      return 20;
    default:
      return 0;
  }
}

export const orderRiskUnitSymbols = [
  "MINOR",
  "QUANTITY",
  "BPS",
  "STATE",
  "COUNT",
  "MICROSECONDS",
] as const;

export type OrderRiskUnit = (typeof orderRiskUnitSymbols)[number];

function orderRiskUnitIndex(value: OrderRiskUnit): number {
  switch (value) {
    case "MINOR":
      return 1;
    case "QUANTITY":
      return 2;
    case "BPS":
      return 3;
    case "STATE":
      return 4;
    case "COUNT":
      return 5;
    case "MICROSECONDS":
      return 6;
    default:
      return 0;
  }
}

export interface UsedEvent {
  readonly topic: string;
  /** effective time of its last event of this symbol (or portfolio) that was measured with */
  readonly timeUs: number;
}
export function encodeUsedEvent(writer: Writer, value: UsedEvent): void {
  writer.string(value.topic);
  writer.long(value.timeUs);
}
export function decodeUsedEvent(reader: Reader): UsedEvent {
  return { topic: reader.string(), timeUs: reader.long() };
}

function readItems(reader: Reader): UsedEvent[] {
  const items: UsedEvent[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeUsedEvent(reader));
  }
  return items;
}

export interface OrderCheck {
  readonly check: OrderCheckName;
  readonly limit: number;
  readonly measured: number;
  readonly unit: OrderRiskUnit;
  readonly passed: boolean;
  /** what was measured with, beside the request itself; places are left out: they depend on the number of partitions */
  readonly used: readonly UsedEvent[];
}
export function encodeOrderCheck(writer: Writer, value: OrderCheck): void {
  writer.enumeration(orderCheckNameIndex(value.check), value.check);
  writer.long(value.limit);
  writer.long(value.measured);
  writer.enumeration(orderRiskUnitIndex(value.unit), value.unit);
  writer.boolean(value.passed);
  if (value.used.length > 0) {
    writer.long(value.used.length);
    for (const item of value.used) {
      encodeUsedEvent(writer, item);
    }
  }
  writer.long(0);
}
export function decodeOrderCheck(reader: Reader): OrderCheck {
  return {
    check: reader.enumeration(orderCheckNameSymbols),
    limit: reader.long(),
    measured: reader.long(),
    unit: reader.enumeration(orderRiskUnitSymbols),
    passed: reader.boolean(),
    used: readItems(reader),
  };
}

function readItems2(reader: Reader): OrderCheck[] {
  const items: OrderCheck[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeOrderCheck(reader));
  }
  return items;
}

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
    stopPrice: reader.present() ? reader.long() : null,
    trailOffset: reader.present() ? reader.long() : null,
    trailBps: reader.present() ? reader.int() : null,
    expireUs: reader.present() ? reader.long() : null,
    displayQuantity: reader.present() ? reader.long() : null,
    postOnly: reader.boolean(),
    reduceOnly: reader.boolean(),
    parentOrderId: reader.present() ? reader.long() : null,
    ocoGroup: reader.present() ? reader.long() : null,
    sliceParentId: reader.present() ? reader.long() : null,
    sliceNumber: reader.int(),
  };
}

/** The order gate's answer to one order request, or a cancel of its own; the venue acts on what passed only. */
export interface OrderVerdict {
  readonly portfolio: string;
  readonly symbol: string;
  readonly outcome: OrderRiskOutcome;
  /** the first check that failed and was not overridden; KillSwitch for a cancel of the gate's own */
  readonly reason: OrderRiskReason;
  readonly state: TradingState;
  /** what has switched the gate off until a named person enables trading; NONE where nothing has */
  readonly latch: OrderRiskReason;
  /** the two persons, where a failed check was overridden; else empty */
  readonly overriddenBy: string;
  readonly checks: readonly OrderCheck[];
  /** the request; to be acted on where the outcome is PASS. Last, as its record grows at its end */
  readonly order: Order;
}
export function encodeOrderVerdict(writer: Writer, value: OrderVerdict): void {
  writer.string(value.portfolio);
  writer.string(value.symbol);
  writer.enumeration(orderRiskOutcomeIndex(value.outcome), value.outcome);
  writer.enumeration(orderRiskReasonIndex(value.reason), value.reason);
  writer.enumeration(tradingStateIndex(value.state), value.state);
  writer.enumeration(orderRiskReasonIndex(value.latch), value.latch);
  writer.string(value.overriddenBy);
  if (value.checks.length > 0) {
    writer.long(value.checks.length);
    for (const item of value.checks) {
      encodeOrderCheck(writer, item);
    }
  }
  writer.long(0);
  encodeOrder(writer, value.order);
}
export function decodeOrderVerdict(reader: Reader): OrderVerdict {
  return {
    portfolio: reader.string(),
    symbol: reader.string(),
    outcome: reader.enumeration(orderRiskOutcomeSymbols),
    reason: reader.enumeration(orderRiskReasonSymbols),
    state: reader.enumeration(tradingStateSymbols),
    latch: reader.enumeration(orderRiskReasonSymbols),
    overriddenBy: reader.string(),
    checks: readItems2(reader),
    order: decodeOrder(reader),
  };
}

export const orderVerdictCodec: Codec<OrderVerdict> = {
  encode: encodeOrderVerdict,
  decode: decodeOrderVerdict,
};
