// Scenario sets for the instances that a prototype of this optimiser failed on. Promises: seeded, the same on every
// engine.

import { Random } from "../../random.ts";
import type { ScenarioSet } from "../../scenarios/scenario-set.ts";

/** Equal probabilities; `value` of asset j in scenario s. */
export function scenariosOf(
  assets: number,
  count: number,
  value: (j: number, s: number) => number,
): ScenarioSet {
  const returns = new Float64Array(assets * count);
  for (let s = 0; s < count; s++) {
    for (let j = 0; j < assets; j++) returns[j * count + s] = value(j, s);
  }
  return {
    assets: Array.from({ length: assets }, (_, j) => `A${j}`),
    count,
    returns,
    probabilities: new Float64Array(count).fill(1 / count),
  };
}

/** One market factor and noise; `freedom` degrees of Student's t, 0: normal. */
export function marketScenarios(
  assets: number,
  count: number,
  seed: number,
  freedom = 0,
): ScenarioSet {
  const random = new Random(seed);
  const draw = (): number => {
    let squares = 0;
    for (let k = 0; k < freedom; k++) squares += random.normal() ** 2;
    return freedom > 0 ? random.normal() / Math.sqrt(squares / freedom) : random.normal();
  };
  const beta = Array.from({ length: assets }, () => 0.6 + 0.8 * random.uniform());
  const drift = Array.from({ length: assets }, () => 0.0004 * random.normal());
  let market = 0;
  return scenariosOf(assets, count, (j, s) => {
    if (j === 0) market = 0.01 * draw();
    return (drift[j] as number) + (beta[j] as number) * market + 0.012 * draw() + 0 * s;
  });
}

/** Every return times `factor`. */
export const scaled = (set: ScenarioSet, factor: number): ScenarioSet => ({
  ...set,
  returns: set.returns.map((value) => value * factor),
});

/** Rows drawn with replacement, not merged. */
export function drawnRows(set: ScenarioSet, count: number, seed: number): ScenarioSet {
  const random = new Random(seed);
  const rows = Array.from({ length: count }, () => random.integer(set.count));
  return scenariosOf(
    set.assets.length,
    count,
    (j, s) => set.returns[j * set.count + (rows[s] as number)] as number,
  );
}

export function weighted(set: ScenarioSet, weight: (s: number) => number): ScenarioSet {
  const weights = Float64Array.from({ length: set.count }, (_, s) => weight(s));
  const sum = weights.reduce((total, value) => total + value, 0);
  return { ...set, probabilities: weights.map((value) => value / sum) };
}

/** The same set with asset `to` made from the others. */
export function withAsset(
  set: ScenarioSet,
  to: number,
  value: (returnOf: (j: number) => number) => number,
): ScenarioSet {
  const { count } = set;
  const returns = Float64Array.from(set.returns);
  for (let s = 0; s < count; s++) {
    returns[to * count + s] = value((j) => set.returns[j * count + s] as number);
  }
  return { ...set, returns };
}
