// The venue's costs in machine units, and their one form. Promises: what interpret.ts promises; a venue
// without these groups comes out as it always did.

import { feePresets } from "../../processors/paper-venue/fee-presets.ts";
import { levyPresets } from "../../processors/paper-venue/levy-presets.ts";
import type {
  CarryConfig,
  ChanceConfig,
  Delay,
  FeeRate,
  FeeSchedule,
  FeeTier,
  Levy,
  PriceConfig,
  TradingConfig,
  VenueConfig,
  VenueMargin,
} from "../../processors/venue-config.ts";
import { currencyScale } from "./currency.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type {
  HumanCarry,
  HumanChance,
  HumanConfig,
  HumanDelay,
  HumanFees,
  HumanFeeTier,
  HumanLevy,
  HumanLimit,
  HumanMargin,
  HumanTrading,
} from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";

/** What converts a value, or notes that it cannot be. */
export interface VenueReader {
  fraction(pointer: string, value: number, digits: number): number;
  duration(pointer: string, text: string, leastUs: number): number;
  fail(pointer: string, message: string): 0;
}

type HumanVenue = HumanConfig["venue"];

const BPS_DIGITS = 4;
const PPM_DIGITS = 6;
const PPB_DIGITS = 9;
const DEFAULT_WINDOW = 20;
const FEES = "/venue/fees";

/** The groups that are there. */
export function venueCosts(
  read: VenueReader,
  human: HumanVenue,
  seed: number,
): Pick<VenueConfig, "price" | "fees" | "levies" | "chance" | "trading" | "carry" | "margin"> {
  const price = priceOf(read, human);
  const fees = human.fees === undefined ? null : feesOf(read, human.fees);
  const levies = leviesOf(read, human.levies ?? []);
  const chance = chanceOf(read, human, seed);
  const trading = tradingOf(read, human);
  const carry = carryOf(read, human);
  return {
    ...(price === null ? {} : { price }),
    ...(fees === null ? {} : { fees }),
    ...(levies.length === 0 ? {} : { levies }),
    ...(chance === null ? {} : { chance }),
    ...(trading === null ? {} : { trading }),
    ...(carry === null ? {} : { carry }),
    ...(human.margin === undefined ? {} : { margin: marginOf(read, human.margin) }),
  };
}

/** null where every part is 0. */
function priceOf(read: VenueReader, { price }: HumanVenue): PriceConfig | null {
  if (price === undefined) return null;
  const part = (key: Exclude<keyof typeof price, "window">, digits = PPM_DIGITS): number =>
    read.fraction(`/venue/price/${key}`, price[key] ?? 0, digits);
  const parts = {
    halfSpreadBps: part("halfSpread", BPS_DIGITS),
    volumeSharePerMillion: part("volumeShare"),
    volatilityPerMillion: part("volatility"),
    temporaryPerMillion: part("temporaryImpact"),
    permanentPerMillion: part("permanentImpact"),
  };
  if (Object.values(parts).every((each) => each === 0)) return null;
  return { ...parts, window: price.window ?? DEFAULT_WINDOW };
}

/** null where nothing is given that a schedule could be made from. */
function feesOf(read: VenueReader, human: HumanFees): FeeSchedule | null {
  const { preset, tiers, ...rest } = human;
  if (preset !== undefined) {
    const other = tiers === undefined ? Object.keys(rest)[0] : "tiers";
    if (other !== undefined) {
      read.fail(`${FEES}/${other}`, `does not go with preset ${preset}: leave one of them out`);
    }
    return feePresets[preset];
  }
  if (tiers === undefined) {
    const [first] = Object.keys(rest);
    if (first !== undefined) read.fail(`${FEES}/${first}`, "needs venue.fees.tiers beside it");
    return null;
  }
  checkOrder(read, tiers);
  checkCurrency(read, human);
  const { minimum = null, maximum = null, perOrder = 0 } = rest;
  const micros = (key: string, value: number) => read.fraction(`${FEES}/${key}`, value, PPM_DIGITS);
  return {
    tiers: tiers.map((tier, index) => tierOf(read, tier, index)),
    tierBy: rest.tierBy === "value" ? "VALUE" : "QUANTITY",
    perOrderMicros: micros("perOrder", perOrder),
    minimumMicros: isOff(minimum) ? null : micros("minimum", minimum),
    maximumPerMillion: isOff(maximum) ? null : micros("maximum", maximum),
    rounding: roundings[rest.rounding ?? "half-even"],
    ...(rest.currency === undefined ? {} : { currency: moneyOf(rest.currency) }),
  };
}

