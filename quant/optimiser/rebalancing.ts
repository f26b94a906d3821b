// When to bring a portfolio back to its targets. Promises: the first cause that holds is named, in the order of the
// rules below; without a cause nothing is to be traded. What bands and triggers of a single name need is beside this:
// no-trade-band.ts, and the triggers of the portfolio builder.

export interface RebalancingRules {
  /** Every so many periods since the last time. */
  readonly period?: number;
  /** A distance between what is held and the targets that is too far. */
  readonly drift?: { readonly norm: DriftNorm; readonly limit: number };
  /** The portfolio's value has changed by more than this share since the last time, either way. */
  readonly valueChange?: number;
  /** The volatility of what is held differs by more than this share from the last time's, either way. */
  readonly volatilityChange?: number;
  /** What is gained by trading exceeds what trading costs. */
  readonly worth?: Worth;
}

/** Of the differences of weights: the largest; half their sum, which is what must be sold; the Euclidean. */
export type DriftNorm = "LARGEST" | "TURNOVER" | "EUCLIDEAN";

export interface Worth {
  /** Of wealth, relative. */
  readonly riskAversion: number;
  /** Of what is bought or sold, a share, one side. */
  readonly cost: number;
  /** Periods of the covariance over which the difference would stay. */
  readonly horizon: number;
}

export interface HeldPortfolio {
  readonly weights: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  /** Of returns per period; symmetric, row by row. */
  readonly covariance: Float64Array;
  readonly value: number;
  /** As it was when it was last rebalanced; null if never. */
  readonly last: {
    readonly periods: number;
    readonly value: number;
    readonly volatility: number;
  } | null;
}

export type RebalancingCause = "FIRST" | "PERIOD" | "DRIFT" | "VALUE" | "VOLATILITY" | "WORTH";

/** Why to rebalance now; null: hold. Cost: assets² where volatility or worth is asked for. */
export function rebalancingCause(
  rules: RebalancingRules,
  held: HeldPortfolio,
): RebalancingCause | null {
  const { weights, targets, covariance, value, last } = held;
  if (last === null) return "FIRST";
  const { period, drift, valueChange, volatilityChange, worth } = rules;
  if (period !== undefined && last.periods >= period) return "PERIOD";
  if (drift !== undefined && driftOf(weights, targets, drift.norm) > drift.limit) return "DRIFT";
  if (valueChange !== undefined && changed(value, last.value, valueChange)) return "VALUE";
  if (
    volatilityChange !== undefined &&
    changed(volatilityOf(covariance, weights), last.volatility, volatilityChange)
  ) {
    return "VOLATILITY";
  }
  if (worth !== undefined && gainOfTrading(worth, held) > costOfTrading(worth, held))
    return "WORTH";
  return null;
}

const changed = (now: number, before: number, share: number): boolean =>
  Math.abs(now - before) > share * Math.abs(before);

export function driftOf(
  weights: ArrayLike<number>,
  targets: ArrayLike<number>,
  norm: DriftNorm,
): number {
  let largest = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < targets.length; i++) {
    const gap = Math.abs((weights[i] as number) - (targets[i] as number));
    largest = Math.max(largest, gap);
    sum += gap;
    squares += gap * gap;
  }
  if (norm === "LARGEST") return largest;
  return norm === "TURNOVER" ? sum / 2 : Math.sqrt(squares);
}

/** Standard deviation of the return of a period. */
export function volatilityOf(covariance: Float64Array, weights: ArrayLike<number>): number {
  return Math.sqrt(Math.max(0, quadratic(covariance, weights)));
}

function quadratic(matrix: Float64Array, vector: ArrayLike<number>): number {
  const n = vector.length;
  let value = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (vector[j] as number);
    value += (vector[i] as number) * sum;
  }
  return value;
}

/**
 * What a deviation d from weights that maximise mean - γ/2 variance gives up: γ/2 dᵀ C d a period, exactly,
 * where nothing binds: the mean's part is zero at the maximum.
 */
function gainOfTrading({ riskAversion, horizon }: Worth, held: HeldPortfolio): number {
  const { weights, targets, covariance } = held;
  const away = Float64Array.from({ length: targets.length }, (_, i) => {
    return (weights[i] as number) - (targets[i] as number);
  });
  return (riskAversion / 2) * horizon * quadratic(covariance, away);
}

const costOfTrading = ({ cost }: Worth, { weights, targets }: HeldPortfolio): number =>
  2 * cost * driftOf(weights, targets, "TURNOVER");
