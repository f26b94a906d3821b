import { describe, expect, test } from "vitest";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { noTriggers } from "../no-triggers.spec.ts";
import type { RebalanceConfig, ViewSizing } from "../sizing-config.ts";
import { bookReviewer, followsTurns } from "./book-reviewer.ts";
import { portfolioBuilder } from "./portfolio-builder.ts";

const DAY_US = 86_400_000_000;
/** 100,000 dollars. */
const portfolio = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 10_000_000n,
};
const equal = { method: "EQUAL_WEIGHT", grossBps: 10_000, allowShort: true } as const;
const when = (changes: Partial<RebalanceConfig>): ViewSizing => ({
  ...equal,
  rebalance: { ...noTriggers, ...changes },
});

/** One symbol's bar of an instant: strength null for a model that does not speak. */
interface Seen {
  readonly symbol: string;
  readonly strength?: number | null;
  readonly price?: number;
  readonly volatility?: number;
  readonly logReturn?: number;
}

const features = (
  timeUs: number,
  { symbol, price = 10_000, volatility = 0.01, logReturn = 0 }: Seen,
) =>
  at(timeUs, "features", {
    symbol,
    barEndUs: timeUs,
    price,
    logReturn,
    emaFast: price,
    emaSlow: price,
    atr: 0,
    volatility,
    warm: true,
  });
const signal = (
  timeUs: number,
  { symbol, strength = 1, price = 10_000, volatility = 0.01 }: Seen,
) => at(timeUs, "signals", { symbol, model: "test", strength: strength ?? 0, price, volatility });
const snapshot = (timeUs: number, changes: Partial<PortfolioSnapshot>) =>
  at(timeUs, "portfolio.snapshots", {
    portfolio: "main",
    currency: "USD",
    cause: "FILL",
    cash: 0n,
    equity: 10_000_000n,
    peakEquity: 10_000_000n,
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
    ...changes,
  });

/** A book with AAA and BBB; every proposal is filled as soon as it is made. */
function book(sizing: ViewSizing, ...others: Instrument[]) {
  const instruments = others.length > 0 ? others : [equity("AAA"), equity("BBB")];
  const task = given(
    bookReviewer(sizing, portfolio),
    ...instruments.map((instrument) => at(0, "market.instruments", instrument)),
  );
  const instant = (timeUs: number, ...seen: readonly Seen[]) => {
    const spoken = seen.filter(({ strength }) => strength !== null);
    const emits = task.when(
      ...seen.map((one) => features(timeUs, one)),
      ...spoken.map((one) => signal(timeUs, one)),
    );
    return emits.map(({ value }) => value);
  };
  const fill = (timeUs: number, held: Readonly<Record<string, number>>, changes = {}) => {
    for (const [symbol, quantity] of Object.entries(held)) {
      task.when(snapshot(timeUs, { symbol, quantity, ...changes }));
    }
  };
  /** What is proposed at an instant, filled at once. */
  const step = (timeUs: number, ...seen: readonly Seen[]) => {
    const proposals = instant(timeUs, ...seen).map(({ targets }) =>
      Object.fromEntries(targets.map(({ symbol, quantity }) => [symbol, quantity])),
    );
    for (const proposal of proposals) fill(timeUs, proposal);
    return proposals;
  };
  return { task, instant, fill, step };
}

const A = { symbol: "AAA" };
const B = { symbol: "BBB" };

