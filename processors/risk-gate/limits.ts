// The limits in force, and the command that changes one. Promises: nothing that is commanded is looser than the
// configuration lets it be; a command that is refused changes nothing, and stops nothing.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { DecimalText } from "../../schemas/values/decimal.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { commandProblem } from "../command-check.ts";
import { nameOf, powerProblem, type Roster } from "../people.ts";
import {
  type ProposalLimits,
  type RiskConfig,
  type SettableLimit,
  settableLimits,
} from "../risk-config.ts";

/** null: the check is off. */
export type Limits = Pick<
  RiskConfig,
  | "maxPosition"
  | "maxGrossExposureMinor"
  | "priceCollarBps"
  | "maxOrderValueMinor"
  | "maxDrawdownBps"
>;

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

/** What SetLimit has changed: a limit that stands here, null included, stands before the configuration. */
export type Commanded = Partial<Record<SettableLimit, number | null>>;

/** The five that are in force beside the checks of whole proposals. */
export function limitsInForce(config: RiskConfig, commanded: Commanded): Limits {
  const { maxPosition: units } = commanded;
  const { maxGrossExposureMinor, priceCollarBps, maxOrderValueMinor, maxDrawdownBps } = {
    ...config,
    ...commanded,
  };
  const maxPosition =
    units === undefined ? config.maxPosition : units === null ? null : String(units);
  return { maxPosition, maxGrossExposureMinor, priceCollarBps, maxOrderValueMinor, maxDrawdownBps };
}

/** The checks of whole proposals in force; null where none is configured or commanded. */
export function proposalLimitsInForce(
  { proposals, onBreach }: RiskConfig,
  commanded: Commanded,
): ProposalLimits | null {
  const configured = proposals ?? (onBreach === "scale" ? noProposalLimits : null);
  const changes = Object.entries(commanded).filter(([name]) =>
    Object.hasOwn(noProposalLimits, name),
  );
  if (changes.length === 0) return configured;
  return { ...(configured ?? noProposalLimits), ...Object.fromEntries(changes) };
}

/** A raise that one person asked for. */
export interface AskedRaise {
  readonly limit: SettableLimit;
  readonly value: number | null;
  readonly who: string;
  readonly timeUs: number;
}

/** What a SetLimit comes to: `commanded` and `raises` go on, and `answer` is said where it did not take effect. */
export interface LimitRuling {
  readonly commanded: Commanded;
  readonly raises: readonly AskedRaise[];
  readonly answer: {
    readonly reason: "CommandRefused" | "SecondPersonNeeded";
    readonly text: string;
  } | null;
}

/** How long the second person has: a day of event time. */
const RAISE_US = 86_400_000_000;

/**
 * One named person may tighten a limit, or set what is off; two raise it, by the same SetLimit within a day, and never beyond
 * what is configured, or its line under `ceilings`. A command that breaks this changes nothing.
 */
export function ruleOnLimit(
  state: { readonly commanded: Commanded; readonly raises: readonly AskedRaise[] },
  command: ControlCommand,
  timeUs: number,
  config: RiskConfig,
  people: Roster,
): LimitRuling {
  const { commanded, raises } = state;
  const { value, who } = command;
  const limit = settableLimits.find((known) => known === command.limit);
  const problem =
    commandProblem(command) ?? powerProblem(people, who, "limits") ?? unmet(limit, value, config);
  const refused = (text: string): LimitRuling => ({
    commanded,
    raises,
    answer: { reason: "CommandRefused", text },
  });
  if (limit === undefined || problem !== null) return refused(problem ?? "no such limit");
  const configured = configuredLimit(limit, config);
  const ceiling = config.ceilings?.[limit] ?? configured;
  if (isLooser(value, ceiling)) {
    return refused(
      `${limit} may not be above ${ceiling}, which the configuration gives: found ${value ?? "off"}`,
    );
  }
  const inForce = commanded[limit] === undefined ? configured : commanded[limit];
  const others = raises.filter((one) => one.limit !== limit);
  const set = { commanded: { ...commanded, [limit]: value }, raises: others, answer: null };
  if (!isLooser(value, inForce)) return set;
  const asked = raises.find((one) => one.limit === limit && one.value === value);
  const isSecond =
    asked !== undefined && nameOf(asked.who) !== nameOf(who) && timeUs - asked.timeUs <= RAISE_US;
  if (isSecond) return set;
  const text = `raising ${limit} from ${inForce ?? "off"} to ${value ?? "off"} waits for the same SetLimit by a second person, within a day`;
  return {
    commanded,
    raises: [...others, { limit, value, who, timeUs }],
    answer: { reason: "SecondPersonNeeded", text },
  };
}

/** null is off: the loosest. */
const isLooser = (value: number | null, than: number | null): boolean =>
  than !== null && (value === null || value > than);

function configuredLimit(limit: SettableLimit, config: RiskConfig): number | null {
  if (limit === "maxPosition")
    return config.maxPosition === null ? null : Number(config.maxPosition);
  const { [limit]: found } = { ...noProposalLimits, ...config.proposals, ...config };
  return found;
}

/** What a limit cannot be measured without. */
function unmet(
  limit: SettableLimit | undefined,
  value: number | null,
  { proposals }: RiskConfig,
): string | null {
  if (value === null) return null;
  if (limit === "maxBetaBps" && (proposals?.benchmark ?? null) === null) {
    return "maxBetaBps needs risk.benchmark in the configuration";
  }
  if (limit === "maxSectorBps" && Object.keys(proposals?.sectors ?? {}).length === 0) {
    return "maxSectorBps needs risk.sectors in the configuration";
  }
  return null;
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
