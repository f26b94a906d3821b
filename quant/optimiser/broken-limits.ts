// Which limits weights break, measured one by one from the weights. Promises: nothing of the program that the problem was
// put into is used, so it also finds what a wrong lowering would hide.

import { HALF_DIGIT } from "./exact-sums.ts";
import type { Limit } from "./limits.ts";
import { isHeld } from "./name-states.ts";
import type { Problem } from "./problem.ts";
import { cvarOf, MISSED, riskUnits, volatilityOf } from "./risk-of-weights.ts";
import { surveyScenarios } from "./scenario-survey.ts";

export interface BrokenLimit {
  readonly limit: Limit;
  readonly measured: number;
  /** How far beyond the limit, against its size or, if larger, that of what it is made of. */
  readonly violation: number;
}

/** Limits broken by more than `tolerance`, in their order. `means`: expected return of each asset. */
export function brokenLimits(
  problem: Problem,
  limits: readonly Limit[],
  means: Float64Array,
  weights: Float64Array,
  tolerance: number,
): readonly BrokenLimit[] {
  const broken: BrokenLimit[] = [];
  for (const limit of limits) {
    const { measured, size } = measure(problem, limit, means, weights);
    for (const value of measured) {
      const over = Math.max(
        limit.side === "AT_LEAST" ? 0 : value - limit.value,
        limit.side === "AT_MOST" ? 0 : limit.value - value,
      );
      const violation = over / Math.max(Math.abs(limit.value), size);
      if (!(over <= 0) && !(violation <= tolerance)) {
        broken.push({ limit, measured: value, violation });
        break;
      }
    }
  }
  return broken;
}

/** What is measured of the weights (of several, each), and the size that a violation is judged by. */
function measure(
  problem: Problem,
  { measured, value: limit }: Limit,
  means: Float64Array,
  weights: Float64Array,
): { readonly measured: readonly number[]; readonly size: number } {
  const total = (of: (weight: number, asset: number) => number): number =>
    weights.reduce((sum, weight, asset) => sum + of(weight, asset), 0);
  const traded = (weight: number, asset: number): number =>
    Math.abs(weight - (problem.current?.[asset] ?? 0));
  const largest = (values: Float64Array): number =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const linear = (asset: number): number => of(problem.costs?.linear, asset);
  const paid = total((w, j) => {
    const d = traded(w, j);
    return linear(j) * d + of(problem.costs?.impact, j) * d * Math.sqrt(d);
  });
  const units = () => riskUnits(problem, surveyScenarios(problem.scenarios).sizes, weights);
  switch (measured.kind) {
    case "WEIGHTS":
      return { measured: measured.assets.map((asset) => weights[asset] as number), size: 1 };
    case "SUM": {
      const { coefficients } = measured;
      const sum = total((w, j) => w * (coefficients[j] as number));
      // Of weights of a million million the sum is known to 1e-4, and to no more.
      const terms = total((w, j) => Math.abs(w * (coefficients[j] as number)));
      const known = weights.length * HALF_DIGIT * terms;
      return { measured: [sum], size: Math.max(largest(coefficients), known / MISSED) };
    }
    case "GROSS":
      return { measured: [total(Math.abs)], size: 1 };
    case "TURNOVER":
      return { measured: [total(traded)], size: 1 };
    case "RETURN": {
      const earned = total((w, j) => w * (means[j] as number) - linear(j) * traded(w, j));
      // Of what a weight of 1 earns, or costs: a trade of rounding costs something where nothing is earned.
      const dearest = means.reduce((most, _, asset) => Math.max(most, linear(asset)), 0);
      return { measured: [earned], size: Math.max(largest(means), dearest) };
    }
    case "CVAR": {
      const cvar = cvarOf(problem.scenarios, weights, measured.tailMass) + paid;
      return { measured: [cvar], size: units().cvar };
    }
    case "VOLATILITY": {
      const { volatility } = volatilityOf(problem, weights);
      // A variance may be missed by a billionth part of its unit: a volatility near 0 by the root of that.
      const missed = MISSED * units().variance;
      return { measured: [volatility], size: (Math.sqrt(limit * limit + missed) - limit) / MISSED };
    }
    case "POSITION":
      return { measured: [...weights].filter(isHeld).map(Math.abs), size: 1 };
    case "NAMES":
      return { measured: [[...weights].filter(isHeld).length], size: 1 };
  }
}

const of = (given: number | readonly number[] | undefined, asset: number): number =>
  typeof given === "object" ? (given[asset] as number) : (given ?? 0);
