// Holds what a user's file exports against the contract of a signal model, before an event is read:
// also for files that no compiler has checked.

import { builtInModels } from "../../processors/models.ts";
import type { AnyModel } from "../../processors/portfolio-model.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { encodeState } from "../../streams/state.ts";
import { frameIn, lineOf, modelError, thrown } from "./model-failure.ts";

const functions = ["initial", "evolve", "signal"] as const;

/** The value as a model, frozen, so that it cannot keep state of its own. Throws MODEL_…. */
export function checkShape(value: unknown, source: string): AnyModel {
  const problems = shapeProblems(value);
  if (problems.length > 0) throw invalid(source, problems.join("; "));
  const model = Object.freeze(value) as AnyModel;
  checkInitial(model, source);
  return model;
}

function shapeProblems(value: unknown): string[] {
  if (typeof value !== "object" || value === null) {
    return [`its default export is ${kindOf(value)}, not a SignalModel or PortfolioModel`];
  }
  const { name, version, scope, ...rest } = value as Partial<Record<string, unknown>>;
  const problems: string[] = [];
  if (typeof name !== "string" || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    const found = name === undefined ? "missing" : (JSON.stringify(name) ?? kindOf(name));
    problems.push(`name is ${found}; it must be words in kebab-case, such as "my-model"`);
  } else if (Object.hasOwn(builtInModels, name)) {
    problems.push(`name is "${name}", which a built-in model has: choose another`);
  }
  if (!Number.isSafeInteger(version) || (version as number) < 1) {
    const found = version === undefined ? "missing" : (JSON.stringify(version) ?? kindOf(version));
    problems.push(`version is ${found}; it must be a whole number from 1`);
  }
  if (scope !== undefined && scope !== "symbol" && scope !== "portfolio") {
    const found = JSON.stringify(scope) ?? kindOf(scope);
    problems.push(`scope is ${found}; it must be "symbol" (or left out) or "portfolio"`);
  }
  for (const field of functions) {
    // Read through the value: a class keeps its functions on the prototype.
    const found = rest[field] ?? (value as Record<string, unknown>)[field];
    const tag = Object.prototype.toString.call(found);
    if (typeof found !== "function") {
      problems.push(
        `${field} is ${found === undefined ? "missing" : kindOf(found)}; it must be a function`,
      );
    } else if (tag !== "[object Function]") {
      problems.push(
        `${field} is of the kind ${tag.slice(8, -1)}; it must answer at once, without async or yield`,
      );
    }
  }
  return problems;
}

/**
 * A first state must be plain data, and a new value each time: symbols would share it otherwise.
 */
function checkInitial(model: AnyModel, source: string): void {
  let first: unknown;
  try {
    first = model.initial();
    if (first !== undefined) encodeState(first);
  } catch (error) {
    if (error instanceof TapedeckError) {
      const message = `initial() gives what is not plain data: ${error.message}`;
      throw invalid(source, message, "initial");
    }
    const at = frameIn(error, source) ?? lineOf("initial", source);
    throw modelError("MODEL_FAILED", source, at, `initial() threw ${thrown(error)}`, error);
  }
  if (typeof first === "object" && first !== null && model.initial() === first) {
    throw invalid(
      source,
      "initial() gives the same object twice: make a new one for each symbol",
      "initial",
    );
  }
}

const invalid = (source: string, message: string, field?: string): TapedeckError =>
  modelError("MODEL_SHAPE_INVALID", source, lineOf(field ?? "default", source), message);

const kindOf = (value: unknown): string => {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
};
