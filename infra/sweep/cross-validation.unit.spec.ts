// The choice of the best judged on days that it was not chosen by.

import { describe, expect, test } from "vitest";
import { combinatorialPaths, combinatorialSplits } from "../../quant/purged-splits.ts";
import { Random } from "../../quant/random.ts";
import { crossValidate, splitsOf } from "./cross-validation.ts";

function noise(trials: number, days: number, skill: number, seed: number) {
  const random = new Random(seed);
  return Array.from({ length: trials }, (_, i) =>
    Array.from({ length: days }, () => 0.01 * random.normal() + (i === 0 ? skill : 0)),
  );
}

function sharpe(returns: readonly number[]): number {
  const center = returns.reduce((sum, value) => sum + value, 0) / returns.length;
  const squares = returns.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return center / Math.sqrt(squares / (returns.length - 1));
}

describe("cross-validation of a choice", () => {
  test("finds nothing where there is no skill, however good the best looks", () => {
    const found = crossValidate(noise(200, 500, 0, 6), 1);
    expect(found).toMatchObject({ groups: 10, judged: 2, splits: 45 });
    expect(found?.paths).toHaveLength(9);
    // 500 days: a Sharpe ratio without skill has a deviation of 0.045. The best of 200 in sample has 0.12.
    expect(Math.abs(found?.mean ?? 1)).toBeLessThan(0.05);
  });

  test("finds skill where it is, on every path the same", () => {
    const series = noise(50, 500, 0.005, 6);
    for (const path of crossValidate(series, 1)?.paths ?? [0]) {
      expect(path).toBeCloseTo(sharpe(series[0] ?? []), 12);
    }
  });

  test("takes each day of a path from the trial that was best without it", () => {
    const series = noise(6, 63, 0.001, 2);
    const horizon = 4;
    const spans = series[0]?.map((_, i) => ({ start: i, end: i + horizon })) ?? [];
    const splits = combinatorialSplits(spans, 10, 2, 0.01);
    const paths = combinatorialPaths(10, splits).map((path) => {
      const days = spans.map((_, day) => {
        // The group that holds the day is judged by this split of the path.
        const split = path
          .map((i) => splits[i])
          .find((one, group) => {
            const own = (one?.test ?? []).filter(
              (each) => Math.floor((each * 10 + 9) / 63) === group,
            );
            return own.includes(day);
          });
        const sharpes = series.map((one) => sharpe((split?.train ?? []).map((i) => one[i] ?? 0)));
        return series[sharpes.indexOf(Math.max(...sharpes))]?.[day] ?? 0;
      });
      return sharpe(days);
    });
    const found = crossValidate(series, horizon)?.paths ?? [];
    expect(found.length).toBe(9);
    for (const [i, path] of found.entries()) expect(path).toBeCloseTo(paths[i] ?? 9, 12);
    expect(new Set(found.map((path) => path.toFixed(9))).size).toBeGreaterThan(1);
  });

  test("says nothing of one trial, or of too few days", () => {
    expect(crossValidate(noise(1, 500, 0, 1), 1)).toBeNull();
    expect(crossValidate(noise(5, 49, 0, 1), 1)).toBeNull();
  });
});

test("as many groups and judged ones as are asked for make their splits and paths", () => {
  const random = new Random(4);
  const trials = Array.from({ length: 3 }, () =>
    Array.from({ length: 120 }, () => random.normal()),
  );
  const plan = { groups: 6, judged: 3, embargo: 0, purge: null };
  const found = crossValidate(trials, 2, plan);
  // Ways to judge 3 of 6 are 20; each group is in 10 of them.
  expect([found?.splits, found?.paths.length, found?.groups]).toEqual([20, 10, 6]);
  expect([splitsOf(6, 3), splitsOf(10, 2), splitsOf(30, 1)]).toEqual([20, 45, 30]);
  expect(crossValidate(trials, 2, { ...plan, groups: 30 })).toBeNull();
});
