import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { optimise } from "./optimise.ts";
import type { Problem } from "./problem.ts";
import type { Program } from "./program.ts";
import { risklessProgram } from "./riskless.ts";

const set = (...assets: readonly (readonly number[])[]): Problem["scenarios"] => {
  const count = assets[0]?.length ?? 0;
  return {
    assets: assets.map((_, j) => `A${j}`),
    count,
    returns: Float64Array.from(assets.flat()),
    probabilities: new Float64Array(count).fill(1 / count),
  };
};

describe("where assets hedge each other out", () => {
  const objective = { kind: "MAXIMUM_SHARPE" } as const;

  test("a gain without risk has an endless Sharpe ratio", () => {
    const found = optimise({ scenarios: set([0.03, -0.01], [-0.01, 0.03]), objective });
    if (found.status !== "UNBOUNDED" || found.ray === undefined) throw new Error(found.status);
    expect(found.ray[0]).toBeCloseTo(0.5, 12);
    expect(found.ray[1]).toBeCloseTo(0.5, 12);
  });

  test("a loss without risk does not stand in the way of the best ratio", () => {
    const scenarios = set([0.03, -0.05], [-0.05, 0.03], [0.035, -0.025]);
    expect(optimise({ scenarios, objective })).toMatchObject({ status: "OPTIMAL" });
  });

  test("a limit of 0 on volatility leaves the best of what has none, proven", () => {
    const found = optimise({
      scenarios: set([0.03, -0.01, 0.01], [-0.01, 0.03, 0.01], [0.002, 0.002, 0.002]),
      objective: { kind: "MAXIMUM_RETURN" },
      constraints: { maximumVolatility: 0, upper: 0.45 },
    });
    if (found.status !== "OPTIMAL") throw new Error(found.status);
    expect(found.expectedReturn).toBeCloseTo(0.9 * 0.01 + 0.1 * 0.002, 12);
    expect(found.gap).toBeLessThan(1e-10);
  });
});

test("a hedge has the covariance that the prices of the risks ask for", () => {
  const random = new Random(5);
  const [n, rank] = [6, 3];
  const factors = Float64Array.from({ length: rank * n }, () => random.normal());
  const covariance = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += (factors[k * n + i] ?? 0) * (factors[k * n + j] ?? 0);
    return sum;
  });
  const none = new Float64Array(0);
  const program: Program = {
    variables: n,
    cost: new Float64Array(n),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(1),
    rows: { count: 0, coefficients: none, lower: none, upper: none },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: n }, (_, j) => j),
      sign: new Float64Array(n).fill(1),
    },
  };
  const { program: free, risks, hedge } = risklessProgram(program, covariance);
  expect(risks).toBe(rank);
  const prices = Float64Array.of(1.5, -0.7, 0.2);
  const weights = hedge(prices);
  for (let j = 0; j < n; j++) {
    const asked = prices.reduce(
      (sum, p, k) => sum - p * (free.rows.coefficients[k * n + j] ?? 0),
      0,
    );
    const given = weights.reduce((sum, w, i) => sum + w * (covariance[j * n + i] ?? 0), 0);
    expect(given).toBeCloseTo(asked, 10);
  }
});
