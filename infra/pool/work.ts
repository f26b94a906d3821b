// What the pool does for others, as plain data that any device can be handed, and what comes back. Promises: an
// answer follows from the work alone, not from the device, the batch or the order it was done in.

import type { Problem, Solution } from "../../quant/optimiser/problem.ts";
import type { Outcome, Program } from "../../quant/optimiser/program.ts";
import type { TailMeasure } from "../../quant/optimiser/tail-measure.ts";
import type { ReturnHistory } from "../../quant/scenarios/return-history.ts";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";

export type Work = SolveWork | MinimiseWork | MeasureWork | ScenariosWork | InferWork;

export type WorkKind = Work["kind"];

/** A problem as people state it, solved. */
export interface SolveWork {
  readonly kind: "solve";
  readonly problem: Omit<Problem, "scenarios" | "work">;
  /** A set, or how it is made where the problem is solved. */
  readonly scenarios: ScenarioSet | ScenarioSource;
  readonly maxPivots?: number;
}

export interface ScenarioSource {
  readonly recipe: ScenarioRecipe;
  readonly history: ReturnHistory;
}

/** Risk of given weights over a scenario set: passes over sets too large for a solver. */
export interface MeasureWork {
  readonly kind: "measure";
  readonly scenarios: ScenarioSet;
  /** Of the assets of `scenarios`. */
  readonly weights: Float64Array;
  /** Share of probability in the tail, in (0, 1]. */
  readonly tailMass: number;
}

/** A lowered program, solved. */
export interface MinimiseWork {
  readonly kind: "minimise";
  readonly program: Program;
  readonly maxPivots?: number;
}

/** Scenarios made from a history by a recipe. */
export interface ScenariosWork extends ScenarioSource {
  readonly kind: "scenarios";
}

/** Rows through a model. Rows of several requests for one model are answered together. */
export interface InferWork {
  readonly kind: "infer";
  /** Digest of the model. */
  readonly model: string;
  /** Row by row, each as wide as the model's input. */
  readonly rows: Float32Array;
  readonly count: number;
}

export interface Inferred {
  /** Row by row. */
  readonly outputs: Float32Array;
  readonly count: number;
}

/** Of a portfolio. */
export type Measured = TailMeasure;

export interface Solved {
  readonly solution: Solution;
  /** Of the set that was solved for (quant/scenarios/scenario-hash.ts). */
  readonly scenarioHash: string;
  /** How many it has. */
  readonly scenarios: number;
}

interface Results {
  readonly solve: Solved;
  readonly measure: Measured;
  readonly minimise: Outcome;
  readonly scenarios: ScenarioSet;
  readonly infer: Inferred;
}

export type Result<Kind extends WorkKind = WorkKind> = Results[Kind];
