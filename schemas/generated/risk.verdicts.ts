// Generated from schemas/risk.verdicts.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const riskOutcomeSymbols = ["PASS", "REDUCE", "DENY", "SCALE", "CLOSE", "ANSWER"] as const;

export type RiskOutcome = (typeof riskOutcomeSymbols)[number];

function riskOutcomeIndex(value: RiskOutcome): number {
  switch (value) {
    case "PASS":
      return 1;
    case "REDUCE":
      return 2;
    case "DENY":
      return 3;
    case "SCALE":
      return 4;
    case "CLOSE":
      return 5;
    case "ANSWER":
      return 6;
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
  "MaxSectorExceeded",
  "MaxNetExposureExceeded",
  "MaxLeverageExceeded",
  "MaxWeightExceeded",
  "MaxHerfindahlExceeded",
  "MaxBetaExceeded",
  "MaxValueAtRiskExceeded",
  "MaxExpectedShortfallExceeded",
  "MaxCorrelationExceeded",
  "MaxDaysToExitExceeded",
  "NotEnoughHistory",
  "MaxDailyLossExceeded",
  "MaxWeeklyLossExceeded",
  "MaxTradesExceeded",
  "CapitalGateExceeded",
  "Restricted",
  "Blackout",
  "ManualTarget",
  "View",
  "PriceTooOld",
  "CommandRefused",
  "SecondPersonNeeded",
  "CertificateMissing",
  "RequestChanged",
  "ScenariosChanged",
  "CertificateInfeasible",
  "CertificateWrong",
  "GapExceeded",
  "TargetsOffCertificate",
  "AnswerStale",
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
    case "MaxSectorExceeded":
      return 12;
    case "MaxNetExposureExceeded":
      return 13;
    case "MaxLeverageExceeded":
      return 14;
    case "MaxWeightExceeded":
      return 15;
    case "MaxHerfindahlExceeded":
      return 16;
    case "MaxBetaExceeded":
      return 17;
    case "MaxValueAtRiskExceeded":
      return 18;
    case "MaxExpectedShortfallExceeded":
      return 19;
    case "MaxCorrelationExceeded":
      return 20;
    case "MaxDaysToExitExceeded":
      return 21;
    case "NotEnoughHistory":
      return 22;
    case "MaxDailyLossExceeded":
      return 23;
    case "MaxWeeklyLossExceeded":
      return 24;
    case "MaxTradesExceeded":
      return 25;
    case "CapitalGateExceeded":
      return 26;
    case "Restricted":
      return 27;
    case "Blackout":
      return 28;
    case "ManualTarget":
      return 29;
    case "View":
      return 30;
    case "PriceTooOld":
      return 31;
    case "CommandRefused":
      return 32;
    case "SecondPersonNeeded":
      return 33;
    case "CertificateMissing":
      return 34;
    case "RequestChanged":
      return 35;
    case "ScenariosChanged":
      return 36;
    case "CertificateInfeasible":
      return 37;
    case "CertificateWrong":
      return 38;
    case "GapExceeded":
      return 39;
    case "TargetsOffCertificate":
      return 40;
    case "AnswerStale":
      return 41;
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
  "MAX_SECTOR",
  "MAX_NET_EXPOSURE",
  "MAX_LEVERAGE",
  "MAX_WEIGHT",
  "MAX_HERFINDAHL",
  "MAX_BETA",
  "VALUE_AT_RISK",
  "EXPECTED_SHORTFALL",
  "MAX_CORRELATION",
  "DAYS_TO_EXIT",
  "DRAWDOWN_WARNING",
  "DRAWDOWN_CLOSE",
  "DAILY_LOSS",
  "WEEKLY_LOSS",
  "TRADES_A_DAY",
  "CAPITAL_GATE",
  "RESTRICTED",
  "BLACKOUT",
  "MANUAL_TARGET",
  "VIEW",
  "PRICE_AGE",
  "CERTIFICATE",
  "SCENARIOS",
  "FEASIBILITY",
  "BOUNDS",
  "GAP",
  "ON_CERTIFICATE",
  "ANSWER_AGE",
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
    case "MAX_SECTOR":
      return 7;
    case "MAX_NET_EXPOSURE":
      return 8;
    case "MAX_LEVERAGE":
      return 9;
    case "MAX_WEIGHT":
      return 10;
    case "MAX_HERFINDAHL":
      return 11;
    case "MAX_BETA":
      return 12;
    case "VALUE_AT_RISK":
      return 13;
    case "EXPECTED_SHORTFALL":
      return 14;
    case "MAX_CORRELATION":
      return 15;
    case "DAYS_TO_EXIT":
      return 16;
    case "DRAWDOWN_WARNING":
      return 17;
    case "DRAWDOWN_CLOSE":
      return 18;
    case "DAILY_LOSS":
      return 19;
    case "WEEKLY_LOSS":
      return 20;
    case "TRADES_A_DAY":
      return 21;
    case "CAPITAL_GATE":
      return 22;
    case "RESTRICTED":
      return 23;
    case "BLACKOUT":
      return 24;
    case "MANUAL_TARGET":
      return 25;
    case "VIEW":
      return 26;
    case "PRICE_AGE":
      return 27;
    case "CERTIFICATE":
      return 28;
    case "SCENARIOS":
      return 29;
    case "FEASIBILITY":
      return 30;
    case "BOUNDS":
      return 31;
    case "GAP":
      return 32;
    case "ON_CERTIFICATE":
      return 33;
    case "ANSWER_AGE":
      return 34;
    default:
      return 0;
  }
}

