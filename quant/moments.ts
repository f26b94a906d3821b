// What a sample looks like: mean, deviation, skewness, kurtosis. Promises: two passes, plain sums in the
// order given; null where the sample does not define the measure; equal values deviate by exactly 0.

/** Arithmetic mean; null for none. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Sample standard deviation (divisor n - 1); null for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  const center = mean(values);
  if (center === null || values.length < 2) return null;
  if (allEqual(values)) return 0;
  let squares = 0;
  for (const value of values) {
    const deviation = value - center;
    squares += deviation * deviation;
  }
  return Math.sqrt(squares / (values.length - 1));
}

/** Population skewness g₁ = m₃ / m₂^(3/2), divisors n; null where nothing deviates. */
export function skewness(values: readonly number[]): number | null {
  const moments = centralMoments(values);
  return moments && defined(moments.third / (moments.second * Math.sqrt(moments.second)));
}

/** Population excess kurtosis g₂ = m₄ / m₂² - 3, divisors n: 0 for a normal; null where nothing deviates. */
export function excessKurtosis(values: readonly number[]): number | null {
  const moments = centralMoments(values);
  return moments && defined(moments.fourth / (moments.second * moments.second) - 3);
}

/** Sample skewness G₁ = g₁ √(n(n - 1)) / (n - 2) (Joanes and Gill, 1998; Excel's SKEW); null below 3. */
export function sampleSkewness(values: readonly number[]): number | null {
  const n = values.length;
  const g1 = n < 3 ? null : skewness(values);
  return g1 === null ? null : (g1 * Math.sqrt(n * (n - 1))) / (n - 2);
}

/**
 * Sample excess kurtosis G₂ = ((n + 1) g₂ + 6)(n - 1) / ((n - 2)(n - 3)) (Joanes and Gill, The
 * Statistician 47, 1998, 183–189; Excel's KURT); null below 4.
 */
export function sampleExcessKurtosis(values: readonly number[]): number | null {
  const n = values.length;
  const g2 = n < 4 ? null : excessKurtosis(values);
  return g2 === null ? null : (((n + 1) * g2 + 6) * (n - 1)) / ((n - 2) * (n - 3));
}

/** All four at once, each what its own function gives; a third of their cost. */
export interface SampleShape {
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly skewness: number | null;
  readonly excessKurtosis: number | null;
}

export function sampleShape(values: readonly number[]): SampleShape {
  const moments = centralMoments(values);
  if (moments === null) {
    const deviation = standardDeviation(values);
    return { mean: mean(values), deviation, skewness: null, excessKurtosis: null };
  }
  const { center, squares, second, third, fourth } = moments;
  return {
    mean: center,
    deviation: Math.sqrt(squares / (values.length - 1)),
    skewness: defined(third / (second * Math.sqrt(second))),
    excessKurtosis: defined(fourth / (second * second) - 3),
  };
}

/** Means of the 2nd, 3rd and 4th powers of the deviations. */
interface CentralMoments {
  readonly center: number;
  /** Sum of the 2nd powers. */
  readonly squares: number;
  readonly second: number;
  readonly third: number;
  readonly fourth: number;
}

function centralMoments(values: readonly number[]): CentralMoments | null {
  const center = mean(values);
  if (center === null || allEqual(values)) return null;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (const value of values) {
    const deviation = value - center;
    const square = deviation * deviation;
    second += square;
    third += square * deviation;
    fourth += square * square;
  }
  const n = values.length;
  return { center, squares: second, second: second / n, third: third / n, fourth: fourth / n };
}

/** Their mean may be rounded, and what is then left of the deviations is noise that a ratio blows up. */
const allEqual = (values: readonly number[]): boolean =>
  values.every((value) => value === values[0]);

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
