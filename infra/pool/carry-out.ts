// The reference: what each kind of work answers, computed here and now in float64. Promises: the same bits on every
// engine; RangeError where the work cannot be computed with. CPU threads run this; what other devices answer
// is judged by it.

import { optimise } from "../../quant/optimiser/optimise.ts";
import type { Outcome } from "../../quant/optimiser/program.ts";
import { solveProgram } from "../../quant/optimiser/solve-program.ts";
import { scenarioLosses } from "../../quant/optimiser/tail-loss.ts";
import { measureTail, type TailMeasure } from "../../quant/optimiser/tail-measure.ts";
import { makeScenarios } from "../../quant/scenarios/make-scenarios.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { setHash } from "./input-hash.ts";
import { openModel, requireRows } from "./models.ts";
import type {
  Inferred,
  InferWork,
  MeasureWork,
  MinimiseWork,
  Result,
  Solved,
  SolveWork,
  Work,
  WorkKind,
} from "./work.ts";

/** Name and version of what carries out a kind of work; the version changes when a bit of an answer does. */
export const methods: Readonly<Record<WorkKind, string>> = {
  solve: "optimise/1",
  measure: "measure-tail/1",
  minimise: "minimise/1",
  scenarios: "make-scenarios/1",
  infer: "model/1",
};

/** `expired` is asked now and then; true asks for the best so far. */
export function carryOut(work: Work, expired: () => boolean): Result {
  switch (work.kind) {
    case "measure":
      return measure(work);
    case "solve":
      return solve(work, expired);
    case "minimise":
      return minimise(work, expired);
    case "scenarios":
      return makeScenarios(work.recipe, work.history);
    case "infer":
      return infer(work);
  }
}

function measure({ scenarios, weights, tailMass }: MeasureWork): TailMeasure {
  checkSet(scenarios);
  if (weights.length !== scenarios.assets.length) {
    throw new RangeError(`${weights.length} weights for ${scenarios.assets.length} assets`);
  }
  return measureTail(scenarioLosses(scenarios, weights), scenarios.probabilities, tailMass);
}

function checkSet({ assets, count, returns, probabilities }: ScenarioSet): void {
  if (returns.length !== assets.length * count || probabilities.length !== count) {
    const found = `${returns.length} returns and ${probabilities.length} probabilities`;
    throw new RangeError(`${found} for ${assets.length} assets in ${count} scenarios`);
  }
}

function solve({ problem, scenarios, maxPivots }: SolveWork, expired: () => boolean): Solved {
  const set =
    "recipe" in scenarios ? makeScenarios(scenarios.recipe, scenarios.history) : scenarios;
  checkSet(set);
  const work = maxPivots === undefined ? { expired } : { maxPivots, expired };
  const solution = optimise({ ...problem, scenarios: set, work });
  return { solution, scenarioHash: setHash(set), scenarios: set.count };
}

function minimise({ program, maxPivots }: MinimiseWork, expired: () => boolean): Outcome {
  if (program.tail !== undefined) checkSet(program.tail.scenarios);
  const work = maxPivots === undefined ? { expired } : { maxPivots, expired };
  return solveProgram(program, work);
}

function infer(work: InferWork): Inferred {
  const { model, rows, count } = work;
  const runner = openModel(model);
  if (runner === null) throw new RangeError(`the model ${model} is not known here`);
  requireRows(runner, work);
  return { outputs: runner.run(rows, count), count };
}