const roundings = { "half-even": "HALF_EVEN", up: "UP", "half-up": "HALF_UP" } as const;

const moneyOf = (code: string) => ({ code, scale: currencyScale(code) });

/** What is of a trade's value needs the currency that the trade is in. */
function checkCurrency(
  read: VenueReader,
  { currency, tiers = [], maximum, tierBy }: HumanFees,
): void {
  if (currency === undefined) return;
  const rule = "is of the value, in the instrument's currency: leave it or venue.fees.currency out";
  for (const [index, { taker = 0, maker = 0 }] of tiers.entries()) {
    if (taker !== 0) read.fail(`${FEES}/tiers/${index}/taker`, rule);
    if (maker !== 0) read.fail(`${FEES}/tiers/${index}/maker`, rule);
  }
  if (maximum !== undefined && !isOff(maximum)) read.fail(`${FEES}/maximum`, rule);
  if (tierBy === "value") read.fail(`${FEES}/tierBy`, rule);
}

function leviesOf(read: VenueReader, levies: readonly HumanLevy[]): readonly Levy[] {
  return levies.flatMap((one, index) => {
    const at = `/venue/levies/${index}`;
    const { preset, ...rest } = one;
    if (preset === undefined) return [levyOf(read, rest, at)];
    const [other] = Object.keys(rest);
    if (other !== undefined) {
      read.fail(`${at}/${other}`, `does not go with preset ${preset}: leave one of them out`);
    }
    return levyPresets[preset];
  });
}

function levyOf(read: VenueReader, levy: Omit<HumanLevy, "preset">, at: string): Levy {
  const { kind, side, value = 0, perUnit = 0, maximum = null } = levy;
  if (kind === undefined) read.fail(at, "needs a preset, or kind and side");
  else if (side === undefined) read.fail(`${at}/kind`, "needs side beside it");
  else if (value === 0 && perUnit === 0)
    read.fail(`${at}/kind`, "charges nothing: needs value or perUnit");
  return {
    kind: kind === "tax" ? "TAX" : "FEE",
    side: side === "buy" ? "BUY" : side === "sell" ? "SELL" : "BOTH",
    currency: levy.currency ?? null,
    assetClass: levy.assetClass === undefined ? null : assetClasses[levy.assetClass],
    valuePerBillion: read.fraction(`${at}/value`, value, PPB_DIGITS),
    perUnitMicros: read.fraction(`${at}/perUnit`, perUnit, PPM_DIGITS),
    maximumMicros: isOff(maximum) ? null : read.fraction(`${at}/maximum`, maximum, PPM_DIGITS),
    rounding: roundings[levy.rounding ?? "half-even"],
  };
}

const assetClasses = { equity: "EQUITY", fx: "FX", crypto: "CRYPTO", index: "INDEX" } as const;

function checkOrder(read: VenueReader, tiers: readonly HumanFeeTier[]): void {
  for (const [index, { from }] of tiers.entries()) {
    const before = tiers[index - 1]?.from;
    const pointer = `${FEES}/tiers/${index}/from`;
    if (before === undefined && from !== 0) read.fail(pointer, `found ${from}; the first is 0`);
    if (before !== undefined && from <= before) {
      read.fail(pointer, `found ${from}; must be above ${before}, where the tier before it begins`);
    }
  }
}

function tierOf(read: VenueReader, tier: HumanFeeTier, index: number): FeeTier {
  const { taker = 0, maker = taker, perUnit = 0 } = tier;
  const at = `${FEES}/tiers/${index}`;
  const perUnitMicros = read.fraction(`${at}/perUnit`, perUnit, PPM_DIGITS);
  const rate = (key: string, value: number): FeeRate => ({
    valuePerBillion: read.fraction(`${at}/${key}`, value, PPB_DIGITS),
    perUnitMicros,
  });
  return { from: tier.from, maker: rate("maker", maker), taker: rate("taker", taker) };
}

