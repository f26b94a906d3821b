// The venue's costs in machine units, and their one form. Promises: what interpret.ts promises; a venue
// without these groups comes out as it always did.

import type {
  FeeRate,
  FeeSchedule,
  FeeTier,
  PriceConfig,
  VenueConfig,
} from "../../processors/flow-config.ts";
import { feePresets } from "../../processors/paper-venue/fee-presets.ts";
import type { HumanConfig, HumanFees, HumanFeeTier, HumanLimit } from "./human-config.ts";
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
): Pick<VenueConfig, "price" | "fees"> {
  const price = priceOf(read, human);
  const fees = human.fees === undefined ? null : feesOf(read, human.fees);
  return {
    ...(price === null ? {} : { price }),
    ...(fees === null ? {} : { fees }),
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
  const { minimum = null, maximum = null, perOrder = 0 } = rest;
  const micros = (key: string, value: number) => read.fraction(`${FEES}/${key}`, value, PPM_DIGITS);
  return {
    tiers: tiers.map((tier, index) => tierOf(read, tier, index)),
    tierBy: rest.tierBy === "value" ? "VALUE" : "QUANTITY",
    perOrderMicros: micros("perOrder", perOrder),
    minimumMicros: isOff(minimum) ? null : micros("minimum", minimum),
    maximumPerMillion: isOff(maximum) ? null : micros("maximum", maximum),
    rounding: rest.rounding === "up" ? "UP" : "HALF_EVEN",
  };
}

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

const isOff = (value: HumanLimit): value is "off" | null => value === "off" || value === null;

/** What is switched on, as it was written; the section as it stands where it has none of the groups. */
export function oneVenue(human: HumanVenue): { readonly [key: string]: Plain } {
  return Object.fromEntries(
    Object.entries(human as unknown as { readonly [key: string]: Plain }).filter(
      ([key, value]) => !(groups.has(key) && isIdle(value)),
    ),
  );
}

const groups: ReadonlySet<string> = new Set(["price", "fees"]);

const isIdle = (value: Plain): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
