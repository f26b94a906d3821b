import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closes, days } from "./index-closes.spec.ts";
import { monthlyReturns } from "./monthly-returns.ts";

const at = (day: string): number => Date.parse(`${day}Z`) * 1000;

describe("the calendar of returns", () => {
  test("is last value over last value before, by month and year", () => {
    const times = ["2023-11-15", "2023-11-30", "2023-12-29T23:59", "2024-01-01", "2024-02-29"];
    const years = monthlyReturns(times.map(at), [100, 110, 99, 99, 198]);
    expect(years.map(({ year }) => year)).toEqual([2023, 2024]);
    expect(years[0]?.months.slice(9)).toEqual([null, 110 / 100 - 1, 99 / 110 - 1]);
    expect(years[1]?.months.slice(0, 3)).toEqual([0, 1, null]);
    expect(years[0]?.total).toBeCloseTo(-0.01, 15);
    expect(years[1]?.total).toBe(1);
  });

  test("puts every microsecond into the month that the calendar gives it, from 1970 to 2200", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7_258_118_399 }), (seconds) => {
        const found = monthlyReturns([seconds * 1e6], [1]);
        const date = new Date(seconds * 1000);
        expect(found[0]?.year).toBe(date.getUTCFullYear());
        expect(found[0]?.months.indexOf(0)).toBe(date.getUTCMonth());
      }),
      { numRuns: 3000 },
    );
    for (const [day, year, month] of [
      ["2000-02-29T23:59:59.999", 2000, 1],
      ["2000-03-01", 2000, 2],
      ["1999-12-31T23:59:59.999", 1999, 11],
      ["2100-02-28", 2100, 1],
      ["2100-03-01", 2100, 2],
    ] as const) {
      const found = monthlyReturns([at(day)], [1]);
      expect([found[0]?.year, found[0]?.months.indexOf(0)]).toEqual([year, month]);
    }
  });

  test("compounds to the whole period, whatever is missing", () => {
    const steps = fc.array(
      fc.record({
        hours: fc.integer({ min: 1, max: 3000 }),
        value: fc.integer({ min: 1, max: 99 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (path) => {
        let time = at("2001-07-04");
        const times = path.map(({ hours }) => {
          time += hours * 3_600_000_000;
          return time;
        });
        const values = path.map(({ value }) => value);
        const years = monthlyReturns(times, values);
        const growth = years.reduce((product, { total }) => product * (1 + (total ?? 0)), 1);
        expect(growth).toBeCloseTo((values.at(-1) ?? 0) / (values[0] ?? 1), 9);
        for (const { months } of years) expect(months.length).toBe(12);
        years.forEach(({ year }, i) => {
          expect(year).toBe((years[0]?.year ?? 0) + i);
        });
      }),
    );
  });

  test("shows a year without values as empty, and a return from nothing as null", () => {
    const years = monthlyReturns(["2020-01-01", "2022-05-05"].map(at), [1, 3]);
    expect(years.map(({ total }) => total)).toEqual([0, null, 2]);
    expect(years[1]?.months).toEqual(new Array(12).fill(null));
    const broke = monthlyReturns(["2020-01-01", "2020-02-01", "2020-03-01"].map(at), [1, 0, 3]);
    expect(broke[0]?.months.slice(0, 3)).toEqual([0, -1, null]);
    expect(monthlyReturns([], [])).toEqual([]);
    expect(() => monthlyReturns([1], [])).toThrow(RangeError);
  });

  test.skipIf(closes.length === 0)("of the S&P 500 is as published (needs TAPEDECK_DATA)", () => {
    const years = monthlyReturns(days.map(at), closes);
    const percent = (value: number | null | undefined) => Math.round((value ?? 0) * 1e4) / 100;
    // Price returns of calendar years, as commonly published.
    const totals = new Map(years.map(({ year, total }) => [year, percent(total)]));
    expect([1995, 2008, 2013, 2019, 2020, 2021].map((year) => totals.get(year))).toEqual([
      34.11, -38.49, 29.6, 28.88, 16.26, 26.89,
    ]);
    const march = years.find(({ year }) => year === 2020)?.months[2];
    expect(percent(march)).toBe(-12.51);
  });
});
