// A problem, or groups of assets, or what is held now, from a file of YAML. Promises: what is wrong is said
// with its line; a setting that its objective or its scenarios do not take is refused, not passed over.

import type { Constraints, Costs, Exposure, Objective } from "../../quant/optimiser/problem.ts";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { checkSchema } from "../config/check-schema.ts";
import { configError } from "../config/problem.ts";
import { readText } from "../config/read-text.ts";
import { type Plain, readYaml } from "../config/read-yaml.ts";
import type { SchemaNode } from "../config/schema.ts";
import {
  beliefsSchema,
  groupsSchema,
  neededSettings,
  objectiveSettings,
  problemSchema,
  recipeSettings,
} from "./problem-schema.ts";
import type { Beliefs } from "./views.ts";

/** A number for all assets, or for those named. */
export type OneOrByName = number | Readonly<Record<string, number>>;
export type ByName = Readonly<Record<string, number>>;

/** As problem.ts has it, but by name where it has an array in the order of the assets. */
export interface ProblemFile {
  readonly objective?: NamedObjective;
  readonly scenarios?: ScenarioRecipe;
  readonly expectedReturns?: ByName;
  /** Instead of expected returns: what they follow from. */
  readonly beliefs?: Beliefs;
  readonly constraints?: Omit<Constraints, "lower" | "upper"> & {
    readonly lower?: OneOrByName;
    readonly upper?: OneOrByName;
  };
  readonly current?: ByName;
  readonly costs?: { readonly [Cost in keyof Costs]: OneOrByName };
}

type Parity = Extract<Objective, { readonly kind: "RISK_PARITY" }>;
export type NamedObjective =
  | Exclude<Objective, Parity>
  | (Omit<Parity, "budgets"> & { readonly budgets?: ByName });

/** CONFIG_… with every finding, or OPTIMISE_OPTION_INVALID where parts do not fit each other. */
export function readProblemFile(file: string): ProblemFile {
  const value = readChecked(file, problemSchema);
  const { objective, scenarios, constraints } = value as unknown as {
    readonly objective?: Settings;
    readonly scenarios?: Settings;
    readonly constraints?: { readonly exposures?: readonly Partial<Exposure>[] };
  };
  if (objective !== undefined) {
    onlyItsOwn(file, "objective", objective, objectiveSettings, neededSettings);
  }
  if (scenarios !== undefined) {
    const needed = Object.fromEntries(
      Object.keys(recipeSettings).map((kind) => [kind, neededOfRecipe(kind)]),
    );
    const own = Object.fromEntries(
      Object.entries(recipeSettings).map(([kind, names]) => [kind, [...names, "stress"]]),
    );
    onlyItsOwn(file, "scenarios", scenarios, own, needed);
  }
  if ("expectedReturns" in value && "beliefs" in value) {
    throw invalid(file, "expectedReturns and beliefs both say what is expected: leave one out");
  }
  for (const { name, coefficients } of constraints?.exposures ?? []) {
    if (name === undefined || coefficients === undefined) {
      throw invalid(file, "each of constraints.exposures needs a name and coefficients");
    }
  }
  return value as unknown as ProblemFile;
}

/** Groups of assets with limits on the sum of their weights, by name. */
export function readGroups(file: string): readonly Exposure[] {
  const groups = readChecked(file, groupsSchema) as unknown as Readonly<
    Record<
      string,
      { assets?: readonly string[]; coefficients?: ByName; lower?: number; upper?: number }
    >
  >;
  return Object.entries(groups).map(([name, { assets, coefficients, lower, upper }]) => {
    if ((assets === undefined) === (coefficients === undefined)) {
      throw invalid(file, `group ${name} needs either assets or coefficients`);
    }
    if (lower === undefined && upper === undefined) {
      throw invalid(file, `group ${name} needs a lower or an upper limit`);
    }
    return {
      name,
      coefficients: coefficients ?? Object.fromEntries((assets ?? []).map((asset) => [asset, 1])),
      ...(lower === undefined ? {} : { lower }),
      ...(upper === undefined ? {} : { upper }),
    };
  });
}

/** Views, and the prior that they bend. */
export const readBeliefs = (file: string): Beliefs =>
  readChecked(file, beliefsSchema) as unknown as Beliefs;

/** Weights by asset: of YAML or JSON. */
export const readWeightsYaml = (file: string): ByName =>
  readChecked(file, { type: "object", additionalProperties: { type: "number" } }) as ByName;

type Settings = Readonly<Record<string, unknown>> & { readonly kind?: string };

function readChecked(file: string, schema: SchemaNode): Readonly<Record<string, Plain>> {
  const { value, origins, problems } = readYaml(readText(file));
  if (value === undefined || problems.length > 0) throw configError(file, problems);
  const found = checkSchema(value, origins, schema);
  if (found.length > 0) throw configError(file, found);
  return value as Readonly<Record<string, Plain>>;
}

function onlyItsOwn(
  file: string,
  part: string,
  { kind, ...settings }: Settings,
  own: Readonly<Record<string, readonly string[]>>,
  needed: Readonly<Record<string, readonly string[]>>,
): void {
  if (kind === undefined) throw invalid(file, `${part}.kind is missing`);
  const takes = own[kind] ?? [];
  for (const name of Object.keys(settings)) {
    if (takes.includes(name)) continue;
    const may = takes.length === 0 ? "it takes none" : `it takes ${takes.join(", ")}`;
    throw invalid(file, `${part}.${name} is no setting of ${kind}: ${may}`);
  }
  for (const name of needed[kind] ?? []) {
    if (!(name in settings)) throw invalid(file, `${part}.${name} is missing: ${kind} needs it`);
  }
}

const neededOfRecipe = (kind: string): readonly string[] =>
  kind === "HISTORICAL" ? [] : kind === "FACTOR" ? ["count", "seed", "factors"] : ["count", "seed"];

const invalid = (file: string, what: string): TapedeckError =>
  new TapedeckError("OPTIMISE_OPTION_INVALID", `${file}: ${what}`, { file });
