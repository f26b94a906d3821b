import { describe, expect, test } from "vitest";
import { at, given } from "../../streams/testing/given.ts";
import { regimeRouter } from "./regime-router.ts";

const features = (timeUs: number, symbol: string, emaFast: number, warm = true) =>
  at(timeUs, "features", {
    symbol,
    barEndUs: timeUs,
    price: 100,
    logReturn: 0,
    emaFast,
    emaSlow: 100,
    atr: 2,
    volatility: 0.01,
    warm,
  });

describe("the regime of a symbol", () => {
  test("is told where it changes: a trend is more than the band, in average true ranges", () => {
    const task = given(regimeRouter(1.5));
    const told = [103, 103.01, 104, 97, 96.99].map((fast, i) =>
      task.when(features(i, "AAA", fast)).map(({ value }) => value.regime),
    );
    expect(told).toEqual([["sideways"], ["bull"], [], ["sideways"], ["bear"]]);
  });

  test("is not told before the features are warm, nor of another symbol", () => {
    const task = given(regimeRouter(1));
    expect(task.when(features(1, "AAA", 110, false))).toEqual([]);
    expect(task.when(features(2, "AAA", 110))).toHaveLength(1);
    expect(task.when(features(3, "AAA", 90, false))).toEqual([]);
    expect(task.when(features(4, "BBB", 110)).map(({ value }) => value)).toEqual([
      { symbol: "BBB", model: "trend", regime: "bull", probability: 1 },
    ]);
    expect(task.when(features(5, "AAA", 110))).toEqual([]);
  });
});