/** null where nothing is left to it. */
function chanceOf(read: VenueReader, { chance }: HumanVenue, seed: number): ChanceConfig | null {
  if (chance === undefined) return null;
  const rejectPerMillion = read.fraction("/venue/chance/reject", chance.reject ?? 0, PPM_DIGITS);
  const toVenue = delayOf(read, "toVenue", chance.toVenue);
  const back = delayOf(read, "back", chance.back);
  if (toVenue === null && back === null && rejectPerMillion === 0) return null;
  return { seed, toVenue, back, rejectPerMillion };
}

const delayKeys = {
  constant: ["time"],
  uniform: ["least", "most"],
  lognormal: ["median", "sigma"],
} as const satisfies Record<HumanDelay["distribution"], readonly (keyof HumanDelay)[]>;

function delayOf(
  read: VenueReader,
  way: "toVenue" | "back",
  human: HumanDelay | undefined,
): Delay | null {
  if (human === undefined) return null;
  const at = `/venue/chance/${way}`;
  const { distribution } = human;
  const keys: readonly string[] = delayKeys[distribution];
  for (const key of Object.keys(human)) {
    if (key === "distribution" || keys.includes(key)) continue;
    read.fail(`${at}/${key}`, `does not go with distribution ${distribution}: leave it out`);
  }
  const missing = keys.find((key) => human[key as keyof HumanDelay] === undefined);
  if (missing !== undefined) {
    read.fail(`${at}/distribution`, `${distribution} needs ${keys.join(" and ")}`);
    return null;
  }
  const us = (key: "time" | "least" | "most" | "median"): number =>
    read.duration(`${at}/${key}`, human[key] ?? "", 1);
  switch (distribution) {
    case "constant":
      return { kind: "CONSTANT", us: us("time") };
    case "uniform": {
      const [leastUs, mostUs] = [us("least"), us("most")];
      if (mostUs < leastUs)
        read.fail(`${at}/most`, `found "${human.most}"; must not be below least`);
      return { kind: "UNIFORM", leastUs, mostUs };
    }
    case "lognormal":
      return { kind: "LOGNORMAL", medianUs: us("median"), sigma: human.sigma ?? 0 };
  }
}

function hoursOf(read: VenueReader, hours: HumanTrading["hours"] | null): TradingConfig["hours"] {
  if (hours === null || hours === undefined) return null;
  if (hours === "calendar") return "CALENDAR";
  const span = { openUs: timeOfDayUs(hours.open), closeUs: timeOfDayUs(hours.close) };
  if (span.closeUs <= span.openUs) {
    const rule = "must be after venue.trading.hours.open";
    read.fail("/venue/trading/hours/close", `found "${hours.close}"; ${rule}`);
  }
  return span;
}

/** null where it trades always. */
function tradingOf(read: VenueReader, { trading }: HumanVenue): TradingConfig | null {
  if (trading === undefined) return null;
  const { hours = null, status = false, closed = "wait" } = trading;
  if (hours === null && !status) {
    const useless = trading.closed === undefined ? null : "closed";
    if (useless !== null) {
      read.fail(`/venue/trading/${useless}`, "does nothing without venue.trading.hours or status");
    }
    return null;
  }
  return { hours: hoursOf(read, hours), status, closed: closed === "wait" ? "WAIT" : "REFUSE" };
}

function marginOf(
  read: VenueReader,
  { initial, maintenance, leverage = 1, call, liquidationFee = 0 }: HumanMargin,
): VenueMargin {
  if (maintenance > initial) {
    const rule = "must not be above venue.margin.initial";
    read.fail("/venue/margin/maintenance", `found ${maintenance}; ${rule}`);
  }
  if (call !== undefined && call < maintenance) {
    const rule = "must not be below venue.margin.maintenance";
    read.fail("/venue/margin/call", `found ${call}; ${rule}`);
  }
  const rate = (key: string, value: number): number =>
    read.fraction(`/venue/margin/${key}`, value, PPM_DIGITS);
  return {
    initialPerMillion: rate("initial", initial),
    maintenancePerMillion: rate("maintenance", maintenance),
    leverage,
    ...(call === undefined ? {} : { callPerMillion: rate("call", call) }),
    ...(liquidationFee === 0
      ? {}
      : { liquidationFeePerMillion: rate("liquidationFee", liquidationFee) }),
  };
}

