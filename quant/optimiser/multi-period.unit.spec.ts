import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { type Horizon, type Plan, planAhead } from "./multi-period.ts";
import { solveInside } from "./solve-inside.ts";
import { solveTail } from "./tail-simplex.ts";

const covariance = Float64Array.from([4e-4, 1e-4, 1e-4, 9e-4]);

const plan = (change: Partial<Horizon> = {}): Horizon => ({
  current: [0.5, 0.5],
  steps: [{ expectedReturns: [0.001, 0.001] }],
  lower: [0, 0],
  upper: [1, 1],
  budget: { lower: 1, upper: 1 },
  risk: { kind: "VARIANCE", aversion: 5, covariance },
  ...change,
});

function solved(answer: Plan): readonly Float64Array[] {
  if (answer.status !== "OPTIMAL") throw new Error(JSON.stringify(answer));
  const { upper, lower, feasibility } = answer.outcome.certificate;
  expect(feasibility).toBeLessThan(1e-9);
  expect(upper - lower).toBeLessThan(1e-8 * Math.abs(upper));
  return answer.weights;
}

const smooth = (horizon: Horizon): readonly Float64Array[] =>
  solved(planAhead(horizon, solveInside));

/** Of mean - 5/2 variance under a budget of 1, no bounds: by its stationarity. */
const best = ([a, b]: readonly [number, number]): number =>
  ((a - b) / 5 + 9e-4 - 1e-4) / (4e-4 + 9e-4 - 2e-4);

/** What the plan is worth, from its weights alone. */
function worth(horizon: Horizon, weights: readonly ArrayLike<number>[]): number {
  let total = 0;
  let before: ArrayLike<number> = horizon.current;
  for (const [h, w] of weights.entries()) {
    const [a = 0, b = 0] = Array.from(w);
    const [ra = 0, rb = 0] = horizon.steps[h]?.expectedReturns ?? [];
    total += a * ra + b * rb - 2.5 * (4e-4 * a * a + 2e-4 * a * b + 9e-4 * b * b);
    for (let i = 0; i < 2; i++) {
      const d = Math.abs((w[i] as number) - (before[i] as number));
      total -= (horizon.linearCost?.[i] ?? 0) * d + (horizon.impact?.[i] ?? 0) * d ** 1.5;
    }
    before = w;
  }
  return total;
}

describe("a plan over some periods", () => {
  test("without costs is each period's own best", () => {
    const steps = [
      [0.001, 0.0012],
      [0.0013, 0.001],
      [0.001, 0.001],
    ] as const;
    const weights = smooth(plan({ steps: steps.map((r) => ({ expectedReturns: r })) }));
    steps.forEach((r, h) => {
      expect(weights[h]?.[0]).toBeCloseTo(best(r), 8);
    });
  });

  test("holds what is held where trading costs more than it gains", () => {
    const weights = smooth(plan({ linearCost: [0.1, 0.1] }));
    expect(weights[0]?.[0]).toBeCloseTo(0.5, 9);
  });

  test("trades for a gain that lasts, and not for the same gain of one period", () => {
    // What a side costs is more than one period's gain of moving, and less than five periods'.
    const lasting = { expectedReturns: [0.003, 0.001] };
    const over = { expectedReturns: [0.001, 0.001] };
    const linearCost = [0.002, 0.002];
    const once = smooth(plan({ steps: [lasting], linearCost }))[0]?.[0] as number;
    const brief = smooth(plan({ steps: [lasting, over, over, over, over], linearCost }));
    const long = smooth(plan({ steps: [lasting, lasting, lasting, lasting, lasting], linearCost }));
    expect(once).toBeCloseTo(0.5, 9);
    expect(long[0]?.[0]).toBeGreaterThan(0.7);
    expect(brief[0]?.[0]).toBeLessThan((long[0]?.[0] as number) - 0.1);
  });

  test("is worth more than any plan nearby, with linear costs and impact", () => {
    const random = new Random(3);
    for (let k = 0; k < 10; k++) {
      const steps = [0, 1, 2].map(() => ({
        expectedReturns: [0.001 + 0.001 * random.normal(), 0.001 + 0.001 * random.normal()],
      }));
      const horizon = plan({ steps, linearCost: [0.0005, 0.0003], impact: [0.001, 0.002] });
      const weights = smooth(horizon);
      const most = worth(horizon, weights);
      for (let tried = 0; tried < 100; tried++) {
        const moved = weights.map((w) => {
          const a = Math.min(1, Math.max(0, (w[0] as number) + 0.05 * random.normal()));
          return [a, 1 - a];
        });
        expect(worth(horizon, moved)).toBeLessThanOrEqual(most + 1e-11);
      }
    }
  });

  test("spreads a change over periods where impact grows faster than the trade", () => {
    const steps = [0, 1, 2, 3].map(() => ({ expectedReturns: [0.004, 0.001] }));
    const weights = smooth(plan({ steps, impact: [0.02, 0.02], current: [0, 1] }));
    const trades = weights.map((w, h) => (w[0] as number) - (weights[h - 1]?.[0] ?? 0));
    for (const trade of trades.slice(0, 3)) expect(trade).toBeGreaterThan(0.01);
  });

  test("keeps to the turnover of each period", () => {
    const steps = [0, 1, 2].map(() => ({ expectedReturns: [0.01, 0] }));
    const weights = smooth(plan({ steps, current: [0, 1], maximumTurnover: 0.4 }));
    weights.forEach((w, h) => {
      expect(w[0]).toBeCloseTo(0.2 * (h + 1), 8);
    });
  });

  test("names a budget that cannot be reached in time", () => {
    const answer = planAhead(plan({ current: [0, 0], maximumTurnover: 0.4 }), solveInside);
    expect(answer.status).toBe("INFEASIBLE");
  });

  test("limits the tail of the sum over all periods: paths that make up for each other are no risk", () => {
    // Asset 0 loses in one period what it wins in the other; asset 1 always earns a little.
    const set = (returns: number[]): ScenarioSet => ({
      assets: ["A", "B"],
      count: 2,
      returns: Float64Array.from([...returns, 0.001, 0.001]),
      probabilities: Float64Array.of(0.5, 0.5),
    });
    const steps = [0, 1].map(() => ({ expectedReturns: [0.01, 0.001] }));
    const risk = { kind: "CVAR", aversion: 1, tailMass: 0.5 } as const;
    const solve = (second: number[]): readonly Float64Array[] =>
      solved(
        planAhead(
          plan({
            steps,
            linearCost: [1e-4, 1e-4],
            current: [0, 1],
            risk: { ...risk, paths: [set([0.12, -0.1]), set(second)] },
          }),
          solveTail,
        ),
      );
    expect(solve([-0.1, 0.12])[0]?.[0]).toBeCloseTo(1, 9);
    expect(solve([0.12, -0.1])[0]?.[0]).toBeCloseTo(0, 9);
  });

  test("refuses what is not of one length", () => {
    expect(() => planAhead(plan({ lower: [0] }), solveInside)).toThrow(RangeError);
    expect(() => planAhead(plan({ steps: [] }), solveInside)).toThrow(RangeError);
    expect(() => planAhead(plan({ steps: [{ expectedReturns: [1] }] }), solveInside)).toThrow(
      RangeError,
    );
  });
});
