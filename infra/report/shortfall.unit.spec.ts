import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, fill, order } from "../../streams/testing/tape.ts";
import {
  addShortfall,
  decisionPrice,
  fillShortfall,
  noShortfall,
  totalShortfall,
} from "./shortfall.ts";
import { ShortfallDigest } from "./shortfall-digest.ts";

const instrument = { ...equity("IBM"), priceScale: 4, currencyScale: 2 };
const instruments = new Map([["IBM", instrument]]);

describe("the implementation shortfall", () => {
  test("of any execution is exactly the sum of its parts: paid less paper, and the fee", () => {
    const amount = fc.integer({ min: 0, max: 500 });
    const cases = fc.record({
      decided: fc.integer({ min: 1, max: 10_000_000 }),
      price: fc.integer({ min: 1, max: 10_000_000 }),
      quantity: fc.integer({ min: 1, max: 1_000_000 }),
      buys: fc.boolean(),
      fee: fc.bigInt({ min: -1_000n, max: 100_000n }),
      spread: amount,
      impact: amount,
      other: amount,
    });
    fc.assert(
      fc.property(cases, ({ decided, price, quantity, buys, fee, spread, impact, other }) => {
        const sign = buys ? 1 : -1;
        const made: ExecutionReport["parts"] = [
          { part: "HALF_SPREAD", amount: sign * spread },
          { part: "TEMPORARY_IMPACT", amount: sign * impact },
          { part: "SLIPPAGE", amount: sign * other },
        ];
        const report = {
          ...fill(sign * quantity, price, { fee, slippage: spread + impact + other }),
          parts: made,
        };
        const parts = fillShortfall(report, decided, instrument);
        const value = (at: number): bigint => notionalMinor(at, quantity, instrument);
        const paid = value(price) - value(decided);
        expect(totalShortfall(parts)).toBe((buys ? paid : -paid) + fee);
        expect(parts.fees).toBe(fee);
        expect(parts.spread).toBe(value(spread));
        expect(parts.impact).toBe(value(impact));
        // The delay is the market's own move, but for the rounding of the other parts.
        const market = sign * (price - decided) - spread - impact - other;
        const delay = value(market) - parts.delay;
        expect(delay >= -3n && delay <= 3n).toBe(true);
        expect(addShortfall(noShortfall, parts)).toEqual(parts);
      }),
    );
  });

  test("of a run by hand: delay, slippage, fees and what was missed", () => {
    const digest = new ShortfallDigest(instruments, "USD");
    digest.bar(bar("IBM", 0, 100_0000));
    // 100 shares decided at 100.00; 60 bought at 101.00, of which 0.10 is slippage; 40 missed at 103.00.
    digest.order(order(1, { referencePrice: 100_0000, quantity: 100 }));
    digest.fill(fill(60, 101_0000, { orderId: 1, slippage: 1_000, fee: 300n, leavesQuantity: 40 }));
    digest.bar(bar("IBM", 1, 103_0000));
    digest.fill({ ...fill(1, 0, { orderId: 1 }), execType: "EXPIRED", quantity: 0 });
    const { orders, paperValue, delay, slippage, fees, opportunity, total } = digest.end(2);
    expect([orders, paperValue]).toEqual([1, "6000.00"]);
    expect(delay).toEqual({ amount: "54.00", bps: 90 });
    expect(slippage).toEqual({ amount: "6.00", bps: 10 });
    expect(fees.amount).toBe("3.00");
    expect(opportunity.amount).toBe("120.00");
    expect(total.amount).toBe("183.00");
  });

  test("sums the account's currency alone, and tells what is left out", () => {
    const digest = new ShortfallDigest(instruments, "EUR");
    digest.order(order(1, { referencePrice: 100_0000 }));
    const cost = digest.fill(fill(60, 101_0000, { orderId: 1, fee: 300n }));
    expect(cost?.delay).toBe(6_000n);
    const { orders, ordersLeftOut, paperValue, total } = digest.end(2);
    expect([orders, ordersLeftOut, paperValue, total.amount]).toEqual([0, 1, "0.00", "0.00"]);
  });

  test("gives back the fee of a trade that does not stand", () => {
    const digest = new ShortfallDigest(instruments, "USD");
    digest.order(order(1, { referencePrice: 100_0000 }));
    const done = fill(60, 100_0000, { orderId: 1, fee: 300n });
    digest.fill(done);
    digest.fill({ ...done, execType: "TRADE_CANCEL", refExecId: done.execId });
    expect(digest.end(2).total.amount).toBe("0.00");
  });

  test("counts nothing missed of orders that waited for a price, or that another one ended", () => {
    const digest = new ShortfallDigest(instruments, "USD");
    digest.bar(bar("IBM", 0, 100_0000));
    digest.order(order(1, { referencePrice: 90_0000, type: "STOP", stopPrice: 90_0000 }));
    digest.order(order(2, { referencePrice: 90_0000, type: "LIMIT", limitPrice: 95_0000 }));
    digest.fill({ ...fill(1, 0, { orderId: 1 }), execType: "CANCELED", quantity: 0 });
    const ended = fill(1, 0, { orderId: 2, reason: "LinkedOrder" });
    digest.fill({ ...ended, execType: "CANCELED", quantity: 0 });
    expect(digest.end(2).total.amount).toBe("0.00");
  });

  test("measures an order that waits from its own price, a trailing stop not at all", () => {
    expect(decisionPrice(order(1, { referencePrice: 5 }))).toBe(5);
    expect(decisionPrice(order(1, { type: "STOP", stopPrice: 7, referencePrice: 5 }))).toBe(7);
    expect(decisionPrice(order(1, { type: "TRAILING_STOP", referencePrice: 5 }))).toBeNull();
    const trailed = fill(-10, 99_0000, { slippage: 100, fee: 7n });
    expect(fillShortfall(trailed, null, instrument)).toEqual({
      ...noShortfall,
      slippage: 10n,
      fees: 7n,
    });
  });
});
