// What the portfolio is worth where it holds more than shares in one currency.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { bar, delisted, dividend, filled, MINUTE_US as M } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { portfolioProjector } from "./portfolio-projector.ts";

const config: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 10_000_000n,
};
const many = { ...config, rateMaxAgeUs: 60 * M };

const last = (found: readonly { readonly value: unknown }[]): PortfolioSnapshot | undefined =>
  found.at(-1)?.value as PortfolioSnapshot | undefined;

const instrument = (...words: Parameters<typeof equity>) =>
  at(0, "market.instruments", equity(...words));

describe("a report", () => {
  const buy = at(1, "fills", filled(1, "A", 10, 10_000, { execId: 1, fee: 5n }));
  const more = at(2, "fills", filled(2, "A", 10, 11_000, { execId: 2, fee: 7n }));
  const sale = at(3, "fills", filled(3, "A", -5, 12_000, { execId: 3 }));
  const bust = at(
    4,
    "fills",
    filled(2, "A", 10, 11_000, { execId: 4, refExecId: 2, execType: "TRADE_CANCEL", fee: 7n }),
  );

  test("that is told twice counts once", () => {
    const start = given(portfolioProjector(config), instrument("A"), buy);
    expect(start.when(buy)).toEqual([]);
  });

  test("that busts a trade leaves what would be there without it", () => {
    const without = last(given(portfolioProjector(config), instrument("A"), buy).when(sale));
    const busted = last(
      given(portfolioProjector(config), instrument("A"), buy, more, sale).when(bust),
    );
    expect(busted).toEqual({
      ...without,
      peakEquity: busted?.peakEquity,
      drawdownBps: busted?.drawdownBps,
    });
  });

  test("of what it costs to carry a position takes it off cash and profit, and is no fee", () => {
    const carried = filled(0, "A", 0, 0, { execId: 2, execType: "CARRIED", fee: 40n });
    const found = given(portfolioProjector(config), instrument("A"), buy).when(
      at(2, "fills", carried),
    );
    expect(last(found)).toMatchObject({
      cash: 9_899_955n,
      realisedPnl: -45n,
      fees: 5n,
      quantity: 10,
    });
  });
});

