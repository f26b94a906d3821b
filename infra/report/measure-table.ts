// The measures of a run as data: each with its unit, its convention in words and, where one is owed, how
// sure it is. Promises: always the same names in the same order; null, never NaN, where the run does not
// define a measure; intervals follow from the daily returns and the seed alone.

import { optimalBlockLength } from "../../quant/block-length.ts";
import { jarqueBera, ljungBox } from "../../quant/distribution-tests.ts";
import { ulcerIndex } from "../../quant/drawdowns.ts";
import { sampleShape } from "../../quant/moments.ts";
import { drawdownDistribution, drawdownProbability } from "../../quant/monte-carlo-drawdown.ts";
import {
  annualised,
  calmarRatio,
  compounded,
  maxDrawdown as deepestFall,
  downsideRisk,
  totalReturn,
} from "../../quant/performance.ts";
import {
  conditionalValueAtRisk,
  omegaRatio,
  quantile,
  tailRatio,
  valueAtRisk,
} from "../../quant/risk-measures.ts";
import {
  deflatedSharpe,
  estimateOf,
  minimumTrackRecord,
  probabilisticSharpe,
  type SharpeEstimate,
} from "../../quant/sharpe-inference.ts";
import {
  type ConfidenceInterval,
  type JointMeasure,
  jointIntervals,
} from "../../quant/stationary-bootstrap.ts";
import {
  type ActivityMeasure,
  activityMeanings,
  type MeasureMeaning,
  type MeasureName,
  type RelativeMeasure,
  type ReturnMeasure,
  relativeMeanings,
  returnMeanings,
  type TradeMeasure,
  tradeMeanings,
} from "./measure-conventions.ts";
import { type PairedReturns, relativeMeasures } from "./relative-measures.ts";
import { type ClosedTrips, tripIntervals } from "./trip-intervals.ts";

/** Below this a day's return says nothing of a distribution. */
const LEAST_DAYS = 3;
/** Below this the days are too few to be drawn from, or to say anything of a year. */
const LEAST_DAYS_DRAWN = 20;
const SAMPLES = 1000;
const LEVEL = 0.95;
const TAIL = 0.05;
const FAR_TAIL = 0.01;
const CONFIDENCE = 0.95;
const MOST_LAGS = 10;
/** An interval of fewer samples than this share would be one of the samples that happened to suit. */
const LEAST_DEFINED = 0.95;

type DrawnMeasure = Exclude<
  ReturnMeasure,
  RedrawnMeasure | "ljungBox" | "ljungBoxPValue" | "jarqueBera" | "jarqueBeraPValue"
>;

type RedrawnMeasure = "redrawnDrawdown" | "redrawnDrawdownTail" | "redrawnDrawdownChance";

export interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** null where the interval is of paths, not of an estimate. */
  readonly standardError: number | null;
}

export interface MeasureRow extends MeasureMeaning {
  readonly value: number | null;
  readonly interval: Interval | null;
}

/** How the intervals were drawn: by the stationary bootstrap of the daily returns. */
export interface Bootstrap {
  readonly level: number;
  readonly samples: number;
  /** Mean, in days, by Politis and White's rule. */
  readonly blockLength: number;
  readonly seed: number;
}

export interface MeasureTable {
  /** null: too few days, or none on which equity moved. */
  readonly bootstrap: Bootstrap | null;
  readonly rows: Readonly<Record<MeasureName, MeasureRow>>;
}

export interface RunFacts {
  /** Changes of equity from one UTC day's close to the next; the first from the initial cash. */
  readonly returns: readonly number[];
  readonly daysPerYear: number;
  /** At every bar's close: 0 or above. */
  readonly maxDrawdown: number;
  /** Of the run's configuration; a safe integer. */
  readonly seed: number;
  /** Of how many variants the run is the best; 1 where it was the only one. */
  readonly trials: number;
  /** null: no benchmark was named. */
  readonly benchmark: PairedReturns | null;
  readonly activity: Readonly<Record<ActivityMeasure, number | null>>;
  readonly trades: Readonly<Record<TradeMeasure, number | null>>;
  readonly trips: ClosedTrips;
}

/** Cost: 1000 times every measure that has an interval: ten years of days take about half a second. */
export function measureTable(facts: RunFacts): MeasureTable {
  const { returns, daysPerYear, seed, trades, trials, benchmark } = facts;
  const drawn = drawnMeasures(daysPerYear, trials);
  const blockLength = optimalBlockLength(returns);
  const bootstrap =
    returns.length < LEAST_DAYS_DRAWN || returns.every((value) => value === returns[0])
      ? null
      : { level: LEVEL, samples: SAMPLES, blockLength, seed };
  const redrawn = bootstrap && redrawnFalls(returns, bootstrap);
  const values = returns.length < LEAST_DAYS ? null : valuesOf(facts, drawn);
  const year = `${Number(daysPerYear.toFixed(2))} days`;
  const rows: Partial<Record<MeasureName, MeasureRow>> = {};
  const put = <Name extends MeasureName>(
    meanings: Readonly<Record<Name, MeasureMeaning>>,
    known: Partial<Readonly<Record<Name, number | null>>> | null,
    intervals: Partial<Readonly<Record<Name, Interval | null>>> | null,
  ): void => {
    for (const name of Object.keys(meanings) as Name[]) {
      rows[name] = {
        ...meanings[name],
        value: known?.[name] ?? null,
        interval: intervals?.[name] ?? null,
      };
    }
  };
  const intervals = bootstrap && given(jointIntervals(returns, drawn, bootstrap));
  put<ReturnMeasure>(
    returnMeanings(year, trials),
    values && { ...values, ...redrawn?.values },
    intervals && { ...intervals, redrawnDrawdown: redrawn?.interval ?? null },
  );
  const relative = benchmark && relativeMeasures(benchmark, daysPerYear, bootstrap);
  put<RelativeMeasure>(
    relativeMeanings(benchmark?.name ?? "the benchmark", year),
    relative?.values ?? null,
    relative?.intervals ? given(relative.intervals) : null,
  );
  put<ActivityMeasure>(activityMeanings, facts.activity, null);
  const trips = tripIntervals(facts.trips, { level: LEVEL, samples: SAMPLES, seed });
  put<TradeMeasure>(tradeMeanings, trades, trips && given(trips));
  return { bootstrap, rows: rows as Record<MeasureName, MeasureRow> };
}

