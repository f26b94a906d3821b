// A share in euros for a portfolio in dollars: what it is sized at and what it is judged at.

import { describe, expect, test } from "vitest";
import type { Signal } from "../schemas/generated/signals.ts";
import type { WeightsProposal } from "../schemas/generated/weights.proposals.ts";
import { bar, proposal } from "../streams/testing/facts.ts";
import { at, equity, given } from "../streams/testing/given.ts";
import type { PortfolioConfig } from "./flow-config.ts";
import { noTriggers } from "./no-triggers.spec.ts";
import { bookReviewer } from "./portfolio-builder/book-reviewer.ts";
import { portfolioBuilder } from "./portfolio-builder/portfolio-builder.ts";
import type { RiskConfig } from "./risk-config.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";
import type { TurnSizing } from "./sizing-config.ts";

const plain: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 10_000_000n,
};
const many = { ...plain, rateMaxAgeUs: 1_000_000 };
const sizing: TurnSizing = { method: "EQUAL_WEIGHT", grossBps: 10_000, allowShort: true };
const limits: RiskConfig = {
  maxPosition: null,
  maxGrossExposureMinor: null,
  priceCollarBps: null,
  maxOrderValueMinor: 1_000_000,
  maxDrawdownBps: null,
  onBreach: "reduce",
};

const facts = [
  at(
    0,
    "market.instruments",
    equity("EURUSD", {
      contract: "EXCHANGE",
      priceScale: 4,
      baseCurrency: "EUR",
      baseScale: 2,
    }),
  ),
  at(0, "market.instruments", equity("SIE", { currency: "EUR" })),
] as const;
const rate = at(1, "market.bars", bar("EURUSD", 1, 12_500));
const signal = (symbol: string, price: number) =>
  at(2, "signals", {
    symbol,
    model: "m",
    strength: 1,
    price,
    volatility: 0.01,
  } satisfies Signal);

const targetsOf = (found: { readonly value: unknown } | undefined) =>
  (found?.value as WeightsProposal | undefined)?.targets;

describe("sizing", () => {
  test.each([
    ["at turns", () => given(portfolioBuilder(sizing, many), ...facts, rate)],
    [
      "of the whole book",
      () => {
        const rebalance = { ...noTriggers, every: { count: 1, unit: "BAR" } } as const;
        return given(bookReviewer({ ...sizing, rebalance }, many), ...facts, rate);
      },
    ],
  ])("%s shares out equity at the pair's last close, and takes no position in it", (_, begin) => {
    const start = begin();
    // 100,000 dollars at 100.00 euros, 125.00 dollars a share: all of it, since the pair has no slot.
    const [found, ...more] = start.when(signal("EURUSD", 12_500), signal("SIE", 10_000));
    expect(more).toEqual([]);
    expect(targetsOf(found)).toMatchObject([{ symbol: "SIE", quantity: 800, weight: 1 }]);
  });

  test("without a rate, or without conversion switched on, is refused", () => {
    const unrated = given(portfolioBuilder(sizing, many), ...facts);
    expect(() => unrated.when(signal("SIE", 10_000))).toThrowError(
      expect.objectContaining({ code: "PROCESSOR_RATE_UNKNOWN" }),
    );
    const one = given(portfolioBuilder(sizing, plain), ...facts);
    expect(() => one.when(signal("SIE", 10_000))).toThrowError(
      expect.objectContaining({ code: "PROCESSOR_CURRENCY_UNSUPPORTED" }),
    );
  });

  test("of an inverse contract takes what the equity is worth of it", () => {
    const bitcoin = { ...plain, currency: "BTC", currencyScale: 8, initialCashMinor: 200_000_000n };
    const perpetual = equity("XBTUSD", {
      contract: "INVERSE",
      currency: "BTC",
      currencyScale: 8,
      priceScale: 1,
    });
    const start = given(portfolioBuilder(sizing, bitcoin), at(0, "market.instruments", perpetual));
    const [found] = start.when(signal("XBTUSD", 400_000));
    // 2 BTC at 40,000.0 dollars each, a dollar a contract.
    expect(targetsOf(found)).toMatchObject([{ quantity: 80_000, weight: 1 }]);
  });
});

describe("the risk gate", () => {
  test("holds a value in euros against a limit in dollars", () => {
    const start = given(riskGate(limits, many), ...facts, rate);
    const [verdict] = start.when(at(2, "weights.proposals", proposal(["SIE", 100, 10_000])));
    // 100 × 125.00 dollars are above 10,000.00: 80 shares are not.
    expect(verdict?.value).toMatchObject({ outcome: "REDUCE", targets: [{ quantity: 80 }] });
  });

  test("refuses what it cannot value", () => {
    const start = given(riskGate(limits, many), ...facts);
    expect(() =>
      start.when(at(2, "weights.proposals", proposal(["SIE", 100, 10_000]))),
    ).toThrowError(expect.objectContaining({ code: "PROCESSOR_RATE_UNKNOWN" }));
  });
});
