// A paper venue with all that it can charge and do switched on, drawn from a seed: at values that small
// markets reach.

import { Random } from "../quant/random.ts";
import type { FeeSchedule, VenueConfig } from "./flow-config.ts";
import { feePresets } from "./paper-venue/fee-presets.ts";

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
  };
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
