import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import { emit } from "../../streams/event.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { TurnSizing } from "../sizing-config.ts";
import { portfolioBuilder } from "./portfolio-builder.ts";

/** 100,000 dollars. */
const portfolio = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 10_000_000n,
};
const fixed: TurnSizing = { method: "FIXED_QUANTITY", quantity: "100", allowShort: true };
const equal: TurnSizing = { method: "EQUAL_WEIGHT", grossBps: 10_000, allowShort: true };
const inverse: TurnSizing = { ...equal, method: "INVERSE_VOLATILITY" };

const build = (sizing: TurnSizing, ...instruments: Instrument[]) =>
  given(
    portfolioBuilder(sizing, portfolio),
    ...instruments.map((instrument) => at(0, "market.instruments", instrument)),
  );
const instrument = (symbol: string, changes: Partial<Instrument> = {}) =>
  at(0, "market.instruments", equity(symbol, changes));
const signal = (symbol: string, strength: number, price = 10_000, volatility = 0.01) =>
  at(0, "signals", { symbol, model: "test", strength, price, volatility });
const snapshot = (equityMinor: bigint, name = "main") =>
  at(0, "portfolio.snapshots", {
    portfolio: name,
    currency: "USD",
    cause: "MARK",
    cash: equityMinor,
    equity: equityMinor,
    peakEquity: equityMinor,
    grossExposure: 0n,
    netExposure: 0n,
    realisedPnl: 0n,
    fees: 0n,
    taxes: 0n,
    foreignCash: [],
    drawdownBps: 0,
    symbol: "",
    quantity: 0,
    cost: 0n,
    mark: 0,
  } satisfies PortfolioSnapshot);
const target = (symbol: string, quantity: number, weight: number, referencePrice = 10_000) => ({
  symbol,
  weight,
  quantity,
  referencePrice,
});
const proposed = (sizing: TurnSizing, ...targets: Target[]) =>
  emit("weights.proposals", {
    portfolio: "main",
    method: sizing.method,
    equity: 10_000_000n,
    targets,
    certificate: null,
  });
const quantities = (emits: ReturnType<ReturnType<typeof build>["when"]>) =>
  emits.map(({ value }) => Object.fromEntries(value.targets.map((t) => [t.symbol, t.quantity])));

