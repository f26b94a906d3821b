import { describe, expect, test } from "vitest";
import { closes, days } from "../../quant/index-closes.spec.ts";
import { simpleReturns } from "../../quant/performance.ts";
import { Random } from "../../quant/random.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, fill, MINUTE_US } from "../../streams/testing/tape.ts";
import { CapacityDigest } from "./capacity-digest.ts";
import { pairReturns, relativeMeasures } from "./relative-measures.ts";
import { commonReturns } from "./symbol-returns.ts";
import { TapeBenchmark } from "./tape-benchmark.ts";
import { tripIntervals } from "./trip-intervals.ts";

const DAY_US = 1440 * MINUTE_US;
const dayStarts = (list: readonly number[]): readonly number[] => list.map((day) => day * DAY_US);

describe("a run beside its benchmark", () => {
  test("is paired by day: a missing close is the last one, what lies outside is left out", () => {
    const benchmark = { name: "B", days: [10, 11, 14], values: [100, 110, 121] };
    const own = { timeUs: dayStarts([9, 10, 11, 12, 14, 15]), returns: [1, 2, 3, 4, 5, 6] };
    const { returns, benchmark: other } = pairReturns(own, benchmark);
    expect(returns).toEqual([3, 4, 5]);
    expect(other[0]).toBeCloseTo(0.1, 12);
    expect(other.slice(1)).toEqual([0, expect.closeTo(0.1, 12)]);
  });

  test("has a first return where the benchmark has a close from before the first day", () => {
    const benchmark = { name: "B", days: [1, 5, 6], values: [100, 50, 75] };
    const own = { timeUs: dayStarts([5, 6]), returns: [0.1, 0.2] };
    expect(pairReturns(own, benchmark)).toEqual({
      name: "B",
      returns: [0.1, 0.2],
      benchmark: [-0.5, 0.5],
    });
  });

  test.skipIf(days.length === 0)(
    "that is the benchmark has beta 1, no alpha, no tracking error",
    () => {
      const returns = (simpleReturns(closes) as readonly number[]).slice(0, 1000);
      const paired = { name: "S&P 500", returns, benchmark: returns };
      const { values, intervals } = relativeMeasures(paired, 252, {
        level: 0.95,
        samples: 200,
        seed: 1,
      });
      expect(values?.beta).toBeCloseTo(1, 12);
      expect(values?.alpha).toBeCloseTo(0, 12);
      expect(values?.correlation).toBeCloseTo(1, 12);
      expect(values?.trackingError).toBe(0);
      expect(values?.informationRatio).toBeNull();
      expect([values?.upCapture, values?.downCapture]).toEqual([1, 1]);
      expect(intervals?.beta?.lower).toBeCloseTo(1, 9);
    },
  );

  test("that is twice the benchmark and a bit has beta 2 and that bit as alpha", () => {
    const random = new Random(4);
    const benchmark = Array.from({ length: 500 }, () => 0.01 * random.normal());
    const returns = benchmark.map((value) => 2 * value + 0.0001);
    const { values } = relativeMeasures({ name: "B", returns, benchmark }, 252, null);
    expect(values?.beta).toBeCloseTo(2, 9);
    expect(values?.alpha).toBeCloseTo(1.0001 ** 252 - 1, 9);
  });
});

describe("a symbol as a benchmark", () => {
  const action = (changes: Partial<CorporateAction>): CorporateAction => ({
    symbol: "IBM",
    action: "SPLIT",
    newShares: 1,
    oldShares: 1,
    amount: 0,
    amountScale: 2,
    currency: "",
    newSymbol: "",
    finalPrice: null,
    withheldPerMillion: 0,
    ...changes,
  });

  test("does not jump at a split and goes on under its new name", () => {
    const symbol = new TapeBenchmark("IBM");
    const close = (day: number, price: number, name = "IBM") =>
      symbol.bar(bar(name, (day + 1) * DAY_US, price));
    close(1, 10_000);
    close(1, 10_500);
    symbol.act(action({ newShares: 2, oldShares: 1 }), equity("IBM"));
    close(2, 5_250);
    symbol.act(action({ action: "SYMBOL_CHANGE", newSymbol: "XYZ" }), equity("IBM"));
    close(3, 6_300, "XYZ");
    close(4, 1, "IBM");
    const found = symbol.end();
    expect(found?.days).toEqual([1, 2, 3]);
    expect(found?.values.map((value) => value.toFixed(6))).toEqual([
      "1.050000",
      "1.050000",
      "1.260000",
    ]);
    expect(new TapeBenchmark("IBM").end()).toBeNull();
  });

  test("counts a cash dividend as return", () => {
    const symbol = new TapeBenchmark("IBM");
    symbol.bar(bar("IBM", 2 * DAY_US, 10_000));
    const paid = { action: "CASH_DIVIDEND", amount: 200, currency: "USD" } as const;
    symbol.act(action(paid), equity("IBM"));
    symbol.bar(bar("IBM", 3 * DAY_US, 9_800));
    expect(symbol.end()?.values).toEqual([1, 1]);
  });

  test("gives returns in common of days that follow each other in every symbol", () => {
    const a = { name: "A", days: [1, 2, 3, 4, 8], values: [1, 2, 4, 8, 16] };
    const b = { name: "B", days: [1, 2, 4, 8], values: [1, 3, 9, 27] };
    const { series, span } = commonReturns([a, b]);
    expect(series).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(span).toEqual({ fromUs: DAY_US, toUs: 8 * DAY_US });
  });
});

