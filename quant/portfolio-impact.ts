// What a change of weights would have done to a portfolio. Promises: both portfolios hold their weights over the
// whole history, rebalanced every period at no cost, what is not invested earns 0; plain sums in the order
// given; null where the history defines no answer. A statement about the past, no forecast.

import { optimalBlockLength } from "./block-length.ts";
import { mean, standardDeviation } from "./moments.ts";
import { annualReturn, annualVolatility, maxDrawdown, sharpeRatio } from "./performance.ts";
import { conditionalValueAtRisk } from "./risk-measures.ts";
import { type BootstrapSettings, jointIntervals } from "./stationary-bootstrap.ts";

const TAIL = 0.05;

/** Of one portfolio: risk-free rate 0, one return a period. */
export interface MixMeasures {
  /** Geometric. */
  readonly annualReturn: number | null;
  /** Sample standard deviation (n - 1) × √periodsPerYear. */
  readonly volatility: number | null;
  /** Arithmetic mean over sample deviation × √periodsPerYear. */
  readonly sharpe: number | null;
  /** Of the compounded returns: 0 to -1. */
  readonly maxDrawdown: number | null;
  /** Historical, 95 %, of a period. */
  readonly expectedShortfall: number | null;
  /** Growth-optimal leverage of the whole mix: mean over variance (n - 1) of a period (E. Thorp, 2006). */
  readonly kellyLeverage: number | null;
  /**
   * Between the positions (a short moves against its symbol): the mean of their correlations weighted by
   * |wᵢ|σᵢ|wⱼ|σⱼ, which is (σ² - Σ w²σᵢ²) / ((Σ |wᵢ|σᵢ)² - Σ w²σᵢ²); null below two positions.
   */
  readonly averageCorrelation: number | null;
  /** Sum of the sizes of the weights, and of the weights. */
  readonly gross: number;
  readonly net: number;
}

/** Returns of the mix: Σ wᵢ rᵢ in the order of the weights. Each series has the same periods (RangeError). */
export function mixReturns(
  series: readonly (readonly number[])[],
  weights: readonly number[],
): readonly number[] {
  if (series.length !== weights.length) {
    throw new RangeError(`${series.length} series for ${weights.length} weights`);
  }
  const periods = series[0]?.length ?? 0;
  if (series.some((one) => one.length !== periods)) throw new RangeError("series differ in length");
  const mixed = new Array<number>(periods).fill(0);
  series.forEach((returns, at) => {
    const weight = weights[at] as number;
    if (weight === 0) return;
    for (let i = 0; i < periods; i++) {
      mixed[i] = (mixed[i] as number) + weight * (returns[i] as number);
    }
  });
  return mixed;
}

export function mixMeasures(
  series: readonly (readonly number[])[],
  weights: readonly number[],
  periodsPerYear: number,
): MixMeasures {
  const returns = mixReturns(series, weights);
  const held = weights.some((weight) => weight !== 0);
  const none = returns.length === 0;
  return {
    annualReturn: none ? null : annualReturn(returns, periodsPerYear),
    volatility: annualVolatility(returns, periodsPerYear),
    sharpe: held ? sharpeRatio(returns, periodsPerYear) : null,
    maxDrawdown: none ? null : maxDrawdown(returns),
    expectedShortfall: conditionalValueAtRisk(returns, TAIL),
    kellyLeverage: held ? kellyLeverage(returns) : null,
    averageCorrelation: averageCorrelation(series, weights, standardDeviation(returns)),
    gross: weights.reduce((sum, weight) => sum + Math.abs(weight), 0),
    net: weights.reduce((sum, weight) => sum + weight, 0),
  };
}

/** Mean over variance (n - 1): the leverage of greatest growth where returns are small. */
export function kellyLeverage(returns: readonly number[]): number | null {
  const center = mean(returns);
  const deviation = standardDeviation(returns);
  if (center === null || deviation === null) return null;
  return defined(center / (deviation * deviation));
}

function averageCorrelation(
  series: readonly (readonly number[])[],
  weights: readonly number[],
  deviation: number | null,
): number | null {
  if (deviation === null || weights.filter((weight) => weight !== 0).length < 2) return null;
  let sum = 0;
  let squares = 0;
  series.forEach((returns, i) => {
    const own = Math.abs(weights[i] as number) * (standardDeviation(returns) ?? 0);
    sum += own;
    squares += own * own;
  });
  const ratio = defined((deviation * deviation - squares) / (sum * sum - squares));
  return ratio && Math.max(-1, Math.min(1, ratio));
}

/** Measures of a mix whose difference is drawn: the sums of the weights are no estimates. */
export type DrawnMix = Exclude<keyof MixMeasures, "gross" | "net">;

/** After less before: percentiles over redrawn histories. */
export type ImpactOdds = Readonly<Record<DrawnMix, Spread | null>> & {
  /** Share of the redrawn histories in which the Sharpe ratio rises; null where it is undefined. */
  readonly sharpeRises: number | null;
};

export interface Spread {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Whole periods are redrawn, so what both portfolios and their positions share cancels. `before` and `after`
 * are weights. Cost: samples × about 30 ns a period and series.
 */
export function impactOdds(
  series: readonly (readonly number[])[],
  before: readonly number[],
  after: readonly number[],
  periodsPerYear: number,
  settings: Pick<BootstrapSettings, "seed" | "samples" | "level">,
): ImpactOdds {
  const own = mixReturns(series, before);
  let rises = 0;
  let defined = 0;
  let first = true;
  const drawn = jointIntervals<DrawnMix>(
    own.map((_, place) => place),
    (places) => {
      const redrawn = series.map((returns) => places.map((place) => returns[place] as number));
      const old = mixMeasures(redrawn, before, periodsPerYear);
      const now = mixMeasures(redrawn, after, periodsPerYear);
      const sharpe = less(now.sharpe, old.sharpe);
      // The first call is of the history itself.
      if (!first && sharpe !== null) {
        defined++;
        if (sharpe > 0) rises++;
      }
      first = false;
      return {
        annualReturn: less(now.annualReturn, old.annualReturn),
        volatility: less(now.volatility, old.volatility),
        sharpe,
        maxDrawdown: less(now.maxDrawdown, old.maxDrawdown),
        expectedShortfall: less(now.expectedShortfall, old.expectedShortfall),
        kellyLeverage: less(now.kellyLeverage, old.kellyLeverage),
        averageCorrelation: less(now.averageCorrelation, old.averageCorrelation),
      };
    },
    { ...settings, blockLength: optimalBlockLength(own) },
  );
  const spread = (name: DrawnMix): Spread | null => {
    const found = drawn[name];
    return found && { lower: found.lower, upper: found.upper };
  };
  return {
    annualReturn: spread("annualReturn"),
    volatility: spread("volatility"),
    sharpe: spread("sharpe"),
    maxDrawdown: spread("maxDrawdown"),
    expectedShortfall: spread("expectedShortfall"),
    kellyLeverage: spread("kellyLeverage"),
    averageCorrelation: spread("averageCorrelation"),
    sharpeRises: defined > 0 ? rises / defined : null,
  };
}

const less = (after: number | null, before: number | null): number | null =>
  after === null || before === null ? null : after - before;

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
