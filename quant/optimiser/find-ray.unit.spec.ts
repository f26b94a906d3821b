import { describe, expect, test } from "vitest";
import { budgetProgram } from "./budget-program.spec.ts";
import { findRay } from "./find-ray.ts";
import type { SmoothTerm } from "./program.ts";
import { fallsForEver } from "./recession.ts";

const without = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
const variance = (covariance: number[]): SmoothTerm => ({
  kind: "VARIANCE",
  weight: 1,
  covariance: Float64Array.from(covariance),
});
const pair = (cost: number[], smooth: readonly SmoothTerm[] = [], more = without) =>
  budgetProgram({ assets: 2, cost: Float64Array.from(cost), smooth, ...more });

describe("a way without end", () => {
  test("is found where long and short cost different things", () => {
    expect([...(findRay(pair([1, 2])) ?? [])]).toEqual([1, -1]);
  });

  test("is found where a hedge leaves no variance, and not where it leaves some", () => {
    expect(findRay(pair([1, 2], [variance([1, 1, 1, 1])]))).not.toBeNull();
    expect(findRay(pair([1, 2], [variance([1, 0.999, 0.999, 1])]))).toBeNull();
  });

  test("is none where nothing is gained, where a bound ends it, or where impact does", () => {
    expect(findRay(pair([1, 1]))).toBeNull();
    expect(findRay(pair([1, 2], [], { lower: 0, upper: 1 }))).toBeNull();
    const impact = { kind: "IMPACT", coefficients: Float64Array.of(1e-6, 0) } as const;
    expect(findRay(pair([1, 2], [impact]))).toBeNull();
  });

  test("a norm has to be paid for", () => {
    const norm = (weight: number): SmoothTerm => ({ kind: "NORM", weight });
    expect(findRay(pair([1, 2], [norm(0.5)]))).not.toBeNull();
    // The way (1, -1) gains 1 and is √2 long.
    expect(findRay(pair([1, 2], [norm(0.8)]))).toBeNull();
  });
});

describe("what is called a way without end", () => {
  const program = pair([1, 2], [variance([1, 1, 1, 1])]);

  test("keeps every limit and gains", () => {
    expect(fallsForEver(program, Float64Array.of(1, -1))).toBe(true);
    expect(fallsForEver(program, Float64Array.of(-1, 1))).toBe(false);
    expect(fallsForEver(program, Float64Array.of(1, -0.999))).toBe(false);
    expect(fallsForEver(program, Float64Array.of(0, 0))).toBe(false);
  });

  test("may bend only where numbers end", () => {
    const bent = (own: number) => pair([1, 2], [variance([own, 0, 0, 0])]);
    expect(fallsForEver(bent(1e-20), Float64Array.of(1, -1))).toBe(true);
    expect(fallsForEver(bent(1e-14), Float64Array.of(1, -1))).toBe(false);
  });
});
