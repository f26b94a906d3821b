import { describe, expect, test } from "vitest";
import type { Features } from "../../schemas/generated/features.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import { at, given } from "../../streams/testing/given.ts";
import { featureBuilder } from "./feature-builder.ts";

const builder = featureBuilder({ emaFast: 2, emaSlow: 3, atr: 3, volatility: 3 });
const bar = (index: number, close: number, changes: Partial<MarketBar> = {}) =>
  at((index + 1) * 60, "market.bars", {
    symbol: "AAA",
    startUs: index * 60,
    endUs: (index + 1) * 60,
    open: close,
    high: close + 1,
    low: close - 1,
    close,
    volume: 10,
    trades: 3,
    ...changes,
  });
const features = (...bars: ReturnType<typeof bar>[]): Features[] =>
  given(builder)
    .when(...bars)
    .map(({ value }) => value);

describe("feature-builder", () => {
  test("knows the close and the range of a first bar, and nothing else", () => {
    expect(features(bar(0, 100))).toEqual([
      {
        symbol: "AAA",
        barEndUs: 60,
        price: 100,
        logReturn: 0,
        emaFast: 100,
        emaSlow: 100,
        atr: 2,
        volatility: 0,
        warm: false,
      },
    ]);
  });

  test("has averages, true range, return and volatility of five bars as worked out by hand", () => {
    const last = features(...[100, 104, 102, 110, 99].map((close, i) => bar(i, close))).at(-1);
    // EMA 2: 100, 102, then weight 2/3. EMA 3: 100, 102, 102, then weight 1/2.
    // Ranges: 2, 5, 3, 9, 12; Wilder 3: their mean 10/3, then a third of the difference.
    expect(last?.emaFast).toBeCloseTo(99 * (2 / 3) + (110 * (2 / 3) + 102 / 3) / 3, 12);
    expect(last?.emaSlow).toBeCloseTo((99 + (110 + 102) / 2) / 2, 12);
    const afterFour = (10 / 3) * (2 / 3) + 9 / 3;
    expect(last?.atr).toBeCloseTo(afterFour * (2 / 3) + 12 / 3, 12);
    expect(last?.logReturn).toBeCloseTo(Math.log(99 / 110), 14);
    const returns = [Math.log(102 / 104), Math.log(110 / 102), Math.log(99 / 110)];
    const mean = returns.reduce((sum, x) => sum + x, 0) / 3;
    const squares = returns.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    expect(last?.volatility).toBeCloseTo(Math.sqrt(squares / 2), 14);
  });

  test("is warm once the longest window has filled: three returns take four bars", () => {
    const closes = [100, 100, 100, 100, 100];
    expect(features(...closes.map((close, i) => bar(i, close))).map(({ warm }) => warm)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  test("keeps each symbol's windows apart, also at one instant", () => {
    const other = { symbol: "BBB" };
    const [, , first, second] = features(
      bar(0, 100),
      bar(0, 9_000, other),
      bar(1, 110),
      bar(1, 9_900, other),
    );
    expect(first).toMatchObject({ symbol: "AAA", emaFast: 105 });
    expect(second).toMatchObject({ symbol: "BBB", emaFast: 9_450 });
  });

  test("counts a gap as one step", () => {
    const [, near] = features(bar(0, 100), bar(1, 110));
    const [, far] = features(bar(0, 100), bar(400, 110));
    expect(far).toEqual({ ...near, barEndUs: 401 * 60 });
  });

  test("has no volatility and no range where the price stands still", () => {
    const still = [0, 1, 2, 3].map((i) => bar(i, 100, { high: 100, low: 100, volume: 0 }));
    expect(features(...still).at(-1)).toMatchObject({ atr: 0, volatility: 0, warm: true });
  });

  test("fills the volatility's window anew after its length has changed", () => {
    const longer = featureBuilder({ emaFast: 2, emaSlow: 3, atr: 3, volatility: 4 });
    let state = builder.initial();
    for (let i = 0; i < 9; i++) state = builder.evolve(state, bar(i, 100 + (i % 3)));
    const after = given({ ...longer, initial: () => structuredClone(state) }).when(
      ...[9, 10, 11, 12].map((i) => bar(i, 100 + (i % 3))),
    );
    expect(after.map(({ value }) => value.warm)).toEqual([false, false, false, true]);
    const fresh = features(...[8, 9, 10, 11, 12].map((i) => bar(i, 100 + (i % 3))));
    expect(after[2]?.value.volatility).toBe(fresh[3]?.volatility);
  });

  test.each([
    ["a close of zero", { close: 0, low: 0 }],
    ["a negative low", { low: -1 }],
    ["a high below the close", { high: 99 }],
    ["a low above the open", { low: 101, high: 200, close: 150 }],
  ])("refuses %s and leaves its windows as they were", (_, changes) => {
    const task = given(builder, bar(0, 100));
    expect(() => task.when(bar(1, 100, changes))).toThrow(
      expect.objectContaining({ code: "VALUE_PRICE_INVALID" }),
    );
    expect(task.when(bar(2, 110))[0]?.value.emaFast).toBe(105);
  });
});
