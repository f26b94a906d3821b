// A paper venue with all that it can charge and do switched on, drawn from a seed: at values that small
// markets reach.

import { Random } from "../quant/random.ts";
import type { SourceFact } from "../streams/simulator/scenario.ts";
import { START_US } from "../streams/testing/tape.ts";
import { feePresets } from "./paper-venue/fee-presets.ts";
import type { Delay, FeeSchedule, VenueConfig } from "./venue-config.ts";

const pick = <T>(random: Random, choices: readonly T[]): T =>
  choices[random.integer(choices.length)] as T;

/** From a stream of random numbers of their own, so that past seeds keep their markets. */
export function drawCosts(seed: number): Partial<VenueConfig> {
  const random = new Random(-3_000_000_019 - seed);
  return {
    price: {
      halfSpreadBps: random.integer(20),
      volumeSharePerMillion: random.integer(200_000),
      volatilityPerMillion: random.integer(200_000),
      temporaryPerMillion: random.integer(1_000_000),
      permanentPerMillion: random.integer(500_000),
      window: 2 + random.integer(5),
    },
    fees: drawFees(random),
    chance: {
      seed,
      toVenue: drawDelay(random),
      back: drawDelay(random),
      rejectPerMillion: random.integer(2) * random.integer(300_000),
    },
    carry: {
      atUs: (OPEN_US + random.integer(600_000_000)) % (24 * HOUR_US),
      dayCount: pick(random, [360, 365] as const),
      borrowPerMillion: random.integer(900_000),
      financingPerMillion: random.integer(900_000) - 300_000,
      funding:
        random.integer(2) === 0
          ? null
          : { perMillion: random.integer(2_000) - 500, everyUs: 300_000_000 },
    },
    trading: {
      hours: random.integer(2) === 0 ? null : { openUs: OPEN_US, closeUs: OPEN_US + HOUR_US },
      status: true,
      closed: pick(random, ["WAIT", "REFUSE"] as const),
    },
  };
}

/** Small markets come below it. */
export const thinMargin: Pick<VenueConfig, "margin"> = {
  margin: {
    ...{ initialPerMillion: 60_000, maintenancePerMillion: 40_000, leverage: 1 },
    ...{ callPerMillion: 55_000, liquidationFeePerMillion: 5_000 },
  },
};

const HOUR_US = 3_600_000_000;
/** Within what the markets of the simulation last. */
const OPEN_US = (START_US % (24 * HOUR_US)) + 240_000_000;

function drawDelay(random: Random): Delay | null {
  return pick(random, [
    null,
    { kind: "CONSTANT", us: 1 + random.integer(90_000_000) },
    { kind: "UNIFORM", leastUs: 1, mostUs: 1 + random.integer(180_000_000) },
    { kind: "LOGNORMAL", medianUs: 1 + random.integer(60_000_000), sigma: random.integer(20) / 10 },
  ] as const);
}

/** Halts, resumptions and busted trades, mostly at the very instants of prices. */
export function drawStatuses(
  seed: number,
  market: readonly SourceFact[],
  symbols: readonly string[],
): readonly SourceFact[] {
  const random = new Random(-4_000_000_007 - seed);
  if (market.length === 0) return [];
  return Array.from({ length: random.integer(8) }, (): SourceFact => {
    const { timeUs } = pick(random, market);
    const status = pick(random, ["HALTED", "TRADING", "TRADING", "CLOSED", "BUSTED"] as const);
    const symbol = pick(random, symbols);
    const fromUs = status === "BUSTED" ? timeUs - random.integer(600_000_000) : timeUs;
    const value = { symbol, status, fromUs, toUs: timeUs, reason: "" };
    const arrivalUs = timeUs + (random.integer(4) === 0 ? random.integer(60_000_000) : 0);
    return { topic: "market.status", timeUs, arrivalUs, value };
  });
}

function drawFees(random: Random): FeeSchedule {
  const preset = pick(random, Object.values(feePresets));
  if (random.integer(3) > 0) return preset;
  const rate = () => ({
    valuePerBillion: random.integer(1_000_000) - 200_000,
    perUnitMicros: random.integer(9_000),
  });
  return {
    tiers: [0, 100, 300].map((from) => ({ from, maker: rate(), taker: rate() })),
    tierBy: pick(random, ["QUANTITY", "VALUE"] as const),
    perOrderMicros: random.integer(2) * random.integer(900_000),
    minimumMicros: random.integer(2) === 0 ? null : random.integer(1_000_000),
    maximumPerMillion: random.integer(2) === 0 ? null : 1 + random.integer(5_000),
    rounding: pick(random, ["HALF_EVEN", "UP"] as const),
  };
}
