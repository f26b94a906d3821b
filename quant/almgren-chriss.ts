// The schedule that trades a block at the best balance of impact against price risk. Promises: exact for
// the discrete model, from + − × ÷ alone, so that the same children are sent on every engine.
// R. Almgren, N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3(2), 2000, 5–39.

import { logOnePlus } from "./logarithm.ts";

/** The linear model. A time unit (a day, say) is the same throughout; money is the price's currency. */
export interface ExecutionModel {
  /** X: shares to sell, or to buy; above 0. */
  readonly quantity: number;
  /** T: time units in which to do it. */
  readonly horizon: number;
  /** N: trades, equally spaced; an integer from 1. */
  readonly intervals: number;
  /** σ: standard deviation of the price over one time unit, money a share (not a return). */
  readonly volatility: number;
  /** η: price concession for each share a time unit. */
  readonly temporaryImpact: number;
  /** ε: price concession of any trade, half the spread and fees, money a share. */
  readonly fixedCost: number;
  /** γ: lasting price move for each share. */
  readonly permanentImpact: number;
  /** λ: money of expected cost that one unit of money² of variance is worth; 0 spreads evenly. */
  readonly riskAversion: number;
}

export interface ExecutionSchedule {
  /** Shares left before the first trade, and after each: N + 1, from X to 0. */
  readonly holdings: readonly number[];
  /** Shares of each trade: N, above 0. */
  readonly trades: readonly number[];
  /** E: expected shortfall against the price at the start, money. */
  readonly expectedCost: number;
  /** V: variance of the shortfall, money². */
  readonly variance: number;
  /** κ: rate at which the holdings fall, a time unit. Its inverse is the trade's half-life. */
  readonly urgency: number;
}

/**
 * Minimises E + λ V. null where the model has no optimum of this form: η must be above γτ/2, τ = T/N,
 * λ at least 0, X and T above 0. Cost: O(N).
 */
export function executionSchedule(model: ExecutionModel): ExecutionSchedule | null {
  const { quantity, horizon, intervals, volatility, permanentImpact, riskAversion } = model;
  const step = horizon / intervals;
  const impact = model.temporaryImpact - (permanentImpact * step) / 2;
  const curvature = (riskAversion * volatility * volatility * step * step) / impact;
  const possible = Number.isInteger(intervals) && intervals >= 1 && impact > 0 && curvature >= 0;
  if (!(possible && quantity > 0 && horizon > 0 && curvature < Number.POSITIVE_INFINITY)) {
    return null;
  }
  const holdings = decay(intervals, curvature).map((share) => share * quantity);
  const trades: number[] = [];
  let squaredTrades = 0;
  let squaredHoldings = 0;
  for (let k = 1; k <= intervals; k++) {
    const left = holdings[k] as number;
    const trade = (holdings[k - 1] as number) - left;
    trades.push(trade);
    squaredTrades += trade * trade;
    squaredHoldings += left * left;
  }
  const lasting = (permanentImpact * quantity * quantity) / 2;
  return {
    holdings,
    trades,
    expectedCost: lasting + model.fixedCost * quantity + (impact / step) * squaredTrades,
    variance: volatility * volatility * step * squaredHoldings,
    urgency: urgencyOf(curvature) / step,
  };
}

/**
 * sinh(κ(T - t)) / sinh(κT) at the N + 1 times, without a sinh: it solves x₋ - 2x + x₊ = a x, which,
 * run from the end, adds positive numbers alone. a = κ̃²τ² is the curvature.
 */
function decay(intervals: number, curvature: number): readonly number[] {
  const fromEnd = [0];
  let value = 0;
  let rise = 1;
  for (let m = 0; m < intervals; m++) {
    value += rise;
    rise += curvature * value;
    fromEnd.push(value);
    if (rise > 2 ** 400) {
      // Only ratios matter: what is 2^-400 of the first holding may vanish.
      for (let i = 0; i < fromEnd.length; i++) fromEnd[i] = (fromEnd[i] as number) / 2 ** 400;
      value /= 2 ** 400;
      rise /= 2 ** 400;
    }
  }
  return fromEnd.map((x) => x / value).reverse();
}

/** κτ from 2 (cosh κτ - 1) = a: 2 arsinh(√a / 2). */
function urgencyOf(curvature: number): number {
  const z = Math.sqrt(curvature) / 2;
  return 2 * logOnePlus(z + (z * z) / (1 + Math.sqrt(1 + z * z)));
}
