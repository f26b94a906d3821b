// The measures of a run as data: each with its unit, its convention in words and, where one is owed, how
// sure it is. Promises: always the same names in the same order; null, never NaN, where the run does not
// define a measure; intervals follow from the daily returns and the seed alone.

import { optimalBlockLength } from "../../quant/block-length.ts";
import { jarqueBera, ljungBox } from "../../quant/distribution-tests.ts";
import { ulcerIndex } from "../../quant/drawdowns.ts";
import { excessKurtosis, skewness } from "../../quant/moments.ts";
import {
  annualReturn,
  annualVolatility,
  calmarRatio,
  compounded,
  sharpeRatio,
  sortinoRatio,
  totalReturn,
} from "../../quant/performance.ts";
import {
  conditionalValueAtRisk,
  omegaRatio,
  tailRatio,
  valueAtRisk,
} from "../../quant/risk-measures.ts";
import {
  minimumTrackRecord,
  probabilisticSharpe,
  sharpeEstimate,
} from "../../quant/sharpe-inference.ts";
import {
  type ConfidenceInterval,
  confidenceIntervals,
  type Measure,
} from "../../quant/stationary-bootstrap.ts";
import {
  type MeasureMeaning,
  type MeasureName,
  type ReturnMeasure,
  returnMeanings,
  type TradeMeasure,
  tradeMeanings,
} from "./measure-conventions.ts";

/** Below this a day's return says nothing of a distribution. */
const LEAST_DAYS = 3;
/** Below this the days are too few to be drawn from, or to be compounded to a year. */
const LEAST_DAYS_DRAWN = 20;
const SAMPLES = 1000;
const LEVEL = 0.95;
const TAIL = 0.05;
const CONFIDENCE = 0.95;
const MOST_LAGS = 10;
/** An interval of fewer samples than this share would be one of the samples that happened to suit. */
const LEAST_DEFINED = 0.95;

export interface Interval {
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
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
  /** Of every snapshot: 0 or above. */
  readonly maxDrawdown: number;
  /** Of the run's configuration; a safe integer. */
  readonly seed: number;
  readonly trades: Readonly<Record<TradeMeasure, number | null>>;
}

/** Cost: 1000 times every measure that has an interval: ten years of days take about half a second. */
export function measureTable(facts: RunFacts): MeasureTable {
  const { returns, daysPerYear, seed, trades } = facts;
  const drawn = drawnMeasures(daysPerYear);
  const blockLength = optimalBlockLength(returns);
  const bootstrap =
    returns.length < LEAST_DAYS_DRAWN || returns.every((value) => value === returns[0])
      ? null
      : { level: LEVEL, samples: SAMPLES, blockLength, seed };
  const intervals = bootstrap && confidenceIntervals(returns, drawn, bootstrap);
  const values = returns.length < LEAST_DAYS ? null : valuesOf(facts, drawn);
  const year = `${Number(daysPerYear.toFixed(2))} days`;
  const rows: Partial<Record<MeasureName, MeasureRow>> = {};
  for (const [name, meaning] of entriesOf<ReturnMeasure>(returnMeanings(year))) {
    const interval = name in drawn ? intervals?.[name as keyof typeof drawn] : null;
    rows[name] = { ...meaning, value: values?.[name] ?? null, interval: given(interval ?? null) };
  }
  for (const [name, meaning] of entriesOf<TradeMeasure>(tradeMeanings)) {
    rows[name] = { ...meaning, value: trades[name], interval: null };
  }
  return { bootstrap, rows: rows as Record<MeasureName, MeasureRow> };
}

/** The measures whose distribution over redrawn days says how sure they are. */
const drawnMeasures = (daysPerYear: number) =>
  ({
    totalReturn: (returns) => totalReturn(returns),
    annualReturn: (returns) => annualReturn(returns, daysPerYear),
    annualVolatility: (returns) => annualVolatility(returns, daysPerYear),
    sharpe: (returns) => sharpeRatio(returns, daysPerYear),
    sortino: (returns) => sortinoRatio(returns, daysPerYear),
    omega: (returns) => omegaRatio(returns, 0),
    tailRatio: (returns) => tailRatio(returns),
    valueAtRisk95: (returns) => valueAtRisk(returns, TAIL),
    conditionalValueAtRisk95: (returns) => conditionalValueAtRisk(returns, TAIL),
    ulcerIndex: (returns) => ulcerIndex(compounded(returns)),
    skewness: (returns) => skewness(returns),
    excessKurtosis: (returns) => excessKurtosis(returns),
  }) as const satisfies Partial<Record<ReturnMeasure, Measure>>;

function valuesOf(
  { returns, maxDrawdown }: RunFacts,
  drawn: ReturnType<typeof drawnMeasures>,
): Readonly<Record<ReturnMeasure, number | null>> {
  const of = (name: keyof typeof drawn): number | null => drawn[name](returns);
  const annual = returns.length < LEAST_DAYS_DRAWN ? null : of("annualReturn");
  const estimate = sharpeEstimate(returns);
  const dependence = ljungBox(returns, Math.min(MOST_LAGS, Math.floor(returns.length / 5)));
  const normality = jarqueBera(returns);
  return {
    totalReturn: of("totalReturn"),
    annualReturn: annual,
    annualVolatility: of("annualVolatility"),
    sharpe: of("sharpe"),
    probabilisticSharpe: estimate && probabilisticSharpe(estimate, 0),
    minimumTrackRecord: estimate && minimumTrackRecord(estimate, 0, CONFIDENCE),
    sortino: of("sortino"),
    calmar: calmarRatio(annual, maxDrawdown),
    omega: of("omega"),
    tailRatio: of("tailRatio"),
    valueAtRisk95: of("valueAtRisk95"),
    conditionalValueAtRisk95: of("conditionalValueAtRisk95"),
    ulcerIndex: of("ulcerIndex"),
    skewness: of("skewness"),
    excessKurtosis: of("excessKurtosis"),
    ljungBox: dependence?.statistic ?? null,
    ljungBoxPValue: dependence?.pValue ?? null,
    jarqueBera: normality?.statistic ?? null,
    jarqueBeraPValue: normality?.pValue ?? null,
  };
}

function given(interval: ConfidenceInterval | null): Interval | null {
  if (interval === null || interval.undefinedSamples > (1 - LEAST_DEFINED) * SAMPLES) return null;
  const { lower, upper, standardError } = interval;
  return { lower, upper, standardError };
}

const entriesOf = <Name extends string>(meanings: Readonly<Record<Name, MeasureMeaning>>) =>
  Object.entries(meanings) as [Name, MeasureMeaning][];
