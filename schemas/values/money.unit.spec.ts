// Money against a slow rational oracle.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divideRounded } from "./decimal.ts";
import { notionalMinor } from "./money.ts";
import { shareOf } from "./testing/share.ts";

const share = shareOf("IBM");

describe("notionalMinor", () => {
  test("is price × quantity × multiplier to the minor unit, half to even, at any size", () => {
    const scale = fc.integer({ min: 0, max: 10 });
    const amount = fc.oneof(fc.integer({ min: -2000, max: 2000 }), fc.maxSafeInteger());
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 1, max: 1000 }),
        scale,
        scale,
        scale,
        (price, quantity, multiplier, priceScale, quantityScale, currencyScale) => {
          const instrument = { ...share, priceScale, quantityScale, currencyScale, multiplier };
          const exact = BigInt(price) * BigInt(quantity) * BigInt(multiplier);
          const expected = divideRounded(
            exact * 10n ** BigInt(currencyScale),
            10n ** BigInt(priceScale + quantityScale),
          );
          expect(notionalMinor(price, quantity, instrument)).toBe(expected);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test("takes the sign of the quantity and rounds ties to even", () => {
    expect(notionalMinor(18_25, -100, share)).toBe(-182_500n);
    const tenths = { ...share, priceScale: 3 };
    expect(notionalMinor(1_005, 1, tenths)).toBe(100n);
    expect(notionalMinor(1_015, 1, tenths)).toBe(102n);
    expect(notionalMinor(1_015, -1, tenths)).toBe(-102n);
  });
});
