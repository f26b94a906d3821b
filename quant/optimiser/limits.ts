// What a portfolio must keep to, one limit at a time, each with its words. Promises: the order is that of
// `Constraints`; what a person stated with one number is one limit, what was stated by asset is one for each.

import { cvarWords, number, percent } from "./limit-words.ts";
import type { Constraints, Problem, Range } from "./problem.ts";

/** What is measured of the weights w. */
export type Measured =
  /** Of each of these assets by itself. */
  | { readonly kind: "WEIGHTS"; readonly assets: readonly number[] }
  /** Σ coefficients · w, one of each asset. */
  | { readonly kind: "SUM"; readonly coefficients: Float64Array }
  /** Σ |w| */
  | { readonly kind: "GROSS" }
  /** Σ |w − current| */
  | { readonly kind: "TURNOVER" }
  /** Expected return less linear costs. */
  | { readonly kind: "RETURN" }
  | { readonly kind: "CVAR"; readonly tailMass: number }
  | { readonly kind: "VOLATILITY" }
  /** Of each weight that is not 0. */
  | { readonly kind: "POSITION" }
  /** How many weights are not 0. */
  | { readonly kind: "NAMES" };

export interface Limit {
  readonly words: string;
  readonly measured: Measured;
  readonly side: "AT_LEAST" | "AT_MOST" | "EXACTLY";
  readonly value: number;
}

/** Whether a limit is on which names are held: a choice, which no program without whole numbers can state. */
export const isOfNames = ({ kind }: Measured): boolean => kind === "POSITION" || kind === "NAMES";

export const isOfRisk = ({ kind }: Measured): boolean => kind === "CVAR" || kind === "VOLATILITY";

/** The limits of a problem that `checkProblem` found nothing wrong with. */
export function limitsOf({ scenarios, constraints = {}, current }: Problem): readonly Limit[] {
  const names = scenarios.assets;
  return [
    ...bounds(names, constraints.lower ?? 0, "AT_LEAST"),
    ...bounds(names, constraints.upper, "AT_MOST"),
    ...restrictions(names, constraints, current),
    ...budget(names.length, constraints.budget ?? 1),
    ...exposures(names, constraints),
    ...figures(constraints),
  ];
}

function bounds(
  names: readonly string[],
  given: number | readonly number[] | undefined,
  side: "AT_LEAST" | "AT_MOST",
): readonly Limit[] {
  if (given === undefined) return [];
  const sign = side === "AT_LEAST" ? "≥" : "≤";
  if (typeof given === "number") {
    const measured: Measured = { kind: "WEIGHTS", assets: names.map((_, asset) => asset) };
    return [{ words: `every weight ${sign} ${percent(given)}`, measured, side, value: given }];
  }
  return given.map((value, asset) => ({
    words: `${names[asset]} ${sign} ${percent(value)}`,
    measured: { kind: "WEIGHTS", assets: [asset] },
    side,
    value,
  }));
}

const RESTRICTED = {
  NO_TRADE: { words: "not to be traded", side: "EXACTLY" },
  NO_BUY: { words: "not to be bought", side: "AT_MOST" },
  NO_SELL: { words: "not to be sold", side: "AT_LEAST" },
  NO_HOLD: { words: "not to be held", side: "EXACTLY" },
} as const;

function restrictions(
  names: readonly string[],
  { restrictions: given = {} }: Constraints,
  current: readonly number[] | undefined,
): readonly Limit[] {
  return Object.entries(given).map(([name, restriction]) => {
    const asset = names.indexOf(name);
    const value = restriction === "NO_HOLD" ? 0 : (current?.[asset] ?? 0);
    const { words, side } = RESTRICTED[restriction];
    const held = restriction === "NO_HOLD" ? "" : ` (${percent(value)} held)`;
    return {
      words: `${name} ${words}${held}`,
      measured: { kind: "WEIGHTS", assets: [asset] },
      side,
      value,
    };
  });
}

function budget(assets: number, given: number | Range): readonly Limit[] {
  const measured: Measured = { kind: "SUM", coefficients: new Float64Array(assets).fill(1) };
  if (typeof given === "number") {
    return [{ words: `weights sum to ${percent(given)}`, measured, side: "EXACTLY", value: given }];
  }
  return range("sum of weights", measured, given, percent);
}

function exposures(
  names: readonly string[],
  { exposures: given = [] }: Constraints,
): readonly Limit[] {
  const places = new Map(names.map((name, asset) => [name, asset]));
  return given.flatMap((exposure) => {
    const coefficients = new Float64Array(names.length);
    for (const [name, coefficient] of Object.entries(exposure.coefficients)) {
      coefficients[places.get(name) as number] = coefficient;
    }
    const shares = coefficients.every((value) => value === 0 || value === 1);
    const measured: Measured = { kind: "SUM", coefficients };
    return range(exposure.name, measured, exposure, shares ? percent : number);
  });
}

function range(
  name: string,
  measured: Measured,
  { lower, upper }: Range,
  words: (value: number) => string,
): readonly Limit[] {
  if (lower !== undefined && lower === upper) {
    return [{ words: `${name} = ${words(lower)}`, measured, side: "EXACTLY", value: lower }];
  }
  const limits: Limit[] = [];
  if (lower !== undefined) {
    limits.push({ words: `${name} ≥ ${words(lower)}`, measured, side: "AT_LEAST", value: lower });
  }
  if (upper !== undefined) {
    limits.push({ words: `${name} ≤ ${words(upper)}`, measured, side: "AT_MOST", value: upper });
  }
  return limits;
}

function figures(constraints: Constraints): readonly Limit[] {
  const limits: Limit[] = [];
  const atMost = (words: string, measured: Measured, value: number | undefined): void => {
    if (value !== undefined) limits.push({ words, measured, side: "AT_MOST", value });
  };
  const { maximumGross, maximumTurnover, minimumReturn, maximumCvar } = constraints;
  const { maximumVolatility, minimumPosition, maximumNames } = constraints;
  atMost(`gross ≤ ${percent(maximumGross)}`, { kind: "GROSS" }, maximumGross);
  atMost(`turnover ≤ ${percent(maximumTurnover)}`, { kind: "TURNOVER" }, maximumTurnover);
  if (minimumReturn !== undefined) {
    const words = `return ≥ ${percent(minimumReturn)}`;
    limits.push({ words, measured: { kind: "RETURN" }, side: "AT_LEAST", value: minimumReturn });
  }
  if (maximumCvar !== undefined) {
    const { tailMass, limit } = maximumCvar;
    atMost(cvarWords(tailMass, limit), { kind: "CVAR", tailMass }, limit);
  }
  const volatility = `volatility ≤ ${percent(maximumVolatility)}`;
  atMost(volatility, { kind: "VOLATILITY" }, maximumVolatility);
  if (minimumPosition !== undefined) {
    const words = `every position ≥ ${percent(minimumPosition)}`;
    const measured: Measured = { kind: "POSITION" };
    limits.push({ words, measured, side: "AT_LEAST", value: minimumPosition });
  }
  atMost(`at most ${maximumNames} names`, { kind: "NAMES" }, maximumNames);
  return limits;
}
