// Fees against printed examples, against a slow calculation of its own, and in parts against at once.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equity } from "../../streams/testing/given.ts";
import type { FeeSchedule } from "../venue-config.ts";
import { feePresets } from "./fee-presets.ts";
import { charge, type FeeTally } from "./fees.ts";

const share = equity("A");
const coin = equity("BTC", { priceScale: 2, quantityScale: 8 });

interface Part {
  readonly price: number;
  readonly quantity: number;
  readonly isMaker?: boolean;
}

/** Fees of an order's executions; `volume` is what the month has counted before. */
function feesOf(schedule: FeeSchedule, instrument = share, volume = 0n, ...parts: readonly Part[]) {
  let tally: FeeTally | null = null;
  let counted = volume;
  return parts.map(({ isMaker = false, ...trade }) => {
    const one = charge(schedule, instrument, { ...trade, isMaker }, tally, counted);
    tally = one.tally;
    counted = one.volume;
    return one.fee;
  });
}

describe("the presets", () => {
  // interactivebrokers.co.uk, commissions-stocks.php?re=amer, "Fixed Examples".
  test.each([
    [100, 25_00, 1_00n],
    [1_000, 25_00, 5_00n],
    [1_000, 25, 2_50n],
  ])("ib-fixed-us: %i shares at %i cents", (quantity, price, fee) => {
    expect(feesOf(feePresets["ib-fixed-us"], share, 0n, { price, quantity })).toEqual([fee]);
  });

  test("ib-tiered-us charges each share by the tier that it falls into", () => {
    const tiered = feePresets["ib-tiered-us"];
    const whole = { price: 50_00, quantity: 1_000 };
    expect(feesOf(tiered, share, 0n, whole)).toEqual([3_50n]);
    // 400 at 0.0035 and 600 at 0.0020.
    expect(feesOf(tiered, share, 299_600n, whole)).toEqual([2_60n]);
    expect(feesOf(tiered, share, 3_000_000n, whole)).toEqual([1_50n]);
    expect(feesOf(tiered, share, 20_000_000n, whole)).toEqual([1_00n]);
    expect(feesOf(tiered, share, 100_000_000n, whole)).toEqual([50n]);
    expect(feesOf(tiered, share, 0n, { price: 50_00, quantity: 10 })).toEqual([35n]);
    // 1 % of 5.00 is less than the minimum.
    expect(feesOf(tiered, share, 0n, { price: 50, quantity: 10 })).toEqual([5n]);
  });

  test("binance-spot takes 0.1 % of the value, zero nothing", () => {
    const half = { price: 60_000_00, quantity: 50_000_000 };
    expect(feesOf(feePresets["binance-spot"], coin, 0n, half)).toEqual([30_00n]);
    expect(feesOf(feePresets.zero, coin, 0n, half)).toEqual([0n]);
  });
});

test("an inverse contract pays of its value in the coin, and by the contract", () => {
  const inverse = equity("XBT", { contract: "INVERSE", priceScale: 1, currencyScale: 8 });
  const rate = { valuePerBillion: 1_000_000, perUnitMicros: 2 };
  const schedule: FeeSchedule = {
    ...feePresets.zero,
    tiers: [{ from: 0, maker: rate, taker: rate }],
  };
  // 100,000 contracts at 10,000.0 are 10 coins: 0.01 of them, and 0.000002 for each contract.
  const [fee] = feesOf(schedule, inverse, 0n, { price: 100_000, quantity: 100_000 });
  expect(fee).toBe(1_000_000n + 20_000_000n);
});

