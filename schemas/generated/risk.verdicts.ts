// Generated from schemas/risk.verdicts.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const riskOutcomeSymbols = ["PASS","REDUCE","DENY"] as const;

export type RiskOutcome = (typeof riskOutcomeSymbols)[number];

const riskOutcomeIndex: Readonly<Record<string, number>> = {"PASS":0,"REDUCE":1,"DENY":2};

export const riskReasonSymbols = ["NONE","TradingHalted","TradingKilled","ReduceOnly","MaxPositionExceeded","MaxGrossExposureExceeded","PriceCollarExceeded","MaxOrderValueExceeded","MaxDrawdownExceeded","NoReferencePrice"] as const;

export type RiskReason = (typeof riskReasonSymbols)[number];

const riskReasonIndex: Readonly<Record<string, number>> = {"NONE":0,"TradingHalted":1,"TradingKilled":2,"ReduceOnly":3,"MaxPositionExceeded":4,"MaxGrossExposureExceeded":5,"PriceCollarExceeded":6,"MaxOrderValueExceeded":7,"MaxDrawdownExceeded":8,"NoReferencePrice":9};

export const tradingStateSymbols = ["ACTIVE","REDUCE_ONLY","HALTED","KILLED"] as const;

export type TradingState = (typeof tradingStateSymbols)[number];

const tradingStateIndex: Readonly<Record<string, number>> = {"ACTIVE":0,"REDUCE_ONLY":1,"HALTED":2,"KILLED":3};

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
  return { symbol: reader.string(), weight: reader.double(), quantity: reader.long(), referencePrice: reader.long() };
}

export const riskCheckNameSymbols = ["TRADING_STATE","MAX_POSITION","MAX_GROSS_EXPOSURE","PRICE_COLLAR","MAX_ORDER_VALUE","MAX_DRAWDOWN"] as const;

export type RiskCheckName = (typeof riskCheckNameSymbols)[number];

const riskCheckNameIndex: Readonly<Record<string, number>> = {"TRADING_STATE":0,"MAX_POSITION":1,"MAX_GROSS_EXPOSURE":2,"PRICE_COLLAR":3,"MAX_ORDER_VALUE":4,"MAX_DRAWDOWN":5};

export const riskUnitSymbols = ["MINOR","QUANTITY","BPS","STATE"] as const;

export type RiskUnit = (typeof riskUnitSymbols)[number];

const riskUnitIndex: Readonly<Record<string, number>> = {"MINOR":0,"QUANTITY":1,"BPS":2,"STATE":3};

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
writer.enumeration(riskCheckNameIndex[value.check], value.check);
writer.string(value.symbol);
writer.long(value.limit);
writer.long(value.measured);
writer.enumeration(riskUnitIndex[value.unit], value.unit);
writer.boolean(value.passed);
}
export function decodeRiskCheck(reader: Reader): RiskCheck {
  return { check: reader.enumeration(riskCheckNameSymbols), symbol: reader.string(), limit: reader.long(), measured: reader.long(), unit: reader.enumeration(riskUnitSymbols), passed: reader.boolean() };
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
writer.enumeration(riskOutcomeIndex[value.outcome], value.outcome);
writer.enumeration(riskReasonIndex[value.reason], value.reason);
writer.enumeration(tradingStateIndex[value.state], value.state);
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
  return { portfolio: reader.string(), outcome: reader.enumeration(riskOutcomeSymbols), reason: reader.enumeration(riskReasonSymbols), state: reader.enumeration(tradingStateSymbols), targets: readArray(reader, () => decodeTarget(reader)), checks: readArray(reader, () => decodeRiskCheck(reader)) };
}
function readArray<T>(reader: Reader, item: () => T): readonly T[] {
  const items: T[] = [];
  reader.blocks(() => items.push(item()));
  return items;
}
export const riskVerdictCodec: Codec<RiskVerdict> = { encode: encodeRiskVerdict, decode: decodeRiskVerdict };