describe("a review", () => {
  test("waits for all signals of its instant, and proposes once", () => {
    const { task } = book(when({}));
    // Without features to go by, each signal is an instant of its own.
    const alone = task.when(signal(1, A), signal(1, B));
    expect(alone.map(({ value }) => value.targets.length)).toEqual([1, 1]);
    const both = [
      features(2, A),
      features(2, B),
      signal(2, { ...A, strength: -1 }),
      signal(2, { ...B, strength: -1, price: 20_000 }),
    ];
    expect(task.when(...both).map(({ value }) => value)).toEqual([
      {
        portfolio: "main",
        method: "EQUAL_WEIGHT",
        equity: 10_000_000n,
        targets: [
          { symbol: "AAA", weight: -0.5, quantity: -500, referencePrice: 10_000 },
          { symbol: "BBB", weight: -0.5, quantity: -250, referencePrice: 20_000 },
        ],
        certificate: null,
      },
    ]);
  });

  test("is missed for one instant when a model falls silent, then goes on without it", () => {
    const { step } = book(when({}));
    step(1, A, B);
    const turned = { ...A, strength: -1 };
    expect(step(2, turned, { ...B, strength: null })).toEqual([]);
    expect(step(3, turned, { ...B, strength: null })).toEqual([{ AAA: -500 }]);
    expect(step(4, A, B)).toEqual([{ AAA: 500 }]);
    expect(step(5, turned, { ...B, strength: -1 })).toEqual([{ AAA: -500, BBB: -500 }]);
  });

  test("takes a bar that comes twice as one", () => {
    const { task } = book(when({}));
    const twice = [features(1, A), features(1, A), features(1, B)];
    const emits = task.when(...twice, signal(1, A), signal(1, A), signal(1, B));
    expect(emits.map(({ value }) => value.targets.length)).toEqual([2]);
  });

  test("does not wait for a symbol without a bar", () => {
    const { step } = book(when({}));
    step(1, A, B);
    expect(step(2, { ...A, strength: -1 })).toEqual([{ AAA: -500 }]);
  });

  test("sizes a symbol whose instrument comes late at the next instant", () => {
    const { task, step } = book(equal, equity("AAA"));
    expect(step(1, A, B)).toEqual([{ AAA: 1_000 }]);
    task.when(at(2, "market.instruments", equity("BBB")));
    expect(step(3, A, B)).toEqual([{ AAA: 500, BBB: 500 }]);
  });

  test("gives what portfolioBuilder gives where views turn in instants of their own", () => {
    for (const sizing of [
      { method: "FIXED_QUANTITY", quantity: "100", allowShort: false },
      equal,
      { ...equal, method: "INVERSE_VOLATILITY" },
    ] as const) {
      const seen: readonly Seen[] = [
        A,
        { ...B, strength: -0.5, price: 3_333, volatility: 0.02 },
        { ...A, strength: -1, price: 11_000 },
        { ...B, strength: 1, price: 3_000, volatility: 0.015 },
        { ...A, strength: 0, price: 10_500 },
      ];
      const listed = [
        at(0, "market.instruments", equity("AAA")),
        at(0, "market.instruments", equity("BBB")),
      ];
      const before = given(portfolioBuilder(sizing, portfolio), ...listed);
      const now = given(bookReviewer(sizing, portfolio), ...listed);
      for (const [i, one] of seen.entries()) {
        const turned = before.when(signal(i + 1, one));
        expect(now.when(features(i + 1, one), signal(i + 1, one))).toEqual(turned);
      }
    }
  });

  test("refuses what portfolioBuilder refuses", () => {
    const pound = book(when({}), equity("VOD", { currency: "GBP" }));
    expect(() => pound.step(1, { symbol: "VOD" })).toThrow(
      expect.objectContaining({ code: "PROCESSOR_CURRENCY_UNSUPPORTED" }),
    );
  });

  test("closes the book when nothing is left of equity", () => {
    const { step, fill } = book(when({ every: { count: 1, unit: "BAR" } }));
    step(1, A, B);
    fill(2, { AAA: 500 }, { equity: -1n });
    expect(step(3, A, B)).toEqual([{ AAA: 0, BBB: 0 }]);
    const fixed = book({
      method: "FIXED_QUANTITY",
      quantity: "100",
      allowShort: true,
      rebalance: { ...noTriggers, every: { count: 1, unit: "BAR" } },
    });
    expect(fixed.step(1, A)).toEqual([{ AAA: 100 }]);
    fixed.fill(2, { AAA: 100 }, { equity: 0n });
    expect(fixed.step(3, A)).toEqual([{ AAA: 0 }]);
  });

  test("is for all but the three methods that follow turns", () => {
    expect(followsTurns(equal)).toBe(true);
    expect(followsTurns({ ...equal, lots: "DOWN" })).toBe(true);
    expect(followsTurns({ ...equal, lots: "LEAST_CASH" })).toBe(false);
    expect(followsTurns(when({}))).toBe(false);
  });
});

