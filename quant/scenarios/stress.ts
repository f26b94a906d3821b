// Scenarios from elsewhere beside those that were drawn: by hand, or another set. Promises: probabilities
// sum to 1 again, and what the other side says keeps its proportions.

import type { ScenarioSet } from "./scenario-set.ts";

export interface StressScenario {
  /** Above 0; all of them together below 1. */
  readonly probability: number;
  /** Return by asset name; those left out return 0. */
  readonly returns: Readonly<Record<string, number>>;
}

/** Puts the scenarios at the end and scales the others' probabilities down to what is left. */
export function addStress(set: ScenarioSet, stress: readonly StressScenario[]): ScenarioSet {
  const reason = stressReasons(set.assets, stress)[0];
  if (reason !== undefined) throw new RangeError(reason);
  if (stress.length === 0) return set;
  const share = stressShare(stress);
  const hard: ScenarioSet = {
    assets: set.assets,
    count: stress.length,
    returns: Float64Array.from(
      set.assets.flatMap((asset) => stress.map(({ returns }) => returns[asset] ?? 0)),
    ),
    probabilities: Float64Array.from(stress, ({ probability }) => probability / share),
  };
  return mergeScenarios(set, hard, share);
}

/** Why these cannot be added to scenarios of these assets, in words; empty where they can. */
export function stressReasons(
  assets: readonly string[],
  stress: readonly StressScenario[],
): readonly string[] {
  const reasons: string[] = [];
  const known = new Set(assets);
  stress.forEach(({ probability, returns }, k) => {
    if (!(probability > 0 && probability < 1)) {
      reasons.push(`stress[${k}].probability is ${probability}; it must be between 0 and 1`);
    }
    for (const [asset, value] of Object.entries(returns)) {
      if (!known.has(asset)) reasons.push(`stress[${k}].returns names ${asset}, no asset here`);
      if (!Number.isFinite(value)) reasons.push(`stress[${k}].returns[${asset}] is ${value}`);
    }
  });
  const share = stressShare(stress);
  if (reasons.length === 0 && !(share < 1)) {
    reasons.push(`the probabilities of stress sum to ${share}; they must leave some of 1`);
  }
  return reasons;
}

const stressShare = (stress: readonly StressScenario[]): number =>
  stress.reduce((sum, { probability }) => sum + probability, 0);

/**
 * The scenarios of `a`, then those of `b`, as if `b` were asked with probability `weight`, from 0 to 1.
 * RangeError where the assets differ or stand in another order.
 */
export function mergeScenarios(a: ScenarioSet, b: ScenarioSet, weight: number): ScenarioSet {
  if (!(weight >= 0 && weight <= 1)) {
    throw new RangeError(`the weight ${weight} of the second set is not from 0 to 1`);
  }
  const { assets } = a;
  if (assets.length !== b.assets.length || assets.some((asset, j) => asset !== b.assets[j])) {
    throw new RangeError(`the sets are of different assets: ${assets} and ${b.assets}`);
  }
  const count = a.count + b.count;
  const returns = new Float64Array(assets.length * count);
  for (let j = 0; j < assets.length; j++) {
    returns.set(a.returns.subarray(j * a.count, (j + 1) * a.count), j * count);
    returns.set(b.returns.subarray(j * b.count, (j + 1) * b.count), j * count + a.count);
  }
  const probabilities = new Float64Array(count);
  for (let s = 0; s < a.count; s++)
    probabilities[s] = (1 - weight) * (a.probabilities[s] as number);
  for (let s = 0; s < b.count; s++) {
    probabilities[a.count + s] = weight * (b.probabilities[s] as number);
  }
  return { assets, count, returns, probabilities };
}
