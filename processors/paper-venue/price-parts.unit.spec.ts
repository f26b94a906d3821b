// The parts of a price against figures by hand, and what holds for all of them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Order } from "../../schemas/generated/orders.ts";
import { bar, MINUTE_US } from "../../streams/testing/facts.ts";
import type { PriceConfig, VenueConfig } from "../venue-config.ts";
import {
  type Liquidity,
  observe,
  splitLiquidity,
  unknownLiquidity,
  volatilityOf,
} from "./liquidity.ts";
import * as parts from "./price-parts.ts";
import type { Grid } from "./ticks.ts";

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
type Terms = Pick<Order, "side" | "limitPrice" | "timeInForce">;
const buy: Terms = { side: "BUY", limitPrice: null, timeInForce: "GTC" };
const sell: Terms = { ...buy, side: "SELL" };
const cents: Grid = { tickSize: 1, contract: "SPOT" };

const priceOf = (
  order: Terms,
  quantity: number,
  print: number,
  config: VenueConfig,
  liquidity: Liquidity | null,
  grid = cents,
) => parts.priceOf(order, quantity, print, config, liquidity, grid);

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
    expect(priceOf({ ...buy, limitPrice: 100_40 }, 1, 100_00, wide, null)).toEqual({
      price: 100_40,
      parts: [
        { part: "HALF_SPREAD", amount: 100 },
        { part: "CAP", amount: -60 },
      ],
      lasting: 0,
    });
  });

  test("what lies between two ticks is rounded against us, and that is a part", () => {
    const nickels: Grid = { tickSize: 5, contract: "SPOT" };
    const three = venueOf({}, 3);
    expect(priceOf(buy, 1, 100_00, three, null, nickels)).toEqual({
      price: 100_05,
      parts: [
        { part: "SLIPPAGE", amount: 3 },
        { part: "TICK", amount: 2 },
      ],
      lasting: 0,
    });
    expect(priceOf(sell, 1, 100_00, three, null, nickels).price).toBe(99_95);
    // A print between them, as the midpoint of a spread is, or a price of when ticks were sixteenths.
    expect(priceOf(sell, 1, 100_02, three, null, nickels)).toMatchObject({
      price: 99_95,
      parts: [{ amount: -4 }, { part: "TICK", amount: -3 }],
    });
    expect(priceOf(sell, 1, 100_02, venueOf({}), null, nickels)).toMatchObject({
      price: 100_02,
      parts: [],
    });
    expect(priceOf({ ...buy, limitPrice: 100_00 }, 1, 100_00, three, null, nickels)).toMatchObject({
      price: 100_00,
      parts: [{ amount: 3 }, { part: "TICK", amount: 2 }, { part: "CAP", amount: -5 }],
    });
    expect(priceOf(sell, 1, 7, venueOf({}, 9_000), null, nickels).price).toBe(5);
  });

  test("a linear contract pays at a price below 0 what it pays above it", () => {
    const crude: Grid = { tickSize: 1, contract: "LINEAR" };
    const ten = venueOf({ halfSpreadBps: 5 }, 10);
    expect(priceOf(buy, 1, -37_63, ten, null, crude)).toMatchObject({
      price: -37_63 + 2 + 4,
      parts: [
        { part: "HALF_SPREAD", amount: 2 },
        { part: "SLIPPAGE", amount: 4 },
      ],
    });
    expect(priceOf(sell, 1, -37_63, ten, null, crude).price).toBe(-37_63 - 2 - 4);
    expect(priceOf(sell, 1, 1, venueOf({}, 20_000), null, crude).price).toBe(-1);
  });

  test("an auction has no spread and no way to slip; what we move it by stays", () => {
    const all = venueOf({ halfSpreadBps: 10, volatilityPerMillion: 500_000 }, 10);
    const auction: Terms = { ...buy, timeInForce: "AT_THE_CLOSE" };
    expect(priceOf(auction, 1, 100_00, all, market()).parts).toEqual([]);
    const moves = venueOf({ temporaryPerMillion: 1_000_000 }, 10);
    expect(priceOf(auction, 2_500, 100_00, moves, market()).parts).toEqual([
      { part: "TEMPORARY_IMPACT", amount: 50 },
    ]);
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
  const grids = fc.record({
    tickSize: fc.constantFrom(1, 5, 25),
    contract: fc.constantFrom("SPOT" as const, "LINEAR" as const),
  });
  fc.assert(
    fc.property(
      configs,
      books,
      orders,
      quantity,
      print,
      fc.nat(500),
      fc.tuple(grids, fc.boolean()),
      (price, book, one, q, size, s, [grid, isBelow]) => {
        const { tickSize } = grid;
        const p = isBelow && grid.contract === "LINEAR" ? -size : size;
        const volumeSum = book.volumes.reduce((sum, each) => sum + each, 0);
        const liquidity = { ...unknownLiquidity(), ...book, volumeSum };
        const sign = one.side === "BUY" ? 1 : -1;
        const near = one.room === null ? null : p + sign * one.room;
        const onTick =
          near === null ? null : tickSize * (sign * Math.ceil((sign * near) / tickSize));
        const least = grid.contract === "LINEAR" ? Number.MIN_SAFE_INTEGER : tickSize;
        const limitPrice = onTick === null ? null : Math.max(least, onTick);
        const order: Terms = { ...buy, side: one.side, limitPrice };
        const found = priceOf(order, q, p, { ...venueOf({}, s), price }, liquidity, grid);
        const sum = found.parts.reduce((all, { amount }) => all + amount, 0);
        expect(found.price - p).toBe(sum);
        if (found.parts.length > 0) {
          expect(found.price).toBeGreaterThanOrEqual(least);
          expect(Math.abs(found.price % tickSize)).toBe(0);
        }
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