/** Deepest falls of paths redrawn from the days, as positive parts. */
function redrawnFalls(returns: readonly number[], { samples, blockLength, seed }: Bootstrap) {
  const found = drawdownDistribution(returns, { seed, paths: samples, blockLength });
  if (found === null) return null;
  const fall = (tail: number): number => -(quantile(found.depths, tail) ?? 0);
  return {
    values: {
      redrawnDrawdown: fall(0.5),
      redrawnDrawdownTail: fall(TAIL),
      redrawnDrawdownChance: drawdownProbability(found, deepestFall(returns)),
    },
    interval: { lower: fall((1 + LEVEL) / 2), upper: fall((1 - LEVEL) / 2), standardError: null },
  };
}

/** The measures whose distribution over redrawn days says how sure they are; those that share work, at once. */
const drawnMeasures =
  (daysPerYear: number, trials: number): JointMeasure<DrawnMeasure> =>
  (returns) => {
    const shape = sampleShape(returns);
    const { mean, deviation } = shape;
    const estimate = estimateOf(shape, returns.length);
    const total = totalReturn(returns);
    const risk = downsideRisk(returns, daysPerYear);
    const year = Math.sqrt(daysPerYear);
    const annual = annualised(total, returns.length, daysPerYear);
    const fall = Math.abs(deepestFall(returns));
    return {
      totalReturn: total,
      annualReturn: annual,
      annualVolatility: deviation === null ? null : deviation * year,
      sharpe: mean === null || deviation === null ? null : defined((mean / deviation) * year),
      probabilisticSharpe: estimate && probabilisticSharpe(estimate, 0),
      deflatedSharpe: estimate && deflated(estimate, trials),
      minimumTrackRecord: estimate && minimumTrackRecord(estimate, 0, CONFIDENCE),
      sortino: mean === null || risk === null ? null : defined((mean * daysPerYear) / risk),
      maxDrawdown: fall,
      calmar: calmarRatio(annual, fall),
      omega: omegaRatio(returns, 0),
      tailRatio: tailRatio(returns),
      valueAtRisk95: valueAtRisk(returns, TAIL),
      conditionalValueAtRisk95: conditionalValueAtRisk(returns, TAIL),
      valueAtRisk99: valueAtRisk(returns, FAR_TAIL),
      conditionalValueAtRisk99: conditionalValueAtRisk(returns, FAR_TAIL),
      ulcerIndex: ulcerIndex(compounded(returns)),
      skewness: shape.skewness,
      excessKurtosis: shape.excessKurtosis,
    };
  };

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The Sharpe ratios of trials without skill vary by 1 / (n - 1): the error's square where SR is 0. */
const deflated = (estimate: SharpeEstimate, trials: number): number | null =>
  trials > 1 ? deflatedSharpe(estimate, trials, 1 / (estimate.count - 1)) : null;

function valuesOf(
  { returns, maxDrawdown }: RunFacts,
  drawn: JointMeasure<DrawnMeasure>,
): Readonly<Record<Exclude<ReturnMeasure, RedrawnMeasure>, number | null>> {
  const all = drawn(returns, []);
  const few = returns.length < LEAST_DAYS_DRAWN;
  const own = few ? { ...all, ...noYear } : all;
  const annual = own.annualReturn;
  const dependence = ljungBox(returns, Math.min(MOST_LAGS, Math.floor(returns.length / 5)));
  const normality = jarqueBera(returns);
  return {
    ...own,
    maxDrawdown,
    calmar: calmarRatio(annual, maxDrawdown),
    ljungBox: dependence?.statistic ?? null,
    ljungBoxPValue: dependence?.pValue ?? null,
    jarqueBera: normality?.statistic ?? null,
    jarqueBeraPValue: normality?.pValue ?? null,
  };
}

/** What is said of a year, or of how sure that is. */
const noYear = {
  annualReturn: null,
  annualVolatility: null,
  sharpe: null,
  sortino: null,
  probabilisticSharpe: null,
  deflatedSharpe: null,
  minimumTrackRecord: null,
} as const;

/** Those that enough samples define. */
function given<Name extends string>(
  intervals: Readonly<Partial<Record<Name, ConfidenceInterval | null>>>,
): Partial<Readonly<Record<Name, Interval | null>>> {
  const kept: Partial<Record<Name, Interval | null>> = {};
  for (const [name, interval] of Object.entries(intervals) as [Name, ConfidenceInterval | null][]) {
    if (interval === null || interval.undefinedSamples > (1 - LEAST_DEFINED) * SAMPLES) continue;
    const { lower, upper, standardError } = interval;
    kept[name] = { lower, upper, standardError };
  }
  return kept;
}
