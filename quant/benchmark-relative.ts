// How returns relate to a benchmark's. Promises: both series have the same periods (RangeError if their
// lengths differ); two passes, plain sums in the order given; null where the data defines no answer.

import { mean, standardDeviation } from "./moments.ts";
import { annualReturn } from "./performance.ts";

/** Slope of the regression on the benchmark: Σ dr db / Σ db²; null where the benchmark does not move. */
export function beta(returns: readonly number[], benchmark: readonly number[]): number | null {
  const products = centeredProducts(returns, benchmark);
  return products && defined(products.cross / products.benchmark);
}

/** Pearson's correlation; null where one of the two does not move. */
export function correlation(
  returns: readonly number[],
  benchmark: readonly number[],
): number | null {
  const products = centeredProducts(returns, benchmark);
  if (products === null || allEqual(returns)) return null;
  const ratio = products.cross / (Math.sqrt(products.returns) * Math.sqrt(products.benchmark));
  return Number.isFinite(ratio) ? Math.max(-1, Math.min(1, ratio)) : null;
}

/**
 * Jensen's alpha, a year: (1 + mean(r) - beta mean(b)) ^ periodsPerYear - 1, compounded as empyrical
 * does; the risk-free rate is 0.
 */
export function alpha(
  returns: readonly number[],
  benchmark: readonly number[],
  periodsPerYear: number,
): number | null {
  const slope = beta(returns, benchmark);
  const own = mean(returns);
  const other = mean(benchmark);
  if (slope === null || own === null || other === null) return null;
  const growth = 1 + own - slope * other;
  return growth > 0 ? defined(growth ** periodsPerYear - 1) : null;
}

/** Sample standard deviation of the active returns r - b, × √periodsPerYear. */
export function trackingError(
  returns: readonly number[],
  benchmark: readonly number[],
  periodsPerYear: number,
): number | null {
  const deviation = standardDeviation(activeReturns(returns, benchmark));
  return deviation === null ? null : deviation * Math.sqrt(periodsPerYear);
}

/** Arithmetic mean of the active returns over their sample standard deviation, × √periodsPerYear. */
export function informationRatio(
  returns: readonly number[],
  benchmark: readonly number[],
  periodsPerYear: number,
): number | null {
  const active = activeReturns(returns, benchmark);
  const center = mean(active);
  const deviation = standardDeviation(active);
  if (center === null || deviation === null) return null;
  return defined((center / deviation) * Math.sqrt(periodsPerYear));
}

/**
 * Annual compounded return over the benchmark's, in the periods in which the benchmark rose ("up") or
 * fell ("down"): above 1 in "up" is good, below 1 in "down" is.
 */
export function captureRatio(
  returns: readonly number[],
  benchmark: readonly number[],
  side: "up" | "down",
  periodsPerYear: number,
): number | null {
  sameLength(returns, benchmark);
  const chosen = (_: number, i: number): boolean =>
    side === "up" ? (benchmark[i] as number) > 0 : (benchmark[i] as number) < 0;
  const own = annualReturn(returns.filter(chosen), periodsPerYear);
  const other = annualReturn(benchmark.filter(chosen), periodsPerYear);
  return own === null || other === null ? null : defined(own / other);
}

/** r - b, period by period. */
export function activeReturns(
  returns: readonly number[],
  benchmark: readonly number[],
): readonly number[] {
  sameLength(returns, benchmark);
  return returns.map((value, i) => value - (benchmark[i] as number));
}

interface CenteredProducts {
  readonly returns: number;
  readonly benchmark: number;
  readonly cross: number;
}

function centeredProducts(
  returns: readonly number[],
  benchmark: readonly number[],
): CenteredProducts | null {
  sameLength(returns, benchmark);
  const own = mean(returns);
  const other = mean(benchmark);
  if (own === null || other === null || allEqual(benchmark)) return null;
  const sums = { returns: 0, benchmark: 0, cross: 0 };
  returns.forEach((value, i) => {
    const first = value - own;
    const second = (benchmark[i] as number) - other;
    sums.returns += first * first;
    sums.benchmark += second * second;
    sums.cross += first * second;
  });
  return sums;
}

const allEqual = (values: readonly number[]): boolean =>
  values.every((value) => value === values[0]);

function sameLength(returns: readonly number[], benchmark: readonly number[]): void {
  if (returns.length !== benchmark.length) {
    throw new RangeError(`${returns.length} returns but ${benchmark.length} of the benchmark`);
  }
}

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