describe("portfolio-builder", () => {
  test("proposes when a view turns, and is silent while it lasts", () => {
    const task = build(fixed, equity("AAA"));
    expect(task.when(signal("AAA", 0.3))).toEqual([proposed(fixed, target("AAA", 100, 0.1))]);
    expect(task.when(signal("AAA", 1, 11_000), snapshot(10_000_000n))).toEqual([]);
    expect(task.when(signal("AAA", -1, 12_000))).toEqual([
      proposed(fixed, target("AAA", -100, -0.12, 12_000)),
    ]);
    expect(task.when(signal("AAA", 0, 12_000))).toEqual([
      proposed(fixed, target("AAA", 0, 0, 12_000)),
    ]);
  });

  test("says nothing of a first view that is neutral: there is nothing to leave", () => {
    expect(build(fixed, equity("AAA")).when(signal("AAA", 0))).toEqual([]);
  });

  test("clips shorts to nothing where they are not allowed", () => {
    const long = { ...fixed, allowShort: false };
    const task = build(long, equity("AAA"));
    expect(task.when(signal("AAA", -1))).toEqual([]);
    expect(quantities(task.when(signal("AAA", 1), signal("AAA", -1)))).toEqual([
      { AAA: 100 },
      { AAA: 0 },
    ]);
  });

  test("cuts a fixed quantity to whole lots of the instrument's own scale", () => {
    const text = { ...fixed, quantity: "0.257" };
    const coin = equity("BTC", { quantityScale: 3, lotSize: 10 });
    expect(quantities(build(text, coin).when(signal("BTC", -1)))).toEqual([{ BTC: -250 }]);
    expect(build(fixed, equity("AAA", { lotSize: 1_000 })).when(signal("AAA", -1))).toEqual([]);
  });

  test("refuses a fixed quantity that the instrument cannot hold", () => {
    expect(() =>
      build({ ...fixed, quantity: "0.5" }, equity("AAA")).when(signal("AAA", 1)),
    ).toThrow(
      expect.objectContaining({
        code: "VALUE_QUANTITY_INVALID",
        message: "AAA: sizing.quantity 0.5 does not fit 0 decimal digits",
      }),
    );
  });

  test("refuses to size in another currency, but only when there is something to size", () => {
    const task = build(fixed, equity("VOD", { currency: "GBP" }));
    expect(task.when(signal("VOD", 0))).toEqual([]);
    expect(() => task.when(signal("VOD", 1))).toThrow(
      expect.objectContaining({ code: "PROCESSOR_CURRENCY_UNSUPPORTED" }),
    );
  });

  test("sizes a symbol seen before its instrument when the instrument comes, at its latest price", () => {
    const task = build(fixed);
    expect(task.when(signal("AAA", 1), signal("AAA", 1, 20_000))).toEqual([]);
    expect(task.when(instrument("AAA"))).toEqual([
      proposed(fixed, target("AAA", 100, 0.2, 20_000)),
    ]);
    expect(task.when(instrument("AAA"))).toEqual([]);
  });

  test("gives each instrument of the tape an equal slot, in whatever order views come", () => {
    const task = build(equal, equity("AAA"), equity("BBB"), equity("VOD", { currency: "GBP" }));
    expect(task.when(signal("AAA", 1))).toEqual([proposed(equal, target("AAA", 500, 0.5))]);
    expect(task.when(signal("BBB", -1, 3_333))).toEqual([
      proposed(equal, target("BBB", -1_500, -0.5, 3_333)),
    ]);
  });

  test("sizes all again when one view turns, from the equity and the prices of that moment", () => {
    const task = build(equal, equity("AAA"), equity("BBB"));
    task.when(signal("AAA", 1), signal("BBB", 1));
    expect(task.when(snapshot(20_000_000n), signal("BBB", 1, 5_000))).toEqual([]);
    expect(quantities(task.when(signal("AAA", -1)))).toEqual([{ AAA: -1_000, BBB: 2_000 }]);
  });

  test("leaves a short that its slot no longer pays for: 0, and not -0", () => {
    const task = build(equal, equity("AAA"), equity("BBB"));
    task.when(signal("AAA", 1), signal("BBB", -1));
    expect(quantities(task.when(snapshot(100n), signal("AAA", -1)))).toEqual([{ AAA: 0, BBB: 0 }]);
  });

  test("sizes all again at the first signal after a fork has set another size", () => {
    const before = portfolioBuilder(fixed, portfolio);
    let state = before.initial();
    const past = [instrument("AAA"), instrument("BBB"), signal("AAA", 1), signal("BBB", -1)];
    for (const event of past) state = before.evolve(state, event);
    const after = portfolioBuilder({ ...fixed, quantity: "200" }, portfolio);
    const task = given({ ...after, initial: () => structuredClone(state) });
    expect(quantities(task.when(signal("AAA", 1)))).toEqual([{ AAA: 200, BBB: -200 }]);
    expect(task.when(signal("AAA", 1), signal("BBB", -1))).toEqual([]);
    const shared = { ...portfolioBuilder(equal, portfolio), initial: () => structuredClone(state) };
    const other = given(shared);
    expect(quantities(other.when(signal("AAA", 1)))).toEqual([{ AAA: 500, BBB: -500 }]);
    expect(other.when(signal("AAA", 1, 20_000), snapshot(1n), signal("AAA", 1))).toEqual([]);
  });

  test("ignores the snapshots of another portfolio", () => {
    const task = build(equal, equity("AAA"));
    expect(quantities(task.when(snapshot(1n, "other"), signal("AAA", 1)))).toEqual([
      { AAA: 1_000 },
    ]);
  });

  test("buys nothing with no equity left", () => {
    const task = build(equal, equity("AAA"));
    expect(task.when(snapshot(-20_000_000n), signal("AAA", 1))).toEqual([]);
  });

  test("splits by inverse volatility: twice the volatility, half the weight", () => {
    const task = build(inverse, equity("AAA"), equity("BBB"));
    expect(quantities(task.when(signal("AAA", 1, 10_000, 0.01)))).toEqual([{ AAA: 500 }]);
    expect(quantities(task.when(signal("BBB", 1, 10_000, 0.02)))).toEqual([{ AAA: 666, BBB: 333 }]);
  });

  test("gives no share to what has no volatility", () => {
    const task = build(inverse, equity("AAA"), equity("BBB"));
    expect(task.when(signal("AAA", 1, 10_000, 0))).toEqual([]);
    expect(quantities(task.when(signal("BBB", 1, 10_000, 0.01)))).toEqual([{ BBB: 500 }]);
  });

  test("counts contracts of a future, in a currency without minor units too", () => {
    const nikkei = equity("NK", { multiplier: 1_000, priceScale: 0 });
    expect(quantities(build(equal, nikkei).when(signal("NK", 1, 30)))).toEqual([{ NK: 3 }]);
    const yen = { ...portfolio, currency: "JPY", currencyScale: 0, initialCashMinor: 1_000_000n };
    const task = given(
      portfolioBuilder(equal, yen),
      instrument("7203", { currency: "JPY", currencyScale: 0, priceScale: 1, lotSize: 100 }),
    );
    expect(quantities(task.when(signal("7203", 1, 25_005)))).toEqual([{ "7203": 300 }]);
  });

  test("never aims at more than the gross exposure asked for, nor off a lot", () => {
    const view = fc.record({
      strength: fc.constantFrom(-1, 1),
      price: fc.integer({ min: 1, max: 1_000_000 }),
      volatility: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      lotSize: fc.constantFrom(1, 7, 100),
    });
    const money = fc.bigInt({ min: 1n, max: 10n ** 12n });
    fc.assert(
      fc.property(
        fc.array(view, { minLength: 1, maxLength: 8 }),
        money,
        fc.integer({ min: 1, max: 30_000 }),
        fc.constantFrom("EQUAL_WEIGHT" as const, "INVERSE_VOLATILITY" as const),
        (views, minor, grossBps, method) => {
          const instruments = views.map(({ lotSize }, i) => equity(`S${i}`, { lotSize }));
          const held = new Map<string, number>();
          const emits = build({ method, grossBps, allowShort: true }, ...instruments).when(
            snapshot(minor),
            ...views.map((v, i) => signal(`S${i}`, v.strength, v.price, v.volatility)),
          );
          for (const { value } of emits) {
            for (const { symbol, quantity } of value.targets) held.set(symbol, quantity);
          }
          let gross = 0n;
          views.forEach(({ price, lotSize, strength }, i) => {
            const quantity = held.get(`S${i}`) ?? 0;
            expect(Math.abs(quantity) % lotSize).toBe(0);
            expect(quantity * strength).toBeGreaterThanOrEqual(0);
            gross += BigInt(Math.abs(quantity)) * BigInt(price);
          });
          expect(gross * 10_000n <= minor * BigInt(grossBps)).toBe(true);
        },
      ),
    );
  });
});
