// The sizing section in machine units, and its one form. Promises: what interpret.ts promises; a section
// without lots and rebalance comes out as it always did.

import type {
  CalendarUnit,
  IntegratedSizing,
  RebalanceConfig,
  SizingConfig,
  VolatilityTarget,
} from "../../processors/sizing-config.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanLimit, HumanOutlook, HumanRebalance, HumanSizing } from "./human-config.ts";
import { oneOptimiser, optimiserOf } from "./optimiser.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface SizingReader {
  fraction(pointer: string, value: number, digits: number): number;
  amount(pointer: string, value: number): number;
  duration(pointer: string, text: string, leastUs: number): number;
  fail(pointer: string, message: string): 0;
}

const BPS_DIGITS = 4;
const PPM_DIGITS = 6;
const DAY_US = 86_400_000_000;
const PLACE = "/sizing/rebalance";

export function sizingOf(read: SizingReader, human: HumanSizing): SizingConfig {
  const { allowShort } = human;
  const rebalance = rebalanceOf(read, human.rebalance);
  const choices = {
    allowShort,
    ...(human.lots === "least-cash" ? { lots: "LEAST_CASH" as const } : {}),
    ...(rebalance === null ? {} : { rebalance }),
  };
  const bps = (key: string, value: number) => read.fraction(`/sizing/${key}`, value, BPS_DIGITS);
  switch (human.method) {
    case "fixed-quantity":
      return { method: "FIXED_QUANTITY", quantity: String(human.quantity), ...choices };
    case "equal-weight":
      return { method: "EQUAL_WEIGHT", grossBps: bps("gross", human.gross), ...choices };
    case "inverse-volatility":
      return { method: "INVERSE_VOLATILITY", grossBps: bps("gross", human.gross), ...choices };
    case "volatility-target":
      return {
        method: "VOLATILITY_TARGET",
        targetBps: bps("target", human.target),
        barsPerYear: human.barsPerYear,
        maxLeverageBps: bps("maxLeverage", human.maxLeverage),
        ...covarianceOf(read, human),
        ...choices,
      };
    case "fractional-kelly":
      return {
        method: "FRACTIONAL_KELLY",
        fractionBps: bps("fraction", human.fraction),
        window: human.window,
        maxLeverageBps: bps("maxLeverage", human.maxLeverage),
        ...choices,
      };
    case "integrated":
      return {
        method: "INTEGRATED",
        grossBps: bps("gross", human.gross),
        confidenceBps: bps("confidence", human.confidence),
        ...outlookOf(read, human),
        ...choices,
      };
    case "optimised":
      return {
        method: "OPTIMISED",
        optimiser: optimiserOf(read, human.optimiser, allowShort, human.rebalance),
        ...choices,
      };
  }
}

/** The portfolio as a whole is aimed at where it says so. */
function covarianceOf(
  read: SizingReader,
  { targetOf, covarianceWindow, shrinkage }: Extract<HumanSizing, { method: "volatility-target" }>,
): Pick<VolatilityTarget, "covariance"> {
  if (targetOf === "portfolio") {
    return { covariance: { window: covarianceWindow ?? 60, shrinkage: shrinkage ?? 0.3 } };
  }
  const rule = "does nothing without sizing.targetOf: portfolio";
  if (covarianceWindow !== undefined) read.fail("/sizing/covarianceWindow", rule);
  if (shrinkage !== undefined) read.fail("/sizing/shrinkage", rule);
  return {};
}

const flowDefaults = { bucketBars: 8, buckets: 50, window: 50 };

/** What the integrated sizer goes by besides the signal. */
function outlookOf(
  read: SizingReader,
  { regimeWeights, regimeFrom, regimeBand, forecasts, toxicity }: HumanOutlook,
): Pick<IntegratedSizing, "regimes" | "forecasts" | "toxicity"> {
  const needs = (key: string, rule: string) => read.fail(`/sizing/${key}`, `does nothing ${rule}`);
  if (regimeWeights === undefined) {
    if (regimeFrom !== undefined) needs("regimeFrom", "without sizing.regimeWeights");
    if (regimeBand !== undefined) needs("regimeBand", "without sizing.regimeWeights");
  }
  const from = regimeFrom ?? "features";
  if (from === "tape" && regimeBand !== undefined) {
    needs("regimeBand", "where regimes come from the tape");
  }
  const regimes = { from, band: regimeBand ?? 1, weights: regimeWeights ?? {} };
  return {
    ...(regimeWeights === undefined ? {} : { regimes }),
    ...(forecasts === true ? { forecasts } : {}),
    ...(toxicity === undefined ? {} : { toxicity: { ...flowDefaults, ...toxicity } }),
  };
}

