import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExecutionModel, executionSchedule } from "./almgren-chriss.ts";
import { between } from "./evenly-spread.spec.ts";

/** R. Almgren, N. Chriss (2000), table 1: a million shares of 50 dollars in five days. */
const paper: ExecutionModel = {
  quantity: 1e6,
  horizon: 5,
  intervals: 5,
  // 30 % a year: 0.95 dollars a share and √day.
  volatility: 0.95,
  // A spread of 1/8 for each 1 % of 5 million shares a day; 2.5e-6.
  temporaryImpact: 0.125 / (0.01 * 5e6),
  // Half of it.
  fixedCost: 0.0625,
  // A spread for 10 % of the volume; 2.5e-7.
  permanentImpact: 0.125 / (0.1 * 5e6),
  riskAversion: 1e-6,
};

const schedule = (change: Partial<ExecutionModel> = {}) => {
  const found = executionSchedule({ ...paper, ...change });
  if (found === null) throw new Error("no schedule");
  return found;
};

/** E + λ V of any list of trades, by the paper's sums, trade by trade. */
function objective(model: ExecutionModel, trades: readonly number[]): number {
  const step = model.horizon / model.intervals;
  let left = model.quantity;
  let cost = 0;
  let variance = 0;
  for (const trade of trades) {
    left -= trade;
    cost += model.permanentImpact * trade * left;
    cost += trade * (model.fixedCost + (model.temporaryImpact * trade) / step);
    variance += model.volatility ** 2 * step * left * left;
  }
  return cost + model.riskAversion * variance;
}

describe("the numerical example of the paper", () => {
  test("has κ ≈ 0.61 a day, so κT ≈ 3", () => {
    const { urgency } = schedule();
    expect(Math.round(urgency * 100) / 100).toBe(0.61);
    expect(Math.round(urgency * 5)).toBe(3);
  });

  // The same example as worked by DROP (lakshmiDRIP), OptimalTrajectoryNoDrift and EfficientFrontierNoDrift:
  // the volatility unrounded, 0.3 × 50 / √250, then as printed in the paper.
  test("has the holdings, cost, variance and half-life that DROP prints", () => {
    const found = schedule({ volatility: (0.3 * 50) / Math.sqrt(250) });
    [1000000, 542380.7, 290295.1, 148216.1, 62303.2, 0].forEach((expected, i) => {
      expect(found.holdings[i]).toBeCloseTo(expected, 1);
    });
    [457619.3, 252085.6, 142079, 85912.9, 62303.2].forEach((expected, i) => {
      expect(found.trades[i]).toBeCloseTo(expected, 1);
    });
    expect(found.expectedCost).toBeCloseTo(910477.8, 1);
    expect(found.variance / 1e6).toBeCloseTo(363868.0, 1);
    expect(found.urgency).toBeCloseTo(0.6063, 4);
    expect(1 / found.urgency).toBeCloseTo(1.6495, 4);
  });

  test.each([
    [0.001, 0.6625, 1.0812, 51.3],
    [0.005, 0.6625, 1.074, 22.94],
    [0.009, 0.6626, 1.0669, 17.1],
    [0.25, 0.6996, 0.7513, 3.26],
    [0.5, 0.7681, 0.5634, 2.31],
    [0.75, 0.8412, 0.4448, 1.89],
    [1, 0.9112, 0.3641, 1.65],
    [1.5, 1.0358, 0.2626, 1.35],
    [2, 1.1407, 0.2019, 1.18],
    [3, 1.3071, 0.1338, 0.98],
    [4, 1.4341, 0.097, 0.86],
  ])("lies on the efficient frontier at λ = %d × 10⁻⁶", (lambda, cost, variance, halfLife) => {
    const found = schedule({ riskAversion: lambda * 1e-6 });
    expect(found.expectedCost / 1e6).toBeCloseTo(cost, 4);
    expect(found.variance / 1e12).toBeCloseTo(variance, 4);
    expect(1 / found.urgency).toBeCloseTo(halfLife, 2);
  });
});

