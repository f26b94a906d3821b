// The parts of a price against figures by hand, and what holds for all of them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bar, MINUTE_US } from "../../streams/testing/facts.ts";
import type { PriceConfig, VenueConfig } from "../venue-config.ts";
import {
  type Liquidity,
  observe,
  splitLiquidity,
  unknownLiquidity,
  volatilityOf,
} from "./liquidity.ts";
import { priceOf } from "./price-parts.ts";

const off: PriceConfig = {
  halfSpreadBps: 0,
  volumeSharePerMillion: 0,
  volatilityPerMillion: 0,
  temporaryPerMillion: 0,
  permanentPerMillion: 0,
  window: 20,
};
const venueOf = (price: Partial<PriceConfig>, slippageBps = 0): VenueConfig => ({
  fill: "next-open",
  latencyUs: 1,
  slippageBps,
  participationBps: null,
  feePerMillion: 0,
  minimumFeeMinor: 0,
  price: { ...off, ...price },
});
const buy = { side: "BUY", limitPrice: null } as const;
const sell = { side: "SELL", limitPrice: null } as const;

/** σ is 1 %, the average volume 10,000, and the bar that is traded on has 1,000. */
const market = (changes: Partial<Liquidity> = {}): Liquidity => ({
  ...unknownLiquidity(),
  returns: [7_071_068, -7_071_068],
  volumes: [8_000, 12_000],
  volumeSum: 20_000,
  volume: 1_000,
  ...changes,
});

describe("a part of a price", () => {
  test("half spread and slippage are basis points, rounded against us", () => {
    const both = venueOf({ halfSpreadBps: 3 }, 2);
    expect(priceOf(buy, 1, 100_01, both, null)).toEqual({
      price: 100_01 + 4 + 3,
      parts: [
        { part: "HALF_SPREAD", amount: 4 },
        { part: "SLIPPAGE", amount: 3 },
      ],
      lasting: 0,
    });
    expect(priceOf(sell, 1, 100_01, both, null).price).toBe(100_01 - 4 - 3);
  });

  // zipline's VolumeShareSlippage: price × (1 ± 0.1 × share²), the share of all that was executed of the bar.
  test("volume share grows with the square of what we execute of the bar", () => {
    const tenth = venueOf({ volumeSharePerMillion: 100_000 });
    const at = (used: number, quantity: number, volume = 1_000) =>
      priceOf(buy, quantity, 1_000_000, tenth, market({ used, volume })).price - 1_000_000;
    expect(at(0, 100)).toBe(1_000);
    expect(at(100, 100)).toBe(4_000);
    expect(at(0, 1_000)).toBe(100_000);
    expect(at(0, 9_999)).toBe(100_000);
    expect(at(0, 1, 0)).toBe(100_000);
  });

  test("volatility is a multiple of a bar's standard deviation", () => {
    const half = venueOf({ volatilityPerMillion: 500_000 });
    expect(volatilityOf(market())).toBe(10_000_000);
    expect(priceOf(sell, 1, 100_00, half, market()).price).toBe(99_50);
    expect(priceOf(sell, 1, 100_00, half, unknownLiquidity()).price).toBe(100_00);
  });

  test("temporary impact follows the square root of the quantity over the average volume", () => {
    const law = venueOf({ temporaryPerMillion: 700_000 });
    // 0.7 × 1 % × √(2,500 / 10,000) = 0.35 %.
    expect(priceOf(buy, 2_500, 1_000_000, law, market())).toEqual({
      price: 1_003_500,
      parts: [{ part: "TEMPORARY_IMPACT", amount: 3_500 }],
      lasting: 0,
    });
  });

  test("lasting impact costs half of itself now and all of it later, to either side", () => {
    const law = venueOf({ permanentPerMillion: 1_000_000 });
    const book = market();
    // 1 % × 2,000 / 10,000 = 0.2 % of the price.
    const first = priceOf(buy, 2_000, 1_000_000, law, book);
    expect(first).toMatchObject({ price: 1_001_000, lasting: 2_000_000 });
    book.moved += first.lasting;
    expect(priceOf(buy, 2_000, 1_000_000, law, book).price).toBe(1_003_000);
    const back = priceOf(sell, 2_000, 1_000_000, law, book);
    // What moved the price is undone: a round trip pays no lasting impact.
    expect(back).toMatchObject({ price: 1_001_000, lasting: -2_000_000 });
  });

  test("the limit caps the price, and what it gives back is a part", () => {
    const wide = venueOf({ halfSpreadBps: 100 });
    expect(priceOf({ side: "BUY", limitPrice: 100_40 }, 1, 100_00, wide, null)).toEqual({
      price: 100_40,
      parts: [
        { part: "HALF_SPREAD", amount: 100 },
        { part: "CAP", amount: -60 },
      ],
      lasting: 0,
    });
  });
});

