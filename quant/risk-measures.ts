// What the tails of a distribution of returns hold. Promises: historical (nothing is fitted), the sign is
// the return's (a loss is below 0); a tail is summed from the worst up; null where undefined.

import { select } from "./selection.ts";

/**
 * The value below which a share `p` of the sample lies: linear between the order statistics at
 * (n - 1) p (Hyndman and Fan's definition 7, 1996; the default of R and NumPy). null for none.
 * `ascending` is sorted; p is from 0 to 1.
 */
export function quantile(ascending: ArrayLike<number>, p: number): number | null {
  const place = (ascending.length - 1) * p;
  const below = Math.floor(place);
  const low = ascending[below];
  if (low === undefined) return null;
  const high = ascending[below + 1] ?? low;
  return high === low ? low : low + (high - low) * (place - below);
}

export const ascending = (values: readonly number[]): Float64Array =>
  Float64Array.from(values).sort();

/** Historical value at risk: the quantile of the returns at `tail` (0.05 for a VaR of 95 %). */
export const valueAtRisk = (returns: ArrayLike<number>, tail: number): number | null =>
  selectQuantile(Float64Array.from(returns), tail);

/** Expected shortfall: mean of the ⌊(n - 1) tail⌋ + 1 worst returns (empyrical's convention). */
export function conditionalValueAtRisk(returns: ArrayLike<number>, tail: number): number | null {
  if (returns.length === 0) return null;
  const values = Float64Array.from(returns);
  const last = Math.floor((values.length - 1) * tail);
  select(values, last);
  let sum = 0;
  for (const value of values.subarray(0, last + 1).sort()) sum += value;
  return sum / (last + 1);
}

/** |95 % quantile| over |5 % quantile|; null where the latter is 0. */
export function tailRatio(returns: readonly number[]): number | null {
  const values = Float64Array.from(returns);
  const high = selectQuantile(values, 0.95);
  const low = selectQuantile(values, 0.05);
  return high === null || low === null ? null : defined(Math.abs(high) / Math.abs(low));
}

/** As `quantile`, of values in any order, which it changes. */
function selectQuantile(values: Float64Array, p: number): number | null {
  if (values.length === 0) return null;
  const place = (values.length - 1) * p;
  const below = Math.floor(place);
  select(values, below);
  const low = values[below] as number;
  let high = values[below + 1] ?? low;
  for (let i = below + 2; i < values.length; i++) {
    if ((values[i] as number) < high) high = values[i] as number;
  }
  return high === low ? low : low + (high - low) * (place - below);
}

/**
 * Omega: sum of what the returns are above the threshold (a return a period) over the sum of what
 * they are below it (C. Keating, W. Shadwick, 2002); null where none is below.
 */
export function omegaRatio(returns: readonly number[], threshold: number): number | null {
  let above = 0;
  let below = 0;
  for (const value of returns) {
    const excess = value - threshold;
    if (excess > 0) above += excess;
    else below -= excess;
  }
  return defined(above / below);
}

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
