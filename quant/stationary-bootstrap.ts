// How sure is a measure? Confidence intervals by the stationary bootstrap, which keeps the dependence of
// returns in blocks of random length. Promises: the same seed draws the same samples on every engine.

import { optimalBlockLength } from "./block-length.ts";
import { standardDeviation } from "./moments.ts";
import { Random } from "./random.ts";
import { ascending, quantile } from "./risk-measures.ts";

/**
 * Fills `places` with indices into a series of `count` values: runs of successive ones, wrapped round at
 * the end, whose lengths are geometric with mean `blockLength` (D. Politis, J. Romano, Journal of the
 * American Statistical Association 89, 1994, 1303–1313). Length 1 is the independent bootstrap.
 */
export function resamplePlaces(
  places: Int32Array,
  count: number,
  blockLength: number,
  random: Random,
): void {
  const chance = 1 / blockLength;
  let place = 0;
  for (let i = 0; i < places.length; i++) {
    if (i === 0 || random.uniform() < chance) place = random.integer(count);
    else place = place + 1 === count ? 0 : place + 1;
    places[i] = place;
  }
}

/**
 * A number of a sample, or null where it is undefined there. `benchmark` is what was resampled at the
 * same places, empty where there is none. Both arrays are used again: keep no reference.
 */
export type Measure = (values: readonly number[], benchmark: readonly number[]) => number | null;

export interface BootstrapSettings {
  /** A safe integer. */
  readonly seed: number;
  /** How many samples are drawn: 1000 or more. */
  readonly samples: number;
  /** Share of the measure's distribution inside the interval: 0.95. */
  readonly level: number;
  /** Mean block length, at least 1; optimalBlockLength(values) if left out. */
  readonly blockLength?: number;
  /** As long as the values. */
  readonly benchmark?: readonly number[];
}

export interface ConfidenceInterval {
  /** The measure of the data itself. */
  readonly estimate: number;
  /** Percentiles (1 - level) / 2 and (1 + level) / 2 of the measure over the samples (Efron, 1979). */
  readonly lower: number;
  readonly upper: number;
  /** Sample standard deviation of the measure over the samples. */
  readonly standardError: number;
  /** Samples in which the measure was undefined; they are left out. */
  readonly undefinedSamples: number;
}

/**
 * An interval for each measure, all on the same samples; null where the data, or fewer than two of the
 * samples, define it. Cost: samples × (15 ns a value and the measures):
 * 1000 samples of ten years of days with thirteen measures take about 0.4 s.
 */
export function confidenceIntervals<Name extends string>(
  values: readonly number[],
  measures: Readonly<Record<Name, Measure>>,
  settings: BootstrapSettings,
): Readonly<Record<Name, ConfidenceInterval | null>> {
  const named = Object.entries(measures) as [Name, Measure][];
  const all: JointMeasure<Name> = (sample, benchmark) => {
    const answers: Partial<Record<Name, number | null>> = {};
    for (const [name, measure] of named) answers[name] = measure(sample, benchmark);
    return answers as Record<Name, number | null>;
  };
  return jointIntervals(values, all, settings);
}

/** Several measures of a sample in one pass; the names are the same for every sample. */
export type JointMeasure<Name extends string> = (
  values: readonly number[],
  benchmark: readonly number[],
) => Readonly<Record<Name, number | null>>;

/** As `confidenceIntervals`, of measures that share their work. */
export function jointIntervals<Name extends string>(
  values: readonly number[],
  measures: JointMeasure<Name>,
  settings: BootstrapSettings,
): Readonly<Record<Name, ConfidenceInterval | null>> {
  const benchmark = settings.benchmark ?? [];
  const sample = [...values];
  const paired = [...benchmark];
  const estimates = Object.entries(measures(values, benchmark)) as [Name, number | null][];
  const found = estimates.map(([name]) => [name, [] as number[]] as const);
  const places = new Int32Array(values.length);
  const random = new Random(settings.seed);
  const blockLength = settings.blockLength ?? optimalBlockLength(values);
  for (let k = 0; k < settings.samples && values.length > 0; k++) {
    resamplePlaces(places, values.length, blockLength, random);
    for (let i = 0; i < places.length; i++) sample[i] = values[places[i] as number] as number;
    for (let i = 0; i < paired.length; i++) paired[i] = benchmark[places[i] as number] as number;
    const answers = measures(sample, paired);
    for (const [name, kept] of found) {
      const answer = answers[name];
      if (answer !== null) kept.push(answer);
    }
  }
  const intervals: Partial<Record<Name, ConfidenceInterval | null>> = {};
  estimates.forEach(([name, estimate], i) => {
    intervals[name] = interval(estimate, found[i]?.[1] ?? [], settings);
  });
  return intervals as Record<Name, ConfidenceInterval | null>;
}

function interval(
  estimate: number | null,
  answers: readonly number[],
  { level, samples }: BootstrapSettings,
): ConfidenceInterval | null {
  const sorted = ascending(answers);
  const lower = quantile(sorted, (1 - level) / 2);
  const upper = quantile(sorted, (1 + level) / 2);
  const standardError = standardDeviation(answers);
  if (estimate === null || lower === null || upper === null || standardError === null) return null;
  return { estimate, lower, upper, standardError, undefinedSamples: samples - answers.length };
}
