// What each binding limit costs, in words. Promises: a price is at least 0: what the objective would gain from a unit more
// of the limit (0.01 of it: a hundredth of that), to first order; a limit of several weights has the sum of theirs.

import type { Lowering } from "./lower.ts";
import type { Portfolio, Proof } from "./problem.ts";
import type { ReducedCosts } from "./reduced-costs.ts";
import { volatilityOf } from "./risk-of-weights.ts";

/** Prices below this share of the terms that they are the difference of are rounding. */
const NOISE = 1e-11;

/** `scale`: the program's objective is the problem's times this. In the order of the limits. */
export function shadowPrices(
  { limits, set, problem, returnScale }: Lowering,
  x: Float64Array,
  { slope, size }: ReducedCosts,
  { duals, cvarPrice = 0, variancePrice = 0, hedge }: Proof,
  scale: number,
): Portfolio["shadowPrices"] {
  const prices = new Float64Array(limits.length);
  const add = (limit: number, price: number): void => {
    if (limit >= 0) prices[limit] = (prices[limit] as number) + price / scale;
  };
  let largest = 0;
  for (const value of size) largest = Math.max(largest, value);
  for (let i = 0; i < set.rows.count; i++) {
    const price = duals.rows[i] as number;
    if (!(Math.abs(price) > NOISE * largest)) continue;
    const limit = (price > 0 ? set.rowLimits.lower[i] : set.rowLimits.upper[i]) as number;
    add(limit, Math.abs(price) * (set.rowScales[i] as number));
  }
  for (const [j, part] of set.parts.entries()) {
    const price = slope[j] as number;
    if (!(Math.abs(price) > NOISE * (size[j] as number))) continue;
    if (price > 0 && at(x[j] as number, part.lower)) add(part.lowerLimit, price);
    if (price < 0 && at(x[j] as number, part.upper)) add(part.upperLimit, -price);
  }
  for (const [place, { measured, value }] of limits.entries()) {
    if (measured.kind === "CVAR") add(place, cvarPrice * scale);
    // The price is one of variance: a unit of volatility is 2 · volatility of it.
    if (measured.kind !== "VOLATILITY") continue;
    add(place, 2 * value * variancePrice * scale);
    if (hedge) add(place, returnScale * returnScale * volatilityOf(problem, hedge).volatility);
  }
  return limits.flatMap(({ words }, place) =>
    (prices[place] as number) > 0 ? [{ constraint: words, price: prices[place] as number }] : [],
  );
}

const at = (value: number, bound: number): boolean =>
  Math.abs(value - bound) <= 1e-9 * Math.max(1, Math.abs(bound));
