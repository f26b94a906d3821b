// Positions and P&L of nautilus_trader's tests of `Position`, and the example of an exchange's own guide to
// inverse contracts (shared golden figures, accounting.md), to every digit that is printed there. Theirs are
// floats. Ours are exact to a minor unit, here of 16 digits: where a float differs from that in its last
// digits, the test says so.

import { describe, expect, test } from "vitest";
import type { Instrument } from "../generated/market.instruments.ts";
import { spotTerms } from "./contract-terms.ts";
import { divideRounded, formatScaled } from "./decimal.ts";
import { averagePrice, changeHolding, flat, type Holding } from "./holding.ts";
import { notionalMinor } from "./money.ts";

const DIGITS = 16;

const instrument = (changes: Partial<Instrument> = {}): Instrument => ({
  symbol: "X",
  assetClass: "CRYPTO",
  currency: "USD",
  currencyScale: DIGITS,
  priceScale: 5,
  quantityScale: 0,
  tickSize: 1,
  lotSize: 1,
  multiplier: 1,
  calendar: "24x7",
  timeZone: "UTC",
  ...spotTerms,
  ...changes,
});

interface Step {
  /** After fees, at eight digits. */
  readonly realised: string;
  /** Exact to `digits` of a price's decimals. */
  readonly average: (digits: number) => string | null;
  readonly holding: Holding;
}

/** `fee`: of the value, one in so many. */
function play(
  fills: readonly (readonly [quantity: number, price: number])[],
  fee: bigint,
  of = instrument(),
): readonly Step[] {
  let holding = flat;
  let realised = 0n;
  return fills.map(([quantity, price]) => {
    const value = notionalMinor(Math.round(price * 1e5), quantity, of);
    const change = changeHolding(holding, quantity, value);
    holding = change.holding;
    const charged = fee === 0n ? 0n : (value < 0n ? -value : value) / fee;
    realised += change.realised - charged;
    const { cost, quantity: held } = holding;
    return {
      realised: formatScaled(divideRounded(realised, 10n ** 8n), DIGITS - 8),
      average: (digits) => averagePrice(cost, held, of, digits - of.priceScale),
      holding,
    };
  });
}

describe("published positions", () => {
  test("mixed, fee 0.0001 of the value", () => {
    const steps = play(
      [
        [12, 100],
        [17, 99],
        [-9, 101],
        [-4, 105],
        [3, 103],
      ],
      10_000n,
    );
    expect(steps.map(({ realised }) => realised).slice(1)).toEqual([
      "-0.28830000",
      "13.89666207",
      "36.19948966",
      "36.16858966",
    ]);
    // 2883 / 29 is 99.413793103448275…; the float is 99.41379310344827, short of it by its last digit.
    expect(steps[1]?.average(15)).toBe("99.413793103448276");
    expect(steps[1]?.average(13)).toBe("99.4137931034483");
    // The float's last digit is right here.
    expect(steps[4]?.average(14)).toBe("99.98003629764065");
    expect(steps[4]?.holding.quantity).toBe(19);
  });

  test("interleaved, fee 0.001 of the value", () => {
    const steps = play(
      [
        [12, 10_000],
        [17, 9_999],
        [-9, 10_001],
        [3, 10_003],
        [-4, 10_005],
      ],
      1_000n,
    );
    expect(steps.map(({ realised }) => realised).slice(1)).toEqual([
      "-289.98300000",
      "-365.71613793",
      "-395.72513793",
      "-415.27137481",
    ]);
    expect(steps[1]?.average(12)).toBe("9999.413793103448");
    expect(steps[3]?.average(11)).toBe("9999.88155922039");
  });

  test("a flip closes 100,000 and opens 50,000 at its own price", () => {
    const fills = [
      [100_000, 0.75],
      [-150_000, 0.7502],
      [50_000, 0.7503],
    ] as const;
    const steps = play(fills, 0n);
    expect(steps[1]?.holding.quantity).toBe(-50_000);
    expect(steps[1]?.average(5)).toBe("0.75020");
    // 100,000 × 0.0002; then 50,000 × -0.0001, sold at 0.7502 and bought at 0.7503.
    expect(steps.map(({ realised }) => realised)).toEqual([
      "0.00000000",
      "20.00000000",
      "15.00000000",
    ]);
    expect(steps[2]?.holding).toEqual({ quantity: 0, cost: 0n });
  });

  test.each([
    ["an inverse perpetual, sold", -100_000, 10_000, 11_000, "-0.90909091", "9.09090909"],
    ["the exchange's own example, bought", 1_000, 1_000, 1_250, "0.20000000", "0.80000000"],
  ])("%s", (_, quantity, entry, mark, profit, notional) => {
    const bitcoin = instrument({ contract: "INVERSE", currency: "BTC", currencyScale: 8 });
    const { holding } = changeHolding(
      flat,
      quantity,
      notionalMinor(entry * 1e5, quantity, bitcoin),
    );
    const value = notionalMinor(mark * 1e5, quantity, bitcoin);
    expect(formatScaled(value - holding.cost, 8)).toBe(profit);
    expect(formatScaled(value < 0n ? -value : value, 8)).toBe(notional);
    expect(averagePrice(holding.cost, quantity, bitcoin)).toBe(`${entry}.000000000`);
    // Closed at the mark, the profit is realised.
    expect(changeHolding(holding, -quantity, -value).realised).toBe(value - holding.cost);
  });
});