test("the parts add up, never beyond the limit, and each is against us but the lasting one", () => {
  const fraction = fc.nat(2_000_000);
  const configs = fc.record({
    halfSpreadBps: fc.nat(500),
    volumeSharePerMillion: fraction,
    volatilityPerMillion: fraction,
    temporaryPerMillion: fraction,
    permanentPerMillion: fraction,
    window: fc.constant(3),
  });
  const books = fc.record({
    returns: fc.array(fc.integer({ min: -90_000_000, max: 90_000_000 }), { maxLength: 3 }),
    volumes: fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 3 }),
    volume: fc.nat(1_000_000),
    used: fc.nat(1_000),
    moved: fc.integer({ min: -900_000_000, max: 900_000_000 }),
  });
  const quantity = fc.integer({ min: 1, max: 1_000_000 });
  const orders = fc.record({
    side: fc.constantFrom("BUY" as const, "SELL" as const),
    room: fc.option(fc.nat(500)),
  });
  const print = fc.integer({ min: 1, max: 10_000_000 });
  fc.assert(
    fc.property(
      configs,
      books,
      orders,
      quantity,
      print,
      fc.nat(500),
      (price, book, one, q, p, s) => {
        const volumeSum = book.volumes.reduce((sum, each) => sum + each, 0);
        const liquidity = { ...unknownLiquidity(), ...book, volumeSum };
        const sign = one.side === "BUY" ? 1 : -1;
        const limitPrice = one.room === null ? null : Math.max(1, p + sign * one.room);
        const order = { side: one.side, limitPrice };
        const found = priceOf(order, q, p, { ...venueOf({}, s), price }, liquidity);
        const sum = found.parts.reduce((all, { amount }) => all + amount, 0);
        expect(found.price - p).toBe(sum);
        expect(found.price).toBeGreaterThan(0);
        if (limitPrice !== null) expect(sign * found.price).toBeLessThanOrEqual(sign * limitPrice);
        for (const { part, amount } of found.parts) {
          if (part === "PERMANENT_IMPACT" || part === "CAP") continue;
          expect(sign * amount, part).toBeGreaterThan(0);
        }
        expect(Math.sign(found.lasting)).not.toBe(-sign);
      },
    ),
    { numRuns: 1_000 },
  );
});

describe("a symbol's liquidity", () => {
  const bars = [100, 110, 99, 108, 120].map((close, i) =>
    bar("A", (i + 1) * MINUTE_US, close, { volume: 1_000 + i }),
  );

  test("is that of the last bars of the window", () => {
    const seen = unknownLiquidity();
    for (const each of bars) observe(seen, each, 3);
    const returns = [-0.1, 108 / 99 - 1, 120 / 108 - 1];
    const mean = returns.reduce((sum, each) => sum + each, 0) / 3;
    const squares = returns.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    expect(volatilityOf(seen) / 1e9).toBeCloseTo(Math.sqrt(squares / 2), 8);
    expect(seen.volumeSum).toBe(1_002 + 1_003 + 1_004);
  });

  test("is in new shares after a split, and no return spans it", () => {
    const seen = unknownLiquidity();
    for (const each of bars) observe(seen, each, 2);
    splitLiquidity(seen, (shares) => 4 * shares);
    expect(seen.volumeSum).toBe(4 * (1_003 + 1_004));
    const before = volatilityOf(seen);
    observe(seen, bar("A", 9 * MINUTE_US, 30), 2);
    expect(volatilityOf(seen)).toBe(before);
  });
});
