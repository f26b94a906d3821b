import { describe, expect, test } from "vitest";
import { closes, days } from "../../quant/index-closes.spec.ts";
import { mean } from "../../quant/moments.ts";
import { maxDrawdown, simpleReturns } from "../../quant/performance.ts";
import { Random } from "../../quant/random.ts";
import {
  deflatedSharpe,
  type SharpeEstimate,
  sharpeEstimate,
} from "../../quant/sharpe-inference.ts";
import { type MeasureTable, measureTable, type RunFacts } from "./measure-table.ts";

const trades: RunFacts["trades"] = {
  winRate: 0.5,
  profitFactor: 2,
  payoffRatio: 2,
  expectancy: 12.5,
  systemQuality: 1.5,
  averageHolding: 3600,
  averageAdverse: -0.01,
  averageFavourable: 0.02,
  largestAdverse: -0.05,
};

const tableOf = (returns: readonly number[], changes: Partial<RunFacts> = {}): MeasureTable =>
  measureTable({
    returns,
    daysPerYear: 252,
    maxDrawdown: 0.1,
    seed: 7,
    trials: 1,
    benchmark: null,
    activity: { timeInMarket: 0.5, averageExposure: 0.4, annualTurnover: 3, capacity: 1e6 },
    trades,
    trips: { profits: [], holdingSeconds: [], adverse: [], favourable: [] },
    ...changes,
  });

function normals(count: number): readonly number[] {
  const random = new Random(11);
  return Array.from({ length: count }, () => 0.0005 + 0.01 * random.normal());
}

const numbersIn = (value: unknown): readonly number[] =>
  typeof value === "number"
    ? [value]
    : value instanceof Object
      ? Object.values(value).flatMap(numbersIn)
      : [];

const NAMES = [
  "totalReturn",
  "annualReturn",
  "annualVolatility",
  "sharpe",
  "probabilisticSharpe",
  "deflatedSharpe",
  "minimumTrackRecord",
  "sortino",
  "maxDrawdown",
  "calmar",
  "redrawnDrawdown",
  "redrawnDrawdownTail",
  "redrawnDrawdownChance",
  "omega",
  "tailRatio",
  "valueAtRisk95",
  "conditionalValueAtRisk95",
  "valueAtRisk99",
  "conditionalValueAtRisk99",
  "ulcerIndex",
  "skewness",
  "excessKurtosis",
  "ljungBox",
  "ljungBoxPValue",
  "jarqueBera",
  "jarqueBeraPValue",
  "benchmarkReturn",
  "alpha",
  "beta",
  "correlation",
  "trackingError",
  "informationRatio",
  "upCapture",
  "downCapture",
  "timeInMarket",
  "averageExposure",
  "annualTurnover",
  "capacity",
  "winRate",
  "profitFactor",
  "payoffRatio",
  "expectancy",
  "systemQuality",
  "averageHolding",
  "averageAdverse",
  "averageFavourable",
  "largestAdverse",
];