/** null where nothing is switched on. */
function rebalanceOf(
  read: SizingReader,
  human: HumanRebalance | undefined,
): RebalanceConfig | null {
  if (human === undefined || Object.keys(oneRebalance(human)).length === 0) return null;
  const fraction = (key: keyof HumanRebalance, value: HumanLimit = null, digits = BPS_DIGITS) =>
    isOff(value) ? null : read.fraction(`${PLACE}/${key}`, value, digits);
  const { minimumValue = null, minimumQuantity = null, riskAversion } = human;
  const costPerMillion = fraction("costPerSide", human.costPerSide, PPM_DIGITS);
  if (riskAversion !== undefined && costPerMillion === null) {
    read.fail(`${PLACE}/riskAversion`, "does nothing without sizing.rebalance.costPerSide");
  }
  const every = everyOf(human.every);
  const drawdownScaleBps = fraction("drawdownScale", human.drawdownScale);
  if (drawdownScaleBps !== null && isOff(human.drawdown ?? null)) {
    read.fail(`${PLACE}/drawdownScale`, "does nothing without sizing.rebalance.drawdown");
  }
  return {
    driftBps: fraction("drift", human.drift),
    driftOfTargetBps: fraction("driftOfTarget", human.driftOfTarget),
    targetChangeBps: fraction("targetChange", human.targetChange),
    every,
    dayStartUs: dayStartOf(read, human.dayStart, every),
    drawdownBps: fraction("drawdown", human.drawdown),
    ...(drawdownScaleBps === null ? {} : { drawdownScaleBps }),
    minimumValueMinor: isOff(minimumValue)
      ? null
      : read.amount(`${PLACE}/minimumValue`, minimumValue),
    minimumQuantity: isOff(minimumQuantity) ? null : String(minimumQuantity),
    maxTurnoverBps: fraction("maxTurnover", human.maxTurnover),
    costPerMillion,
    riskAversion: riskAversion ?? 1,
  };
}

const isOff = (value: HumanLimit): value is "off" | null => value === "off" || value === null;

const units: Readonly<Record<string, CalendarUnit>> = {
  bar: "BAR",
  day: "DAY",
  week: "WEEK",
  month: "MONTH",
};

/** Takes what the schema's pattern takes. */
function everyOf(text = "off"): RebalanceConfig["every"] {
  const [count = "", word = ""] = text.split(" ");
  const unit = units[word.replace(/s$/, "")];
  return unit === undefined ? null : { count: Number(count), unit };
}

function dayStartOf(
  read: SizingReader,
  text: string | undefined,
  every: RebalanceConfig["every"],
): number {
  if (text === undefined) return 0;
  const pointer = `${PLACE}/dayStart`;
  if (every === null || every.unit === "BAR") {
    const rule = "does nothing without sizing.rebalance.every in days, weeks or months";
    return read.fail(pointer, rule);
  }
  const us = read.duration(pointer, text, 0);
  return us < DAY_US ? us : read.fail(pointer, `found "${text}"; must be less than 24h`);
}

/** What is switched on, each value in one form; the section as it stands where it has neither group. */
export function oneSizing(human: HumanSizing): Plain {
  const { lots, rebalance, ...all } = human;
  const rest = Object.fromEntries(
    Object.entries(all as { readonly [key: string]: Plain }).filter(
      ([key, value]) =>
        !(key === "forecasts" && value === false) && !(key === "targetOf" && value === "slot"),
    ),
  );
  const on = rebalance === undefined ? {} : oneRebalance(rebalance);
  return {
    ...rest,
    ...("optimiser" in human ? { optimiser: oneOptimiser({ ...human.optimiser } as never) } : {}),
    ...(lots === "least-cash" ? { lots } : {}),
    ...(Object.keys(on).length === 0 ? {} : { rebalance: on }),
  };
}

function oneRebalance(human: HumanRebalance): { readonly [key: string]: Plain } {
  const on = Object.entries(human).filter(([, value]) => !isOff(value));
  return Object.fromEntries(on.map(([key, value]) => [key, oneValue(key, value)]));
}

function oneValue(key: string, value: Plain): Plain {
  if (key === "every") {
    const every = everyOf(String(value));
    if (every === null) return value;
    return `${every.count} ${every.unit.toLowerCase()}${every.count === 1 ? "" : "s"}`;
  }
  if (key !== "dayStart") return value;
  const us = parseDurationUs(String(value));
  return us === null ? value : formatDurationUs(us);
}