describe("methods", () => {
  const target: ViewSizing = {
    method: "VOLATILITY_TARGET",
    targetBps: 1_000,
    barsPerYear: 100,
    maxLeverageBps: 20_000,
    allowShort: true,
  };

  test("volatility target of the portfolio: its own volatility is aimed at, once the window is full", () => {
    const whole = (shrinkage: number, changes: Partial<typeof target> = {}) =>
      book({
        ...target,
        maxLeverageBps: 50_000,
        ...changes,
        covariance: { window: 4, shrinkage },
        rebalance: { ...noTriggers, targetChangeBps: 1 },
      } as ViewSizing);
    // Deviation 2 % a bar of each, in returns that have nothing to do with one another.
    const made = Math.sqrt((0.02 ** 2 * 3) / 4);
    const seen = (i: number, b: number) => [
      { ...A, volatility: 0.02, logReturn: i % 2 === 0 ? made : -made },
      { ...B, volatility: 0.02, logReturn: b },
    ];
    const apart = (i: number) => (i % 4 < 2 ? made : -made);
    const { step } = whole(0);
    // A slot alone: 10 % a year is half of it. The first bar has no return: four more fill the window.
    expect(step(1, ...seen(1, apart(1)))).toEqual([{ AAA: 250, BBB: 250 }]);
    for (const i of [2, 3, 4]) expect(step(i, ...seen(i, apart(i)))).toEqual([]);
    // √(2 × (¼ × 2 % × 10)²) is 7.07 %: both grow by √2.
    expect(step(5, ...seen(5, apart(5)))).toEqual([{ AAA: 353, BBB: 353 }]);

    // Returns that are the same are one asset, ¼ + ¼: nothing to gain; with opposite sides, nothing moves.
    const twin = whole(0);
    for (const i of [1, 2, 3, 4, 5, 6]) twin.step(i, ...seen(i, i % 2 === 0 ? made : -made));
    expect(twin.step(7, ...seen(7, -made))).toEqual([]);
    const hedged = whole(0, { maxLeverageBps: 20_000 });
    const short = (i: number) =>
      seen(i, i % 2 === 0 ? made : -made).map((one, k) => ({ ...one, strength: k === 0 ? 1 : -1 }));
    for (const i of [1, 2, 3, 4]) hedged.step(i, ...short(i));
    expect(hedged.step(5, ...short(5))).toEqual([{ AAA: 1_000, BBB: -1_000 }]);
  });

  test("volatility target: half the weight at twice the volatility, up to the leverage cap", () => {
    const { step } = book(target);
    // 10 % a year over 10 bars' worth of 2 %: half of each slot. 0.1 %: 10 slots, capped at 2.
    expect(step(1, { ...A, volatility: 0.02 }, { ...B, volatility: 0.001, strength: -1 })).toEqual([
      { AAA: 250, BBB: -1_000 },
    ]);
    expect(step(2, { ...A, volatility: 0.04 }, B)).toEqual([{ AAA: 125, BBB: 500 }]);
  });

  const kelly: ViewSizing = {
    method: "FRACTIONAL_KELLY",
    fractionBps: 5_000,
    window: 2,
    maxLeverageBps: 30_000,
    allowShort: true,
  };

  test("Kelly: measured from what the view's own unit earned, once the window is full", () => {
    const { step } = book(kelly, equity("AAA"));
    expect(step(1, A)).toEqual([]);
    expect(step(2, { ...A, price: 11_000 })).toEqual([]);
    // Returns 10 % and -20 %: mean -5 %, no edge. Then -20 % and 30 %: mean 5 %, variance 12.5 %.
    expect(step(3, { ...A, price: 8_800 })).toEqual([]);
    expect(step(4, { ...A, price: 11_440 })).toEqual([
      { AAA: Math.floor((0.5 * 0.05 * 10_000_000) / 0.125 / 11_440) },
    ]);
  });

  test("Kelly: nothing before the window is full, however good it looks", () => {
    const { step } = book({ ...kelly, window: 3 }, equity("AAA"));
    step(1, A);
    step(2, { ...A, price: 11_000 });
    expect(step(3, { ...A, price: 13_200 })).toEqual([]);
    expect(step(4, { ...A, price: 14_520 })).toEqual([{ AAA: Math.floor(30_000_000 / 14_520) }]);
  });

  test("Kelly: a short view earns when the price falls, and the cap holds", () => {
    const { step } = book(kelly, equity("AAA"));
    const short = { ...A, strength: -1 };
    step(1, short);
    step(2, { ...short, price: 9_900 });
    // -(-1 %) and -(-0.9 %): a Kelly of about 7,000; half of it is far beyond 3.
    const [proposal] = step(3, { ...short, price: 9_811 });
    expect(proposal).toEqual({ AAA: -Math.floor((3 * 10_000_000) / 9_811) });
  });

  test("integrated: the root of the strength, the confidence given, nothing off for what is unknown", () => {
    const integrated: ViewSizing = {
      method: "INTEGRATED",
      grossBps: 10_000,
      confidenceBps: 8_000,
      allowShort: true,
    };
    const { step } = book(integrated);
    expect(step(1, { ...A, strength: 0.25 }, { ...B, strength: -1 })).toEqual([
      { AAA: 200, BBB: -400 },
    ]);
  });
});