describe("a schedule", () => {
  const makers: FeeSchedule = {
    ...feePresets.zero,
    tiers: [
      {
        from: 0,
        maker: { valuePerBillion: -100_000, perUnitMicros: 0 },
        taker: { valuePerBillion: 300_000, perUnitMicros: 0 },
      },
    ],
  };

  test("pays a maker his rebate and takes from a taker", () => {
    const trade = { price: 100_00, quantity: 100 };
    expect(feesOf(makers, share, 0n, { ...trade, isMaker: true })).toEqual([-1_00n]);
    expect(feesOf(makers, share, 0n, trade)).toEqual([3_00n]);
  });

  test("rounds what the order has paid in all: half to even, or up", () => {
    // 0.005 a share: one share is half a cent.
    const half: FeeSchedule = {
      ...feePresets["ib-fixed-us"],
      minimumMicros: null,
      maximumPerMillion: null,
    };
    const one = { price: 10_00, quantity: 1 };
    expect(feesOf(half, share, 0n, one, one, one, one)).toEqual([0n, 1n, 1n, 0n]);
    const up: FeeSchedule = { ...half, rounding: "UP" };
    expect(feesOf(up, share, 0n, one, one, one, one)).toEqual([1n, 0n, 1n, 0n]);
  });

  test("charges an order once, with its first execution", () => {
    const fixed: FeeSchedule = { ...feePresets.zero, perOrderMicros: 4_950_000 };
    const one = { price: 10_00, quantity: 1 };
    expect(feesOf(fixed, share, 0n, one, one)).toEqual([4_95n, 0n]);
  });

  test("counts value where its tiers are of value", () => {
    const byValue: FeeSchedule = {
      ...feePresets.zero,
      tierBy: "VALUE",
      tiers: [
        { from: 0, maker: { valuePerBillion: 0, perUnitMicros: 0 }, taker: TEN_BPS },
        { from: 1_000, maker: { valuePerBillion: 0, perUnitMicros: 0 }, taker: FIVE_BPS },
      ],
    };
    const trade = { price: 100_00, quantity: 15 };
    // 1,000 at 0.1 % and 500 at 0.05 %, then all at 0.05 %.
    expect(feesOf(byValue, share, 0n, trade, trade)).toEqual([1_25n, 75n]);
  });
});

const TEN_BPS = { valuePerBillion: 1_000_000, perUnitMicros: 0 };
const FIVE_BPS = { valuePerBillion: 500_000, perUnitMicros: 0 };

test("an order that fills in parts pays what it would at once", () => {
  const schedules = fc.record({
    tiers: fc.constant(feePresets["ib-tiered-us"].tiers),
    tierBy: fc.constant("QUANTITY" as const),
    perOrderMicros: fc.nat(2_000_000),
    minimumMicros: fc.option(fc.nat(3_000_000)),
    maximumPerMillion: fc.option(fc.nat(20_000)),
    rounding: fc.constantFrom("HALF_EVEN" as const, "UP" as const),
  });
  const quantities = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 8 });
  const volume = fc.bigInt({ min: 0n, max: 4_000_000n });
  fc.assert(
    fc.property(schedules, quantities, fc.nat(90_00), volume, (schedule, parts, price, before) => {
      const quantity = parts.reduce((sum, each) => sum + each, 0);
      const [whole] = feesOf(schedule, share, before, { price, quantity });
      const each = parts.map((part) => ({ price, quantity: part }));
      const sum = feesOf(schedule, share, before, ...each).reduce((all, fee) => all + fee, 0n);
      expect(sum).toBe(whole);
    }),
  );
});

test("share by share, as one would count by hand", () => {
  const { tiers } = feePresets["ib-tiered-us"];
  const bare: FeeSchedule = {
    ...feePresets.zero,
    tiers: tiers.map((tier, i) => ({ ...tier, from: 10 * i })),
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), fc.nat(60), (quantity, before) => {
      let micros = 0;
      for (let n = before; n < before + quantity; n++) {
        micros += bare.tiers[Math.min(Math.floor(n / 10), 4)]?.taker.perUnitMicros ?? 0;
      }
      // To the cent, ties to even.
      const cents = Math.floor(micros / 10_000);
      const rest = micros - cents * 10_000;
      const up = rest > 5_000 || (rest === 5_000 && cents % 2 === 1);
      const fee = feesOf(bare, share, BigInt(before), { price: 1_00, quantity });
      expect(fee).toEqual([BigInt(cents + (up ? 1 : 0))]);
    }),
  );
});
