// Scenario sets and histories for tests: random ones, on a coarse grid where duplicates are wanted.

import { Random } from "../random.ts";
import type { ReturnHistory } from "./return-history.ts";
import type { ScenarioSet } from "./scenario-set.ts";

export const assetNames = (count: number): string[] =>
  Array.from({ length: count }, (_, j) => `A${j}`);

/** Normals with a common factor, 1 % a period. */
export function randomHistory(assets: number, count: number, seed: number): ReturnHistory {
  const random = new Random(seed);
  const common = Array.from({ length: count }, () => random.normal());
  const returns = new Float64Array(assets * count);
  for (let j = 0; j < assets; j++) {
    for (let t = 0; t < count; t++) {
      returns[j * count + t] = 0.0004 + 0.007 * ((common[t] ?? 0) + random.normal());
    }
  }
  return { assets: assetNames(assets), count, returns };
}

/** Returns in hundredths and random probabilities: few values, many equal rows. */
export function coarseSet(assets: number, count: number, seed: number): ScenarioSet {
  const random = new Random(seed);
  const returns = Float64Array.from(
    { length: assets * count },
    () => (random.integer(3) - 1) / 100,
  );
  const weights = Float64Array.from({ length: count }, () => random.integer(4));
  weights[0] = 1;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    assets: assetNames(assets),
    count,
    returns,
    probabilities: weights.map((weight) => weight / sum),
  };
}

/** CVaR of a portfolio's loss as problem.ts defines it, by sorting: slow and obvious. */
export function sortedCvar(set: ScenarioSet, weights: readonly number[], mass: number): number {
  const losses = Array.from({ length: set.count }, (_, s) => {
    let loss = 0;
    weights.forEach((weight, j) => {
      loss -= weight * (set.returns[j * set.count + s] ?? 0);
    });
    return { loss, probability: set.probabilities[s] ?? 0 };
  }).sort((a, b) => b.loss - a.loss);
  let left = mass;
  let sum = 0;
  for (const { loss, probability } of losses) {
    const taken = Math.min(left, probability);
    sum += taken * loss;
    left -= taken;
  }
  return sum / mass;
}
