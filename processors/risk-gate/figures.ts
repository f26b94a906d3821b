// What a check of the book says: a whole number of its unit against a limit, and what it is called.

import type { RiskCheckName, RiskReason, RiskUnit } from "../../schemas/generated/risk.verdicts.ts";
import type { ProposalLimitName, ProposalLimits } from "../risk-config.ts";
import type { BookRecord, SymbolRecord } from "./record.ts";

/** One symbol of the book. */
export interface Holding {
  readonly symbol: string;
  readonly quantity: number;
  /** Signed, in minor units. */
  readonly value: bigint;
  readonly record: SymbolRecord | undefined;
}

/** What measures need besides the holdings. */
export interface BookView {
  readonly limits: ProposalLimits;
  readonly grossLimitMinor: number | null;
  readonly record: BookRecord;
  readonly equity: bigint;
  /** Sectors that the proposal trades in. */
  readonly sectors: readonly string[];
  /** By pair of symbols: they do not change while a proposal is cut. */
  readonly correlations: Map<string, number | null>;
}

/** A check that was measured, before anything is said of what to do about it. */
export interface Figure {
  readonly setting: ProposalLimitName;
  readonly check: RiskCheckName;
  readonly symbol: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: RiskUnit;
  readonly reason: RiskReason;
}

export const exceeds = ({ unit, measured, limit }: Figure): boolean =>
  unit === "HISTORY" ? measured < limit : measured > limit;

/** What cannot be measured, or is larger than a figure may be. */
export const BEYOND = Number.MAX_SAFE_INTEGER;

/** Basis points of a float, up; a millionth of one is the noise of its arithmetic. */
export const bpsUp = (value: number): number =>
  Number.isFinite(value) ? Math.max(0, Math.ceil(value * 10_000 - 1e-6)) : BEYOND;

const names = {
  maxGrossExposure: ["MAX_GROSS_EXPOSURE", "MINOR", "MaxGrossExposureExceeded"],
  maxSector: ["MAX_SECTOR", "BPS", "MaxSectorExceeded"],
  maxNetExposure: ["MAX_NET_EXPOSURE", "MINOR", "MaxNetExposureExceeded"],
  maxLeverage: ["MAX_LEVERAGE", "BPS", "MaxLeverageExceeded"],
  maxWeight: ["MAX_WEIGHT", "BPS", "MaxWeightExceeded"],
  maxHerfindahl: ["MAX_HERFINDAHL", "BPS", "MaxHerfindahlExceeded"],
  maxBeta: ["MAX_BETA", "BPS", "MaxBetaExceeded"],
  maxValueAtRisk: ["VALUE_AT_RISK", "BPS", "MaxValueAtRiskExceeded"],
  maxExpectedShortfall: ["EXPECTED_SHORTFALL", "BPS", "MaxExpectedShortfallExceeded"],
  maxCorrelation: ["MAX_CORRELATION", "BPS", "MaxCorrelationExceeded"],
  maxDaysToExit: ["DAYS_TO_EXIT", "HUNDREDTH_DAYS", "MaxDaysToExitExceeded"],
  maxDailyLoss: ["DAILY_LOSS", "BPS", "MaxDailyLossExceeded"],
  maxWeeklyLoss: ["WEEKLY_LOSS", "BPS", "MaxWeeklyLossExceeded"],
  maxTradesADay: ["TRADES_A_DAY", "COUNT", "MaxTradesExceeded"],
  capitalStages: ["CAPITAL_GATE", "MINOR", "CapitalGateExceeded"],
} as const satisfies Record<ProposalLimitName, readonly [RiskCheckName, RiskUnit, RiskReason]>;

export function figure(
  setting: ProposalLimitName,
  limit: number | null,
  measured: number,
  symbol = "",
): Figure | null {
  if (limit === null) return null;
  const [check, unit, reason] = names[setting];
  return { setting, check, symbol, limit, measured, unit, reason };
}

/** Nothing is known of how the book would behave: it may not grow. */
export const tooShort = (
  setting: ProposalLimitName,
  needed: number,
  known: number,
  symbol = "",
): Figure => ({
  setting,
  check: names[setting][0],
  symbol,
  limit: needed,
  measured: known,
  unit: "HISTORY",
  reason: "NotEnoughHistory",
});
