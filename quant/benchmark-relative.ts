// How returns relate to a benchmark's. Promises: both series have the same periods (RangeError if their
// lengths differ); two passes, plain sums in the order given; null where the data defines no answer.

import { mean, standardDeviation } from "./moments.ts";
import { annualised, annualReturn } from "./performance.ts";

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

export interface RelativeMeasures {
  readonly alpha: number | null;
  readonly beta: number | null;
  readonly correlation: number | null;
  readonly trackingError: number | null;
  readonly informationRatio: number | null;
  readonly upCapture: number | null;
  readonly downCapture: number | null;
}

/** All of them in two passes, for who asks a thousand times; each as its own function gives it. */
export function relativeTo(
  returns: readonly number[],
  benchmark: readonly number[],
  periodsPerYear: number,
): RelativeMeasures {
  sameLength(returns, benchmark);
  const n = returns.length;
  let [own, other, active, rises, falls] = [0, 0, 0, 0, 0];
  let apartAlike = true;
  const firstApart = (returns[0] ?? 0) - (benchmark[0] ?? 0);
  const growth = { up: 1, upOther: 1, down: 1, downOther: 1 };
  for (let i = 0; i < n; i++) {
    const r = returns[i] as number;
    const b = benchmark[i] as number;
    own += r;
    other += b;
    active += r - b;
    if (r - b !== firstApart) apartAlike = false;
    if (b > 0) {
      rises++;
      growth.up *= 1 + r;
      growth.upOther *= 1 + b;
    } else if (b < 0) {
      falls++;
      growth.down *= 1 + r;
      growth.downOther *= 1 + b;
    }
  }
  const [ownMean, otherMean, activeMean] = [own / n, other / n, active / n];
  const squares = { own: 0, other: 0, cross: 0, active: 0 };
  for (let i = 0; i < n; i++) {
    const r = returns[i] as number;
    const b = benchmark[i] as number;
    squares.own += (r - ownMean) * (r - ownMean);
    squares.other += (b - otherMean) * (b - otherMean);
    squares.cross += (r - ownMean) * (b - otherMean);
    const apart = r - b - activeMean;
    squares.active += apart * apart;
  }
  const moves = n > 0 && !allEqual(benchmark);
  const slope = moves ? defined(squares.cross / squares.other) : null;
  const together = Math.sqrt(squares.own) * Math.sqrt(squares.other);
  const ratio = moves && !allEqual(returns) ? defined(squares.cross / together) : null;
  const kept = slope === null ? 0 : 1 + ownMean - slope * otherMean;
  const deviation = n < 2 ? null : apartAlike ? 0 : Math.sqrt(squares.active / (n - 1));
  const year = Math.sqrt(periodsPerYear);
  const capture = (a: number, b: number, periods: number): number | null => {
    const [x, y] = [
      annualised(a - 1, periods, periodsPerYear),
      annualised(b - 1, periods, periodsPerYear),
    ];
    return x === null || y === null ? null : defined(x / y);
  };
  return {
    alpha: kept > 0 ? defined(kept ** periodsPerYear - 1) : null,
    beta: slope,
    correlation: ratio === null ? null : Math.max(-1, Math.min(1, ratio)),
    trackingError: deviation === null ? null : deviation * year,
    informationRatio: deviation === null ? null : defined((activeMean / deviation) * year),
    upCapture: capture(growth.up, growth.upOther, rises),
    downCapture: capture(growth.down, growth.downOther, falls),
  };
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
