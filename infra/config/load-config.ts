// Reads a run's configuration: a YAML file, and what `--set` changes of it. Promises: all that is
// wrong is said at once, each finding with its line or flag, the value found and what is allowed;
// what comes back is exact and whole. Relative paths start at the file's folder, those given by
// `--set` at the working folder.

import { basename, dirname, resolve } from "node:path";
import { stringify } from "yaml";
import { builtInModels } from "../../processors/models.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { isModelPath, loadModel } from "../models/load-model.ts";
import { checkSchema } from "./check-schema.ts";
import type { HumanConfig } from "./human-config.ts";
import { interpret } from "./interpret.ts";
import { nearest } from "./nearest.ts";
import { configError, nowhere, type Problem, problem } from "./problem.ts";
import { fileError, readText } from "./read-text.ts";
import { escapePointer, type Origins, type Plain, readFlag, readYaml } from "./read-yaml.ts";
import type { RunConfig, Settings } from "./run-config.ts";
import { withDefaults } from "./schema.ts";

/** `--set key=value`, split at the first "=". */
export interface Override {
  readonly key: string;
  readonly value: string;
}

/** What a configuration comes to before its model is loaded. */
export type ReadConfig = Omit<RunConfig, "flow" | "model"> & {
  readonly flow: Omit<RunConfig["flow"], "model">;
  /** A built-in model's name, or a file's absolute path. */
  readonly modelName: string;
};

/** Splits the text of a `--set`; throws CONFIG_OVERRIDE_INVALID. */
export function parseOverride(text: string): Override {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(equals, 0)).trim();
  if (!/^[^.\s]+(\.[^.\s]+)*$/.test(key)) {
    throw new TapedeckError("CONFIG_OVERRIDE_INVALID", `--set ${text}: it is no key=value`, {
      text,
    });
  }
  return { key, value: text.slice(equals + 1).trim() };
}

/**
 * The run that the file describes. Throws CONFIG_… (exit 2) with every finding, or MODEL_… where
 * the model cannot be used.
 */
export async function loadConfig(
  path: string,
  overrides: readonly Override[] = [],
): Promise<RunConfig> {
  const { modelName, flow, ...config } = readConfig(path, overrides);
  const model = await loadModel(modelName, dirname(resolve(path)));
  return { ...config, flow: { ...flow, model: model.model }, model };
}

/** The same without the model. Throws CONFIG_…. */
export function readConfig(path: string, overrides: readonly Override[] = []): ReadConfig {
  return configFromText(readText(path), path, overrides);
}

/** The same from text; `path` names it in findings and is where its relative paths start. */
export function configFromText(
  text: string,
  path: string,
  overrides: readonly Override[] = [],
): ReadConfig {
  const { value, origins, problems } = readYaml(text);
  const found = [...problems];
  if (value === undefined) throw configError(path, found);
  if (value === null && found.length === 0 && overrides.length === 0) {
    throw fileError("CONFIG_YAML_INVALID", path, "the file is empty: it must at least name a tape");
  }
  const root = value === null ? emptyGroup() : value;
  for (const override of overrides) found.push(...apply(override, root, origins));
  found.push(...outsideOf(found, checkSchema(root, origins)));
  const settled = withDefaults(found.length === 0 ? root : sound(root, found));
  // The schema took it: that is what the type says.
  const human = settled as unknown as HumanConfig;
  const { flow, run, settings, problems: unfit } = interpret(human, origins);
  found.push(...unfit, ...modelProblem(human.model, origins));
  if (found.length > 0) throw configError(path, found);
  const pathOf = (pointer: string, name: string): string =>
    origins.get(pointer)?.value.flag == null ? resolve(dirname(path), name) : resolve(name);
  const tape = pathOf("/tape", human.tape);
  const isFile = isModelPath(human.model);
  const modelName = isFile ? pathOf("/model", human.model) : human.model;
  const { tape: _, ...identity } = settings;
  return {
    ...run,
    flow,
    tape,
    modelName,
    canonical: sorted({ ...identity, model: isFile ? basename(modelName) : modelName }) as Settings,
    document: documentOf({ ...settings, tape, model: modelName }),
  };
}

const documentOf = (settings: Settings): string =>
  `# Every setting of this run, defaults included; paths are absolute.\n${stringify(settings)}`;

/**
 * The part of a configuration that nothing was found in: a section with a finding is left to its
 * defaults, so that the other sections are still looked at.
 */
function sound(root: Plain, found: readonly Problem[]): Plain {
  const broken = new Set(found.map(({ key }) => key.split(/[.[]/)[0]));
  // The windows are judged by the model that they are for.
  if (broken.has("model")) broken.add("features");
  const entries = Object.entries(isGroup(root) ? root : {}).filter(([name]) => !broken.has(name));
  return { tape: ".", ...Object.fromEntries(entries) };
}

/** Groups are made by this module and read-yaml.ts: they may be written to. */
const isGroup = (value: Plain | undefined): value is Plain & Group =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Group {
  [key: string]: Plain;
}

const emptyGroup = (): Group => Object.create(null);

/** Findings of the schema where the text had none: a refused value reads as null and is no news. */
const outsideOf = (found: readonly Problem[], more: readonly Problem[]): Problem[] =>
  more.filter(({ key }) => !found.some((earlier) => earlier.key === key));

function modelProblem(name: string, origins: Origins): Problem[] {
  if (isModelPath(name) || Object.hasOwn(builtInModels, name)) return [];
  const known = Object.keys(builtInModels);
  const near = nearest(name, known);
  const guess = near === null ? "" : `; did you mean ${near}?`;
  const rule = `must be one of ${known.join(", ")}, or the path of a file such as ./my-model.ts`;
  const origin = origins.get("/model")?.value ?? nowhere;
  return [problem("CONFIG_INVALID", origin, "model", `found "${name}"; ${rule}${guess}`)];
}

/** Writes an override into the value, making the groups on its way. */
function apply({ key, value: text }: Override, root: Plain, origins: Origins): Problem[] {
  const flag = `${key}=${text}`;
  const origin = { ...nowhere, flag };
  const failure = (message: string): Problem[] => [
    problem("CONFIG_OVERRIDE_INVALID", origin, key, message),
  ];
  if (text === "") return failure("has no value; null and off are values too");
  const { value, origins: inner, problems } = readFlag(text, flag);
  if (value === undefined || problems.length > 0) return [...problems];
  const parts = key.split(".");
  const last = parts.pop() as string;
  if (!isGroup(root)) return failure("the configuration holds no keys to set one of");
  let group: Group = root;
  let pointer = "";
  for (const part of parts) {
    pointer += `/${escapePointer(part)}`;
    let next = group[part];
    if (next === undefined || next === null) {
      next = emptyGroup();
      group[part] = next;
      origins.set(pointer, { value: origin, key: origin, text: null });
    }
    if (!isGroup(next)) return failure(`${part} holds no keys to set one of: set it whole`);
    group = next;
  }
  pointer += `/${escapePointer(last)}`;
  group[last] = value;
  // Places of what was there before may stay: nothing asks for the place of a value that is gone.
  for (const [place, at] of inner) origins.set(pointer + place, at);
  return [];
}

/** Keys in the order of their UTF-16 units, all the way down. */
function sorted(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
