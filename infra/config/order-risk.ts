// The section risk.orders in machine units, and its one form. Promises: what interpret.ts promises; a configuration
// without the section comes out as it always did.

import type { FlowConfig } from "../../processors/flow-config.ts";
import type { OrderRiskConfig, RateLimit } from "../../processors/risk-config.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanLimit, HumanOrderRisk } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface OrderRiskReader {
  fraction(pointer: string, value: number, digits: number): number;
  amount(pointer: string, value: number): number;
  duration(pointer: string, text: string, leastUs: number): number;
  fail(pointer: string, message: string): 0;
}

const BPS_DIGITS = 4;
const MINUTE_US = 60_000_000;
const PLACE = "/risk/orders";
const DEFAULT_BARS = 20;

const isOff = (value: HumanLimit | undefined): value is "off" | null | undefined =>
  value === "off" || value === null || value === undefined;

/** No gate where the section is left out; an empty one has the kill switch alone. */
export function orderRiskOf(
  read: OrderRiskReader,
  human: HumanOrderRisk | undefined,
): Pick<FlowConfig, "orderRisk"> {
  if (human === undefined) return {};
  const bps = (key: "priceCollar" | "volumeShare"): number | null => {
    const value = human[key];
    return isOff(value) ? null : read.fraction(`${PLACE}/${key}`, value, BPS_DIGITS);
  };
  const { maxValue, maxQuantity, volumeBars } = human;
  const mostBps = bps("volumeShare");
  if (volumeBars !== undefined && mostBps === null) {
    read.fail(`${PLACE}/volumeBars`, "does nothing without risk.orders.volumeShare");
  }
  const orderRisk: OrderRiskConfig = {
    priceCollarBps: bps("priceCollar"),
    maxOrderValueMinor: isOff(maxValue) ? null : read.amount(`${PLACE}/maxValue`, maxValue),
    maxOrderQuantity: isOff(maxQuantity) ? null : String(maxQuantity),
    volumeShare: mostBps === null ? null : { mostBps, bars: volumeBars ?? DEFAULT_BARS },
    orderRate: rateOf(read, "orderRate", human.orderRate),
    messageRate: rateOf(read, "messageRate", human.messageRate),
    repeats: rateOf(read, "repeats", human.repeats),
    maxPriceAgeUs: ageOf(read, human.maxPriceAge),
    session: sessionOf(read, human.session),
    approvedOnly: human.approvedOnly ?? false,
    shortable: shortableOf(read, human.shortable),
    buyingPower: human.buyingPower ?? false,
  };
  return { orderRisk };
}

/** Takes what the schema's pattern takes: "20 in 1s". */
function rateOf(
  read: OrderRiskReader,
  key: "orderRate" | "messageRate" | "repeats",
  text = "off",
): RateLimit | null {
  if (text === "off") return null;
  const [most = "", window = ""] = text.split(" in ");
  return { most: Number(most), windowUs: read.duration(`${PLACE}/${key}`, window, 1) };
}

const ageOf = (read: OrderRiskReader, text = "off"): number | null =>
  text === "off" ? null : read.duration(`${PLACE}/maxPriceAge`, text, 1);

function sessionOf(read: OrderRiskReader, text = "off"): OrderRiskConfig["session"] {
  if (text === "off") return null;
  if (text === "calendar") return "CALENDAR";
  const [openUs = 0, closeUs = 0] = text.split("-").map((time) => {
    const [hours = "", minutes = ""] = time.split(":");
    return (Number(hours) * 60 + Number(minutes)) * MINUTE_US;
  });
  if (openUs >= closeUs) {
    read.fail(
      `${PLACE}/session`,
      `found "${text}"; it must open before it closes, on one day in UTC`,
    );
  }
  return { openUs, closeUs };
}

function shortableOf(
  read: OrderRiskReader,
  lines: readonly string[] | undefined,
): OrderRiskConfig["shortable"] {
  if (lines === undefined) return null;
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const [symbol = "", quantity = ""] = line.split(" ");
    if (found.has(symbol)) {
      read.fail(`${PLACE}/shortable/${index}`, `found "${line}"; ${symbol} stands there before`);
    }
    found.set(symbol, quantity);
  }
  return Object.fromEntries(found);
}

/** What is switched on, each value in one form. */
export function oneOrderRisk(human: HumanOrderRisk): { readonly [key: string]: Plain } {
  const on = Object.entries(human as { readonly [key: string]: Plain }).filter(
    ([, value]) => value !== "off" && value !== null && value !== false,
  );
  return Object.fromEntries(on.map(([key, value]) => [key, oneValue(key, value)]));
}

function oneValue(key: string, value: Plain): Plain {
  if (typeof value !== "string") return value;
  if (key === "maxPriceAge") return oneDuration(value);
  const [most = "", window] = value.split(" in ");
  return window === undefined ? value : `${most} in ${oneDuration(window)}`;
}

function oneDuration(text: string): string {
  const us = parseDurationUs(text);
  return us === null ? text : formatDurationUs(us);
}
