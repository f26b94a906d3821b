import { describe, expect, test } from "vitest";
import { beta, correlation } from "../../quant/benchmark-relative.ts";
import { Random } from "../../quant/random.ts";
import { benchmarkSeries } from "./benchmark-digest.ts";
import { crisesOf, dailySeries } from "./daily-digest.ts";

const DAY_US = 86_400_000_000;
/** 2019-12-30, a Monday. */
const FIRST = 18_260;

/** Days of the run from FIRST on, one after the other. */
function runOf(count: number) {
  const random = new Random(3);
  const startUs = Array.from({ length: count }, (_, i) => (FIRST + i) * DAY_US);
  let amount = 1_000_000n;
  const samples = startUs.map(() => {
    amount += BigInt(Math.round(9000 * random.normal()));
    return { equity: amount, gross: 0n };
  });
  const daily = dailySeries({ perYear: 252, startUs, samples }, 1_000_000n);
  const equity = {
    timeUs: startUs.map((time) => time + DAY_US),
    equity: samples.map((sample) => Number(sample.equity)),
    drawdown: [],
    gross: [],
    net: [],
  };
  return { daily, equity };
}

const closesOf = (days: readonly number[]) => {
  const random = new Random(8);
  let value = 300;
  return days.map(() => {
    value *= 1 + 0.01 * random.normal();
    return value;
  });
};

describe("a benchmark beside the run", () => {
  test("begins with the run's equity, has nothing after its end, and keeps its last close over a holiday", () => {
    const { daily, equity } = runOf(8);
    const days = [0, 1, 2, 4, 5].map((day) => FIRST + day);
    const beside = benchmarkSeries(
      { name: "SPY", days, values: [200, 210, 220, 230, 240] },
      equity,
      daily,
    );
    const start = equity.equity[0] as number;
    const parts = [1, 1.05, 1.1, 1.1, 1.15, 1.2].map((part) => expect.closeTo(start * part, 6));
    expect(beside.equity).toEqual([...parts, null, null]);
    expect(beside.returns[3]).toBe(0);
    // 2020 has days after its end: it is left out; the two of 2019 are whole.
    expect(beside.years).toEqual({ 2019: expect.closeTo(0.05, 12) });
  });

  test("is followed as closely as over the window's days, and falls in the crises that it covers", () => {
    const { daily, equity } = runOf(400);
    const days = daily.timeUs.map((time) => time / DAY_US);
    const values = closesOf(days);
    const { rolling, returns } = benchmarkSeries({ name: "SPY", days, values }, equity, daily);
    const window = daily.rolling?.window as number;
    const last = returns.slice(-window).map((value) => value ?? Number.NaN);
    expect(rolling?.beta.at(-1)).toBe(beta(daily.returns.slice(-window), last));
    expect(rolling?.correlation.at(-1)).toBe(correlation(daily.returns.slice(-window), last));
    expect(rolling?.beta.length).toBe(daily.rolling?.timeUs.length);
    const [covid] = crisesOf(daily, returns);
    const close = (day: string): number =>
      values[days.indexOf(Date.parse(day) / 86_400_000)] as number;
    expect(covid?.benchmark).toBeCloseTo(close("2020-03-23") / close("2020-02-19") - 1, 12);
    expect(crisesOf(daily)[0]?.benchmark).toBeNull();
    const short = benchmarkSeries({ name: "B", days: days.slice(0, 70), values }, equity, daily);
    expect(crisesOf(daily, short.returns)[0]?.benchmark).toBeNull();
  });
});
