import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CorporateAction } from "../generated/market.corporate-actions.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { applyAction, splitPrice, splitQuantity } from "./corporate-action.ts";
import { notionalMinor } from "./money.ts";
import { shareOf, splitOf } from "./testing/share.ts";

const cents = shareOf("A");
const finer: Instrument = { ...cents, priceScale: 4 };

const split = (newShares: number, oldShares: number, changes: Partial<CorporateAction> = {}) =>
  splitOf("A", newShares, oldShares, changes);
const dividend = (amount: number, amountScale: number): CorporateAction =>
  split(1, 1, { action: "CASH_DIVIDEND", amount, amountScale, currency: "USD" });
const delisted = (finalPrice: number | null): CorporateAction =>
  split(1, 1, { action: "DELISTING", finalPrice });

describe("a split", () => {
  test("4 for 1 of 100 shares at 499.23, which cost 40,000.00", () => {
    const held = { quantity: 100, cost: 4_000_000n };
    expect(applyAction(held, 4_992_300, split(4, 1), finer)).toEqual({
      holding: { quantity: 400, cost: 4_000_000n },
      mark: 1_248_075,
      cash: 0n,
      realised: 0n,
      tax: 0n,
    });
  });

  test("1 for 20 of 1,010 shares at 1.16: half a new share of 23.20 is paid, with its part of the cost", () => {
    // 1,010 ÷ 20 = 50.5. Cost 10,100.00: half a share's part is 10,100 × 0.5 ÷ 50.5 = 100.00.
    const held = { quantity: 1010, cost: 1_010_000n };
    expect(applyAction(held, 116, split(1, 20), cents)).toEqual({
      holding: { quantity: 50, cost: 1_000_000n },
      mark: 2320,
      cash: 1160n,
      realised: 1160n - 10_000n,
      tax: 0n,
    });
  });

  test("of a short position: the fraction is bought back", () => {
    const held = { quantity: -1010, cost: -1_010_000n };
    expect(applyAction(held, 116, split(1, 20), cents)).toEqual({
      holding: { quantity: -50, cost: -1_000_000n },
      mark: 2320,
      cash: -1160n,
      realised: -1160n + 10_000n,
      tax: 0n,
    });
  });

  test("of less than one new share: all of it is paid, and all of the cost is gone", () => {
    const after = applyAction({ quantity: 7, cost: 700n }, 116, split(1, 20), cents);
    expect(after).toEqual({
      holding: { quantity: 0, cost: 0n },
      mark: 2320,
      cash: 812n,
      realised: 112n,
      tax: 0n,
    });
  });

  test("prices are rounded half to even, and never to nothing", () => {
    expect([5, 15, 25].map((price) => splitPrice(price, split(10, 1)))).toEqual([1, 2, 2]);
    expect(splitPrice(0, split(10, 1))).toBe(0);
    expect(splitQuantity(-3, split(1, 2))).toBe(-1);
  });

  test("a ratio with a part of zero is refused", () => {
    for (const [fresh, old] of [
      [0, 1],
      [1, 0],
      [-2, 1],
    ] as const) {
      const call = () => applyAction({ quantity: 1, cost: 1n }, 100, split(fresh, old), cents);
      expect(call).toThrowError(expect.objectContaining({ code: "VALUE_SPLIT_INVALID" }));
    }
  });

  test("keeps the value to the minor unit where new prices are exact, and the cost always", () => {
    const ratio = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }),
        fc.integer({ min: 1, max: 1_000_000 }),
        ratio,
        ratio,
        fc.constantFrom(cents, finer, { ...cents, multiplier: 50 }),
        (quantity, cost, price, fresh, old, instrument) => {
          // A multiple of the new shares' number: the new price is whole.
          const mark = price * fresh;
          const before = notionalMinor(mark, quantity, instrument);
          const after = applyAction({ quantity, cost }, mark, split(fresh, old), instrument);
          const value = notionalMinor(after.mark, after.holding.quantity, instrument);
          const gap = value + after.cash - before;
          expect(gap >= -1n && gap <= 1n).toBe(true);
          if (instrument.priceScale === 2) expect(gap).toBe(0n);
          // Cost out equals cost in; a fraction is never negative or a whole share.
          expect(after.realised).toBe(after.cash - (cost - after.holding.cost));
          const share = notionalMinor(after.mark, 1, instrument);
          expect((after.cash < 0n ? -after.cash : after.cash) <= share).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("other actions", () => {
  const held = { quantity: 300, cost: 30_000_00n };

  test("a dividend is paid in cash and taken off the mark", () => {
    const result = { holding: held, mark: 9_959, cash: 123_00n, realised: 123_00n, tax: 0n };
    expect(applyAction(held, 10_000, dividend(41, 2), cents)).toEqual(result);
    const short = applyAction({ quantity: -300, cost: -1n }, 10_000, dividend(41, 2), cents);
    expect(short.cash).toBe(-123_00n);
  });

  test("tax is withheld from what a holder is paid, half to even; a short position pays the whole", () => {
    const taxed = { ...dividend(41, 2), withheldPerMillion: 263_750 };
    // 123.00 × 26.375 % = 32.44125.
    const paid = applyAction(held, 10_000, taxed, cents);
    expect(paid).toMatchObject({ mark: 9_959, cash: 90_56n, realised: 90_56n, tax: 32_44n });
    const short = applyAction({ quantity: -300, cost: -1n }, 10_000, taxed, cents);
    expect(short).toMatchObject({ cash: -123_00n, tax: 0n });
  });

  test("an amount finer than prices is paid exactly, half to even", () => {
    const fine = dividend(205, 3);
    expect(applyAction({ quantity: 1, cost: 1n }, 10_000, fine, cents)).toMatchObject({
      cash: 20n,
      mark: 9_980,
    });
    expect(applyAction({ quantity: 1000, cost: 1n }, 10_000, fine, cents).cash).toBe(205_00n);
  });

  test("a delisting closes at its price, or for nothing", () => {
    const flat = { quantity: 0, cost: 0n };
    expect(applyAction(held, 10_000, delisted(50), cents)).toEqual({
      holding: flat,
      mark: 50,
      cash: 150_00n,
      realised: 150_00n - 30_000_00n,
      tax: 0n,
    });
    expect(applyAction(held, 10_000, delisted(null), cents)).toEqual({
      holding: flat,
      mark: 0,
      cash: 0n,
      realised: -30_000_00n,
      tax: 0n,
    });
  });

  test("a change of symbol changes nothing", () => {
    const same = { holding: held, mark: 10_000, cash: 0n, realised: 0n, tax: 0n };
    expect(
      applyAction(held, 10_000, split(1, 1, { action: "SYMBOL_CHANGE", newSymbol: "B" }), cents),
    ).toEqual(same);
  });
});
