// Levies against printed examples, in parts against at once, and at the venue: who pays, in which currency.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import { bar, order } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { Levy, VenueConfig } from "../venue-config.ts";
import { type LevyTally, levy } from "./levies.ts";
import { levyPresets } from "./levy-presets.ts";
import { paperVenue } from "./paper-venue.ts";

const apple = equity("AAPL");
const barclays = equity("BARC", { currency: "GBP" });

type Side = "BUY" | "SELL";

/** What an order pays for each of its executions, all levies together. */
function chargedFor(
  levies: readonly Levy[],
  of: typeof apple,
  side: Side,
  ...parts: readonly (readonly [quantity: number, price: number])[]
): readonly bigint[] {
  let before: readonly LevyTally[] | null = null;
  return parts.map(([quantity, price]) => {
    const { charges, tallies } = levy(levies, of, { side, price, quantity }, before);
    before = tallies;
    return charges.reduce((sum, { amount }) => sum + amount, 0n);
  });
}

describe("the presets", () => {
  // HMRC, Stamp Taxes on Shares Manual, STSM014030: 13.4547 is 13.45, and 13.4550 is 13.46.
  test.each([
    [2_690_94, 13_45n],
    [2_691_00, 13_46n],
  ])("uk-sdrt: of a purchase for %i pence", (pence, tax) => {
    expect(chargedFor(levyPresets["uk-sdrt"], barclays, "BUY", [1, pence])).toEqual([tax]);
    expect(chargedFor(levyPresets["uk-sdrt"], barclays, "SELL", [1, pence])).toEqual([0n]);
  });

  // help.heygotrade.com, "What is SEC & FINRA TAF fees?": one share of Apple at 150 dollars, a cent for each.
  test("us-sells-2021: its example, and the most that a sale pays", () => {
    const levies = levyPresets["us-sells-2021"];
    expect(chargedFor(levies, apple, "SELL", [1, 150_00])).toEqual([2n]);
    expect(chargedFor(levies, apple, "BUY", [1, 150_00])).toEqual([0n]);
    // 100,000 shares at a dollar: 0.51 of the value, and 5.95 in place of 11.90.
    expect(chargedFor(levies, apple, "SELL", [100_000, 1_00])).toEqual([6_46n]);
  });
});

const tax: Levy = {
  kind: "TAX",
  side: "BOTH",
  currency: null,
  assetClass: null,
  valuePerBillion: 1_230_000,
  perUnitMicros: 700,
  maximumMicros: 50_000_000,
  rounding: "HALF_EVEN",
};

test("an order in parts pays what it would at once", () => {
  const part = fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.constant(31_37));
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 6 }),
      fc.constantFrom("HALF_EVEN", "HALF_UP", "UP"),
      (parts, rounding) => {
        const levies: readonly Levy[] = [{ ...tax, rounding }];
        const whole = parts.reduce((sum, [quantity]) => sum + quantity, 0);
        const sum = chargedFor(levies, apple, "BUY", ...parts).reduce((a, b) => a + b, 0n);
        expect([sum]).toEqual(chargedFor(levies, apple, "BUY", [whole, 31_37]));
      },
    ),
  );
});

test.each([
  ["another currency", { currency: "EUR" }, apple],
  ["another class", { assetClass: "CRYPTO" }, apple],
  ["a pair", {}, equity("EURUSD", { contract: "EXCHANGE", baseCurrency: "EUR", baseScale: 2 })],
  ["a future", {}, equity("ES", { contract: "LINEAR" })],
] as const)("charges nothing of %s", (_, changes, of) => {
  expect(chargedFor([{ ...tax, ...changes }], of, "BUY", [100, 1_00])).toEqual([0n]);
});

describe("at the venue", () => {
  const fillOf = (changes: Partial<VenueConfig>): ExecutionReport | undefined =>
    given(
      paperVenue({ ...free, ...changes }, "bars"),
      at(0, "market.instruments", barclays),
      at(1, "orders", order(1, "BARC", 100, { decidedUs: 1 })),
    )
      .when(at(120_000_000, "market.bars", bar("BARC", 120_000_000, 10_00)))
      .map(({ value }) => value as ExecutionReport)
      .find(({ execType }) => execType === "FILLED");

  test("a tax stands beside the fee in the fill", () => {
    const fill = fillOf({ minimumFeeMinor: 300, levies: levyPresets["uk-sdrt"] });
    expect(fill?.fee).toBe(300n);
    expect(fill?.charges).toEqual([{ kind: "TAX", currency: "GBP", scale: 2, amount: 5_00n }]);
  });

  test("a schedule in another currency charges in it, and no fee in the share's", () => {
    const rate = { valuePerBillion: 0, perUnitMicros: 5_000 };
    const fees = {
      tiers: [{ from: 0, maker: rate, taker: rate }],
      tierBy: "QUANTITY",
      perOrderMicros: 0,
      minimumMicros: 1_000_000,
      maximumPerMillion: null,
      rounding: "HALF_EVEN",
      currency: { code: "USD", scale: 2 },
    } as const;
    expect(fillOf({ fees })?.fee).toBe(0n);
    expect(fillOf({ fees })?.charges).toEqual([
      { kind: "FEE", currency: "USD", scale: 2, amount: 1_00n },
    ]);
    const own = fillOf({ fees: { ...fees, currency: { code: "GBP", scale: 2 } } });
    expect([own?.fee, own?.charges]).toEqual([1_00n, []]);
  });

  test("without them a fill has none", () => {
    expect(fillOf({})?.charges).toEqual([]);
  });
});
