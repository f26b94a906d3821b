// The checks of whole proposals in machine units, and their one form. Promises: what interpret.ts promises;
// a risk section without them comes out as it always did, and so do its runs' ids.

import type {
  ProposalLimits,
  RecurringBlackout,
  RiskConfig,
} from "../../processors/risk-config.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanBlackout, HumanLimit, HumanProposals, LimitName } from "./human-config.ts";
import { limitFields, limitValue } from "./limit-fields.ts";
import type { Plain } from "./read-yaml.ts";
import type { SizingReader } from "./sizing.ts";
import { timeOfDayUs } from "./venue.ts";

const BPS_DIGITS = 4;
const DAY_US = 86_400_000_000;
const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** What stops or cuts beside the checks of whole proposals, and how far SetLimit may go. */
export function stopsOf(
  read: SizingReader,
  human: HumanProposals & { readonly maxDrawdown: HumanLimit },
): Pick<RiskConfig, "maxPriceAgeUs" | "drawdownReduceToBps" | "ceilings"> {
  const { maxPriceAge, drawdownReduceTo, ceilings } = human;
  if (!isOff(drawdownReduceTo) && isOff(human.maxDrawdown)) {
    read.fail("/risk/drawdownReduceTo", "does nothing without risk.maxDrawdown");
  }
  return {
    ...(maxPriceAge === undefined || maxPriceAge === "off"
      ? {}
      : { maxPriceAgeUs: read.duration("/risk/maxPriceAge", maxPriceAge, 1) }),
    ...(isOff(drawdownReduceTo)
      ? {}
      : {
          drawdownReduceToBps: read.fraction(
            "/risk/drawdownReduceTo",
            drawdownReduceTo,
            BPS_DIGITS,
          ),
        }),
    ...(ceilings === undefined ? {} : { ceilings: ceilingsOf(read, human, ceilings) }),
  };
}

function ceilingsOf(
  read: SizingReader,
  human: HumanProposals,
  ceilings: NonNullable<HumanProposals["ceilings"]>,
): NonNullable<RiskConfig["ceilings"]> {
  const given = human as Readonly<Partial<Record<LimitName, HumanLimit>>>;
  return Object.fromEntries(
    Object.entries(ceilings).map(([key, value]) => {
      const name = key as LimitName;
      const place = `/risk/ceilings/${name}`;
      const own = given[name];
      if (typeof own === "number" && own > value) {
        read.fail(place, `found ${value}; must not be below risk.${name} (${own})`);
      }
      return [limitFields[name][0], limitValue(read, name, value, place)];
    }),
  );
}

/** null where none is switched on. */
export function proposalsOf(read: SizingReader, human: HumanProposals): ProposalLimits | null {
  if (Object.keys(oneProposals(human)).every((key) => STOPS.has(key))) return null;
  const place = (key: string): string => `/risk/${key}`;
  const scaled = (key: keyof HumanProposals, digits = BPS_DIGITS): number | null => {
    const value = human[key] as HumanLimit | undefined;
    return isOff(value) ? null : read.fraction(place(key), value, digits);
  };
  const { capitalStages = [], blackouts = [], maxNetExposure: net, tailLevel = 0.95 } = human;
  needs(read, human);
  return {
    maxSectorBps: scaled("maxSector"),
    sectors: human.sectors ?? {},
    maxNetExposureMinor: isOff(net) ? null : read.amount(place("maxNetExposure"), net),
    maxLeverageBps: scaled("maxLeverage"),
    maxWeightBps: scaled("maxWeight"),
    maxHerfindahlBps: scaled("maxHerfindahl"),
    maxBetaBps: scaled("maxBeta"),
    benchmark: human.benchmark ?? null,
    maxValueAtRiskBps: scaled("maxValueAtRisk"),
    maxExpectedShortfallBps: scaled("maxExpectedShortfall"),
    tailBps: 10_000 - read.fraction(place("tailLevel"), tailLevel, BPS_DIGITS),
    maxCorrelationBps: scaled("maxCorrelation"),
    ...(human.tailHorizon === undefined ? {} : { tailHorizon: human.tailHorizon }),
    returnsWindow: human.returnsWindow ?? 250,
    ...(human.returnsBy === "day" ? { returnsBy: "day" as const } : {}),
    maxDaysToExitHundredths: scaled("maxDaysToExit", 2),
    volumeShareBps: read.fraction(place("volumeShare"), human.volumeShare ?? 0.1, BPS_DIGITS),
    volumeDays: human.volumeDays ?? 20,
    drawdownWarningBps: scaled("drawdownWarning"),
    drawdownCloseBps: scaled("drawdownClose"),
    maxDailyLossBps: scaled("maxDailyLoss"),
    maxWeeklyLossBps: scaled("maxWeeklyLoss"),
    dayStartUs: dayStartOf(read, human.dayStart),
    maxTradesADay: isOff(human.maxTradesADay) ? null : human.maxTradesADay,
    capitalStages: capitalStages.map(({ days, capital, sharpe = null }, i) => {
      const before = capitalStages[i - 1]?.days ?? -1;
      if (days <= before) {
        read.fail(`${place("capitalStages")}/${i}/days`, `found ${days}; must be above ${before}`);
      }
      const pointer = `${place("capitalStages")}/${i}/capital`;
      return { days, sharpe, capitalMinor: read.amount(pointer, capital) };
    }),
    blackouts: blackouts.map(blackoutOf),
    responses: human.responses ?? {},
  };
}

