// Scenario sets that break solvers: ties, duplicates, constants, heavy tails, mixed scales, few rows. Promises:
// the same set from the same generator state on every engine.

import type { Random } from "../../random.ts";
import type { ScenarioSet } from "../../scenarios/scenario-set.ts";

export const RETURN_KINDS = [
  "NORMAL",
  "HEAVY",
  "ROUNDED",
  "BOOTSTRAP",
  "CONSTANT_ASSETS",
  "ALL_CONSTANT",
  "ZERO",
  "EQUAL_ROWS",
  "DUPLICATE_ASSETS",
  "RANK_3",
  "MIXED_SCALES",
  "OUTLIER",
] as const;
/** As they turned out: of duplicates, whether all are exact. */
export type ReturnKind = (typeof RETURN_KINDS)[number] | "NEAR_DUPLICATES";

export const PROBABILITY_KINDS = ["EQUAL", "DECAY", "RANDOM", "DOMINANT", "ZEROS"] as const;
export type ProbabilityKind = (typeof PROBABILITY_KINDS)[number];

export function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.integer(of.length)] as T;
}

/** Student's t, as a normal over the root of a mean of squares. */
function student(random: Random, freedom: number): number {
  let squares = 0;
  for (let k = 0; k < freedom; k++) squares += random.normal() ** 2;
  return random.normal() / Math.sqrt(squares / freedom);
}

/** Returns by asset, then scenario, of a few factors and noise of each asset's own. */
function factorReturns(random: Random, assets: number, count: number, freedom: number) {
  const factors = 1 + random.integer(4);
  const loadings = Array.from({ length: assets * factors }, () => 0.5 + 0.4 * random.normal());
  const drift = Array.from({ length: assets }, () => 0.0005 * random.normal());
  const returns = new Float64Array(assets * count);
  const draw = (): number => (freedom > 0 ? student(random, freedom) : random.normal());
  for (let s = 0; s < count; s++) {
    const factor = Array.from({ length: factors }, () => 0.008 * draw());
    for (let j = 0; j < assets; j++) {
      let value = (drift[j] as number) + 0.01 * draw();
      for (let k = 0; k < factors; k++) {
        value += (loadings[j * factors + k] as number) * (factor[k] as number);
      }
      returns[j * count + s] = value;
    }
  }
  return returns;
}

function copyAsset(returns: Float64Array, count: number, from: number, to: number, off: number) {
  for (let s = 0; s < count; s++) {
    returns[to * count + s] = (returns[from * count + s] as number) * (1 + off);
  }
}

export function randomReturns(
  random: Random,
  kind: ReturnKind,
  assets: number,
  count: number,
): Float64Array {
  if (kind === "ZERO") return new Float64Array(assets * count);
  const freedom = kind === "HEAVY" ? 1 + random.integer(4) : 0;
  const returns = factorReturns(random, assets, count, freedom);
  const constant = (j: number, value: number): void => {
    returns.fill(value, j * count, (j + 1) * count);
  };
  if (kind === "ROUNDED") {
    return returns.map((value) => Math.round(value * 100) / 100);
  }
  if (kind === "BOOTSTRAP" || kind === "EQUAL_ROWS") {
    const distinct = kind === "EQUAL_ROWS" ? 1 : Math.min(count, 1 + random.integer(12));
    for (let s = 0; s < count; s++) {
      const from = random.integer(distinct);
      for (let j = 0; j < assets; j++) {
        if (s >= distinct) returns[j * count + s] = returns[j * count + from] as number;
        else if (kind === "EQUAL_ROWS") returns[j * count + s] = returns[j * count] as number;
      }
    }
  }
  for (let j = 0; j < assets; j++) {
    if (kind === "ALL_CONSTANT" || (kind === "CONSTANT_ASSETS" && random.uniform() < 0.3)) {
      constant(j, pick(random, [0, 0, 0.001, -0.002, 0.0005 * random.normal()]));
    }
    if (kind === "DUPLICATE_ASSETS" && j % 2 === 1) {
      copyAsset(returns, count, j - 1, j, pick(random, [0, 0, 1e-12, 1e-9]));
    }
    if (kind === "MIXED_SCALES") {
      const scale = pick(random, [1e-2, 1e-1, 1, 10, 1e2, 1e4]);
      for (let s = 0; s < count; s++) {
        returns[j * count + s] = (returns[j * count + s] as number) * scale;
      }
    }
  }
  if (kind === "RANK_3") mix(random, returns, assets, count);
  if (kind === "OUTLIER") returns[random.integer(returns.length)] = random.normal() * 1e4;
  return returns;
}

