// Small work for the admission test, each with figures of its answer that are committed beside it
// (admission-figures.json): found once, and confirmed by other means in admission.int.spec.ts.

import { readFileSync } from "node:fs";
import type { Objective } from "../../quant/optimiser/problem.ts";
import type { Program } from "../../quant/optimiser/program.ts";
import { Random } from "../../quant/random.ts";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { REFERENCE_MODEL, referenceRows } from "./models.ts";
import type { MinimiseWork, Result, Work } from "./work.ts";

export interface AdmissionWork {
  readonly name: string;
  readonly work: Work;
  /** What `figuresOf` finds in a right answer, to FIGURES_TOLERANCE. */
  readonly figures: readonly number[];
}

/** Relative, or absolute below 1e-300. Wide enough for another way to an optimum of the same gap. */
export const FIGURES_TOLERANCE = 1e-7;

/** What an answer is worth, in numbers that do not depend on which of several optima it is. */
export function figuresOf(result: Result): readonly number[] {
  if ("outputs" in result) return [...result.outputs];
  if ("valueAtRisk" in result) {
    return [result.valueAtRisk, result.conditionalValueAtRisk, result.worstLoss];
  }
  if ("solution" in result) {
    const { solution } = result;
    return "upper" in solution ? [1, solution.upper, solution.expectedReturn] : [0];
  }
  if ("returns" in result) {
    return [result.count, ...result.returns.subarray(0, 3), ...result.probabilities.subarray(0, 2)];
  }
  return "certificate" in result ? [1, result.certificate.upper] : [0];
}

/** Without their figures. */
export const admissionInputs = (): ReadonlyMap<string, Work> =>
  new Map<string, Work>([
    ["measure: heavy tail", measure(randomSet(7, 400, 1, 1), 0.05)],
    ["measure: tiny returns", measure(randomSet(5, 300, 2, 1e-9), 0.1)],
    ["measure: huge returns", measure(randomSet(3, 200, 3, 1e6), 0.025)],
    ["measure: ties", measure(rounded(randomSet(4, 250, 4, 1)), 0.05)],
    ["measure: one scenario", measure(randomSet(2, 1, 5, 1), 0.5)],
    ["minimise: CVaR of 12 assets", minimise(randomSet(12, 800, 8, 1), 1)],
    ["minimise: CVaR, ties, caps", minimise(rounded(randomSet(6, 300, 9, 1)), 0.3)],
    ["minimise: CVaR and a norm", robust()],
    ["minimise: impossible caps", minimise(randomSet(3, 50, 10, 1), 0.2)],
    ["solve: CVaR with a turnover limit", solve({ kind: "MINIMUM_CVAR", tailMass: 0.05 })],
    ["solve: mean and CVaR", solve({ kind: "MEAN_CVAR", tailMass: 0.1, riskAversion: 0.5 })],
    ["scenarios: bootstrap", bootstrap({ kind: "BOOTSTRAP", count: 500, seed: 12 })],
    ["scenarios: paths", bootstrap({ kind: "PATH_BOOTSTRAP", count: 500, seed: 15, horizon: 4 })],
    ["infer: rows", infer(9, 6)],
    ["infer: one row", infer(1, 7)],
  ]);

export function admissionWorks(): readonly AdmissionWork[] {
  const file = new URL("admission-figures.json", import.meta.url);
  const figures = JSON.parse(readFileSync(file, "utf8")) as Record<string, readonly number[]>;
  return [...admissionInputs()].map(([name, work]) => ({
    name,
    work,
    figures: figures[name] ?? [],
  }));
}

/** Student's t with 3 degrees of freedom, one factor, unequal probabilities. */
function randomSet(assets: number, count: number, seed: number, scale: number): ScenarioSet {
  const random = new Random(seed);
  const returns = new Float64Array(assets * count);
  const probabilities = new Float64Array(count);
  let total = 0;
  for (let s = 0; s < count; s++) {
    const chi = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
    const spread = (0.01 * scale) / Math.sqrt(chi / 3);
    const factor = random.normal();
    for (let j = 0; j < assets; j++) {
      returns[j * count + s] = spread * (factor + random.normal());
    }
    const weight = 1 + random.integer(3);
    probabilities[s] = weight;
    total += weight;
  }
  for (let s = 0; s < count; s++) probabilities[s] = (probabilities[s] as number) / total;
  const names = Array.from({ length: assets }, (_, j) => `A${j}`);
  return { assets: names, count, returns, probabilities };
}

const rounded = (set: ScenarioSet): ScenarioSet => ({
  ...set,
  returns: set.returns.map((value) => Math.round(value * 100) / 100),
});

function measure(scenarios: ScenarioSet, tailMass: number): Work {
  const assets = scenarios.assets.length;
  const weights = Float64Array.from(
    { length: assets },
    (_, j) => (j + 1) / (assets * (assets + 1)),
  );
  return { kind: "measure", scenarios, weights, tailMass };
}

/** With what the worst of the neighbouring distributions adds: 0.01 times the length of the weights. */
function robust(): Work {
  const work = minimise(randomSet(5, 200, 16, 1), 1);
  const program: Program = { ...work.program, smooth: [{ kind: "NORM", weight: 0.01 }] };
  return { kind: "minimise", program };
}

/** Least CVaR at 95 % with weights from 0 to the cap that sum to 1. */
function minimise(scenarios: ScenarioSet, cap: number): MinimiseWork {
  const variables = scenarios.assets.length;
  const one = Float64Array.of(1);
  const program: Program = {
    variables,
    cost: new Float64Array(variables),
    lower: new Float64Array(variables),
    upper: new Float64Array(variables).fill(cap),
    rows: { count: 1, coefficients: new Float64Array(variables).fill(1), lower: one, upper: one },
    holdings: {
      assets: variables,
      asset: Int32Array.from(scenarios.assets.keys()),
      sign: new Float64Array(variables).fill(1),
    },
    tail: { weight: 1, mass: 0.05, scenarios },
  };
  return { kind: "minimise", program };
}

function solve(objective: Objective): Work {
  const { assets, count, returns } = randomSet(8, 250, 13, 1);
  const current = assets.map(() => 1 / assets.length);
  const constraints = { upper: 0.4, maximumTurnover: 0.5 };
  const recipe = { kind: "BOOTSTRAP", count: 1000, seed: 14 } as const;
  const scenarios = { recipe, history: { assets, count, returns } };
  return { kind: "solve", problem: { objective, constraints, current }, scenarios };
}

function bootstrap(recipe: ScenarioRecipe): Work {
  const { assets, count, returns } = randomSet(4, 120, 11, 1);
  return { kind: "scenarios", recipe, history: { assets, count, returns } };
}

function infer(count: number, seed: number): Work {
  const rows = referenceRows(new Random(seed), count);
  return { kind: "infer", model: REFERENCE_MODEL, rows, count };
}
