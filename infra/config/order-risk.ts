// The section risk.orders in machine units, and its one form. Promises: what interpret.ts promises; a configuration
// without the section comes out as it always did.

import type { FlowConfig } from "../../processors/flow-config.ts";
import type {
  InstrumentLimits,
  OrderRiskConfig,
  RateLimit,
  ReducingLimits,
  Requirement,
} from "../../processors/risk-config.ts";
import type { MarginTerms } from "../../schemas/values/margin.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanInstrumentLimits, HumanLimit, HumanOrderRisk } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface OrderRiskReader {
  fraction(pointer: string, value: number, digits: number): number;
  amount(pointer: string, value: number): number;
  duration(pointer: string, text: string, leastUs: number): number;
  fail(pointer: string, message: string): 0;
}

const BPS_DIGITS = 4;
const PPM_DIGITS = 6;
const WHOLE = 1_000_000;
const MINUTE_US = 60_000_000;
const PLACE = "/risk/orders";
const DEFAULT_BARS = 20;

const isOff = (value: HumanLimit | undefined): value is "off" | null | undefined =>
  value === "off" || value === null || value === undefined;

/** No gate where the section is left out; an empty one has the kill switch alone. */
export function orderRiskOf(
  read: OrderRiskReader,
  human: HumanOrderRisk | undefined,
  margin?: MarginTerms,
): Pick<FlowConfig, "orderRisk"> {
  if (human === undefined) return {};
  const { volumeBars, volumeShare, requirement } = human;
  const mostBps = isOff(volumeShare) ? null : bpsOf(read, PLACE, "volumeShare", volumeShare);
  if (volumeBars !== undefined && mostBps === null) {
    read.fail(`${PLACE}/volumeBars`, "does nothing without risk.orders.volumeShare");
  }
  if (requirement !== undefined && human.buyingPower !== true) {
    read.fail(`${PLACE}/requirement`, "does nothing without risk.orders.buyingPower");
  }
  const denials = rateOf(read, "denials", human.denials);
  const {
    priceCollarBps = null,
    maxOrderValueMinor = null,
    ...limits
  } = limitsOf(read, PLACE, human);
  const orderRisk: OrderRiskConfig = {
    priceCollarBps,
    maxOrderValueMinor,
    maxOrderQuantity: limits.maxOrderQuantity ?? null,
    volumeShare: mostBps === null ? null : { mostBps, bars: volumeBars ?? DEFAULT_BARS },
    orderRate: rateOf(read, "orderRate", human.orderRate),
    messageRate: rateOf(read, "messageRate", human.messageRate),
    repeats: rateOf(read, "repeats", human.repeats),
    maxPriceAgeUs: limits.maxPriceAgeUs ?? null,
    session: sessionOf(read, human.session),
    approvedOnly: human.approvedOnly ?? false,
    shortable: shortableOf(read, human.shortable),
    buyingPower: human.buyingPower ?? false,
    ...(denials === null ? {} : { denials }),
    ...duplicatesOf(read, human.duplicates),
    ...requirementOf(read, human, margin),
    ...reducingOf(read, human.reducing),
    ...instrumentsOf(read, human.instruments),
  };
  return { orderRisk };
}

const bpsOf = (read: OrderRiskReader, place: string, key: string, value: number): number =>
  read.fraction(`${place}/${key}`, value, BPS_DIGITS);

/** Those that are told; null where one is told to be off. */
function limitsOf(
  read: OrderRiskReader,
  place: string,
  { priceCollar, maxValue, maxQuantity, maxPriceAge }: HumanInstrumentLimits,
): Partial<InstrumentLimits> {
  const told = <T, U>(value: T | "off" | null, of: (value: T) => U): U | null =>
    value === "off" || value === null ? null : of(value);
  return {
    ...(priceCollar === undefined
      ? {}
      : { priceCollarBps: told(priceCollar, (one) => bpsOf(read, place, "priceCollar", one)) }),
    ...(maxValue === undefined
      ? {}
      : { maxOrderValueMinor: told(maxValue, (one) => read.amount(`${place}/maxValue`, one)) }),
    ...(maxQuantity === undefined ? {} : { maxOrderQuantity: told(maxQuantity, String) }),
    ...(maxPriceAge === undefined
      ? {}
      : {
          maxPriceAgeUs: told(maxPriceAge, (one) => read.duration(`${place}/maxPriceAge`, one, 1)),
        }),
  };
}

