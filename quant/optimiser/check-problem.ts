// Whether a problem can be computed with. Promises: what is not finite, of another length or out of its range is named by
// place (rows from 0, assets by name); what passes can make no NaN. Limits that contradict each other pass: they are a
// conflict, which is an answer.

import { checkScenarioSet } from "../scenarios/check-scenario-set.ts";
import { checkConstraints } from "./check-constraints.ts";
import type { Objective, Problem } from "./problem.ts";

type Report = (reason: string) => void;

/** Why the problem is refused, in words; empty where it is not. Cost: a pass over the scenarios. */
export function checkProblem(problem: Problem): readonly string[] {
  const reasons = [...checkScenarioSet(problem.scenarios)];
  if (reasons.length > 0) return reasons;
  const report: Report = (reason) => {
    if (reasons.length < 10) reasons.push(reason);
  };
  const assets = problem.scenarios.assets;
  if (new Set(assets).size < assets.length) report("scenarios.assets names an asset twice");
  if (assets.length === 0) report("scenarios.assets is empty");
  checkValues("expectedReturns", problem.expectedReturns, assets, report);
  checkValues("current", problem.current, assets, report);
  checkShares("costs.linear", problem.costs?.linear, assets, report);
  checkShares("costs.impact", problem.costs?.impact, assets, report);
  checkCovariance(problem, report);
  checkObjective(problem.objective, assets, report);
  checkConstraints(problem, report);
  return reasons;
}

/** One number for all, or one for each asset; each finite. */
export function checkValues(
  place: string,
  given: number | readonly number[] | undefined,
  assets: readonly string[],
  report: Report,
): void {
  if (given === undefined) return;
  if (typeof given === "number") {
    if (!Number.isFinite(given)) report(`${place} is ${given}`);
    return;
  }
  if (given.length !== assets.length) {
    report(`${place} has ${given.length} values for ${assets.length} assets`);
    return;
  }
  for (const [asset, name] of assets.entries()) {
    const value = given[asset];
    if (!Number.isFinite(value)) report(`${place}[${name}] is ${value}`);
  }
}

function checkShares(
  place: string,
  given: number | readonly number[] | undefined,
  assets: readonly string[],
  report: Report,
): void {
  checkValues(place, given, assets, report);
  const values = typeof given === "number" ? [given] : (given ?? []);
  for (const [asset, value] of values.entries()) {
    const at = typeof given === "number" ? place : `${place}[${assets[asset]}]`;
    if (value < 0) report(`${at} is ${value}: below 0`);
  }
}

function checkCovariance({ covariance, scenarios: { assets } }: Problem, report: Report): void {
  if (covariance === undefined) return;
  const n = assets.length;
  if (covariance.length !== n * n) {
    report(`covariance has ${covariance.length} values for ${n} × ${n}`);
    return;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = covariance[i * n + j] as number;
      const other = covariance[j * n + i] as number;
      const place = `covariance[${assets[i]}, ${assets[j]}]`;
      if (!Number.isFinite(value)) report(`${place} is ${value}`);
      else if (i === j && value < 0) report(`${place} is ${value}: a variance below 0`);
      else if (j < i && Math.abs(value - other) > 1e-12 * Math.abs(value)) {
        report(`${place} is ${value}, but the other way round ${other}: not symmetric`);
      }
    }
  }
}

function checkObjective(objective: Objective, assets: readonly string[], report: Report): void {
  const { kind } = objective;
  const mass = (value: number): void => {
    if (!(value > 0 && value <= 1)) report(`objective.tailMass is ${value}: not in (0, 1]`);
  };
  const atLeast0 = (place: string, value: number): void => {
    if (!(value >= 0 && Number.isFinite(value))) report(`objective.${place} is ${value}`);
  };
  switch (kind) {
    case "MINIMUM_CVAR":
      mass(objective.tailMass);
      break;
    case "MEAN_CVAR":
      mass(objective.tailMass);
      atLeast0("riskAversion", objective.riskAversion);
      break;
    case "ROBUST_CVAR":
      mass(objective.tailMass);
      atLeast0("radius", objective.radius);
      break;
    case "MEAN_VARIANCE":
      atLeast0("riskAversion", objective.riskAversion);
      break;
    case "MAXIMUM_RETURN_TO_CVAR":
      mass(objective.tailMass);
      checkValues("objective.riskFree", objective.riskFree, assets, report);
      break;
    case "MAXIMUM_SHARPE":
      checkValues("objective.riskFree", objective.riskFree, assets, report);
      break;
    case "RISK_PARITY":
      checkRiskParity(objective, assets, report);
      break;
    case "KELLY": {
      const { fraction = 1 } = objective;
      if (!(fraction > 0 && fraction <= 1))
        report(`objective.fraction is ${fraction}: not in (0, 1]`);
      break;
    }
    case "MAXIMUM_RETURN":
    case "MINIMUM_VARIANCE":
    case "HIERARCHICAL_RISK_PARITY":
      break;
    default:
      report(`objective.kind is ${String(kind)}: there is no such objective`);
  }
}

function checkRiskParity(
  { measure, tailMass, budgets }: Extract<Objective, { kind: "RISK_PARITY" }>,
  assets: readonly string[],
  report: Report,
): void {
  if (measure === "CVAR" && !(tailMass !== undefined && tailMass > 0 && tailMass <= 1)) {
    report(`objective.tailMass is ${tailMass}: risk parity of CVaR needs one in (0, 1]`);
  }
  if (measure !== "CVAR" && measure !== "VARIANCE") report(`objective.measure is ${measure}`);
  if (budgets === undefined) return;
  checkValues("objective.budgets", budgets, assets, report);
  for (const [asset, value] of budgets.entries()) {
    if (!(value > 0)) report(`objective.budgets[${assets[asset]}] is ${value}: not above 0`);
  }
  const sum = budgets.reduce((total, value) => total + value, 0);
  if (!(Math.abs(sum - 1) <= 1e-9)) report(`objective.budgets sum to ${sum}, not to 1`);
}