const DAY_US = 86_400_000_000;

/** null where holding costs nothing. */
function carryOf(read: VenueReader, { carry }: HumanVenue): CarryConfig | null {
  if (carry === undefined) return null;
  const rate = (key: "borrow" | "financing" | "funding"): number =>
    read.fraction(`/venue/carry/${key}`, carry[key] ?? 0, PPM_DIGITS);
  const perMillion = rate("funding");
  const { dayCount = 360, fundingEvery } = carry;
  if (dayCount !== 360 && dayCount !== 365) {
    read.fail("/venue/carry/dayCount", `found ${dayCount}; must be 360 or 365`);
  }
  if (fundingEvery !== undefined && perMillion === 0) {
    read.fail("/venue/carry/fundingEvery", "does nothing without venue.carry.funding");
  }
  const everyUs =
    fundingEvery === undefined
      ? DAY_US / 3
      : read.duration("/venue/carry/fundingEvery", fundingEvery, 1);
  if (everyUs > 0 && DAY_US % everyUs !== 0) {
    const rule = "must go into a day without rest";
    read.fail("/venue/carry/fundingEvery", `found "${fundingEvery}"; ${rule}`);
  }
  const [borrowPerMillion, financingPerMillion] = [rate("borrow"), rate("financing")];
  const { rates = false } = carry;
  const isFree = borrowPerMillion === 0 && financingPerMillion === 0 && perMillion === 0;
  if (isFree && !rates) return null;
  return {
    atUs: timeOfDayUs(carry.at ?? "00:00") % DAY_US,
    dayCount: dayCount === 365 ? 365 : 360,
    borrowPerMillion,
    financingPerMillion,
    ...(rates ? { rates } : {}),
    funding: perMillion === 0 ? null : { perMillion, everyUs },
  };
}

/** Takes what the schema's pattern takes. */
export function timeOfDayUs(text: string): number {
  const [hour = 0, minute = 0, second = 0] = text.split(":").map(Number);
  return ((hour * 60 + minute) * 60 + second) * 1_000_000;
}

const isOff = (value: HumanLimit): value is "off" | null => value === "off" || value === null;

/** What is switched on, each value in one form; the section as it stands where it has none of the groups. */
export function oneVenue(human: HumanVenue): { readonly [key: string]: Plain } {
  const { chance, carry } = human;
  const one = {
    ...human,
    ...(chance === undefined ? {} : { chance: oneChance(chance) }),
    ...(carry?.fundingEvery === undefined ? {} : { carry: oneCarry(carry) }),
  };
  return Object.fromEntries(
    Object.entries(one as unknown as { readonly [key: string]: Plain }).filter(
      ([key, value]) => !(groups.has(key) && isIdle(value)),
    ),
  );
}

const groups: ReadonlySet<string> = new Set([
  "price",
  "fees",
  "levies",
  "chance",
  "trading",
  "carry",
]);

const isIdle = (value: Plain): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

function oneChance({ toVenue, back, ...rest }: HumanChance): HumanChance {
  return {
    ...rest,
    ...(toVenue === undefined ? {} : { toVenue: oneDelay(toVenue) }),
    ...(back === undefined ? {} : { back: oneDelay(back) }),
  };
}

function oneCarry(carry: HumanCarry): HumanCarry {
  const us = parseDurationUs(carry.fundingEvery ?? "");
  return us === null ? carry : { ...carry, fundingEvery: formatDurationUs(us) };
}

const oneDelay = (delay: HumanDelay): HumanDelay => ({
  ...delay,
  ...Object.fromEntries(
    (["time", "least", "most", "median"] as const).flatMap((key) => {
      const us = delay[key] === undefined ? null : parseDurationUs(delay[key]);
      return us === null ? [] : [[key, formatDurationUs(us)]];
    }),
  ),
});