const isOff = (value: HumanLimit | undefined): value is "off" | null | undefined =>
  value === "off" || value === null || value === undefined;

/** What does nothing by itself. */
function needs(read: SizingReader, human: HumanProposals): void {
  const on = (key: keyof HumanProposals): boolean => !isOff(human[key] as HumanLimit | undefined);
  const pairs: readonly (readonly [keyof HumanProposals, readonly (keyof HumanProposals)[]])[] = [
    ["sectors", ["maxSector"]],
    ["benchmark", ["maxBeta"]],
    ["tailLevel", ["maxValueAtRisk", "maxExpectedShortfall"]],
    ["tailHorizon", ["maxValueAtRisk", "maxExpectedShortfall"]],
    ["returnsBy", ["maxBeta", "maxValueAtRisk", "maxExpectedShortfall", "maxCorrelation"]],
    ["returnsWindow", ["maxBeta", "maxValueAtRisk", "maxExpectedShortfall", "maxCorrelation"]],
    ["volumeShare", ["maxDaysToExit"]],
    ["volumeDays", ["maxDaysToExit"]],
  ];
  for (const [key, uses] of pairs) {
    if (!on(key) || uses.some(on)) continue;
    const names = uses.map((use) => `risk.${use}`).join(" or ");
    read.fail(`/risk/${key}`, `does nothing without ${names}`);
  }
  if (on("maxBeta") && !on("benchmark")) {
    read.fail("/risk/maxBeta", "needs risk.benchmark: the symbol that beta is measured against");
  }
}

function dayStartOf(read: SizingReader, text = "0s"): number {
  const us = read.duration("/risk/dayStart", text, 0);
  return us < DAY_US ? us : read.fail("/risk/dayStart", `found "${text}"; must be less than 24h`);
}

function blackoutOf({ from, until, days = WEEK, symbol }: HumanBlackout): RecurringBlackout {
  const weekdays = WEEK.flatMap((day, i) => (days.includes(day) ? [i] : []));
  return {
    symbol: symbol ?? null,
    weekdays,
    fromUs: timeOfDayUs(from),
    untilUs: timeOfDayUs(until),
  };
}

/** What is switched on, each value in one form. */
export function oneProposals(human: HumanProposals): { readonly [key: string]: Plain } {
  const given = human as { readonly [key: string]: Plain };
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]): [string, Plain][] => {
      if (!KEYS.has(key) || isOff(value as HumanLimit | undefined)) return [];
      if (key === "sectors" || key === "responses") {
        return Object.keys(value as object).length === 0 ? [] : [[key, value]];
      }
      if (key === "returnsBy" && value === "bar") return [];
      const us =
        key === "dayStart" || key === "maxPriceAge" ? parseDurationUs(String(value)) : null;
      return [[key, us === null ? value : formatDurationUs(us)]];
    }),
  );
}

const names: Readonly<Record<keyof HumanProposals, true>> = {
  maxSector: true,
  sectors: true,
  maxNetExposure: true,
  maxLeverage: true,
  maxWeight: true,
  maxHerfindahl: true,
  maxBeta: true,
  benchmark: true,
  maxValueAtRisk: true,
  maxExpectedShortfall: true,
  tailLevel: true,
  maxCorrelation: true,
  returnsWindow: true,
  maxDaysToExit: true,
  volumeShare: true,
  volumeDays: true,
  drawdownWarning: true,
  drawdownClose: true,
  maxDailyLoss: true,
  maxWeeklyLoss: true,
  dayStart: true,
  maxTradesADay: true,
  capitalStages: true,
  blackouts: true,
  responses: true,
  returnsBy: true,
  tailHorizon: true,
  maxPriceAge: true,
  drawdownReduceTo: true,
  ceilings: true,
};
/** Keys that are no checks of whole proposals: nothing is kept for them. */
const STOPS: ReadonlySet<string> = new Set(["maxPriceAge", "drawdownReduceTo", "ceilings"]);
/** Of the risk section, the keys that are here: the others have defaults. */
export const KEYS: ReadonlySet<string> = new Set(Object.keys(names));
