// When the optimiser asks, and what. Promises: once a period, where weights have strayed from what the last answer left, and
// once more where an answer came too late or not at all; never before the last request is answered: who asks faster than the
// pool answers would trade on nothing. The problem names only symbols whose window is full and that can be sized.

import type { Objective } from "../../quant/optimiser/problem.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import { periodOf } from "../calendar.ts";
import { isSized } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { constraintsOf, type OptimiserConfig, recipeOf } from "../optimiser-config.ts";
import { poolRequest } from "../pool-work.ts";
import type { OptimisedSizing } from "../sizing-config.ts";
import { type OptimiserState, weightOf } from "./optimiser-state.ts";
import { expectedOf } from "./outlook.ts";
import { isFull, windowOf } from "./window.ts";

const BPS = 10_000;
/** Instants after an answer in which it is traded on. */
const SETTLED_AFTER = 2;

/** Symbols to hold, in the order of their first features. */
export const universe = (state: OptimiserState, portfolio: PortfolioConfig): string[] =>
  [...state.names.keys()].filter((symbol) => {
    const instrument = state.instruments.get(symbol);
    return (
      instrument !== undefined && isSized(instrument, portfolio) && isFull(state.returns, symbol)
    );
  });

/** Whether to ask at an instant that is complete. Takes note of it: call it once an instant. */
export function asks(
  state: OptimiserState,
  sizing: OptimisedSizing,
  portfolio: PortfolioConfig,
  timeUs: number,
): boolean {
  state.bars++;
  if (state.open) return false;
  state.sinceAnswer++;
  if (state.sinceAnswer === SETTLED_AFTER) {
    for (const [symbol, name] of state.names) name.settled = weightOf(state, symbol, name);
  }
  const { every, dayStartUs = 0, driftBps = null } = sizing.rebalance ?? { every: null };
  const period =
    every === null
      ? 0
      : every.unit === "BAR"
        ? Math.floor((state.bars - 1) / every.count)
        : periodOf(timeUs, { count: every.count, unit: every.unit }, dayStartUs);
  const isDue = state.period !== period || (driftBps !== null && strays(state, driftBps));
  const { again } = state;
  state.again = false;
  if (!(isDue || again) || universe(state, portfolio).length === 0) return false;
  // If this one has no answer in time either, the next waits for the schedule: nobody asks in circles.
  state.repeated = !isDue;
  state.period = period;
  state.open = true;
  state.number++;
  for (const name of state.names.values()) name.settled = null;
  return true;
}

function strays(state: OptimiserState, driftBps: number): boolean {
  for (const [symbol, name] of state.names) {
    if (name.settled === null) continue;
    if (Math.abs(weightOf(state, symbol, name) - name.settled) > driftBps / BPS) return true;
  }
  return false;
}

/** Cost: linear in the window. */
export function requestOf(
  state: OptimiserState,
  { optimiser }: OptimisedSizing,
  portfolio: PortfolioConfig,
  timeUs: number,
): PoolRequest {
  const assets = universe(state, portfolio);
  const current = assets.map((symbol) => {
    const name = state.names.get(symbol);
    return name === undefined ? 0 : weightOf(state, symbol, name);
  });
  const { number, outlook } = state;
  const strengthOf = (symbol: string): number => state.names.get(symbol)?.strength ?? 0;
  return poolRequest(
    {
      objective: objectiveOf(state, optimiser, assets),
      constraints: constraintsOf(optimiser, assets, current),
      current,
      costs: optimiser.costs,
      ...expectedOf(outlook, optimiser, assets, current, strengthOf, timeUs),
    },
    recipeOf(optimiser, assets, number),
    { assets, periods: state.returns.rows, returns: windowOf(state.returns, assets) },
    { portfolio: portfolio.name, number },
  );
}

/** With the radius that the regimes of the assets ask for; floats in the assets' order. */
function objectiveOf(
  { regimes, bars }: OptimiserState,
  { objective, radii }: OptimiserConfig,
  assets: readonly string[],
): Objective {
  if (objective.kind !== "ROBUST_CVAR" || radii === undefined) return objective;
  const { factors, transition } = radii;
  let sum = 0;
  for (const symbol of assets) {
    const known = regimes.get(symbol) ?? regimes.get("*");
    if (known === undefined) sum += 1;
    else if (
      transition !== undefined &&
      known.changed !== null &&
      bars - known.changed <= transition.bars
    ) {
      sum += transition.factor;
    } else sum += Object.hasOwn(factors, known.regime) ? (factors[known.regime] as number) : 1;
  }
  return { ...objective, radius: (objective.radius * sum) / assets.length };
}
