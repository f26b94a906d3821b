// Programs for tests of the smooth solvers: weights that sum to 1 between two bounds.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Outcome, Program, SmoothTerm } from "./program.ts";

export interface Given {
  readonly assets: number;
  readonly lower?: number;
  readonly upper?: number;
  readonly budget?: number;
  readonly cost?: Float64Array;
  readonly scenarios?: ScenarioSet;
  readonly mass?: number;
  readonly smooth?: readonly SmoothTerm[];
}

export function budgetProgram(given: Given): Program {
  const { assets, lower = 0, upper = 1, budget = 1, mass = 0.05, scenarios, smooth = [] } = given;
  return {
    variables: assets,
    cost: given.cost ?? new Float64Array(assets),
    lower: new Float64Array(assets).fill(lower),
    upper: new Float64Array(assets).fill(upper),
    rows: {
      count: 1,
      coefficients: new Float64Array(assets).fill(1),
      lower: Float64Array.of(budget),
      upper: Float64Array.of(budget),
    },
    holdings: {
      assets,
      asset: Int32Array.from({ length: assets }, (_, j) => j),
      sign: new Float64Array(assets).fill(1),
    },
    ...(scenarios === undefined ? {} : { tail: { weight: 1, mass, scenarios } }),
    smooth,
  };
}

export function optimumOf(outcome: Outcome): Extract<Outcome, { x: Float64Array }> {
  if (outcome.status !== "OPTIMAL") throw new Error(`the outcome is ${outcome.status}`);
  return outcome;
}

/** Relative to the objective. */
export function gapOf(outcome: Outcome): number {
  const { upper, lower } = optimumOf(outcome).certificate;
  return (upper - lower) / Math.max(Math.abs(upper), Number.MIN_VALUE);
}

export function varianceOf(covariance: Float64Array, x: Float64Array): number {
  let sum = 0;
  x.forEach((a, i) => {
    x.forEach((b, j) => {
      sum += a * b * (covariance[i * x.length + j] as number);
    });
  });
  return sum;
}

export const innerProduct = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