/** Whether every second asset is the one before it, to the last digit. */
function areExact(returns: Float64Array, count: number): boolean {
  return returns.every((value, at) => {
    const isCopy = Math.floor(at / count) % 2 === 1;
    return !isCopy || value === returns[at - count];
  });
}

/** Assets from the fourth on become mixtures of the first three. */
function mix(random: Random, returns: Float64Array, assets: number, count: number): void {
  for (let j = 3; j < assets; j++) {
    const share = Array.from({ length: 3 }, () => random.integer(9) / 4 - 1);
    for (let s = 0; s < count; s++) {
      let value = 0;
      for (let k = 0; k < 3; k++)
        value += (share[k] as number) * (returns[k * count + s] as number);
      returns[j * count + s] = value;
    }
  }
}

export function randomProbabilities(
  random: Random,
  kind: ProbabilityKind,
  count: number,
): Float64Array {
  const weights = new Float64Array(count).fill(1);
  const decay = 1 - 1 / (2 + random.integer(200));
  const dominant = random.integer(count);
  for (let s = 0; s < count; s++) {
    if (kind === "DECAY" && s > 0) weights[s] = (weights[s - 1] as number) * decay;
    if (kind === "RANDOM") weights[s] = 1e-3 + random.uniform();
    if (kind === "DOMINANT") weights[s] = s === dominant ? 9 * Math.max(1, count - 1) : 1;
    if (kind === "ZEROS") weights[s] = s === dominant ? 1 : random.integer(3) / 2;
  }
  let sum = 0;
  for (const weight of weights) sum += weight;
  return weights.map((weight) => weight / sum);
}

export interface RandomSet {
  readonly scenarios: ScenarioSet;
  readonly returnKind: ReturnKind;
  readonly probabilityKind: ProbabilityKind;
  readonly scale: number;
}

/** 1 to `mostAssets` assets and 1 to `mostScenarios` scenarios, small ones as likely as large ones. */
export function randomSet(random: Random, mostAssets: number, mostScenarios: number): RandomSet {
  const size = (most: number, bits: number): number =>
    1 + random.integer(Math.min(most, 2 ** (1 + random.integer(bits))));
  const assets = size(mostAssets, 6);
  const count = size(mostScenarios, 12);
  const drawnKind = random.uniform() < 0.35 ? "NORMAL" : pick(random, RETURN_KINDS);
  const probabilityKind = random.uniform() < 0.5 ? "EQUAL" : pick(random, PROBABILITY_KINDS);
  const scale = random.uniform() < 0.7 ? 1 : pick(random, [1e-9, 1e-6, 1e-3, 1e3, 1e6]);
  const returns = randomReturns(random, drawnKind, assets, count);
  const isNear = drawnKind === "DUPLICATE_ASSETS" && !areExact(returns, count);
  const returnKind = isNear ? "NEAR_DUPLICATES" : drawnKind;
  if (scale !== 1) {
    returns.forEach((value, at) => {
      returns[at] = value * scale;
    });
  }
  return {
    returnKind,
    probabilityKind,
    scale,
    scenarios: {
      assets: Array.from({ length: assets }, (_, j) => `A${j}`),
      count,
      returns,
      probabilities: randomProbabilities(random, probabilityKind, count),
    },
  };
}
