// The execution algorithm of orders in machine units, and its one form. Promises: what interpret.ts promises;
// orders without one come out as they always did.

import type { AlgorithmConfig, ScheduleConfig } from "../../processors/orders-config.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanAlgorithm, HumanConfig } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface AlgorithmReader {
  fraction(pointer: string, value: number, digits: number): number;
  duration(pointer: string, text: string, leastUs: number): number;
  fail(pointer: string, message: string): 0;
}

const PLACE = "/orders/algorithm";
const BPS_DIGITS = 4;
const DAY_US = 86_400_000_000;
/** Of a schedule. */
const MOST_US = 30 * DAY_US;
const DEFAULT_DAYS = 20;
const DEFAULT_CHILDREN = 100;
const methods = ["twap", "vwap", "pov", "implementationShortfall"] as const;

/** Nothing, or the algorithm under its key. */
export function algorithmOf(
  read: AlgorithmReader,
  { algorithm: human = null, timeInForce }: HumanConfig["orders"],
): { readonly algorithm?: AlgorithmConfig } {
  if (human === null) return {};
  const [method, ...others] = methods.filter((name) => human[name] !== undefined);
  if (method === undefined || others.length > 0) {
    const found = method === undefined ? "none" : [method, ...others].join(" and ");
    read.fail(PLACE, `found ${found}; must have one of ${methods.join(", ")}`);
    return {};
  }
  if (timeInForce === "AT_THE_OPENING" || timeInForce === "AT_THE_CLOSE") {
    const rule = "the slices of orders.algorithm need DAY, GTC, GTD, IOC or FOK";
    read.fail("/orders/timeInForce", `found ${timeInForce}; ${rule}`);
  }
  const maxChildren = human.maxChildren ?? DEFAULT_CHILDREN;
  const schedule = scheduleOf(read, human);
  if (schedule.method !== "POV" && schedule.slices > maxChildren) {
    const rule = `must be at most orders.algorithm.maxChildren (${maxChildren})`;
    read.fail(`${PLACE}/${method}/slices`, `found ${schedule.slices}; ${rule}`);
  }
  const leftover = human.leftover === "leave" ? "LEAVE" : "SWEEP";
  return { algorithm: { schedule, maxChildren, leftover } };
}

function scheduleOf(read: AlgorithmReader, human: HumanAlgorithm): ScheduleConfig {
  const { twap, vwap, pov, implementationShortfall: shortfall } = human;
  const over = (name: string, text: string, mostUs = MOST_US, most = "30d") => {
    const pointer = `${PLACE}/${name}/over`;
    const us = read.duration(pointer, text, 1);
    return us <= mostUs ? us : read.fail(pointer, `found "${text}"; must be at most ${most}`);
  };
  if (twap !== undefined) {
    return { method: "TWAP", overUs: over("twap", twap.over), slices: twap.slices };
  }
  if (pov !== undefined) {
    const rateBps = read.fraction(`${PLACE}/pov/rate`, pov.rate, BPS_DIGITS);
    return { method: "POV", overUs: over("pov", pov.over), rateBps };
  }
  if (vwap !== undefined) {
    const { curve = null, days, slices } = vwap;
    holdCurve(read, vwap);
    const overUs = over(
      "vwap",
      vwap.over,
      curve === null ? DAY_US : MOST_US,
      "24h of learned volume",
    );
    return { method: "VWAP", overUs, slices, curve, days: days ?? DEFAULT_DAYS };
  }
  const { over: text, slices, halfLife } = shortfall as NonNullable<typeof shortfall>;
  return {
    method: "IMPLEMENTATION_SHORTFALL",
    overUs: over("implementationShortfall", text),
    slices,
    halfLifeUs: read.duration(`${PLACE}/implementationShortfall/halfLife`, halfLife, 1),
  };
}

function holdCurve(read: AlgorithmReader, vwap: NonNullable<HumanAlgorithm["vwap"]>): void {
  const { curve, days, slices } = vwap;
  if (curve === undefined) return;
  const pointer = `${PLACE}/vwap/curve`;
  if (curve.length !== slices) {
    const rule = `must have one for each slice (${slices})`;
    read.fail(pointer, `found ${curve.length} volumes; ${rule}`);
  } else if (!curve.some((volume) => volume > 0)) {
    read.fail(pointer, "found nothing but 0; must have a volume above it");
  }
  if (days !== undefined)
    read.fail(`${PLACE}/vwap/days`, "does nothing with a curve: leave it out");
}

/** Nothing, or what is chosen, each value in one form. */
export function oneAlgorithm(human: HumanAlgorithm | null = null): { readonly algorithm?: Plain } {
  if (human === null) return {};
  const { maxChildren = DEFAULT_CHILDREN, leftover = "sweep", ...method } = human;
  const schedule = Object.entries(method).map(([name, terms]) => [name, oneTerms(name, terms)]);
  return { algorithm: { ...Object.fromEntries(schedule), maxChildren, leftover } };
}

function oneTerms(name: string, terms: Readonly<Record<string, Plain>>): Plain {
  const days = name === "vwap" && terms.curve === undefined ? { days: DEFAULT_DAYS } : {};
  const one = Object.entries(terms).map(([key, value]) => {
    const us = key === "over" || key === "halfLife" ? parseDurationUs(String(value)) : null;
    return [key, us === null ? value : formatDurationUs(us)];
  });
  return { ...days, ...Object.fromEntries(one) };
}