const duplicatesOf = (read: OrderRiskReader, text = "off"): { duplicateUs?: number } =>
  text === "off" ? {} : { duplicateUs: read.duration(`${PLACE}/duplicates`, text, 1) };

/** Contracts take what the venue asks for, where it asks and nothing else is told. */
function requirementOf(
  read: OrderRiskReader,
  { requirement, buyingPower }: HumanOrderRisk,
  margin: MarginTerms | undefined,
): { requirement?: Requirement } {
  if (buyingPower !== true || (requirement === undefined && margin === undefined)) return {};
  const { spot = 1, contracts } = requirement ?? {};
  const place = `${PLACE}/requirement`;
  const asked =
    margin === undefined ? WHOLE : Math.ceil(margin.initialPerMillion / margin.leverage);
  const contractPerMillion =
    contracts === undefined ? asked : read.fraction(`${place}/contracts`, contracts, PPM_DIGITS);
  const spotPerMillion = read.fraction(`${place}/spot`, spot, PPM_DIGITS);
  return { requirement: { spotPerMillion, contractPerMillion } };
}

function reducingOf(
  read: OrderRiskReader,
  human: HumanOrderRisk["reducing"],
): { reducing?: ReducingLimits } {
  if (human === undefined) return {};
  const place = `${PLACE}/reducing`;
  const { volumeShare, repeats, session } = human;
  const reducing: ReducingLimits = {
    ...limitsOf(read, place, human),
    ...(volumeShare === undefined
      ? {}
      : {
          volumeShareBps: isOff(volumeShare)
            ? null
            : bpsOf(read, place, "volumeShare", volumeShare),
        }),
    ...(repeats === undefined ? {} : { mostRepeats: isOff(repeats) ? null : repeats }),
    ...(session === undefined ? {} : { session }),
  };
  return { reducing };
}

function instrumentsOf(
  read: OrderRiskReader,
  human: HumanOrderRisk["instruments"] = [],
): Pick<OrderRiskConfig, "bySymbol" | "byAssetClass"> {
  const bySymbol = new Map<string, Partial<InstrumentLimits>>();
  const byAssetClass = new Map<string, Partial<InstrumentLimits>>();
  for (const [index, one] of human.entries()) {
    const place = `${PLACE}/instruments/${index}`;
    if ((one.symbol === undefined) === (one.class === undefined)) {
      read.fail(place, "names a symbol or a class: the one or the other");
    }
    const [map, name] =
      one.symbol === undefined ? [byAssetClass, one.class] : [bySymbol, one.symbol];
    const key = one.symbol === undefined ? String(name).toUpperCase() : String(name);
    if (map.has(key)) read.fail(place, `${name} stands there before`);
    map.set(key, limitsOf(read, place, one));
  }
  return {
    ...(bySymbol.size === 0 ? {} : { bySymbol: Object.fromEntries(bySymbol) }),
    ...(byAssetClass.size === 0 ? {} : { byAssetClass: Object.fromEntries(byAssetClass) }),
  };
}

/** Takes what the schema's pattern takes: "20 in 1s". */
function rateOf(
  read: OrderRiskReader,
  key: "orderRate" | "messageRate" | "repeats" | "denials",
  text = "off",
): RateLimit | null {
  if (text === "off") return null;
  const [most = "", window = ""] = text.split(" in ");
  return { most: Number(most), windowUs: read.duration(`${PLACE}/${key}`, window, 1) };
}

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
  if (Array.isArray(value)) return value.map((one) => oneValue("", one));
  // Of what only reduces, and of an instrument, off says something else than nothing does.
  if (value === null) return "off";
  if (typeof value === "object") {
    const parts = Object.entries(value).map(([name, part]) => [name, oneValue(name, part)]);
    return Object.fromEntries(parts);
  }
  if (typeof value !== "string") return value;
  if (key === "maxPriceAge" || key === "duplicates") return oneDuration(value);
  const [most = "", window] = value.split(" in ");
  return window === undefined ? value : `${most} in ${oneDuration(window)}`;
}

function oneDuration(text: string): string {
  const us = parseDurationUs(text);
  return us === null ? text : formatDurationUs(us);
}
