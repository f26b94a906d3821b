import { describe, expect, test } from "vitest";
import { closes, days } from "../../quant/index-closes.spec.ts";
import { simpleReturns } from "../../quant/performance.ts";
import { rollingSharpe } from "../../quant/rolling.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { crisesOf, dailySeries, yearsOf } from "./daily-digest.ts";
import type { Periods } from "./sampling.ts";

const DAY_US = 86_400_000_000;
const at = (day: string): number => parseIsoUs(day) as number;

const periodsOf = (
  startUs: readonly number[],
  equity: readonly bigint[],
  perYear = 252,
): Periods => ({
  startUs,
  perYear,
  samples: equity.map((amount) => ({ equity: amount, gross: 0n })),
});

/** Equity that follows the S&P 500, in cents. */
const index = periodsOf(
  days.map(at),
  closes.map((close) => BigInt(Math.round(close * 100))),
);
const initial = BigInt(Math.round((closes[0] ?? 1) * 100));

describe("the days of a run", () => {
  test.skipIf(days.length === 0)("that follows the index lose what it lost in each crisis", () => {
    const crises = crisesOf(dailySeries(index, initial));
    // Each window is the fall from the highest close to the lowest, so both figures are its depth.
    const expected = [
      -0.4915, -0.5678, -0.1599, -0.1939, -0.1225, -0.1016, -0.1978, -0.3392, -0.2543,
    ];
    expect(crises.map(({ change }) => Number(change.toFixed(4)))).toEqual(expected);
    for (const { change, drawdown } of crises) expect(drawdown).toBeCloseTo(-change, 12);
  });

  test("a crisis that the run covers only in part is left out", () => {
    const run = (from: string, to: string): readonly string[] => {
      const startUs: number[] = [];
      for (let dayUs = at(from); dayUs <= at(to); dayUs += DAY_US) startUs.push(dayUs);
      const series = dailySeries(
        periodsOf(
          startUs,
          startUs.map((_, i) => 100n + BigInt(i)),
        ),
        100n,
      );
      return crisesOf(series).map(({ name }) => name);
    };
    expect(run("2020-02-19", "2020-03-23")).toEqual(["Covid"]);
    expect(run("2020-02-20", "2020-03-23")).toEqual([]);
    expect(run("2020-02-19", "2020-03-22")).toEqual([]);
    expect(run("2018-01-01", "2020-12-31")).toEqual([
      "Volatility shock",
      "Fourth quarter of 2018",
      "Covid",
    ]);
  });

  test.skipIf(days.length === 0)(
    "rolling measures are thinned out, the last day always kept",
    () => {
      const { rolling, returns } = dailySeries(index, initial);
      expect(returns).toEqual([
        0,
        ...(simpleReturns(index.samples.map(({ equity }) => Number(equity))) ?? []),
      ]);
      expect(rolling?.window).toBe(126);
      expect(rolling?.timeUs.length).toBeLessThanOrEqual(500);
      expect(rolling?.timeUs.at(-1)).toBe(index.startUs.at(-1));
      const all = rollingSharpe(returns, 126, 252);
      rolling?.timeUs.forEach((timeUs, i) => {
        expect(rolling.sharpe[i]).toBe(all[index.startUs.indexOf(timeUs)]);
      });
    },
  );

  test("the window is half a year, a quarter in a shorter run, and nothing below half a year", () => {
    const windowOf = (count: number, perYear: number): number | null => {
      const startUs = Array.from({ length: count }, (_, i) => i * DAY_US);
      const equity = startUs.map((_, i) => 1000n + BigInt((i * 7) % 5));
      return dailySeries(periodsOf(startUs, equity, perYear), 1000n).rolling?.window ?? null;
    };
    expect([125, 126, 251, 252].map((count) => windowOf(count, 252))).toEqual([null, 63, 63, 126]);
    expect(windowOf(366, 365)).toBe(183);
  });

  test("where all was lost there are no returns, but months up to it", () => {
    const startUs = [at("2020-01-31"), at("2020-02-28"), at("2020-03-31"), at("2020-04-30")];
    const lost = periodsOf(startUs, [50n, 0n, -10n, 20n]);
    expect(dailySeries(lost, 100n)).toMatchObject({ returns: [], rolling: null });
    expect(crisesOf(dailySeries(lost, 100n))).toEqual([]);
    expect(yearsOf(lost, 100n)[0]?.months.slice(0, 4)).toEqual([-0.5, -1, null, null]);
  });
});