describe("the schedule", () => {
  const models = fc
    .record({
      intervals: fc.integer({ min: 1, max: 60 }),
      horizon: between(0.05, 20),
      quantity: between(1, 1e7),
      lambda: between(-9, -4),
      share: between(0, 0.9),
    })
    .map(({ intervals, horizon, quantity, lambda, share }) => ({
      ...paper,
      intervals,
      horizon,
      quantity,
      riskAversion: 10 ** lambda,
      permanentImpact: (share * 2 * paper.temporaryImpact * intervals) / horizon,
    }));

  test("is sinh(κ(T - t)) / sinh(κT) of the quantity", () => {
    fc.assert(
      fc.property(models, (model) => {
        const { holdings, urgency } = schedule(model);
        fc.pre(urgency * model.horizon < 300);
        holdings.forEach((left, k) => {
          const time = model.horizon - (k * model.horizon) / model.intervals;
          const closed = Math.sinh(urgency * time) / Math.sinh(urgency * model.horizon);
          expect(Math.abs(left / model.quantity - closed)).toBeLessThan(1e-11);
        });
      }),
    );
  });

  test("trades all, falling, and its E and V are the sums over its trades", () => {
    fc.assert(
      fc.property(models, (model) => {
        const found = schedule(model);
        expect(found.holdings[0]).toBe(model.quantity);
        expect(found.holdings.at(-1)).toBe(0);
        expect(found.trades.length).toBe(model.intervals);
        const traded = found.trades.reduce((a, b) => a + b);
        expect(Math.abs(traded / model.quantity - 1)).toBeLessThan(1e-12);
        found.trades.forEach((trade, k) => {
          expect(trade).toBeGreaterThanOrEqual(0);
          expect(trade).toBeLessThanOrEqual((found.trades[k - 1] ?? trade) * (1 + 1e-9));
        });
        const total = found.expectedCost + model.riskAversion * found.variance;
        expect(Math.abs(objective(model, found.trades) / total - 1)).toBeLessThan(1e-11);
      }),
    );
  });

  test("is the best: moving shares between any two trades costs more", () => {
    fc.assert(
      fc.property(models, fc.nat(), fc.nat(), fc.boolean(), (model, first, second, out) => {
        const found = schedule(model);
        const from = first % model.intervals;
        const to = second % model.intervals;
        fc.pre(from !== to);
        const moved = (out ? 1 : -1) * model.quantity * 1e-3;
        const other = found.trades.map((trade, k) =>
          k === from ? trade - moved : k === to ? trade + moved : trade,
        );
        const best = objective(model, found.trades);
        expect(objective(model, other)).toBeGreaterThan(best * (1 - 1e-13));
      }),
    );
  });

  test("without risk aversion spreads evenly; with much of it sells almost all at once", () => {
    for (const trade of schedule({ riskAversion: 0 }).trades) expect(trade).toBeCloseTo(2e5, 6);
    expect(schedule({ riskAversion: 0 }).urgency).toBe(0);
    const urgent = schedule({ riskAversion: 1e6, intervals: 100 });
    expect(urgent.trades[0]).toBeGreaterThan(999_999);
    expect(urgent.holdings.every((left) => Number.isFinite(left) && left >= 0)).toBe(true);
    expect(schedule({ intervals: 1 }).trades).toEqual([1e6]);
  });

  test("keeps its digits in a thousand steps and more, however long it would take to fall", () => {
    const { holdings, urgency } = schedule({ intervals: 20_000, horizon: 500, riskAversion: 1e-5 });
    expect(urgency * 500).toBeGreaterThan(900);
    // Far from the end it falls by e^(-κτ) a step.
    const ratio = Math.exp(-urgency * 0.025);
    for (const k of [1, 5000, 10_000]) {
      expect((holdings[k] ?? 0) / (holdings[k - 1] ?? 1) / ratio).toBeCloseTo(1, 10);
    }
    expect(holdings.length).toBe(20_001);
  });

  test("is null where the model has no such optimum", () => {
    expect(executionSchedule({ ...paper, permanentImpact: 6e-6 })).toBeNull();
    expect(executionSchedule({ ...paper, riskAversion: -1e-7 })).toBeNull();
    expect(executionSchedule({ ...paper, intervals: 0 })).toBeNull();
    expect(executionSchedule({ ...paper, intervals: 2.5 })).toBeNull();
    expect(executionSchedule({ ...paper, quantity: 0 })).toBeNull();
    expect(executionSchedule({ ...paper, horizon: Number.NaN })).toBeNull();
  });
});