describe("the integrated sizer's outlook", () => {
  const integrated: ViewSizing = {
    method: "INTEGRATED",
    grossBps: 10_000,
    confidenceBps: 8_000,
    allowShort: true,
    regimes: { from: "tape", band: 1, weights: { bull: 1, sideways: 0.5 } },
    forecasts: true,
    toxicity: { bucketBars: 1, buckets: 1, window: 2 },
    rebalance: { ...noTriggers, targetChangeBps: 1 },
  };
  const regime = (timeUs: number, symbol: string, name: string) =>
    at(timeUs, "regimes", { symbol, model: "test", regime: name, probability: 1 });
  const forecast = (timeUs: number, coverage: number, verdict: "PASS" | "DERISK" | "BLOCK") =>
    at(timeUs, "forecasts", {
      symbol: "AAA",
      model: "test",
      horizonUs: 1,
      mean: 0,
      lower: 0,
      upper: 0,
      coverage,
      alpha: 0.1,
      kappaPlus: 0,
      verdict,
    });
  const bar = (timeUs: number, close: number) =>
    at(timeUs, "market.bars", {
      symbol: "AAA",
      startUs: timeUs - 1,
      endUs: timeUs,
      open: close,
      high: close,
      low: close,
      close,
      volume: 100,
      trades: 0,
    });
  const open = () => {
    const task = given(
      bookReviewer(integrated, portfolio),
      at(0, "market.instruments", equity("AAA")),
    );
    const review = (timeUs: number) =>
      task
        .when(
          features(timeUs, { symbol: "AAA" }),
          signal(timeUs, { symbol: "AAA", strength: 0.25 }),
        )
        .map(({ value }) => value.targets[0]?.quantity);
    return { task, review };
  };

  test("weight is √0.25 × confidence × regime × (1 − toxicity) of 1,000 shares", () => {
    const { task, review } = open();
    expect(review(1)).toEqual([400]); // 0.5 × 0.8
    task.when(regime(2, "AAA", "sideways"));
    expect(review(2)).toEqual([200]); // 0.5 × 0.8 × 0.5
    task.when(forecast(3, 0.9, "PASS"));
    expect(review(3)).toEqual([225]); // 0.5 × 0.9 × 0.5
    for (const [i, close] of [10_000, 10_100, 9_999].entries()) task.when(bar(4 + i, close));
    // The last bar's returns are +0.01 and -0.01: Φ(-1/√2) of it is bought, VPIN is 0.520500.
    expect(review(7)).toEqual([107]); // 0.5 × 0.9 × 0.5 × 0.479500 = 0.107888
  });

  test("a regime of every symbol holds where the symbol has none of its own", () => {
    const { task, review } = open();
    task.when(regime(1, "*", "sideways"));
    expect(review(1)).toEqual([200]);
    task.when(regime(2, "AAA", "bull"));
    expect(review(2)).toEqual([400]);
  });

  test("a regime without a weight leaves nothing, whatever it is called", () => {
    for (const name of ["bear", "constructor"]) {
      const { task, review } = open();
      review(1);
      task.when(regime(2, "AAA", name));
      expect(review(2)).toEqual([0]);
    }
  });

  test("a forecast to take less risk counts for half, a blocked one for nothing", () => {
    const { task, review } = open();
    task.when(forecast(1, 0.8, "DERISK"));
    expect(review(1)).toEqual([200]);
    task.when(forecast(2, 0.8, "BLOCK"));
    expect(review(2)).toEqual([0]);
    task.when(forecast(3, Number.NaN, "PASS"));
    expect(review(3)).toEqual([]);
  });

  test("toxicity does not see a split", () => {
    const { task, review } = open();
    const closes = [10_000, 10_100, 9_996].map((close, i) => bar(1 + i, close));
    task.when(...closes.slice(0, 2));
    task.when(at(2, "market.corporate-actions", split("AAA", 4, 1)));
    // 9,996 in new shares, of which there are four times as many.
    const last = bar(3, 2_499);
    task.when({ ...last, value: { ...last.value, volume: 400 } });
    const plain = open();
    plain.task.when(...closes);
    const expected = plain.review(4);
    expect(expected[0]).toBeLessThan(200);
    expect(review(4)).toEqual(expected);
  });

  test("moves with a symbol's new name, and is forgotten with a delisted one", () => {
    const { task, review } = open();
    task.when(regime(1, "OLD", "sideways"));
    const action = (timeUs: number, symbol: string, of: "SYMBOL_CHANGE" | "DELISTING") =>
      at(timeUs, "market.corporate-actions", {
        symbol,
        action: of,
        newShares: 0,
        oldShares: 0,
        amount: 0,
        amountScale: 0,
        currency: "",
        newSymbol: of === "SYMBOL_CHANGE" ? "AAA" : "",
        finalPrice: 0,
        withheldPerMillion: 0,
      });
    task.when(action(1, "OLD", "SYMBOL_CHANGE"));
    expect(review(2)).toEqual([200]);
    task.when(action(3, "AAA", "DELISTING"), at(3, "market.instruments", equity("AAA")));
    expect(review(3)).toEqual([400]);
  });
});

