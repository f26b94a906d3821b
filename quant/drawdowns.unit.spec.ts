import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deepest, depths, drawdowns, painIndex, ulcerIndex } from "./drawdowns.ts";
import { closes, days } from "./index-closes.spec.ts";
import { annualReturn, compounded, maxDrawdown, simpleReturns } from "./performance.ts";

describe("the table of drawdowns", () => {
  test("has peak, trough, recovery, depth and length", () => {
    expect(drawdowns([100, 90, 80, 100, 110, 99, 105])).toEqual([
      { peak: 0, trough: 2, recovery: 3, depth: 0.8 - 1, length: 3 },
      { peak: 4, trough: 5, recovery: null, depth: 99 / 110 - 1, length: 2 },
    ]);
  });

  test("starts at the last value of a held peak, and its trough is the first as low", () => {
    expect(drawdowns([10, 10, 5, 7, 5, 10])).toEqual([
      { peak: 1, trough: 2, recovery: 5, depth: -0.5, length: 4 },
    ]);
  });

  test("is empty where nothing falls, and null where a peak is not above 0", () => {
    expect(drawdowns([1, 2, 3])).toEqual([]);
    expect(drawdowns([])).toEqual([]);
    expect(drawdowns([0, 1])).toBeNull();
    expect(ulcerIndex([-1, 1])).toBeNull();
    expect(ulcerIndex([1])).toBeNull();
    expect(painIndex([1])).toBeNull();
  });

  test("holds each fall once, and nothing else, for any path", () => {
    const paths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(paths, (values) => {
        const table = drawdowns(values) ?? [];
        const below = new Set<number>();
        for (const { peak, trough, recovery, depth, length } of table) {
          const end = recovery ?? values.length;
          for (let i = peak + 1; i < end; i++) below.add(i);
          const fall = values.slice(peak + 1, end);
          expect(values[trough]).toBe(Math.min(...fall));
          expect(depth).toBe((values[trough] ?? 0) / (values[peak] ?? 0) - 1);
          expect(length).toBe((recovery ?? values.length - 1) - peak);
          if (recovery !== null) expect(values[recovery]).toBeGreaterThanOrEqual(values[peak] ?? 0);
        }
        values.forEach((value, i) => {
          expect(below.has(i)).toBe(value < Math.max(...values.slice(0, i + 1)));
        });
        const worst = deepest(table, 1)[0]?.depth ?? 0;
        expect(worst).toBeCloseTo(maxDrawdown(simpleReturns(values) ?? []), 12);
      }),
    );
  });

  test.skipIf(closes.length === 0)("of the S&P 500 has its five (needs TAPEDECK_DATA)", () => {
    const found = deepest(drawdowns(closes) ?? [], 5).map(({ peak, trough, recovery, depth }) => [
      days[peak],
      days[trough],
      recovery === null ? null : days[recovery],
      Math.round(depth * 1000) / 10,
    ]);
    // The dates and depths that lists of its declines give (the last year's was not over).
    expect(found).toEqual([
      ["2007-10-09", "2009-03-09", "2013-03-28", -56.8],
      ["2000-03-24", "2002-10-09", "2007-05-30", -49.1],
      ["2020-02-19", "2020-03-23", "2020-08-18", -33.9],
      ["2022-01-03", "2022-10-12", null, -25.4],
      ["1990-07-16", "1990-10-11", "1991-02-13", -19.9],
    ]);
  });
});

describe("ulcer and pain", () => {
  // C. Bacon, Practical Portfolio Performance Measurement and Attribution (2008), p. 89–91: pain index
  // 0.04 and Martin ratio 1.70 for these 24 months, the ratio of the ulcer index rounded to 6.1 % (by way
  // of the examples of R's PerformanceAnalytics).
  const months = [
    0.003, 0.026, 0.011, -0.01, 0.015, 0.025, 0.016, 0.067, -0.014, 0.04, -0.005, 0.081, 0.04,
    -0.037, -0.061, 0.017, -0.049, -0.022, 0.07, 0.058, -0.065, 0.024, -0.005, -0.009,
  ];

  test("are Bacon's for his portfolio", () => {
    const values = compounded(months);
    const annual = annualReturn(months, 12) ?? 0;
    expect(painIndex(values)).toBeCloseTo(0.04, 2);
    expect(annual / (Math.round((ulcerIndex(values) ?? 0) * 1000) / 1000)).toBeCloseTo(1.7, 2);
  });

  test("are the depth where it is the same in every period", () => {
    expect(ulcerIndex([10, 8, 8, 8])).toBeCloseTo(0.2, 15);
    expect(painIndex([10, 8, 8, 8])).toBeCloseTo(0.2, 15);
    expect(depths([10, 8, 12])).toEqual([0, 0.8 - 1, 0]);
  });
});
