import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import type { Program, SmoothTerm } from "./program.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveInside } from "./solve-inside.ts";
import { solveTail } from "./tail-simplex.ts";

const n = 6;
const count = 40;

/** Minimum of a cost, and what is given, over weights that sum to 1. */
function stated(
  seed: number,
  parts: { smooth?: readonly SmoothTerm[]; hasTail?: boolean },
): Program {
  const random = new Random(seed);
  const returns = Float64Array.from({ length: n * count }, () => 0.01 * random.normal());
  const scenarios = {
    assets: Array.from({ length: n }, (_, j) => `A${j}`),
    count,
    returns,
    probabilities: new Float64Array(count).fill(1 / count),
  };
  return {
    variables: n,
    cost: Float64Array.from({ length: n }, () => 0.001 * random.normal()),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(0.5),
    rows: {
      count: 2,
      coefficients: Float64Array.from({ length: 2 * n }, (_, k) => (k < n ? 1 : k % 2)),
      lower: Float64Array.of(1, Number.NEGATIVE_INFINITY),
      upper: Float64Array.of(1, 0.6),
    },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: n }, (_, j) => j),
      sign: new Float64Array(n).fill(1),
    },
    ...(parts.hasTail === true ? { tail: { weight: 1, mass: 0.2, scenarios } } : {}),
    ...(parts.smooth === undefined ? {} : { smooth: parts.smooth }),
  };
}

const covariance = Float64Array.from({ length: n * n }, (_, k) =>
  Math.floor(k / n) === k % n ? 4e-4 : 1e-4,
);

const variance: SmoothTerm = { kind: "VARIANCE", weight: 3, covariance };
const norm: SmoothTerm = { kind: "NORM", weight: 0.002 };
const impact: SmoothTerm = { kind: "IMPACT", coefficients: new Float64Array(n).fill(0.001) };

function solved(program: Program) {
  const outcome = solveInside(program);
  if (outcome.status !== "OPTIMAL") throw new Error(JSON.stringify(outcome));
  const { upper, lower, feasibility } = outcome.certificate;
  expect(feasibility).toBeLessThan(1e-9);
  expect(upper - lower).toBeLessThan(1e-10);
  return outcome;
}

describe("the way through the inside", () => {
  test.each([
    ["a variance", { smooth: [variance] }],
    ["a norm", { smooth: [norm] }],
    ["impact", { smooth: [impact] }],
    ["a tail with a norm", { smooth: [norm], hasTail: true }],
    ["a tail with a variance and impact", { smooth: [variance, impact], hasTail: true }],
  ])("finds the active set's optimum with %s", (_, parts) => {
    for (let seed = 1; seed <= 10; seed++) {
      const program = stated(seed, parts);
      const other = solveSmooth(program);
      if (other.status !== "OPTIMAL" && other.status !== "FEASIBLE") throw new Error(other.status);
      const { upper } = solved(program).certificate;
      expect(upper).toBeGreaterThanOrEqual(other.certificate.lower - 1e-12);
      expect(upper).toBeLessThanOrEqual(other.certificate.upper + 1e-10);
    }
  });

  test("finds the simplex's optimum with a tail alone", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const program = stated(seed, { hasTail: true });
      const other = solveTail(program);
      if (other.status !== "OPTIMAL") throw new Error(other.status);
      expect(solved(program).certificate.upper).toBeCloseTo(other.certificate.upper, 10);
    }
  });

  test("proves rows that cannot be met by their prices", () => {
    const program = stated(1, { smooth: [variance] });
    const outcome = solveInside({ ...program, upper: new Float64Array(n).fill(0.1) });
    if (outcome.status !== "INFEASIBLE") throw new Error(outcome.status);
    // Σ prices · row over all weights within bounds lies below what the limits ask for.
    const price = outcome.rows[0] as number;
    expect(price).toBeGreaterThan(0);
  });
});