describe("triggers", () => {
  test("none: nothing moves while views last", () => {
    const { step } = book(when({}));
    expect(step(1, A, B)).toEqual([{ AAA: 500, BBB: 500 }]);
    expect(step(2, { ...A, price: 20_000 }, { ...B, price: 5_000 })).toEqual([]);
  });

  test("drift of equity: beyond the band, and then the whole book", () => {
    const { step } = book(when({ driftBps: 500 }));
    step(1, A, B);
    // 500 × 109.99 = 54.995 % of equity as it was last told; at 110.01 it is 55.005 %.
    expect(step(2, { ...A, price: 10_999 }, B)).toEqual([]);
    expect(step(3, { ...A, price: 11_001 }, { ...B, price: 9_800 })).toEqual([
      { AAA: 454, BBB: 510 },
    ]);
    expect(step(4, { ...A, price: 8_000 }, { ...B, price: 9_800 })).toEqual([{ AAA: 625 }]);
  });

  test("drift that no trade can mend is no cause to trade the others", () => {
    // One share of BBB costs more than its half of the book; AAA is 2 % off.
    const { step } = book(when({ driftBps: 500 }));
    expect(step(1, A, { ...B, price: 6_000_000 })).toEqual([{ AAA: 500 }]);
    expect(step(2, { ...A, price: 10_200 }, { ...B, price: 6_000_000 })).toEqual([]);
    expect(step(3, { ...A, price: 10_200 }, { ...B, price: 4_000_000 })).toEqual([
      { AAA: 490, BBB: 1 },
    ]);
  });

  test("drift of the target: a fraction of it", () => {
    const { step } = book(when({ driftOfTargetBps: 1_000 }));
    step(1, A, B);
    expect(step(2, { ...A, price: 10_999 }, { ...B, price: 9_001 })).toEqual([]);
    expect(step(3, { ...A, price: 11_100 }, { ...B, price: 8_990 })).toEqual([
      { AAA: 450, BBB: 556 },
    ]);
  });

  test("change of target: when the method asks for something else, whatever prices do", () => {
    const sizing: ViewSizing = {
      method: "INTEGRATED",
      grossBps: 10_000,
      confidenceBps: 10_000,
      allowShort: true,
      rebalance: { ...noTriggers, targetChangeBps: 2_000 },
    };
    const { step } = book(sizing);
    expect(step(1, A, B)).toEqual([{ AAA: 500, BBB: 500 }]);
    expect(step(2, { ...A, price: 20_000 }, { ...B, strength: 0.64 })).toEqual([]);
    expect(step(3, A, { ...B, strength: 0.63 })).toEqual([{ BBB: 396 }]);
  });

  test("calendar: at the first instant of a new period, the whole book", () => {
    const { step } = book(when({ every: { count: 2, unit: "DAY" } }));
    step(0, A, B);
    const up = { ...A, price: 12_500 };
    expect(step(DAY_US, up, B)).toEqual([]);
    expect(step(2 * DAY_US, up, B)).toEqual([{ AAA: 400 }]);
    expect(step(2 * DAY_US + 1, A, B)).toEqual([]);
    expect(step(5 * DAY_US, A, B)).toEqual([{ AAA: 500 }]);
  });

  test("calendar of bars: every so many instants", () => {
    const { step } = book(when({ every: { count: 3, unit: "BAR" } }));
    const up = { ...A, price: 12_500 };
    expect([1, 2, 3, 4, 5].map((i) => step(i, i === 1 ? A : up, B))).toEqual([
      [{ AAA: 500, BBB: 500 }],
      [],
      [],
      [{ AAA: 400 }],
      [],
    ]);
  });

  test("what the turnover limit left over follows, instant by instant", () => {
    const { step } = book(when({ maxTurnoverBps: 4_000 }));
    expect([1, 2, 3, 4].map((i) => step(i, A, B))).toEqual([
      [{ AAA: 200, BBB: 200 }],
      [{ AAA: 400, BBB: 400 }],
      [{ AAA: 500, BBB: 500 }],
      [],
    ]);
  });

  test("calendar of bars: counts bars, not the symbols that they come of one by one", () => {
    const { task } = book(when({ every: { count: 2, unit: "BAR" } }));
    const sent: number[] = [];
    for (let i = 0; i < 8; i++) {
      const one = i % 2 === 0 ? { ...A, price: 10_000 + 500 * i } : B;
      const bar = features(i, one);
      const ended = { ...bar, value: { ...bar.value, barEndUs: 1 + Math.floor(i / 2) } };
      const emits = task.when(ended, signal(i, one));
      for (const { value } of emits)
        for (const { symbol, quantity } of value.targets) {
          sent.push(i);
          task.when(snapshot(i, { symbol, quantity }));
        }
    }
    // The first views, then the first symbol of the third bar.
    expect(sent).toEqual([0, 1, 4]);
  });

  test("drawdown with a scale: less of every target below the mark, all of it again after", () => {
    const scaled = { drawdownBps: 1_000, drawdownScaleBps: 4_000 };
    for (const sizing of [
      when(scaled),
      {
        method: "FIXED_QUANTITY",
        quantity: "500",
        allowShort: true,
        rebalance: { ...noTriggers, ...scaled },
      } as const,
    ]) {
      const { instant, fill } = book(sizing);
      let drawdownBps = 0;
      const mark = (timeUs: number, fallen: number) => {
        drawdownBps = fallen;
        fill(timeUs, { CCC: 0 }, { drawdownBps, cause: "MARK" });
      };
      const step = (timeUs: number, ...seen: readonly Seen[]) => {
        const proposals = instant(timeUs, ...seen).map(({ targets }) =>
          Object.fromEntries(targets.map(({ symbol, quantity }) => [symbol, quantity])),
        );
        for (const proposal of proposals) fill(timeUs, proposal, { drawdownBps });
        return proposals;
      };
      const short = { ...B, strength: -1 };
      expect(step(1, A, short)).toEqual([{ AAA: 500, BBB: -500 }]);
      mark(2, 1_000);
      expect(step(3, A, short)).toEqual([]);
      mark(4, 1_001);
      expect(step(5, A, short)).toEqual([{ AAA: 200, BBB: -200 }]);
      expect(step(6, A, short)).toEqual([]);
      mark(7, 1_000);
      expect(step(8, A, short)).toEqual([{ AAA: 500, BBB: -500 }]);
    }
  });

  test("drawdown: once when equity falls below the mark, and again after it has been back", () => {
    const { step, fill } = book(when({ drawdownBps: 1_000 }));
    step(1, A, B);
    const fall = (timeUs: number, drawdownBps: number) =>
      fill(timeUs, { AAA: 500 }, { drawdownBps, equity: 8_000_000n, cause: "MARK" });
    fall(2, 1_000);
    expect(step(2, A, B)).toEqual([]);
    fall(3, 1_001);
    expect(step(3, A, B)).toEqual([{ AAA: 400, BBB: 400 }]);
    fall(4, 1_500);
    expect(step(4, A, B)).toEqual([]);
    fall(5, 900);
    step(5, A, B);
    fall(6, 1_100);
    expect(step(6, A, B)).toEqual([{ AAA: 400 }]);
  });

  test("a fork's other size, at the first review", () => {
    const before = bookReviewer(when({}), portfolio);
    let state = before.initial();
    const past = [
      at(0, "market.instruments", equity("AAA")),
      features(1, A),
      signal(1, A),
      snapshot(1, { symbol: "AAA", quantity: 1_000 }),
    ];
    for (const event of past) state = before.evolve(state, event);
    const after = bookReviewer({ ...equal, grossBps: 5_000, rebalance: noTriggers }, portfolio);
    const task = given({ ...after, initial: () => structuredClone(state) });
    const targets = task.when(signal(2, A), signal(2, A)).map(({ value }) => value.targets);
    expect(targets).toMatchObject([[{ symbol: "AAA", quantity: 500 }]]);
  });
});