describe("the table of measures", () => {
  test("has the same names in the same order for any run, and no number that is not finite", () => {
    const lost = [0.01, -1, 0, 0.5];
    const flat = new Array<number>(300).fill(0);
    const odd = [...new Array<number>(200).fill(0), 0.3];
    for (const returns of [[], [0.1], lost, flat, odd, normals(19), normals(400)]) {
      const table = tableOf(returns, { maxDrawdown: 0 });
      expect(Object.keys(table.rows)).toEqual(NAMES);
      for (const number of numbersIn(table)) expect(Number.isFinite(number)).toBe(true);
      for (const { convention } of Object.values(table.rows)) expect(convention).not.toBe("");
    }
  });

  test("below three days the returns measure nothing; below twenty there is no year, no interval", () => {
    const valued = (table: MeasureTable): readonly string[] =>
      Object.entries(table.rows).flatMap(([name, { value }]) => (value === null ? [] : [name]));
    const activity = ["timeInMarket", "averageExposure", "annualTurnover", "capacity"];
    expect(valued(tableOf(normals(2)))).toEqual([...activity, ...Object.keys(trades)]);
    const short = tableOf(normals(19));
    expect(short.bootstrap).toBeNull();
    const halved = normals(19).map((value) => value / 2);
    const paired = { name: "B", returns: normals(19), benchmark: halved };
    const against = tableOf(normals(19), { trials: 5, benchmark: paired });
    expect(NAMES.filter((name) => !valued(against).includes(name))).toEqual([
      "annualReturn",
      "annualVolatility",
      "sharpe",
      "probabilisticSharpe",
      "deflatedSharpe",
      "minimumTrackRecord",
      "sortino",
      "calmar",
      "redrawnDrawdown",
      "redrawnDrawdownTail",
      "redrawnDrawdownChance",
    ]);
    expect(Object.values(short.rows).filter(({ interval }) => interval !== null)).toEqual([]);
    expect(tableOf(normals(20)).rows.annualReturn.interval).not.toBeNull();
  });

  test.skipIf(days.length === 0)("of the S&P 500 agrees with empyrical and quantstats", () => {
    const returns = simpleReturns(closes) as readonly number[];
    const { rows } = tableOf(returns, { maxDrawdown: 0.5677538894 });
    const expected = {
      totalReturn: 9.5180016125,
      annualReturn: 0.0739463254,
      annualVolatility: 0.1829602152,
      sharpe: 0.4816185819,
      sortino: 0.6798458788,
      calmar: 0.1302436263,
      omega: 1.0953716717,
      valueAtRisk95: -0.0176303436,
      conditionalValueAtRisk95: -0.0275261791,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect(rows[name as keyof typeof rows].value).toBeCloseTo(value, 9);
    }
  });

  test("deflates the Sharpe ratio by the trials that it is the best of, and not of one", () => {
    const returns = normals(400);
    const { rows } = tableOf(returns, { trials: 50 });
    const best = sharpeEstimate(returns) as SharpeEstimate;
    expect(rows.deflatedSharpe.value).toBe(deflatedSharpe(best, 50, 1 / 399));
    expect(rows.deflatedSharpe.value).toBeLessThan(rows.probabilisticSharpe.value as number);
    expect(rows.deflatedSharpe.interval).not.toBeNull();
    expect(tableOf(returns).rows.deflatedSharpe.value).toBeNull();
  });

  test("of days alone has a drawdown, a Calmar ratio and tails inside their intervals", () => {
    const returns = normals(800);
    const fall = Math.abs(maxDrawdown(returns));
    const { rows } = tableOf(returns, { maxDrawdown: fall });
    expect(rows.maxDrawdown.value).toBe(fall);
    for (const name of ["maxDrawdown", "calmar", "valueAtRisk99", "conditionalValueAtRisk99"]) {
      const { value, interval } = rows[name as "maxDrawdown"];
      expect(interval?.lower).toBeLessThan(value as number);
      expect(interval?.upper).toBeGreaterThan(value as number);
    }
    expect(rows.valueAtRisk99.value).toBeLessThan(rows.valueAtRisk95.value as number);
    const worst = [...returns].sort((a, b) => a - b).slice(0, 8);
    expect(rows.conditionalValueAtRisk99.value).toBeCloseTo(mean(worst) as number, 12);
  });

  test("redraws how deep the run could have fallen, and how likely its own fall was", () => {
    const { rows } = tableOf(normals(400));
    const { redrawnDrawdown, redrawnDrawdownTail, redrawnDrawdownChance } = rows;
    const { value, interval } = redrawnDrawdown;
    expect(interval?.lower).toBeLessThan(value as number);
    expect(redrawnDrawdownTail.value).toBeGreaterThan(value as number);
    expect(interval?.upper).toBeGreaterThan(redrawnDrawdownTail.value as number);
    const rising = tableOf(normals(400).map((one) => Math.abs(one)));
    expect(rising.rows.redrawnDrawdown.value).toBeCloseTo(0, 15);
    expect(rising.rows.redrawnDrawdownChance.value).toBe(1);
    expect(redrawnDrawdownChance.value).toBeGreaterThan(0);
  });

  test("an interval is the same for the same seed, holds the truth, and narrows with the days", () => {
    const returns = normals(1000);
    const first = tableOf(returns);
    expect(tableOf(returns)).toEqual(first);
    expect(tableOf(returns, { seed: 8 }).rows.sharpe.interval).not.toEqual(
      first.rows.sharpe.interval,
    );
    const { interval, value } = first.rows.annualVolatility;
    const truth = 0.01 * Math.sqrt(252);
    expect(interval?.lower).toBeLessThan(truth);
    expect(interval?.upper).toBeGreaterThan(truth);
    // The standard error of a normal's deviation is σ / √(2n).
    expect(interval?.standardError).toBeCloseTo((value as number) / Math.sqrt(2000), 3);
    const wider = tableOf(returns.slice(0, 250)).rows.annualVolatility.interval;
    expect(wider?.standardError).toBeGreaterThan(1.5 * (interval?.standardError as number));
  });

  test("the Sharpe ratio's interval is that of the published standard error", () => {
    const returns = normals(2000);
    const { rows } = tableOf(returns);
    // Lo (2002): √((1 + SR²/2) / n) for independent normal returns, here a year's.
    const daily = (rows.sharpe.value as number) / Math.sqrt(252);
    const error = Math.sqrt(((1 + daily ** 2 / 2) / 2000) * 252);
    expect((rows.sharpe.interval?.standardError as number) / error).toBeCloseTo(1, 1);
    expect(mean(returns)).toBeGreaterThan(0);
    expect(rows.probabilisticSharpe.value).toBeGreaterThan(0.5);
  });

  test("there is no interval where the redrawn days often leave a measure undefined", () => {
    // One losing day: a third of the samples have none, and then Omega has no divisor.
    const returns = Array.from({ length: 60 }, (_, i) =>
      i === 30 ? -0.02 : 0.001 * (1 + (i % 3)),
    );
    const { rows } = tableOf(returns);
    expect(rows.omega.value).not.toBeNull();
    expect(rows.omega.interval).toBeNull();
    expect(rows.annualVolatility.interval).not.toBeNull();
  });
});
