// What the flags and files of `tapedeck optimise` ask for: a problem by name and a recipe for its scenarios. Promises: a
// flag that a problem takes no account of is refused, not passed over; flags win over what a file says.

import { extname } from "node:path";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import type { ShrinkageTarget } from "../../quant/scenarios/shrunk-covariance.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { readCurrent } from "./current-file.ts";
import type { ALL } from "./frontier-points.ts";
import { DEFAULT_TAIL, namedProblems, type ObjectiveSettings } from "./named-problems.ts";
import { type ProblemFile, readBeliefs, readGroups, readProblemFile } from "./problem-file.ts";
import { readScenarios } from "./scenarios-option.ts";
import type { Asked } from "./state-problem.ts";

export const DEFAULT_SEED = 7;
const YAML = [".yaml", ".yml", ".json"];

export const isFile = (problem: string): boolean => YAML.includes(extname(problem).toLowerCase());

type CovarianceName = "SAMPLE" | "CONSTANT-CORRELATION" | "IDENTITY";

/** Of `--covariance`, and what each shrinks towards. */
export const covariances: Readonly<Record<Lowercase<CovarianceName>, ShrinkageTarget | null>> = {
  sample: null,
  "constant-correlation": "CONSTANT_CORRELATION",
  identity: "IDENTITY",
};
const OF_VARIANCE = [
  "MINIMUM_VARIANCE",
  "MEAN_VARIANCE",
  "MAXIMUM_SHARPE",
  "RISK_PARITY",
  "HIERARCHICAL_RISK_PARITY",
];

/** No expected return counts in these, unless one is asked for. */
const RETURNLESS = [
  "MINIMUM_CVAR",
  "ROBUST_CVAR",
  "MINIMUM_VARIANCE",
  "RISK_PARITY",
  "HIERARCHICAL_RISK_PARITY",
  "KELLY",
];

/** As commander hands them over. */
export interface Options extends ObjectiveSettings {
  readonly returns: string;
  readonly prices: boolean;
  readonly assets?: string;
  readonly from?: string;
  readonly to?: string;
  readonly problem: string;
  readonly scenarios?: string;
  readonly seed?: number;
  readonly decay?: number;
  readonly maxWeight?: number;
  readonly minWeight?: number;
  readonly budget?: number;
  readonly gross?: number;
  readonly targetReturn?: number;
  readonly maxCvar?: number;
  readonly maxVolatility?: number;
  readonly turnover?: number;
  readonly current?: string;
  readonly groups?: string;
  readonly views?: string;
  readonly steps?: number;
  readonly maxNames?: number;
  readonly minPosition?: number;
  readonly cost?: number;
  readonly impact?: number;
  readonly timeLimit?: number;
  readonly covariance?: Lowercase<CovarianceName>;
  readonly frontier?: number | typeof ALL | true;
  readonly csv?: string;
  readonly html?: string;
}

export const isFrontier = ({ frontier, html }: Options): boolean =>
  frontier !== undefined || html !== undefined;

/** What the flags and the files ask for, before any return is read. */
export async function whatIsAsked(
  options: Options,
): Promise<{ readonly problem: Asked; readonly recipe: ScenarioRecipe }> {
  const file = isFile(options.problem) ? readProblemFile(options.problem) : null;
  if (file !== null) {
    onlyItsOwn(options, options.problem, options.maxCvar === undefined ? [] : ["tail"]);
  }
  const objective = file === null ? namedObjective(options) : file.objective;
  if (objective === undefined) {
    throw optionError(`${options.problem} has no objective`);
  }
  const byVariance = OF_VARIANCE.includes(objective.kind) || options.maxVolatility !== undefined;
  if (options.covariance !== undefined && !byVariance) {
    throw optionError(`${options.problem} takes no --covariance: it knows no variance`);
  }
  const limits = limitsOf(options, file?.constraints ?? {});
  const current =
    options.current === undefined ? file?.current : await readCurrent(options.current);
  const costs = {
    ...file?.costs,
    ...(options.cost === undefined ? {} : { linear: options.cost }),
    ...(options.impact === undefined ? {} : { impact: options.impact }),
  };
  const beliefs = options.views === undefined ? file?.beliefs : readBeliefs(options.views);
  if (options.views !== undefined && file?.expectedReturns !== undefined) {
    throw optionError(`${options.problem} states expectedReturns: they do not go with --views`);
  }
  const needsReturns = limits.minimumReturn !== undefined || isFrontier(options);
  if (beliefs !== undefined && RETURNLESS.includes(objective.kind) && !needsReturns) {
    throw optionError(`${options.problem} takes no views: no expected return counts in it`);
  }
  const problem: Asked = {
    ...file,
    objective,
    constraints: limits,
    ...(beliefs === undefined ? {} : { beliefs }),
    ...(current === undefined ? {} : { current }),
    ...(Object.keys(costs).length === 0 ? {} : { costs }),
  };
  return { problem, recipe: recipeOf(options, file) };
}

