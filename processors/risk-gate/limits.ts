// The limits in force, and the command that changes one.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { DecimalText } from "../../schemas/values/decimal.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import type { ProposalLimits, RiskConfig } from "../risk-config.ts";

/** null: the check is off. */
export type Limits = Omit<RiskConfig, "onBreach" | "proposals">;

/** Every check of whole proposals off. */
export const noProposalLimits: ProposalLimits = {
  maxSectorBps: null,
  sectors: {},
  maxNetExposureMinor: null,
  maxLeverageBps: null,
  maxWeightBps: null,
  maxHerfindahlBps: null,
  maxBetaBps: null,
  benchmark: null,
  maxValueAtRiskBps: null,
  maxExpectedShortfallBps: null,
  tailBps: 500,
  maxCorrelationBps: null,
  returnsWindow: 250,
  maxDaysToExitHundredths: null,
  volumeShareBps: 1000,
  volumeDays: 20,
  drawdownWarningBps: null,
  drawdownCloseBps: null,
  maxDailyLossBps: null,
  maxWeeklyLossBps: null,
  dayStartUs: 0,
  maxTradesADay: null,
  capitalStages: [],
  blackouts: [],
  responses: {},
};

/** What SetLimit may name. Its value is in the name's unit; maxPosition takes whole units. */
export const limitNames = [
  "maxPosition",
  "maxGrossExposureMinor",
  "priceCollarBps",
  "maxOrderValueMinor",
  "maxDrawdownBps",
] as const satisfies readonly (keyof Limits)[];

/** The commanded limits after a SetLimit; null switches a check off. Throws PROCESSOR_COMMAND_INVALID. */
export function withLimit(
  limits: Partial<Limits>,
  { limit, value, who }: ControlCommand,
): Partial<Limits> {
  const name = limitNames.find((known) => known === limit);
  if (name === undefined) {
    throw new TapedeckError(
      "PROCESSOR_COMMAND_INVALID",
      `SetLimit by ${who || "nobody named"} names ${limit ?? "no limit"}; the limits are ${limitNames.join(", ")}`,
      { limit, who },
    );
  }
  if (value !== null && value < 0) {
    throw new TapedeckError(
      "PROCESSOR_COMMAND_INVALID",
      `SetLimit by ${who || "nobody named"} sets ${name} to ${value}: a limit is not negative`,
      { limit: name, value, who },
    );
  }
  return { ...limits, [name]: name === "maxPosition" && value !== null ? String(value) : value };
}

const PLAIN = /^(\d+)(?:\.(\d+))?$/;

/** Greatest quantity at the scale within a limit in whole units; throws PROCESSOR_CONFIG_INVALID. */
export function quantityLimit(limit: DecimalText, scale: number): number {
  const exact = parseScaled(limit, scale);
  if (exact !== null && exact >= 0) return exact;
  const match = PLAIN.exec(limit);
  if (match === null) {
    throw new TapedeckError(
      "PROCESSOR_CONFIG_INVALID",
      `maxPosition is ${limit}: give a decimal number, 0 or more`,
      { limit },
    );
  }
  // Digits beyond the scale are dropped; what is left and does not fit is beyond every position.
  const held = `${match[1]}.${(match[2] ?? "").slice(0, scale)}`;
  return parseScaled(held, scale) ?? Number.MAX_SAFE_INTEGER;
}
