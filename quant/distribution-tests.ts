// Are returns independent, are they normal? Promises: the statistic with its asymptotic chi-squared
// p-value, the chance of one as large if they were; plain sums in the order given; null where undefined.

import { chiSquaredSurvival } from "./chi-squared.ts";
import { excessKurtosis, mean, skewness } from "./moments.ts";

export interface TestResult {
  readonly statistic: number;
  readonly degrees: number;
  readonly pValue: number;
}

/**
 * Autocovariances γ₀ … γ_lags about the sample mean, each with divisor n; null where fewer than two
 * values, or none deviates. Cost: O(n lags).
 */
export function autocovariances(values: readonly number[], lags: number): readonly number[] | null {
  const center = mean(values);
  if (center === null || values.every((value) => value === values[0])) return null;
  const deviations = values.map((value) => value - center);
  const found: number[] = [];
  for (let lag = 0; lag <= lags; lag++) {
    let sum = 0;
    for (let i = lag; i < deviations.length; i++) {
      sum += (deviations[i] as number) * (deviations[i - lag] as number);
    }
    found.push(sum / deviations.length);
  }
  return found;
}

/**
 * No autocorrelation up to `lags`: Q = n (n + 2) Σ ρ_k² / (n - k), k from 1 (G. Ljung, G. Box,
 * Biometrika 65(2), 1978, 297–303). null unless 1 ≤ lags < n.
 */
export function ljungBox(values: readonly number[], lags: number): TestResult | null {
  const n = values.length;
  const covariances = lags >= 1 && lags < n ? autocovariances(values, lags) : null;
  if (covariances === null) return null;
  let sum = 0;
  for (let k = 1; k <= lags; k++) {
    const correlation = (covariances[k] as number) / (covariances[0] as number);
    sum += (correlation * correlation) / (n - k);
  }
  const statistic = n * (n + 2) * sum;
  return { statistic, degrees: lags, pValue: chiSquaredSurvival(statistic, lags) };
}

/**
 * Normality: JB = n/6 (g₁² + g₂²/4), population moments (C. Jarque, A. Bera, Economics Letters 6(3),
 * 1980, 255–259). The p-value is good from about 2000 values.
 */
export function jarqueBera(values: readonly number[]): TestResult | null {
  const skew = skewness(values);
  const excess = excessKurtosis(values);
  if (skew === null || excess === null) return null;
  const statistic = (values.length / 6) * (skew * skew + (excess * excess) / 4);
  return { statistic, degrees: 2, pValue: chiSquaredSurvival(statistic, 2) };
}
