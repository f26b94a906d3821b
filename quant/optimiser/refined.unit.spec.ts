import { describe, expect, test } from "vitest";
import { budgetProgram, optimumOf } from "./budget-program.spec.ts";
import { certify } from "./certificate.ts";
import type { Program } from "./program.ts";
import { refined } from "./refined.ts";
import { solveSmooth } from "./smooth-core.ts";
import { solveTail } from "./tail-simplex.ts";

const covariance = Float64Array.of(4, 1, 0, 1, 3, 0.5, 0, 0.5, 2);
const plain = budgetProgram({ assets: 3, smooth: [{ kind: "VARIANCE", weight: 1, covariance }] });
/** With a row far from its limit: gross weights of at most 9. */
const program: Program = {
  ...plain,
  rows: {
    count: 2,
    coefficients: Float64Array.of(1, 1, 1, 1, 1, 1),
    lower: Float64Array.of(1, Number.NEGATIVE_INFINITY),
    upper: Float64Array.of(1, 9),
  },
};
const best = optimumOf(solveSmooth(program));
const beside = Float64Array.of(0.2, 0.3, 0.5);

const from = (rows: Float64Array) => {
  const duals = { scenarios: new Int32Array(0), masses: new Float64Array(0), rows };
  return refined(program, { x: beside, net: beside, duals }, solveTail, undefined);
};
const gapOf = ({ x, net, duals }: ReturnType<typeof refined>): number => {
  const { upper, lower, feasibility } = certify(program, x, duals, net);
  expect(feasibility).toBeLessThanOrEqual(1e-12);
  return upper - lower;
};

describe("a point beside the optimum of a variance", () => {
  test("comes to its last digits, with the duals that prove it", () => {
    const found = from(best.duals.rows);
    expect(gapOf(found)).toBeLessThan(1e-14);
    for (const [j, own] of best.x.entries()) expect(found.x[j]).toBeCloseTo(own, 12);
  });

  test("whatever rounding left of the price of a row that does not bind", () => {
    const [budget] = best.duals.rows;
    expect(gapOf(from(Float64Array.of(budget as number, -1e-19)))).toBeLessThan(1e-14);
  });

  test("and says which point its tangent has", () => {
    // All in the name whose slope is least: 2 C x is (2.2, 2.7, 2.3).
    expect(from(best.duals.rows).flat?.x).toEqual(Float64Array.of(1, 0, 0));
  });
});
