// A report's sums where a book trades in several currencies: dollars and yen are never added up as they stand.

import { describe, expect, test } from "vitest";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { bar, dividend, filled, order } from "../../streams/testing/facts.ts";
import { equity } from "../../streams/testing/given.ts";
import { ExcursionDigest } from "./excursion-digest.ts";
import { RecordedRates } from "./recorded-rates.ts";
import { ShortfallDigest } from "./shortfall-digest.ts";
import { TradeDigest } from "./trade-digest.ts";
import { TradeLines } from "./trade-lines.ts";

const account = { currency: "USD", currencyScale: 2 };
const pair = { contract: "EXCHANGE", baseScale: 2 } as const;
const instruments = new Map<string, Instrument>(
  [
    equity("US"),
    equity("JP", { currency: "JPY", currencyScale: 0 }),
    equity("UK", { currency: "GBP" }),
    equity("USDJPY", { ...pair, currency: "JPY", currencyScale: 0, baseCurrency: "USD" }),
    equity("GBPUSD", { ...pair, priceScale: 4, baseCurrency: "GBP" }),
  ].map((each) => [each.symbol, each]),
);

describe("trades", () => {
  test("sums value, fees, taxes and profits in the account's currency, at the rate of their time", () => {
    const digest = new TradeDigest(instruments, account);
    digest.bar(bar("USDJPY", 0, 100_00));
    // 10 for ¥5,000, which is $50.00, with ¥200, $2.00, of fees; 0.50 of them in pounds at 1.30, and a tax of 1.00.
    digest.bar(bar("GBPUSD", 0, 1_3000));
    const charges = [
      { kind: "FEE", currency: "GBP", scale: 2, amount: 50n },
      { kind: "TAX", currency: "USD", scale: 2, amount: 100n },
    ] as const;
    digest.add(filled(1, "JP", 10, 500_00, { execId: 1, fee: 200n, charges }));
    expect([digest.valueTraded, digest.fees, digest.taxes]).toEqual([5_000n, 265n, 100n]);
    // Sold for ¥6,000 at 200 yen a dollar: $30.00. A profit of ¥800 after fees, $4.00.
    digest.bar(bar("USDJPY", 0, 200_00));
    digest.add(filled(2, "JP", -10, 600_00, { execId: 2 }));
    expect([digest.valueTraded, digest.trades, digest.profit]).toEqual([8_000n, 1, 400n]);
  });

  test("draws intervals from profits in the account's currency", () => {
    const rates = new RecordedRates(instruments, account.currency);
    const lines = new TradeLines(rates, account.currencyScale);
    const excursions = new ExcursionDigest(instruments, (trip, of) => lines.add(trip, of));
    excursions.fill(filled(1, "JP", 10, 500_00, { execId: 1, fee: 200n }));
    rates.bar("USDJPY", 200_00);
    excursions.fill(filled(2, "JP", -10, 600_00, { execId: 2 }));
    expect(lines.sample().profits).toEqual([4]);
    expect(lines.end()).toMatchObject([{ profit: "800", currency: "JPY", fees: "200" }]);
  });

  test("a conversion is no round trip and no value traded, and its fee counts", () => {
    const digest = new TradeDigest(instruments, account);
    const excursions = new ExcursionDigest(instruments);
    digest.bar(bar("GBPUSD", 0, 1_3000));
    for (const [execId, quantity] of [
      [1, 100],
      [2, -100],
    ] as const) {
      const fill = filled(execId, "GBPUSD", quantity, 1_3000, { execId, fee: 70n });
      digest.add(fill);
      excursions.fill(fill);
    }
    expect([digest.trades, digest.valueTraded, digest.fees]).toEqual([0, 0n, 140n]);
    expect(excursions.means().largestAdverse).toBeNull();
  });

  test("counts the tax that is withheld from a dividend", () => {
    const digest = new TradeDigest(instruments, account);
    digest.bar(bar("GBPUSD", 0, 1_3000));
    digest.add(filled(1, "UK", 100, 20_00, { execId: 1 }));
    digest.act({ ...dividend("UK", 50), currency: "GBP", withheldPerMillion: 150_000 }, 5);
    // £50.00 less 15 %: £7.50 at 1.30.
    expect(digest.dividendTaxes).toBe(975n);
  });
});

test("the shortfall sums orders of other currencies where a rate was recorded", () => {
  const digest = new ShortfallDigest(instruments, "USD");
  digest.bar(bar("GBPUSD", 0, 1_3000));
  digest.order(order(1, "UK", 100, { referencePrice: 20_00 }));
  const charges = [{ kind: "TAX", currency: "GBP", scale: 2, amount: 1_000n }] as const;
  digest.fill(filled(1, "UK", 100, 20_10, { execId: 1, slippage: 4, charges }));
  const { orders, ordersLeftOut, paperValue, slippage, delay, fees, total } = digest.end(2);
  expect([orders, ordersLeftOut, paperValue]).toEqual([1, 0, "2600.00"]);
  expect([slippage, delay, fees, total].map(({ amount }) => amount)).toEqual([
    "5.20",
    "7.80",
    "13.00",
    "26.00",
  ]);
});
