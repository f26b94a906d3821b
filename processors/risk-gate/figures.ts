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
  /** Where the position may be anywhere between two ends: the smaller in size. Else the same as above. */
  readonly otherQuantity: number;
  readonly otherValue: bigint;
  readonly record: SymbolRecord | undefined;
  /** The proposal adds to it. */
  readonly grows: boolean;
}

/** The names that the proposal adds to; all of them where it adds to none. */
export function added(book: readonly Holding[]): readonly Holding[] {
  const grown = book.filter(({ grows }) => grows);
  return grown.length === 0 ? book : grown;
}

/** True where orders under way may still move it. */
export const isMoving = ({ quantity, otherQuantity }: Holding): boolean =>
  quantity !== otherQuantity;

/** What the symbols that a proposal leaves alone bring to the figures of returns; found once a proposal. */
export interface StandingReturns {
  /** Rows that all of them have. */
  readonly rows: number;
  /** In the ring's order: of each row the worse of a symbol's two ends. Empty where it is not known. */
  readonly worst: Float64Array;
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
  /** Symbols that the proposal leaves alone. */
  readonly standing: readonly Holding[];
  standingReturns: StandingReturns | null;
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
  /** Of a figure without its sign: which side the book is on. */
  readonly side: number;
}

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
  side = 0,
): Figure | null {
  if (limit === null) return null;
  const [check, unit, reason] = names[setting];
  return { setting, check, symbol, limit, measured, unit, reason, side };
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
  side: 0,
});

/** Figures of single names: what the proposal adds to is held to the limit itself. */
const ofNames: ReadonlySet<ProposalLimitName> = new Set([
  "maxGrossExposure",
  "maxWeight",
  "maxCorrelation",
  "maxDaysToExit",
]);

/**
 * By how much a figure is beyond what is allowed; 0 or less where it passes. `before` is the figure of the book without the
 * proposal: a book that prices have carried past a limit may trade what does not make that worse.
 */
export function excessOf(one: Figure, before: readonly Figure[]): number {
  const { setting, symbol, unit, measured, limit, side } = one;
  if (unit === "HISTORY") return limit - measured;
  if (measured <= limit || measured >= BEYOND || ofNames.has(setting)) return measured - limit;
  const same = before.find(
    (other) => other.setting === setting && other.symbol === symbol && other.unit === unit,
  );
  return same === undefined || same.side !== side || same.measured < limit
    ? measured - limit
    : measured - same.measured;
}
