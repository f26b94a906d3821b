// What the optimiser minimises, from what, within what, and when its answer still holds (flow-config.ts). Returns and weights
// are shares, 0.1 = 10 %, per bar of the window.

import type { Constraints, Exposure, Objective } from "../quant/optimiser/problem.ts";
import type { NamedBeliefs } from "../quant/optimiser/viewed-returns.ts";
import type { ScenarioRecipe } from "../quant/scenarios/scenario-recipe.ts";

export interface OptimiserConfig {
  readonly objective: Objective;
  /** By symbol; without the symbols that have no full window. Turnover binds once something is held. */
  readonly constraints: Omit<Constraints, "lower" | "upper">;
  /** Least and most weight of every symbol, and of those that have their own. */
  readonly bounds: Bounds & { readonly bySymbol?: Readonly<Record<string, Bounds>> };
  /** Share of what is bought or sold, and cost of trading d of equity over d^1.5. */
  readonly costs: { readonly linear?: number; readonly impact?: number };
  /** The number of a request is added to the seed. */
  readonly scenarios: ScenarioRecipe;
  /** Bars of returns that scenarios are made from; a symbol without as many is left out. */
  readonly window: number;
  /** Left out: the scenarios' mean. */
  readonly expected?: ExpectedReturns;
  /** Of ROBUST_CVAR: what its radius is multiplied by; left out: nothing. */
  readonly radii?: RegimeRadii;
  /** From a request to its answer, in time of the tape. */
  readonly latencyUs: number;
  readonly limits: AnswerLimits;
}

/** What is expected of a bar's return, by whom, and from where it is bent. */
export interface ExpectedReturns {
  readonly from: ReturnSource;
  /** Left out: what `from` says is expected as it is, and nothing where it says nothing. */
  readonly equilibrium?: Equilibrium;
}

export type ReturnSource =
  | {
      readonly kind: "SIGNALS";
      /** Expected return of a bar at a signal of 1. */
      readonly atOne: number;
      /** Of a signal as a view, from above 0 to 1. */
      readonly confidence: number;
    }
  /** How long a bar is: a forecast's mean is of its horizon. */
  | { readonly kind: "FORECASTS"; readonly barUs: number }
  /** Persons' views alone. */
  | { readonly kind: "VIEWS" };

/** Expected returns at which `weights` are best, bent to the views (quant/optimiser/viewed-returns.ts). */
export interface Equilibrium {
  /** HELD: what is held now; or by symbol, in proportion. Equal weights where that is nothing. */
  readonly weights: "HELD" | Readonly<Record<string, number>>;
  readonly riskAversion: number;
  readonly tau: number;
  /** Bars over which the return of a person's view is expected. */
  readonly viewBars: number;
}

/** The radius goes with the mean over the symbols of what each one's regime asks for. */
export interface RegimeRadii {
  /** Whether the regimes come with the tape, or follow from the features. */
  readonly from: "tape" | "features";
  /** Of features: in average true ranges, how far apart two averages are in a trend. */
  readonly band: number;
  /** By the regime's name; 1 for one that is not named, and before there is any. */
  readonly factors: Readonly<Record<string, number>>;
  /** For so many bars after a regime has changed, in place of the regime's own. */
  readonly transition?: { readonly factor: number; readonly bars: number };
}

/** Of what a regime, or none, may multiply the radius by: the least and the most. */
export function radiusRange({ factors, transition }: RegimeRadii): readonly [number, number] {
  const all = [
    1,
    ...Object.values(factors),
    ...(transition === undefined ? [] : [transition.factor]),
  ];
  return [Math.min(...all), Math.max(...all)];
}

export interface Bounds {
  readonly lower?: number;
  readonly upper?: number;
}

/** What an answer is held to before it is traded on. */
export interface AnswerLimits {
  /** (upper − lower) relative to the size of the objective. */
  readonly maxGap: number;
  /** Largest violation of a constraint. */
  readonly maxViolation: number;
  /** Furthest that a price may have moved since the request; null: any. */
  readonly maxPriceMoveBps: number | null;
  /** Most that positions may have been traded since the request, of equity; null: any. */
  readonly maxPositionMoveBps: number | null;
}

/**
 * The constraints of a problem of these assets, in one form: who asks and who checks the answer come to the same. Of a book
 * that holds nothing, all is bought: a limit on turnover would leave it in cash.
 */
export function constraintsOf(
  { constraints, bounds }: OptimiserConfig,
  assets: readonly string[],
  current: readonly number[],
): Constraints {
  const { maximumTurnover, exposures, restrictions, ...rest } = constraints;
  const { bySymbol = {} } = bounds;
  const own = (side: "lower" | "upper"): { [K in "lower" | "upper"]?: number | number[] } => {
    const all = bounds[side];
    if (assets.every((symbol) => bySymbol[symbol]?.[side] === undefined)) {
      return all === undefined ? {} : { [side]: all };
    }
    // No limit has no form in JSON; a weight this large is none.
    const none = side === "lower" ? 0 : NO_LIMIT;
    return { [side]: assets.map((symbol) => bySymbol[symbol]?.[side] ?? all ?? none) };
  };
  const holds = current.some((weight) => weight !== 0);
  return {
    ...rest,
    ...own("lower"),
    ...own("upper"),
    ...(maximumTurnover !== undefined && holds ? { maximumTurnover } : {}),
    ...(exposures === undefined ? {} : { exposures: exposures.map((one) => among(one, assets)) }),
    ...(restrictions === undefined ? {} : { restrictions: only(restrictions, assets) }),
  };
}

const NO_LIMIT = 1000;

const among = (exposure: Exposure, assets: readonly string[]): Exposure => ({
  ...exposure,
  coefficients: only(exposure.coefficients, assets),
});

const only = <T>(of: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(of).filter(([name]) => names.includes(name)));

/** Of a request: stress names only its assets, there are no more factors than assets, each request has its own draws. */
export function recipeOf(
  { scenarios }: OptimiserConfig,
  assets: readonly string[],
  number: number,
): ScenarioRecipe {
  const { stress } = scenarios;
  const { length: most } = assets;
  const drawn = "seed" in scenarios ? { ...scenarios, seed: scenarios.seed + number } : scenarios;
  const made =
    drawn.kind === "FACTOR" && typeof drawn.factors === "number"
      ? { ...drawn, factors: Math.min(drawn.factors, most) }
      : drawn;
  if (stress === undefined) return made;
  const named = stress.map((one) => ({ ...one, returns: only(one.returns, assets) }));
  return { ...made, stress: named.filter(({ returns }) => Object.keys(returns).length > 0) };
}

/** Bars that a scenario spans: all figures of the problem are of so many. */
export const horizonOf = (recipe: ScenarioRecipe): number =>
  "horizon" in recipe ? (recipe.horizon ?? 1) : 1;

/** What is believed before any view; undefined where returns are not bent from an equilibrium. */
export function priorOf(
  { expected }: OptimiserConfig,
  assets: readonly string[],
  current: readonly number[],
): Omit<NamedBeliefs, "views"> | undefined {
  const { equilibrium } = expected ?? {};
  if (equilibrium === undefined) return undefined;
  const { weights: of, riskAversion, tau } = equilibrium;
  const own = of === "HELD" ? current : assets.map((symbol) => of[symbol] ?? 0);
  const sum = own.reduce((total, weight) => total + weight, 0);
  const isNothing = own.every((weight) => weight === 0);
  const weights = isNothing
    ? assets.map(() => 1 / assets.length)
    : of === "HELD" || sum === 0
      ? own
      : own.map((weight) => weight / sum);
  return { weights, riskAversion, tau };
}
