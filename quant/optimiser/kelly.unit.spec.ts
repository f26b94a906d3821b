import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { solveKelly } from "./kelly.ts";
import type { Outcome, Program } from "./program.ts";

/** Of `outcomes[s]`: probability, then the return of each asset. */
function bets(outcomes: readonly (readonly number[])[]): ScenarioSet {
  const n = (outcomes[0]?.length ?? 1) - 1;
  const count = outcomes.length;
  const returns = Float64Array.from({ length: n * count }, (_, k) => {
    return outcomes[k % count]?.[1 + Math.floor(k / count)] as number;
  });
  return {
    assets: Array.from({ length: n }, (_, i) => `B${i}`),
    count,
    returns,
    probabilities: Float64Array.from(outcomes, ([p]) => p as number),
  };
}

function program(n: number, change: Partial<Program> = {}): Program {
  return {
    variables: n,
    cost: new Float64Array(n),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(10),
    rows: {
      count: 0,
      coefficients: new Float64Array(0),
      lower: new Float64Array(0),
      upper: new Float64Array(0),
    },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: n }, (_, i) => i),
      sign: new Float64Array(n).fill(1),
    },
    ...change,
  };
}

const budget = (n: number, least: number, most: number): Partial<Program> => ({
  rows: {
    count: 1,
    coefficients: new Float64Array(n).fill(1),
    lower: Float64Array.of(least),
    upper: Float64Array.of(most),
  },
});

function best(outcome: Outcome): Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }> {
  if (outcome.status !== "OPTIMAL") throw new Error(JSON.stringify(outcome));
  return outcome;
}

function market(n: number, count: number, seed: number): ScenarioSet {
  const random = new Random(seed);
  const drift = Array.from({ length: n }, () => 0.004 * random.normal());
  return bets(
    Array.from({ length: count }, () => {
      const common = 0.02 * random.normal();
      return [1 / count, ...drift.map((mu) => mu + common + 0.03 * random.normal())];
    }),
  );
}

describe("the bet that grows fastest", () => {
  test("on a coin is edge over odds", () => {
    // Wins `odds` with probability p: p - (1 - p) / odds.
    for (const [p, odds] of [
      [0.6, 1],
      [0.5, 2],
      [0.3, 4],
    ] as const) {
      const set = bets([
        [p, odds],
        [1 - p, -1],
      ]);
      const { x, certificate } = best(solveKelly(program(1), set));
      expect(x[0]).toBeCloseTo(p - (1 - p) / odds, 7);
      expect(certificate.upper - certificate.lower).toBeLessThan(1e-10);
    }
  });

  test("is none where the odds are bad", () => {
    const { x } = best(
      solveKelly(
        program(1),
        bets([
          [0.4, 1],
          [0.6, -1],
        ]),
      ),
    );
    expect(x[0]).toBeLessThan(1e-9);
  });

  test("on horses that pay fair odds is the probabilities", () => {
    // One of three wins and pays 3 for 1: all that is staked is bet in proportion to probability.
    const chances = [0.5, 0.3, 0.2];
    const set = bets(chances.map((p, s) => [p, ...chances.map((_, j) => (j === s ? 2 : -1))]));
    const { x } = best(solveKelly(program(3, budget(3, 1, 1)), set));
    chances.forEach((p, j) => {
      expect(x[j]).toBeCloseTo(p, 7);
    });
  });

  test("pays costs from wealth", () => {
    // Even odds with p = 0.6 and a cost c of the stake: wins 1 - c, loses 1 + c: f = (p (1-c) - q (1+c)) / (1 - c²).
    const c = 0.05;
    const { x } = best(
      solveKelly(
        program(1, { cost: Float64Array.of(c) }),
        bets([
          [0.6, 1],
          [0.4, -1],
        ]),
      ),
    );
    expect(x[0]).toBeCloseTo((0.6 * (1 - c) - 0.4 * (1 + c)) / (1 - c * c), 7);
  });

  test("of shorts is the mirror of that of longs", () => {
    const set = bets([
      [0.4, 1],
      [0.6, -1],
    ]);
    const short = program(1, {
      holdings: { assets: 1, asset: Int32Array.of(0), sign: Float64Array.of(-1) },
    });
    expect(best(solveKelly(short, set)).x[0]).toBeCloseTo(0.2, 7);
  });

  test.each([
    ["a budget of all", 1, 1],
    ["a budget of at most all", 0, 1],
    ["leverage", 0, 3],
  ])("meets %s, and no neighbour within it grows faster", (_, least, most) => {
    for (let seed = 1; seed <= 5; seed++) {
      const set = market(6, 200, seed);
      const stated = program(6, budget(6, least, most));
      const { x, certificate } = best(solveKelly(stated, set));
      expect(certificate.feasibility).toBeLessThan(1e-9);
      expect(certificate.upper - certificate.lower).toBeLessThan(1e-9);
      const grown = (w: Float64Array): number =>
        Array.from({ length: set.count }, (_, s) =>
          Math.log1p(
            w.reduce((sum, v, j) => sum + v * (set.returns[j * set.count + s] as number), 0),
          ),
        ).reduce((a, b) => a + b, 0) / set.count;
      expect(grown(x)).toBeCloseTo(-certificate.upper, 12);
      for (let i = 0; i < 6; i++) {
        for (let j = 0; j < 6; j++) {
          const moved = x.slice();
          const step = Math.min(1e-3, x[j] as number);
          moved[i] = (moved[i] as number) + step;
          moved[j] = (moved[j] as number) - step;
          expect(grown(moved)).toBeLessThanOrEqual(grown(x) + 1e-9);
        }
      }
    }
  });

  test("names the rows that cannot be met, and the bets of which each may lose everything", () => {
    const set = bets([
      [0.5, 1],
      [0.5, -1],
    ]);
    expect(solveKelly(program(1, { ...budget(1, 11, 12) }), set).status).toBe("INFEASIBLE");
    expect(solveKelly(program(1, { lower: Float64Array.of(2) }), set).status).toBe("INFEASIBLE");
  });

  test("refuses another risk beside growth", () => {
    const set = bets([[1, 1]]);
    const tail = { weight: 1, mass: 0.5, scenarios: set };
    expect(() => solveKelly(program(1, { tail }), set)).toThrow(RangeError);
  });
});
