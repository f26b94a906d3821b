// The section risk.breakers in machine units, and its one form. Promises: what interpret.ts promises; a
// configuration that switches none on comes out as it always did.

import type { BreakersConfig, DataQualityConfig } from "../../processors/breakers-config.ts";
import type { FlowConfig } from "../../processors/flow-config.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanBreakers, HumanLimit } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";
import type { SizingReader } from "./sizing.ts";

const BPS_DIGITS = 4;
const PLACE = "/risk/breakers";
const SWITCHES = ["hitRate", "dataQuality", "maxAge"] as const;

const isOff = (value: HumanLimit | string | undefined): value is "off" | null | undefined =>
  value === "off" || value === null || value === undefined;

const isOn = (human: HumanBreakers): boolean => SWITCHES.some((key) => !isOff(human[key]));

/** No watch where the section is left out, or switches nothing on. */
export function breakersOf(
  read: SizingReader,
  human: HumanBreakers | undefined,
): Pick<FlowConfig, "breakers"> {
  if (human === undefined) return {};
  needs(read, human);
  if (!isOn(human)) return {};
  const bps = (key: "hitRate" | "dataQuality"): number | null => {
    const value = human[key];
    return isOff(value) ? null : read.fraction(`${PLACE}/${key}`, value, BPS_DIGITS);
  };
  const [hitRate, quality] = [bps("hitRate"), bps("dataQuality")];
  const breakers: BreakersConfig = {
    response: human.response === "reduce" ? "REDUCE_ONLY" : "HALT",
    modelDecay: hitRate === null ? null : { leastBps: hitRate, outcomes: human.outcomes ?? 200 },
    dataQuality:
      quality === null
        ? null
        : { leastBps: quality, bars: human.bars ?? 500, every: everyOf(read, human) },
    maxAgeUs: isOff(human.maxAge) ? null : read.duration(`${PLACE}/maxAge`, human.maxAge, 1),
  };
  return { breakers };
}

function everyOf(
  read: SizingReader,
  { barEvery, closedAfter = "2h" }: HumanBreakers,
): DataQualityConfig["every"] {
  if (isOff(barEvery)) return null;
  const barUs = read.duration(`${PLACE}/barEvery`, barEvery, 1);
  const closedUs = isOff(closedAfter)
    ? Number.MAX_SAFE_INTEGER
    : read.duration(`${PLACE}/closedAfter`, closedAfter, 1);
  if (closedUs <= barUs) {
    read.fail(`${PLACE}/closedAfter`, `found "${closedAfter}"; must be longer than barEvery`);
  }
  return { barUs, closedUs };
}

/** What does nothing by itself. */
function needs(read: SizingReader, human: HumanBreakers): void {
  const pairs = [
    ["outcomes", "hitRate"],
    ["bars", "dataQuality"],
    ["barEvery", "dataQuality"],
    ["closedAfter", "barEvery"],
  ] as const;
  for (const [key, use] of pairs) {
    if (human[key] === undefined || !isOff(human[use])) continue;
    read.fail(`${PLACE}/${key}`, `does nothing without risk.breakers.${use}`);
  }
  if (human.response !== undefined && !isOn(human)) {
    read.fail(`${PLACE}/response`, `does nothing without one of ${SWITCHES.join(", ")}`);
  }
}

/** What is switched on, each value in one form; nothing where nothing is. */
export function oneBreakers(human: HumanBreakers | undefined): { readonly [key: string]: Plain } {
  if (human === undefined || !isOn(human)) return {};
  const on = Object.entries(human as { readonly [key: string]: Plain }).filter(
    ([key, value]) => key === "closedAfter" || (value !== "off" && value !== null),
  );
  return { breakers: Object.fromEntries(on.map(([key, value]) => [key, oneValue(key, value)])) };
}

function oneValue(key: string, value: Plain): Plain {
  if (key !== "barEvery" && key !== "closedAfter" && key !== "maxAge") return value;
  const us = parseDurationUs(String(value));
  return us === null ? value : formatDurationUs(us);
}