describe("a contract against margin", () => {
  const future = instrument("ES", { contract: "LINEAR", assetClass: "FUTURE", multiplier: 50 });

  test("leaves cash where it is; its profit is equity, its whole value exposure", () => {
    const start = given(
      portfolioProjector(config),
      future,
      at(1, "fills", filled(1, "ES", 2, 400_000)),
    );
    expect(last(start.when(at(2, "market.bars", bar("ES", 2, 401_000))))).toMatchObject({
      cash: 10_000_000n,
      equity: 10_000_000n + 100_000n,
      netExposure: 40_100_000n,
      grossExposure: 40_100_000n,
    });
  });

  test("is settled in cash at its final price, and is gone", () => {
    const start = given(
      portfolioProjector(config),
      future,
      at(1, "fills", filled(1, "ES", -2, 400_000)),
    );
    expect(
      last(start.when(at(2, "market.corporate-actions", delisted("ES", 399_000)))),
    ).toMatchObject({
      cash: 10_100_000n,
      equity: 10_100_000n,
      realisedPnl: 100_000n,
      grossExposure: 0n,
      quantity: 0,
    });
    expect(() => start.when(at(2, "market.corporate-actions", delisted("ES", null)))).toThrowError(
      expect.objectContaining({ code: "VALUE_PRICE_INVALID" }),
    );
  });

  test("that is inverse earns in its base currency, and is exposed as it is held", () => {
    const bitcoin = {
      ...config,
      currency: "BTC",
      currencyScale: 8,
      initialCashMinor: 100_000_000n,
    };
    const start = given(
      portfolioProjector(bitcoin),
      instrument("XBTUSD", {
        contract: "INVERSE",
        currency: "BTC",
        currencyScale: 8,
        priceScale: 0,
      }),
      at(1, "fills", filled(1, "XBTUSD", 1_000, 1_000)),
    );
    expect(last(start.when(at(2, "market.bars", bar("XBTUSD", 2, 1_250))))).toMatchObject({
      cash: 100_000_000n,
      equity: 120_000_000n,
      netExposure: 80_000_000n,
    });
  });

  test("comes to the equity of a share at the same prices, whatever is traded", () => {
    const step = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 90_000 }));
    const events = (list: readonly (readonly [number, number])[]) =>
      list.map(([quantity, price], i) =>
        quantity === 0
          ? at(i + 1, "market.bars", bar("X", i + 1, price))
          : at(i + 1, "fills", filled(i, "X", quantity, price, { fee: 3n })),
      );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (list) => {
        const play = (contract: "SPOT" | "LINEAR") =>
          given(portfolioProjector(config), instrument("X", { contract }))
            .when(...events(list))
            .map(({ value }) => value as PortfolioSnapshot);
        const margined = play("LINEAR");
        for (const [i, share] of play("SPOT").entries()) {
          const { cash: _, ...rest } = share;
          expect(margined[i]).toMatchObject(rest);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("several currencies", () => {
  const pair = instrument("EURUSD", {
    contract: "EXCHANGE",
    priceScale: 4,
    baseCurrency: "EUR",
    baseScale: 2,
  });
  const siemens = instrument("SIE", { currency: "EUR" });
  const rate = (timeUs: number, price: number) =>
    at(timeUs, "market.bars", bar("EURUSD", timeUs, price));
  const buy = at(2, "fills", filled(1, "SIE", 10, 10_000, { execId: 1, fee: 100n }));

  test("are kept apart, and converted at the last close of their pair", () => {
    const start = given(portfolioProjector(many), pair, siemens, rate(1, 11_000));
    // 10 × 100.00 EUR bought on credit in EUR: worth nothing but its fee of 1.00 EUR.
    expect(last(start.when(buy))).toMatchObject({
      cash: 10_000_000n - 110_110n,
      equity: 10_000_000n - 110n,
      netExposure: 110_000n,
      fees: 110n,
      realisedPnl: -110n,
      cost: 100_000n,
    });
    expect(last(start.when(at(3, "market.bars", bar("SIE", 3, 12_000))))).toMatchObject({
      equity: 10_000_000n + 21_890n,
    });
    // The dollar falls: what is owned in euros is worth more, and nothing of that is realised profit.
    expect(last(start.when(rate(4, 12_000)))).toMatchObject({
      symbol: "EURUSD",
      equity: 10_000_000n + 23_880n,
      realisedPnl: -120n,
      quantity: 0,
    });
  });

  test("dividends and conversions move the cash of their own currencies", () => {
    const start = given(portfolioProjector(many), pair, siemens, rate(1, 11_000), buy);
    const paid = { ...dividend("SIE", 200), currency: "EUR" };
    expect(last(start.when(at(3, "market.corporate-actions", paid)))).toMatchObject({
      realisedPnl: 2_090n,
      equity: 10_000_000n - 110n,
    });
    // 981.00 EUR are owed: 1,000 EUR more for 1,100.00 USD leave the equity as it is.
    const exchanged = last(start.when(at(4, "fills", filled(2, "EURUSD", 1_000, 11_000))));
    expect(exchanged).toMatchObject({
      equity: 10_000_000n - 110n,
      quantity: 0,
      realisedPnl: 2_090n,
    });
  });

  test("without conversion switched on are refused as before", () => {
    const start = given(portfolioProjector(config), pair, siemens, rate(1, 11_000));
    expect(() => start.when(buy)).toThrowError(
      expect.objectContaining({ code: "PROCESSOR_CURRENCY_UNSUPPORTED" }),
    );
  });

  test("without a rate, or with one that is too old, stop the run: nothing is taken as 1", () => {
    expect(() => given(portfolioProjector(many), pair, siemens).when(buy)).toThrowError(
      expect.objectContaining({ code: "PROCESSOR_RATE_UNKNOWN" }),
    );
    const start = given(portfolioProjector(many), pair, siemens, rate(1, 11_000), buy);
    const late = 61 * M + 2;
    expect(() => start.when(at(late, "market.bars", bar("SIE", late, 12_000)))).toThrowError(
      expect.objectContaining({ code: "PROCESSOR_RATE_STALE" }),
    );
    expect(
      last(start.when(rate(late, 11_000), at(late, "market.bars", bar("SIE", late, 10_000)))),
    ).toMatchObject({
      equity: 10_000_000n - 110n,
    });
  });
});
