// Random problems as people state them, most of them degenerate or contradictory somewhere. Promises: problem `index` of
// `seed` is the same for ever.

import { Random } from "../../random.ts";
import type { ScenarioSet } from "../../scenarios/scenario-set.ts";
import type { Constraints, Exposure, Objective, Problem } from "../problem.ts";
import { cvar } from "./evaluated-objective.ts";
import { expectedReturns } from "./plain-program.ts";
import { pick, type ReturnKind, randomSet } from "./random-scenarios.ts";

export const PROBLEM_KINDS = [
  "MINIMUM_CVAR",
  "MEAN_CVAR",
  "MAXIMUM_RETURN",
  "MAXIMUM_RETURN_TO_CVAR",
  "ROBUST_CVAR",
  "MINIMUM_VARIANCE",
  "MEAN_VARIANCE",
  "MAXIMUM_SHARPE",
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export interface RandomProblem {
  readonly returnKind: ReturnKind;
  readonly kind: ProblemKind;
  readonly about: string;
  readonly problem: Problem;
}

export interface WantedProblem {
  readonly kinds?: readonly ProblemKind[];
  /** 60 and 3,000 if left out. */
  readonly mostAssets?: number;
  readonly mostScenarios?: number;
}

function drawObjective(random: Random, kind: ProblemKind, scale: number, count: number): Objective {
  const masses = [0.05, 0.05, 0.01, 0.1, 0.5, 0.001, 1, 1 / count, random.uniform() + 1e-4];
  const tailMass = Math.min(1, pick(random, masses));
  const riskAversion = pick(random, [0, 0.01, 0.1, 1, 1, 10, 1000]);
  switch (kind) {
    case "MEAN_CVAR":
      return { kind, tailMass, riskAversion: riskAversion === 0 ? 1 : riskAversion };
    case "MEAN_VARIANCE":
      return { kind, riskAversion: (riskAversion === 0 ? 1 : riskAversion) / scale };
    case "ROBUST_CVAR":
      return { kind, tailMass, radius: scale * pick(random, [0, 1e-8, 1e-4, 1e-3, 0.01, 1, 100]) };
    case "MINIMUM_CVAR":
    case "MAXIMUM_RETURN_TO_CVAR":
      return { kind, tailMass };
    default:
      return { kind };
  }
}

const shaken = (random: Random, value: number): number =>
  value * pick(random, [1, 1, 1, 1.01, 1.2, 2, 0.9, 0.5]);

function drawConstraints(
  random: Random,
  names: readonly string[],
  current: readonly number[],
  means: Float64Array,
  usual: number,
  tailMass: number,
): Constraints {
  const n = names.length;
  const chance = (of: number): boolean => random.uniform() < of;
  const cap = pick(random, [1, 1 / n, (1 / n) * (1 + 1e-12), 2 / n, 0.3, 0.9 / n, 0.5]);
  const isShort = chance(0.3);
  const each = <T>(of: () => T): T[] => names.map(of);
  const budget = pick<NonNullable<Constraints["budget"]>>(random, [
    1,
    0.5,
    0,
    { lower: 0, upper: 1 },
    { upper: 1 },
    { lower: 0.8 },
  ]);
  const exposures: Exposure[] = [];
  for (let k = random.integer(4); k > 0 && chance(0.7); k--) {
    const some = names.filter(() => chance(0.4));
    if (some.length === 0) continue;
    const isSector = chance(0.7);
    const coefficients = Object.fromEntries(
      some.map((name) => [name, isSector ? 1 : Math.round(8 * random.normal()) / 4]),
    );
    const share = some.length / n;
    const side = random.integer(3);
    exposures.push({
      name: `group ${k}`,
      coefficients,
      ...(side !== 0 ? { upper: shaken(random, share) } : {}),
      ...(side !== 1 ? { lower: shaken(random, share) * 0.8 * (side === 2 ? 0.5 : 1) } : {}),
    });
  }
  const most = means.reduce((a, b) => Math.max(a, b));
  const average = means.reduce((a, b) => a + b, 0) / n;
  const target = pick(random, [most, most - 1e-9 * Math.abs(most), average, most * 2, 0]);
  const restricted = names.filter(() => chance(0.1));
  const kinds = ["NO_TRADE", "NO_BUY", "NO_SELL", "NO_HOLD"] as const;
  return {
    ...(isShort ? { lower: chance(0.5) ? -cap : each(() => -cap * random.integer(3)) } : {}),
    ...(chance(0.6) || isShort
      ? { upper: chance(0.6) ? cap : each(() => cap * (1 + random.integer(3))) }
      : {}),
    ...(chance(0.4) ? { budget } : {}),
    ...(isShort && chance(0.6) ? { maximumGross: pick(random, [1, 1.2, 2, 0.5]) } : {}),
    ...(exposures.length > 0 ? { exposures } : {}),
    ...(current.some((held) => held !== 0) && chance(0.7)
      ? { maximumTurnover: pick(random, [0, 0.05, 0.2, 0.5, 1]) }
      : {}),
    ...(chance(0.25) ? { minimumReturn: target } : {}),
    ...(chance(0.15)
      ? { maximumCvar: { tailMass, limit: usual * pick(random, [0.1, 0.5, 1, 1, 2]) } }
      : {}),
    ...(chance(0.1) ? { maximumVolatility: usual * pick(random, [0.1, 0.3, 0.5, 1]) } : {}),
    ...(chance(0.15) && restricted.length > 0
      ? { restrictions: Object.fromEntries(restricted.map((name) => [name, pick(random, kinds)])) }
      : {}),
  };
}

/** What limits on risk are drawn around. */
function equalWeightCvar({ assets, count, returns, probabilities }: ScenarioSet, mass: number) {
  const losses = new Float64Array(count);
  returns.forEach((value, at) => {
    losses[at % count] = (losses[at % count] as number) - value / assets.length;
  });
  return Math.max(0, cvar(losses, probabilities, mass).value);
}

/** Cost: that of its scenarios. */
export function randomProblem(
  seed: number,
  index: number,
  wanted: WantedProblem = {},
): RandomProblem {
  const random = new Random(seed * 1_000_000_007 + index);
  const kind = pick(random, wanted.kinds ?? PROBLEM_KINDS);
  const { mostAssets = 60, mostScenarios = 3000 } = wanted;
  const drawn = randomSet(random, mostAssets, mostScenarios);
  const { scenarios, scale, returnKind } = drawn;
  const names = scenarios.assets;
  const objective = drawObjective(random, kind, scale, scenarios.count);
  const shares = names.map(() => (random.uniform() < 0.4 ? 0 : random.uniform()));
  const sum = shares.reduce((a, b) => a + b, 0);
  const isHeld = random.uniform() < 0.4 && sum > 0;
  const current = shares.map((share) => (isHeld ? share / sum : 0));
  const means = expectedReturns({ scenarios, objective });
  const tailMass = "tailMass" in objective ? (objective.tailMass ?? 0.05) : 0.05;
  const usual = equalWeightCvar(scenarios, tailMass);
  const constraints = drawConstraints(random, names, current, means, usual, tailMass);
  const costs = random.uniform() < 0.7 ? undefined : { linear: 0.001 * scale * random.uniform() };
  const problem: Problem = {
    scenarios,
    objective,
    constraints,
    ...(isHeld ? { current } : {}),
    ...(costs === undefined ? {} : { costs }),
  };
  const sizes = `${names.length} assets × ${scenarios.count} scenarios`;
  const how = `${returnKind} × ${scale}, ${drawn.probabilityKind} probabilities`;
  const said = [
    ...Object.keys(constraints),
    ...(isHeld ? ["current"] : []),
    ...(costs ? ["costs"] : []),
  ];
  const tail = "tailMass" in objective ? `, mass ${objective.tailMass}` : "";
  return {
    kind,
    returnKind,
    about: `${kind}: ${sizes}, ${how}, ${said.join(" ")}${tail}`,
    problem,
  };
}
