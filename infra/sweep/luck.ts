// How much of the best of many trials is luck. Promises: only figures that the trials define: null, never a
// guess; the Sharpe ratios here are of daily returns, one day's, not a year's.
// DSR: D. Bailey, M. López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 2014.
// PBO: quant/overfitting.ts.

import { mean, standardDeviation } from "../../quant/moments.ts";
import { backtestOverfitting } from "../../quant/overfitting.ts";
import {
  deflatedSharpe,
  expectedMaximumSharpe,
  independentTrials,
  probabilisticSharpe,
  sharpeEstimate,
} from "../../quant/sharpe-inference.ts";
import {
  crossValidate,
  plainValidation,
  type Validation,
  type ValidationPlan,
} from "./cross-validation.ts";

export interface Luck {
  /** Trials whose daily returns move at all: only they can be lucky. */
  readonly trials: number;
  readonly days: number;
  /** Mean correlation of the trials' daily returns, and how many independent trials they are worth. */
  readonly correlation: number | null;
  readonly independent: number | null;
  /** Sharpe ratio of one day: of the best trial, and what the best of all has without any skill. */
  readonly sharpe: number;
  readonly expectedMaximum: number;
  /** Probability that the best trial's true Sharpe ratio is above 0, as if it were the only trial. */
  readonly probabilistic: number | null;
  /** … above what the best of so many trials has by luck; every trial counted as independent. */
  readonly deflated: number | null;
  /** The same for the number of trials that they are worth. */
  readonly deflatedIndependent: number | null;
  readonly overfitting: Overfitting | null;
  /** Of the choice itself, on days that it was not made by. */
  readonly validation: Validation | null;
}

export interface Overfitting {
  readonly blocks: number;
  /** Probability that the best in sample is at or below the median out of sample. */
  readonly probability: number;
  /** Share of splits in which the best in sample loses out of sample. */
  readonly loss: number;
  readonly degradation: number | null;
}

/** Most steps that splits may cost: about 3 s. */
const MOST_STEPS = 400_000_000;
/** Even numbers of blocks with the splits that each has. */
const BLOCKS: readonly (readonly [blocks: number, splits: number])[] = [
  [16, 12_870],
  [14, 3432],
  [12, 924],
  [10, 252],
  [8, 70],
  [6, 20],
  [4, 6],
];

/**
 * `returns` by trial, empty where there are none; `best` is a place in it; `horizon` is how many days a
 * position is held. null below two trials.
 */
export function luckOf(
  returns: readonly (readonly number[])[],
  best: number,
  horizon: number,
  plan: ValidationPlan = plainValidation,
): Luck | null {
  const moving = returns.filter((series) => sharpeEstimate(series) !== null);
  const estimate = sharpeEstimate(returns[best] ?? []);
  if (estimate === null || moving.length < 2) return null;
  const sharpes = moving.map((series) => sharpeEstimate(series)?.sharpe ?? 0);
  const variance = (standardDeviation(sharpes) ?? 0) ** 2;
  const trials = moving.length;
  const even = moving.every(({ length }) => length === moving[0]?.length);
  const correlation = even ? meanCorrelation(moving) : null;
  const independent =
    correlation === null ? null : independentTrials(trials, Math.max(0, correlation));
  return {
    trials,
    days: estimate.count,
    correlation,
    independent,
    sharpe: estimate.sharpe,
    expectedMaximum: expectedMaximumSharpe(trials, variance),
    probabilistic: probabilisticSharpe(estimate, 0),
    deflated: deflatedSharpe(estimate, trials, variance),
    deflatedIndependent:
      independent === null ? null : deflatedSharpe(estimate, independent, variance),
    overfitting: even ? overfittingOf(moving) : null,
    validation: even ? crossValidate(moving, plan.purge ?? horizon, plan) : null,
  };
}

function overfittingOf(series: readonly (readonly number[])[]): Overfitting | null {
  const days = series[0]?.length ?? 0;
  const fitting = BLOCKS.find(
    ([blocks, splits]) => days >= 2 * blocks && splits * blocks * series.length <= MOST_STEPS,
  );
  if (fitting === undefined) return null;
  const [blocks] = fitting;
  const { probability, lossProbability, degradation } = backtestOverfitting(series, blocks);
  return { blocks, probability, loss: lossProbability, degradation };
}

/**
 * Mean over all pairs, from the variance of the sum of the standardised series: n + n (n - 1) ρ. Cost:
 * linear in trials and days.
 */
function meanCorrelation(series: readonly (readonly number[])[]): number | null {
  const sums = new Array<number>(series[0]?.length ?? 0).fill(0);
  for (const one of series) {
    const center = mean(one) ?? 0;
    const deviation = standardDeviation(one) ?? 1;
    for (const [i, value] of one.entries()) {
      sums[i] = (sums[i] as number) + (value - center) / deviation;
    }
  }
  const n = series.length;
  const whole = (standardDeviation(sums) ?? 0) ** 2;
  return (whole - n) / (n * (n - 1));
}