export const riskUnitSymbols = [
  "MINOR",
  "QUANTITY",
  "BPS",
  "STATE",
  "HISTORY",
  "HUNDREDTH_DAYS",
  "COUNT",
  "MICROS",
  "TRILLIONTHS",
] as const;

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
    case "HISTORY":
      return 5;
    case "HUNDREDTH_DAYS":
      return 6;
    case "COUNT":
      return 7;
    case "MICROS":
      return 8;
    case "TRILLIONTHS":
      return 9;
    default:
      return 0;
  }
}

export interface RiskCheck {
  readonly check: RiskCheckName;
  /** empty for a check of the whole portfolio; the sector's name for MAX_SECTOR */
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

export const verdictOverlaySymbols = [
  "RESTRICTED_BUYS",
  "RESTRICTED",
  "BLACKOUT",
  "TARGET",
  "VIEW",
] as const;

export type VerdictOverlay = (typeof verdictOverlaySymbols)[number];

function verdictOverlayIndex(value: VerdictOverlay): number {
  switch (value) {
    case "RESTRICTED_BUYS":
      return 1;
    case "RESTRICTED":
      return 2;
    case "BLACKOUT":
      return 3;
    case "TARGET":
      return 4;
    case "VIEW":
      return 5;
    default:
      return 0;
  }
}

export interface AppliedOverlay {
  readonly overlay: VerdictOverlay;
  /** empty for every symbol */
  readonly symbol: string;
  /** empty for one of the configuration */
  readonly who: string;
  readonly why: string;
  /** null until it is lifted */
  readonly untilUs: number | null;
}
export function encodeAppliedOverlay(writer: Writer, value: AppliedOverlay): void {
  writer.enumeration(verdictOverlayIndex(value.overlay), value.overlay);
  writer.string(value.symbol);
  writer.string(value.who);
  writer.string(value.why);
  if (value.untilUs === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.untilUs);
  }
}
export function decodeAppliedOverlay(reader: Reader): AppliedOverlay {
  return {
    overlay: reader.enumeration(verdictOverlaySymbols),
    symbol: reader.string(),
    who: reader.string(),
    why: reader.string(),
    untilUs: reader.present() ? reader.long() : null,
  };
}

function readItems3(reader: Reader): AppliedOverlay[] {
  const items: AppliedOverlay[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeAppliedOverlay(reader));
  }
  return items;
}

export interface UsedEvent {
  readonly topic: string;
  /** empty for an event of the whole portfolio */
  readonly symbol: string;
  readonly timeUs: number;
  /** with topic and time, which event it is, on any number of partitions */
  readonly origin: number;
}
export function encodeUsedEvent(writer: Writer, value: UsedEvent): void {
  writer.string(value.topic);
  writer.string(value.symbol);
  writer.long(value.timeUs);
  writer.long(value.origin);
}
export function decodeUsedEvent(reader: Reader): UsedEvent {
  return {
    topic: reader.string(),
    symbol: reader.string(),
    timeUs: reader.long(),
    origin: reader.long(),
  };
}

function readItems4(reader: Reader): UsedEvent[] {
  const items: UsedEvent[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeUsedEvent(reader));
  }
  return items;
}

/** The risk gate's answer to one proposal, with every check that was made. */
export interface RiskVerdict {
  readonly portfolio: string;
  /** REDUCE: single trades were cut; SCALE: one factor shrank what every trade adds; CLOSE: the gate closes the book by itself; ANSWER: nothing was judged, a command is answered */
  readonly outcome: RiskOutcome;
  /** the first check that failed; ManualTarget also where nothing did, and a person's target stands in a model's place */
  readonly reason: RiskReason;
  readonly state: TradingState;
  /** what may be traded; empty when denied */
  readonly targets: readonly Target[];
  readonly checks: readonly RiskCheck[];
  /** SCALE: the factor on what every trade adds, in parts per million; 1,000,000 where none was applied */
  readonly scalePpm: number;
  /** what persons had ordered that bore on this verdict */
  readonly overlays: readonly AppliedOverlay[];
  /** the last events that the checks rest on, besides what the verdict answers */
  readonly events: readonly UsedEvent[];
  /** ANSWER: what became of the command, in words; empty otherwise */
  readonly answer: string;
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
  writer.int(value.scalePpm);
  if (value.overlays.length > 0) {
    writer.long(value.overlays.length);
    for (const item of value.overlays) {
      encodeAppliedOverlay(writer, item);
    }
  }
  writer.long(0);
  if (value.events.length > 0) {
    writer.long(value.events.length);
    for (const item of value.events) {
      encodeUsedEvent(writer, item);
    }
  }
  writer.long(0);
  writer.string(value.answer);
}
export function decodeRiskVerdict(reader: Reader): RiskVerdict {
  return {
    portfolio: reader.string(),
    outcome: reader.enumeration(riskOutcomeSymbols),
    reason: reader.enumeration(riskReasonSymbols),
    state: reader.enumeration(tradingStateSymbols),
    targets: readItems(reader),
    checks: readItems2(reader),
    scalePpm: reader.goesOn() ? reader.int() : 1000000,
    overlays: reader.wentOn ? readItems3(reader) : [],
    events: reader.wentOn ? readItems4(reader) : [],
    answer: reader.goesOn() ? reader.string() : "",
  };
}

export const riskVerdictCodec: Codec<RiskVerdict> = {
  encode: encodeRiskVerdict,
  decode: decodeRiskVerdict,
};