const objectiveSettings = [
  "tail",
  "riskAversion",
  "radius",
  "riskFree",
  "fraction",
  "linkage",
] as const;

/** What would be passed over is refused. */
function onlyItsOwn(
  options: Options,
  problem: string,
  takes: readonly (keyof ObjectiveSettings)[],
): void {
  const given = objectiveSettings.filter(
    (name) => options[name] !== undefined && !takes.includes(name),
  );
  if (given.length === 0) return;
  const flags = given.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
  throw optionError(`${problem} takes no ${flags.join(", ")}`);
}

function namedObjective(options: Options): Asked["objective"] {
  const named = Object.hasOwn(namedProblems, options.problem)
    ? namedProblems[options.problem]
    : undefined;
  if (named === undefined) {
    const known = Object.keys(namedProblems).join(", ");
    throw optionError(`--problem ${options.problem} is neither a YAML file nor one of ${known}`);
  }
  onlyItsOwn(options, options.problem, [
    ...named.takes,
    ...(options.maxCvar === undefined ? [] : (["tail"] as const)),
  ]);
  // By name there are no budgets: the objective is the same in both forms.
  return named.objective(options) as Asked["objective"];
}

/** Flags win over the file. */
function limitsOf(
  options: Options,
  file: NonNullable<ProblemFile["constraints"]>,
): NonNullable<ProblemFile["constraints"]> {
  const { tail: tailMass = file.maximumCvar?.tailMass ?? DEFAULT_TAIL } = options;
  const exposures = [
    ...(file.exposures ?? []),
    ...(options.groups === undefined ? [] : readGroups(options.groups)),
  ];
  const flags = {
    upper: options.maxWeight,
    lower: options.minWeight,
    budget: options.budget,
    maximumGross: options.gross,
    minimumReturn: options.targetReturn,
    maximumCvar: options.maxCvar === undefined ? undefined : { tailMass, limit: options.maxCvar },
    maximumVolatility: options.maxVolatility,
    maximumTurnover: options.turnover,
    maximumNames: options.maxNames,
    minimumPosition: options.minPosition,
    exposures: exposures.length === 0 ? undefined : exposures,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return { ...file, ...Object.fromEntries(given) };
}

function recipeOf(options: Options, file: ProblemFile | null): ScenarioRecipe {
  const { scenarios, seed, decay } = options;
  if (scenarios === undefined && file?.scenarios !== undefined) {
    if (decay !== undefined || seed !== undefined) {
      throw optionError(
        `${options.problem} states its scenarios: --seed and --decay go with --scenarios`,
      );
    }
    return file.scenarios;
  }
  const recipe = readScenarios(scenarios ?? "historical", seed ?? DEFAULT_SEED);
  if (typeof recipe === "string") throw optionError(`--scenarios ${scenarios}: ${recipe}`);
  if (recipe.kind === "HISTORICAL") {
    if (seed !== undefined)
      throw optionError("--seed goes with drawn scenarios: --scenarios bootstrap");
    return decay === undefined ? recipe : { ...recipe, decay };
  }
  if (decay !== undefined) throw optionError("--decay goes with historical scenarios");
  return recipe;
}

export const optionError = (message: string): TapedeckError =>
  new TapedeckError("OPTIMISE_OPTION_INVALID", message);
