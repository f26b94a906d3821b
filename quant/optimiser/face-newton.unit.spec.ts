import { describe, expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { newtonOnFace } from "./face-newton.ts";

const scenarios = {
  assets: ["wild", "calm", "dear"],
  count: 1,
  returns: new Float64Array(3),
  probabilities: Float64Array.of(1),
};
const covariance = Float64Array.of(1e7, 3, 0, 3, 1e-4, 0, 0, 0, 1);
const program = {
  ...budgetProgram({
    assets: 3,
    upper: 1,
    mass: 1,
    cost: Float64Array.of(0, 0, 1),
    scenarios,
    smooth: [{ kind: "VARIANCE", weight: 1, covariance }],
  }),
};
const { tail: _, ...smoothOnly } = program;
const from = (x: Float64Array, price: number) => ({
  x,
  net: x.slice(),
  duals: { rows: Float64Array.of(price) },
});

describe("Newton's method on a face", () => {
  // Least variance of two assets: w = (c₂₂ − c₁₂) / (c₁₁ + c₂₂ − 2 c₁₂).
  test("puts on its bound what a slope takes there", () => {
    const found = newtonOnFace(smoothOnly, from(Float64Array.of(1e-12, 1 - 1e-12, 0), 2e-4), 1e-11);
    expect(found?.net[0]).toBe(0);
    expect(found?.net[1]).toBeCloseTo(1, 15);
  });

  test("stops at a bound on its way", () => {
    const near = Float64Array.of(1, 1.5, 0, 1.5, 4, 0, 0, 0, 1);
    const smooth = [{ kind: "VARIANCE", weight: 1, covariance: near } as const];
    const found = newtonOnFace(
      { ...smoothOnly, smooth },
      from(Float64Array.of(0.5, 0.5, 0), 3),
      1e-11,
    );
    expect(found?.net[0]).toBeCloseTo(1, 12);
    expect(found?.net[1]).toBe(0);
  });

  test("finds all digits of a weight that is a millionth", () => {
    const hedged = covariance.slice();
    hedged[1] = hedged[3] = -3;
    const smooth = [{ kind: "VARIANCE", weight: 1, covariance: hedged } as const];
    const start = from(Float64Array.of(1e-6, 1 - 1e-6, 0), 1.939998e-4);
    const found = newtonOnFace({ ...smoothOnly, smooth }, start, 1e-11);
    const exact = 3.0001 / (1e7 + 1e-4 + 6);
    expect(Math.abs((found?.net[0] ?? 0) / exact - 1)).toBeLessThan(1e-13);
  });

  test("has nothing to say of other curves, nor of tails", () => {
    const start = from(Float64Array.of(0.3, 0.6, 0.1), 0);
    expect(newtonOnFace(program, start, 1e-11)).toBeNull();
    const norm = { ...smoothOnly, smooth: [{ kind: "NORM", weight: 1 } as const] };
    expect(newtonOnFace(norm, start, 1e-11)).toBeNull();
  });
});
