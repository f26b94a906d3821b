// Whether a certificate is as good as an answer is asked to be. Promises: relative to the objective, or to what cancels in it;
// the same for every solver.

import type { Certificate, Program } from "./program.ts";
import { evaluateSmooth } from "./smooth-terms.ts";

/** Gap of what is called optimal, and violation of its limits. */
const CLOSED = 1e-8;
const KEPT = 1e-9;
/** Near here numbers lose their digits when they are multiplied: a variance of 5e-324 has none. */
const UNDERFLOW = 2 ** -960;
/** Of the terms of an objective that cancel. */
export const CANCELLED = 1e-4;
/** Of what a usual weight of 1 costs: nothing held costs nothing. */
export const USUAL = 1e-2;

/**
 * Whether a certificate closes the gap: relative to the objective, or to a small part of what cancels in it. Digits
 * that cancel are lost: an objective of 1e-9 of terms of 1 is known to 1e-7 of itself, whatever the solver.
 */
export function isClosed(program: Program, x: Float64Array, certificate: Certificate): boolean {
  const { upper, lower, feasibility } = certificate;
  if (!(feasibility <= KEPT) || Number.isNaN(upper - lower)) return false;
  // Better than anything within the limits: it is outside of them, by less than an answer may be.
  if (upper < lower && feasibility > 0) return true;
  const gap = Math.abs(upper - lower);
  if (gap <= UNDERFLOW) return true;
  // What the terms are is asked only where the objective alone does not settle it.
  return gap <= CLOSED * Math.abs(upper) || gap <= CLOSED * sizeOf(program, x, upper);
}

/** What a gap is measured against. Cost: a pass over the scenarios. */
function sizeOf(program: Program, x: Float64Array, upper: number): number {
  const { cost, tail, holdings, smooth = [] } = program;
  const mean = (values: Float64Array): number =>
    values.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, values.length);
  let terms = x.reduce((sum, value, j) => sum + Math.abs(value * (cost[j] as number)), 0);
  let usual = mean(cost);
  if (tail !== undefined) {
    const { count, returns } = tail.scenarios;
    const own = Float64Array.from({ length: holdings.assets }, (_, a) => {
      return tail.weight * mean(returns.subarray(a * count, (a + 1) * count));
    });
    for (const [a, weight] of grossWeights(program, x).entries())
      terms += weight * (own[a] as number);
    usual += leastOf(own);
  }
  const { gradient, size } = evaluateSmooth(program, x);
  // Of a variance: what it would be without a hedge; of the others about their value.
  x.forEach((value, j) => {
    terms += Math.abs(value) * Math.max(Math.abs(gradient[j] as number), size[j] as number) * 0.5;
  });
  for (const term of smooth) {
    if (term.kind === "NORM") usual += term.weight;
    else if (term.kind === "IMPACT") usual += mean(term.coefficients);
    else
      usual +=
        term.weight * leastOf(term.covariance.filter((_, at) => at % (holdings.assets + 1) === 0));
  }
  return Math.max(Math.abs(upper), CANCELLED * terms, USUAL * usual);
}

/** Long and short parts of an asset cancel as assets do: their difference has the digits that they have. */
function grossWeights({ holdings }: Program, x: Float64Array): Float64Array {
  const gross = new Float64Array(holdings.assets);
  x.forEach((value, j) => {
    const a = holdings.asset[j] as number;
    if (a >= 0) gross[a] = (gross[a] as number) + Math.abs(value);
  });
  return gross;
}

/** The smallest that is no rounding of the largest: beside an asset a million times as large, all else would be nothing. */
function leastOf(values: Float64Array): number {
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  return values.reduce(
    (least, value) => (value > Number.EPSILON * largest ? Math.min(least, value) : least),
    largest,
  );
}
