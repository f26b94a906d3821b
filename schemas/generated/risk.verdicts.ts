// Generated from schemas/risk.verdicts.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const riskOutcomeSymbols = ["PASS", "REDUCE", "DENY"] as const;

export type RiskOutcome = (typeof riskOutcomeSymbols)[number];

function riskOutcomeIndex(value: RiskOutcome): number {
  switch (value) {
    case "PASS":
      return 1;
    case "REDUCE":
      return 2;
    case "DENY":
      return 3;
    default:
      return 0;
  }
}

export const riskReasonSymbols = [
  "NONE",
  "TradingHalted",
  "TradingKilled",
  "ReduceOnly",
  "MaxPositionExceeded",
  "MaxGrossExposureExceeded",
  "PriceCollarExceeded",
  "MaxOrderValueExceeded",
  "MaxDrawdownExceeded",
  "NoReferencePrice",
  "TradingFlattened",
] as const;

export type RiskReason = (typeof riskReasonSymbols)[number];

function riskReasonIndex(value: RiskReason): number {
  switch (value) {
    case "NONE":
      return 1;
    case "TradingHalted":
      return 2;
    case "TradingKilled":
      return 3;
    case "ReduceOnly":
      return 4;
    case "MaxPositionExceeded":
      return 5;
    case "MaxGrossExposureExceeded":
      return 6;
    case "PriceCollarExceeded":
      return 7;
    case "MaxOrderValueExceeded":
      return 8;
    case "MaxDrawdownExceeded":
      return 9;
    case "NoReferencePrice":
      return 10;
    case "TradingFlattened":
      return 11;
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

export interface Target {
  readonly symbol: string;
  /** of equity; sign is direction */
  readonly weight: number;
  /** target position, signed, scaled by quantityScale */
  readonly quantity: number;
  /** price the target was sized at */
  readonly referencePrice: number;
}
export function encodeTarget(writer: Writer, value: Target): void {
  writer.string(value.symbol);
  writer.double(value.weight);
  writer.long(value.quantity);
  writer.long(value.referencePrice);
}
export function decodeTarget(reader: Reader): Target {
  return {
    symbol: reader.string(),
    weight: reader.double(),
    quantity: reader.long(),
    referencePrice: reader.long(),
  };
}

function readItems(reader: Reader): Target[] {
  const items: Target[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeTarget(reader));
  }
  return items;
}

export const riskCheckNameSymbols = [
  "TRADING_STATE",
  "MAX_POSITION",
  "MAX_GROSS_EXPOSURE",
  "PRICE_COLLAR",
  "MAX_ORDER_VALUE",
  "MAX_DRAWDOWN",
] as const;

export type RiskCheckName = (typeof riskCheckNameSymbols)[number];

function riskCheckNameIndex(value: RiskCheckName): number {
  switch (value) {
    case "TRADING_STATE":
      return 1;
    case "MAX_POSITION":
      return 2;
    case "MAX_GROSS_EXPOSURE":
      return 3;
    case "PRICE_COLLAR":
      return 4;
    case "MAX_ORDER_VALUE":
      return 5;
    case "MAX_DRAWDOWN":
      return 6;
    default:
      return 0;
  }
}

export const riskUnitSymbols = ["MINOR", "QUANTITY", "BPS", "STATE"] as const;

export type RiskUnit = (typeof riskUnitSymbols)[number];

function riskUnitIndex(value: RiskUnit): number {
  switch (value) {
    case "MINOR":
      return 1;
    case "QUANTITY":
      return 2;
    case "BPS":
      return 3;
    case "STATE":
      return 4;
    default:
      return 0;
  }
}

export interface RiskCheck {
  readonly check: RiskCheckName;
  /** empty for a check of the whole portfolio */
  readonly symbol: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: RiskUnit;
  readonly passed: boolean;
}
export function encodeRiskCheck(writer: Writer, value: RiskCheck): void {
  writer.enumeration(riskCheckNameIndex(value.check), value.check);
  writer.string(value.symbol);
  writer.long(value.limit);
  writer.long(value.measured);
  writer.enumeration(riskUnitIndex(value.unit), value.unit);
  writer.boolean(value.passed);
}
export function decodeRiskCheck(reader: Reader): RiskCheck {
  return {
    check: reader.enumeration(riskCheckNameSymbols),
    symbol: reader.string(),
    limit: reader.long(),
    measured: reader.long(),
    unit: reader.enumeration(riskUnitSymbols),
    passed: reader.boolean(),
  };
}

function readItems2(reader: Reader): RiskCheck[] {
  const items: RiskCheck[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeRiskCheck(reader));
  }
  return items;
}

/** The risk gate's answer to one proposal, with every check that was made. */
export interface RiskVerdict {
  readonly portfolio: string;
  readonly outcome: RiskOutcome;
  /** the first check that failed */
  readonly reason: RiskReason;
  readonly state: TradingState;
  /** what may be traded; empty when denied */
  readonly targets: readonly Target[];
  readonly checks: readonly RiskCheck[];
}
export function encodeRiskVerdict(writer: Writer, value: RiskVerdict): void {
  writer.string(value.portfolio);
  writer.enumeration(riskOutcomeIndex(value.outcome), value.outcome);
  writer.enumeration(riskReasonIndex(value.reason), value.reason);
  writer.enumeration(tradingStateIndex(value.state), value.state);
  if (value.targets.length > 0) {
    writer.long(value.targets.length);
    for (const item of value.targets) {
      encodeTarget(writer, item);
    }
  }
  writer.long(0);
  if (value.checks.length > 0) {
    writer.long(value.checks.length);
    for (const item of value.checks) {
      encodeRiskCheck(writer, item);
    }
  }
  writer.long(0);
}
export function decodeRiskVerdict(reader: Reader): RiskVerdict {
  return {
    portfolio: reader.string(),
    outcome: reader.enumeration(riskOutcomeSymbols),
    reason: reader.enumeration(riskReasonSymbols),
    state: reader.enumeration(tradingStateSymbols),
    targets: readItems(reader),
    checks: readItems2(reader),
  };
}

export const riskVerdictCodec: Codec<RiskVerdict> = {
  encode: encodeRiskVerdict,
  decode: decodeRiskVerdict,
};