describe("the capacity of a run", () => {
  const dayBar = (day: number, volume: number) => ({
    ...bar("IBM", (day + 1) * DAY_US, 100),
    startUs: day * DAY_US,
    volume,
  });

  test("is the equity at which the 95 % quantile of the days' shares is a tenth", () => {
    const digest = new CapacityDigest();
    // Twenty days on which 1 % of the volume was traded, but for one with 50 %, heard of a day later.
    for (let day = 0; day < 20; day++) {
      digest.bar(dayBar(day, 1_000_000));
      const size = day === 7 ? 500_000 : 10_000;
      digest.fill(fill(size, 100, { symbol: "IBM", tradeUs: day * DAY_US }));
    }
    const capacity = digest.capacity(1000) as number;
    expect(capacity).toBeGreaterThan(9_900);
    expect(capacity).toBeLessThanOrEqual(10_000);
  });

  test("sums what was traded of a symbol in a day, and is null without a known volume", () => {
    const digest = new CapacityDigest();
    digest.bar(dayBar(1, 500));
    digest.bar(dayBar(1, 500));
    for (const size of [10, -40]) {
      digest.fill(fill(size, 100, { symbol: "IBM", tradeUs: DAY_US + 1 }));
    }
    const capacity = digest.capacity(1000) as number;
    expect(capacity).toBeGreaterThan(1980);
    expect(capacity).toBeLessThanOrEqual(2000);
    const silent = new CapacityDigest();
    silent.bar(dayBar(1, 0));
    silent.fill(fill(10, 100, { symbol: "IBM", tradeUs: DAY_US }));
    expect(silent.capacity(1000)).toBeNull();
    expect(new CapacityDigest().capacity(1000)).toBeNull();
  });
});

describe("the intervals of closed trades", () => {
  const settings = { level: 0.95, samples: 500, seed: 2 };

  test("hold what the trades were drawn from, and are none below twenty", () => {
    const random = new Random(9);
    const profits = Array.from({ length: 400 }, () => (random.uniform() < 0.4 ? 30 : -10));
    const adverse = profits.map((profit) => (profit < 0 ? -0.04 : -0.01));
    const trips = { profits, holdingSeconds: profits.map(() => 60), adverse };
    const found = tripIntervals({ ...trips, favourable: profits.map(() => 0.02) }, settings);
    expect(found?.winRate?.estimate).toBe(profits.filter((one) => one > 0).length / 400);
    expect(found?.winRate?.lower).toBeLessThan(0.4);
    expect(found?.winRate?.upper).toBeGreaterThan(0.4);
    expect(found?.profitFactor?.lower).toBeLessThan(2);
    expect(found?.profitFactor?.upper).toBeGreaterThan(2);
    expect(found?.payoffRatio?.lower).toBeCloseTo(3, 9);
    expect(found?.averageHolding).toMatchObject({ lower: 60, upper: 60 });
    expect(found?.averageFavourable?.lower).toBeCloseTo(0.02, 12);
    expect(found?.averageFavourable?.upper).toBeCloseTo(0.02, 12);
    // Drawn with its profit: where four in ten win, -0.028.
    expect(found?.averageAdverse?.lower).toBeCloseTo(
      -0.01 * (found?.winRate?.lower as number) - 0.04 * (1 - (found?.winRate?.lower as number)),
      9,
    );
    // √400 × mean / deviation (n - 1), by the two-pass formula.
    const mean = profits.reduce((a, b) => a + b, 0) / 400;
    const square = profits.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    expect(found?.systemQuality?.estimate).toBeCloseTo((20 * mean) / Math.sqrt(square / 399), 9);
    expect(
      tripIntervals({ profits: [1], holdingSeconds: [1], adverse: [0], favourable: [0] }, settings),
    ).toBeNull();
  });
});
