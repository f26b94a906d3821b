// The limits that SetLimit and risk.ceilings may name, as people write them and as control.commands carries them: there
// the unit ends the name. Promises: both ways of naming one are converted alike, and exactly.

import type { SettableLimit } from "../../processors/risk-config.ts";
import type { HumanLimit, LimitName } from "./human-config.ts";

/** What converts a value, or notes that it cannot be. */
export interface LimitReader {
  fraction(pointer: string, value: number, digits: number): number;
  amount(pointer: string, value: number): number;
  fail(pointer: string, message: string): 0;
}

const BPS_DIGITS = 4;

/** parts: a fraction of at most 1. bps: any multiple. hundredths: of days. whole: a count or whole units. */
type Kind = "amount" | "parts" | "bps" | "hundredths" | "whole";

export const limitFields = {
  maxPosition: ["maxPosition", "whole"],
  maxGrossExposure: ["maxGrossExposureMinor", "amount"],
  priceCollar: ["priceCollarBps", "parts"],
  maxOrderValue: ["maxOrderValueMinor", "amount"],
  maxDrawdown: ["maxDrawdownBps", "parts"],
  maxSector: ["maxSectorBps", "bps"],
  maxNetExposure: ["maxNetExposureMinor", "amount"],
  maxLeverage: ["maxLeverageBps", "bps"],
  maxWeight: ["maxWeightBps", "bps"],
  maxHerfindahl: ["maxHerfindahlBps", "parts"],
  maxBeta: ["maxBetaBps", "bps"],
  maxValueAtRisk: ["maxValueAtRiskBps", "parts"],
  maxExpectedShortfall: ["maxExpectedShortfallBps", "parts"],
  maxCorrelation: ["maxCorrelationBps", "parts"],
  maxDaysToExit: ["maxDaysToExitHundredths", "hundredths"],
  drawdownWarning: ["drawdownWarningBps", "parts"],
  drawdownClose: ["drawdownCloseBps", "parts"],
  maxDailyLoss: ["maxDailyLossBps", "parts"],
  maxWeeklyLoss: ["maxWeeklyLossBps", "parts"],
  maxTradesADay: ["maxTradesADay", "whole"],
} as const satisfies Record<LimitName, readonly [SettableLimit, Kind]>;

/** In the limit's own unit; null where it is off. */
export function limitValue(
  read: LimitReader,
  name: LimitName,
  value: HumanLimit,
  pointer: string,
): number | null {
  if (value === "off" || value === null) return null;
  const [, kind] = limitFields[name];
  switch (kind) {
    case "whole":
      // The command carries whole units: it does not know an instrument's scale.
      return Number.isInteger(value)
        ? value
        : read.fail(pointer, `found ${value}; must be whole units for ${name}`);
    case "amount":
      return read.amount(pointer, value);
    case "hundredths":
      return read.fraction(pointer, value, 2);
    case "parts":
      return value > 1
        ? read.fail(pointer, `found ${value}; must be a fraction up to 1 for ${name}`)
        : read.fraction(pointer, value, BPS_DIGITS);
    case "bps":
      return read.fraction(pointer, value, BPS_DIGITS);
  }
}
