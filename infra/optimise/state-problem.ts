// From a file of returns and what was asked for to a problem in problem.ts's words. Promises: every name is
// an asset of the file, or it is refused; what is left out does not bind.

import type {
  Constraints,
  Costs,
  Exposure,
  Objective,
  Problem,
} from "../../quant/optimiser/problem.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { shown } from "../import/import-error.ts";
import type { ByName, NamedObjective, OneOrByName, ProblemFile } from "./problem-file.ts";

export interface Asked extends ProblemFile {
  readonly objective: NamedObjective;
}

/** OPTIMISE_OPTION_INVALID where a name is no asset of the scenarios. */
export function stateProblem(asked: Asked, scenarios: ScenarioSet): Problem {
  const { assets } = scenarios;
  const { constraints = {}, costs } = asked;
  const { lower, upper, ...others } = constraints;
  for (const { name, coefficients } of constraints.exposures ?? []) {
    known(`group ${name}`, Object.keys(coefficients), assets);
  }
  known("restrictions", Object.keys(constraints.restrictions ?? {}), assets);
  const exposures = [...(constraints.exposures ?? []), ...cappedByName(upper, assets)];
  const given: Constraints = {
    ...others,
    ...(lower === undefined ? {} : { lower: inOrder("lower", lower, assets, 0) }),
    ...(typeof upper === "number" ? { upper } : {}),
    ...(exposures.length === 0 ? {} : { exposures }),
  };
  return {
    scenarios,
    objective: objectiveOf(asked.objective, assets),
    ...(Object.keys(given).length === 0 ? {} : { constraints: given }),
    ...(asked.current === undefined ? {} : { current: array("current", asked.current, assets, 0) }),
    ...(asked.expectedReturns === undefined
      ? {}
      : { expectedReturns: all("expectedReturns", asked.expectedReturns, assets) }),
    ...(costs === undefined ? {} : { costs: costsOf(costs, assets) }),
  };
}

/** A limit of some assets leaves the others without: it is an exposure to each of them alone. */
function cappedByName(upper: OneOrByName | undefined, assets: readonly string[]): Exposure[] {
  if (upper === undefined || typeof upper === "number") return [];
  known("upper", Object.keys(upper), assets);
  return Object.entries(upper).map(([name, limit]) => ({
    name,
    coefficients: { [name]: 1 },
    upper: limit,
  }));
}

function objectiveOf(objective: NamedObjective, assets: readonly string[]): Objective {
  if (objective.kind !== "RISK_PARITY") return objective;
  const { budgets, ...rest } = objective;
  return budgets === undefined ? rest : { ...rest, budgets: all("budgets", budgets, assets) };
}

function costsOf(costs: NonNullable<ProblemFile["costs"]>, assets: readonly string[]): Costs {
  const { linear, impact } = costs;
  return {
    ...(linear === undefined ? {} : { linear: inOrder("costs.linear", linear, assets, 0) }),
    ...(impact === undefined ? {} : { impact: inOrder("costs.impact", impact, assets, 0) }),
  };
}

function inOrder(
  what: string,
  given: OneOrByName,
  assets: readonly string[],
  otherwise: number,
): number | readonly number[] {
  return typeof given === "number" ? given : array(what, given, assets, otherwise);
}

function array(
  what: string,
  given: ByName,
  assets: readonly string[],
  otherwise: number,
): readonly number[] {
  known(what, Object.keys(given), assets);
  return assets.map((asset) =>
    Object.hasOwn(given, asset) ? (given[asset] as number) : otherwise,
  );
}

/** A number for every asset. */
function all(what: string, given: ByName, assets: readonly string[]): readonly number[] {
  const missing = assets.find((asset) => !Object.hasOwn(given, asset));
  if (missing === undefined) return array(what, given, assets, 0);
  throw new TapedeckError("OPTIMISE_OPTION_INVALID", `${what} has no number for ${missing}`, {
    asset: missing,
  });
}

function known(what: string, names: readonly string[], assets: readonly string[]): void {
  const stranger = names.find((name) => !assets.includes(name));
  if (stranger === undefined) return;
  const some = assets.slice(0, 12).join(", ") + (assets.length > 12 ? ", …" : "");
  throw new TapedeckError(
    "OPTIMISE_OPTION_INVALID",
    `${what} names ${shown(stranger)}, no asset here: there are ${some}`,
    { asset: stranger },
  );
}
