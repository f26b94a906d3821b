// Settings of the venue for a class of instruments, and for a symbol.

import { describe, expect, test } from "vitest";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { bar, MINUTE_US, order } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { VenueConfig } from "../venue-config.ts";
import { paperVenue } from "./paper-venue.ts";

const M = MINUTE_US;
const margin = { initialPerMillion: 100_000, maintenancePerMillion: 50_000, leverage: 1 };
const carry = {
  atUs: 0,
  dayCount: 360,
  borrowPerMillion: 0,
  financingPerMillion: 36_000,
  funding: null,
} as const;
const base: VenueConfig = { ...free, slippageBps: 10 };

/** What is told of 100 bought at 100.00, of a night, and of a fall to 90.00 on the way to 99.00. */
function told(config: VenueConfig, symbol: string, changes: Partial<Instrument> = {}) {
  const day = 1440 * M;
  const minute = (timeUs: number, price: number, low = price) =>
    at(timeUs, "market.bars", bar(symbol, timeUs, price, { low, open: price, high: price }));
  return given(paperVenue(config, "bars"), at(0, "market.instruments", equity(symbol, changes)))
    .when(
      at(M, "orders", order(1, symbol, 100, { decidedUs: M })),
      minute(2 * M, 100_00),
      minute(day + 2 * M, 100_00),
      minute(day + 3 * M, 99_00, 90_00),
    )
    .map(({ value: { execType, price, fee } }) => [execType, price, fee]);
}

describe("the venue's settings", () => {
  const config: VenueConfig = {
    ...base,
    carry,
    byAssetClass: { FUTURE: { slippageBps: 0, carry: null, margin } },
    bySymbol: { NQ: { slippageBps: 20 }, SPY: { carry: { ...carry, financingPerMillion: 0 } } },
  };

  test("hold where nothing else is said", () => {
    expect(told(config, "IBM")).toEqual([
      ["FILLED", 100_10, 0n],
      ["CARRIED", 100_00, 1_00n],
    ]);
  });

  test("give way to those of a class, group by group, and those to a symbol's", () => {
    const future = { assetClass: "FUTURE" } as const;
    expect(told(config, "ES", future)).toEqual([
      ["FILLED", 100_00, 0n],
      ["FILLED", 94_73, 0n],
    ]);
    // 1,002.00 behind it at 100.20; 5 % of 9,492.00 are 474.60, and 474.00 are left.
    expect(told(config, "NQ", future)).toEqual([
      ["FILLED", 100_20, 0n],
      ["FILLED", 94_73, 0n],
    ]);
    expect(told(config, "SPY")).toEqual([["FILLED", 100_10, 0n]]);
  });

  test("of hours stand in for the venue's own", () => {
    const shut = { openUs: 13 * 60 * M, closeUs: 20 * 60 * M };
    const hours = { ...base, bySymbol: { IBM: { hours: shut } } };
    // 1970-01-01 00:01 and the night after are outside of them.
    expect(told(hours, "IBM")).toEqual([]);
    expect(told(hours, "SPY")).toEqual([["FILLED", 100_10, 0n]]);
  });

  test("without any of these are what they were", () => {
    expect(told({ ...base, byAssetClass: {}, bySymbol: {} }, "IBM")).toEqual(told(base, "IBM"));
  });
});
