// Quotes for a simulated market of ticks, and a venue that fills from them, drawn from a seed.

import { Random } from "../quant/random.ts";
import type { Facts } from "../schemas/generated/facts.ts";
import type { SourceFact } from "../streams/simulator/scenario.ts";
import type { VenueConfig } from "./venue-config.ts";

/** With a queue or without, on touch or beyond; from a stream of its own, so that past seeds keep their markets. */
export function drawQuoted(seed: number): Partial<VenueConfig> {
  const random = new Random(-5_000_000_029 - seed);
  return {
    fill: "quote",
    limitFill: random.integer(2) === 0 ? "TOUCH" : "CROSS",
    ...(random.integer(3) === 0 ? {} : { queueBps: random.integer(30_000) }),
  };
}

/** Around the trades, at their very instants or beside them: one side or both, crossed and suspicious ones too. */
export function drawQuotes(seed: number, market: readonly SourceFact[]): readonly SourceFact[] {
  const random = new Random(-6_000_000_061 - seed);
  return market.flatMap((fact): SourceFact[] => {
    if (fact.topic !== "market.ticks" || random.integer(5) === 0) return [];
    const { symbol, price } = fact.value as Facts["market.ticks"];
    const asideUs = random.integer(2) * random.integer(500_000);
    const bidPrice = random.integer(4) === 0 ? null : Math.max(1, price - random.integer(30));
    const askPrice = random.integer(4) === 0 ? null : price + random.integer(30) - 2;
    const value: Facts["market.quotes"] = {
      symbol,
      bidPrice,
      bidQuantity: bidPrice === null ? 0 : random.integer(300),
      askPrice,
      askQuantity: askPrice === null ? 0 : random.integer(300),
      venue: "",
      suspicious: random.integer(20) === 0,
    };
    const timeUs = fact.timeUs + asideUs;
    return [{ topic: "market.quotes", timeUs, arrivalUs: fact.arrivalUs + asideUs, value }];
  });
}
