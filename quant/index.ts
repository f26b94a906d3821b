// The optimiser as a library: `import { optimise } from "tapedeck/quant"`. Pure functions on plain data: no file, clock or
// chance but the seed in a recipe; the same bytes on every engine. What is listed here is public, and nothing else.

export {
  type Beliefs,
  blackLitterman,
  equilibriumReturns,
  type Posterior,
  type Trust,
  type View,
} from "./optimiser/black-litterman.ts";
export { checkSolution } from "./optimiser/check-solution.ts";
export {
  efficientFrontier,
  type Frontier,
  type FrontierPoint,
} from "./optimiser/efficient-frontier.ts";
export {
  type Horizon,
  type HorizonRisk,
  type Plan,
  planAhead,
  type Step,
} from "./optimiser/multi-period.ts";
export { optimise } from "./optimiser/optimise.ts";
export type {
  Constraints,
  Costs,
  Exposure,
  NoPortfolio,
  Objective,
  Portfolio,
  Problem,
  Proof,
  Range,
  Refusal,
  Solution,
} from "./optimiser/problem.ts";
export {
  driftOf,
  type RebalancingRules,
  rebalancingCause,
} from "./optimiser/rebalancing.ts";
export { solveProgram } from "./optimiser/solve-program.ts";
export { checkRecipe } from "./scenarios/check-recipe.ts";
export { checkScenarioSet } from "./scenarios/check-scenario-set.ts";
export {
  type GenerationRequest,
  generatedScenarios,
  type ScenarioGenerator,
} from "./scenarios/generated.ts";
export { historyOfPrices, historyOfReturns } from "./scenarios/history-of-rows.ts";
export { makeScenarios } from "./scenarios/make-scenarios.ts";
export { mergeDuplicates } from "./scenarios/merge-duplicates.ts";
export type { ReturnHistory } from "./scenarios/return-history.ts";
export { scenarioHash } from "./scenarios/scenario-hash.ts";
export type { ScenarioRecipe } from "./scenarios/scenario-recipe.ts";
export type { ScenarioSet } from "./scenarios/scenario-set.ts";
export { type ShrunkCovariance, shrunkCovariance } from "./scenarios/shrunk-covariance.ts";
export { addStress, mergeScenarios, type StressScenario } from "./scenarios/stress.ts";
export { weightedCovariance, weightedMean } from "./scenarios/weighted-moments.ts";