describe("a position", () => {
  test("counts as on its way until the second bar after it was asked for", () => {
    const { instant } = book(when({ every: { count: 1, unit: "BAR" } }));
    const quantities = (i: number) => instant(i, A, B).map(({ targets }) => targets.length);
    expect(quantities(1)).toEqual([2]);
    expect(quantities(2)).toEqual([]);
    // Never filled: asked for again.
    expect(quantities(3)).toEqual([2]);
    expect(quantities(4)).toEqual([]);
  });

  test("is on its way for as long where an instant is reviewed twice", () => {
    const { task, instant } = book(when({ every: { count: 1, unit: "BAR" } }));
    instant(1, A, B);
    const twice = [features(2, A), features(2, B), signal(2, A), signal(2, B), signal(2, B)];
    expect(task.when(...twice)).toEqual([]);
  });

  test("is what a fill says it is, at once", () => {
    const { instant, fill } = book(when({ every: { count: 1, unit: "BAR" } }));
    instant(1, A, B);
    fill(1, { AAA: 500, BBB: 300 });
    expect(instant(2, A, B).map(({ targets }) => targets)).toMatchObject([
      [{ symbol: "BBB", quantity: 500 }],
    ]);
  });

  test("that was not reached has not drifted: a limit that keeps it small is no trigger", () => {
    const { instant, fill } = book(when({ driftBps: 100 }));
    instant(1, A, B);
    fill(1, { AAA: 500, BBB: 100 });
    for (const i of [2, 3, 4]) expect(instant(i, A, B)).toEqual([]);
    expect(instant(5, { ...A, price: 10_300 }, B).map(({ targets }) => targets)).toMatchObject([
      [
        { symbol: "AAA", quantity: 485 },
        { symbol: "BBB", quantity: 500 },
      ],
    ]);
  });

  test("of another portfolio is not ours", () => {
    const { step, fill } = book(when({ driftBps: 100 }));
    step(1, A, B);
    fill(2, { AAA: 7 }, { portfolio: "other", equity: 5n });
    expect(step(3, A, B)).toEqual([]);
  });
});
