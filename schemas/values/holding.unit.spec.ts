import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instrument } from "../generated/market.instruments.ts";
import { spotTerms } from "./contract-terms.ts";
import { averagePrice, changeHolding, flat, type Holding } from "./holding.ts";
import { notionalMinor } from "./money.ts";
import { advanceTrip, type RoundTrip } from "./round-trip.ts";

const plain: Instrument = {
  symbol: "X",
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 8,
  priceScale: 0,
  quantityScale: 0,
  tickSize: 1,
  lotSize: 1,
  multiplier: 1,
  calendar: "24x7",
  timeZone: "UTC",
  ...spotTerms,
};

/** Realised P&L after fees and average price after each fill, as nautilus_trader's tests list them. */
function run(fills: readonly (readonly [number, number])[], feeRate: bigint) {
  let holding: Holding = flat;
  let realised = 0n;
  return fills.map(([quantity, price]) => {
    const value = notionalMinor(price, quantity, plain);
    const change = changeHolding(holding, quantity, value);
    holding = change.holding;
    const fee = (value < 0n ? -value : value) / feeRate;
    realised += change.realised - fee;
    return {
      realised: Number(realised) / 1e8,
      average: averagePrice(holding.cost, holding.quantity, plain),
    };
  });
}

describe("average-cost accounting", () => {
  test("agrees with nautilus_trader's mixed fills, fee 0.0001 of the value", () => {
    const steps = run(
      [
        [12, 100],
        [17, 99],
        [-9, 101],
        [-4, 105],
        [3, 103],
      ],
      10_000n,
    );
    const realised = steps.map((step) => step.realised);
    expect(realised[1]).toBeCloseTo(-0.2883, 8);
    expect(realised[2]).toBeCloseTo(13.89666207, 8);
    expect(realised[3]).toBeCloseTo(36.19948966, 8);
    expect(realised[4]).toBeCloseTo(36.16858966, 8);
    // Exact to four decimals; theirs is the float 99.41379310344827, then 99.98003629764065.
    expect(steps[1]?.average).toBe("99.4138");
    expect(steps[4]?.average).toBe("99.9800");
  });

  test("agrees with nautilus_trader's interleaved fills, fee 0.001 of the value", () => {
    const steps = run(
      [
        [12, 10000],
        [17, 9999],
        [-9, 10001],
        [3, 10003],
        [-4, 10005],
      ],
      1000n,
    );
    const realised = steps.map((step) => step.realised);
    expect(realised[1]).toBeCloseTo(-289.983, 8);
    expect(realised[2]).toBeCloseTo(-365.71613793, 8);
    expect(realised[3]).toBeCloseTo(-395.72513793, 8);
    expect(realised[4]).toBeCloseTo(-415.27137481, 8);
    expect(steps[2]?.average).toBe("9999.4138");
    expect(steps[4]?.average).toBe("9999.8816");
  });

  test("a trade through zero closes all and opens the rest at its own price", () => {
    const fx = { ...plain, currencyScale: 2, priceScale: 5 };
    const long = changeHolding(flat, 100_000, notionalMinor(75_000, 100_000, fx));
    const short = changeHolding(long.holding, -150_000, notionalMinor(75_020, -150_000, fx));
    expect(short.closed).toBe(100_000);
    expect(short.realised).toBe(2_000n);
    expect(short.holding).toEqual({ quantity: -50_000, cost: -3_751_000n });
    expect(averagePrice(short.holding.cost, -50_000, fx)).toBe("0.750200000");
  });

  test("no cent is lost: realised profit is what came in minus what went out", () => {
    const trades = fc.array(
      fc.tuple(
        fc.integer({ min: -40, max: 40 }).filter((quantity) => quantity !== 0),
        fc.bigInt({ min: 1n, max: 10_000n }),
      ),
    );
    fc.assert(
      fc.property(trades, (list) => {
        let holding: Holding = flat;
        let realised = 0n;
        let paid = 0n;
        for (const [quantity, price] of list) {
          // An odd divisor makes prices that no minor unit holds.
          const value = (BigInt(quantity) * price) / 3n;
          if (value === 0n) continue;
          const change = changeHolding(holding, quantity, value);
          holding = change.holding;
          realised += change.realised;
          paid += value;
          expect(holding.cost).toBe(paid + realised);
          if (holding.quantity === 0) expect(holding.cost).toBe(0n);
        }
      }),
    );
  });
});

describe("round trips", () => {
  test("one that is turned over closes, and its fee is split by quantity", () => {
    const fill = { timeUs: 1, price: 100, fee: 9n };
    const opened = advanceTrip(null, { ...fill, quantity: 10, value: 1000n }).open as RoundTrip;
    const { closed, open } = advanceTrip(opened, {
      ...fill,
      timeUs: 5,
      price: 120,
      quantity: -30,
      value: -3600n,
    });
    expect(closed).toMatchObject({
      direction: "LONG",
      entryUs: 1,
      exitUs: 5,
      realised: 200n,
      fees: 12n,
      entryValue: 1000n,
      exitValue: 1200n,
    });
    expect(open).toMatchObject({ direction: "SHORT", entryUs: 5, entryQuantity: 20, fees: 6n });
    expect(open?.holding).toEqual({ quantity: -20, cost: -2400n });
  });

  test("trips share out every fill: quantities, fees and profits add up", () => {
    const fills = fc.array(
      fc.record({
        quantity: fc.integer({ min: -20, max: 20 }).filter((quantity) => quantity !== 0),
        price: fc.integer({ min: 1, max: 500 }),
        fee: fc.bigInt({ min: 0n, max: 30n }),
      }),
    );
    fc.assert(
      fc.property(fills, (list) => {
        let open: RoundTrip | null = null;
        let holding: Holding = flat;
        let realised = 0n;
        let fees = 0n;
        let tripProfit = 0n;
        let tripFees = 0n;
        for (const [timeUs, fill] of list.entries()) {
          const value = BigInt(fill.quantity * fill.price);
          const change = changeHolding(holding, fill.quantity, value);
          holding = change.holding;
          realised += change.realised;
          fees += fill.fee;
          const step = advanceTrip(open, { ...fill, timeUs, value });
          if (step.closed !== null) {
            expect(step.closed.holding).toEqual(flat);
            expect(step.closed.entryQuantity).toBe(step.closed.exitQuantity);
            tripProfit += step.closed.realised;
            tripFees += step.closed.fees;
          }
          open = step.open;
          expect(open?.holding ?? flat).toEqual(holding);
          expect(tripProfit + (open?.realised ?? 0n)).toBe(realised);
          expect(tripFees + (open?.fees ?? 0n)).toBe(fees);
        }
      }),
    );
  });
});
