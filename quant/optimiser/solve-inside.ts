// Programs with smooth terms, through the inside of their bounds. Promises: the same outcomes and proof as every solver; a
// closed gap too where market impact is of trades near 0, at which its curve has no end and an active set loses digits.

import { type CurvedTerm, solveCurved } from "./curved-program.ts";
import type { Outcome, Program, SmoothTerm, Work } from "./program.ts";
import { evaluateSmooth } from "./smooth-terms.ts";
import { netWeights } from "./tail-loss.ts";

/**
 * As Outcome says; never UNBOUNDED: FEASIBLE without a bound then. `detail`: share of the usual size of the objective that
 * the optimum may have, where terms of very different sizes cancel. Cost: 10 to 40 rounds of variables³ / 6.
 */
export function solveInside(program: Program, work: Work = {}, detail = 1): Outcome {
  const { smooth = [], ...plain } = program;
  const start = program.lower.map((low, j) => {
    const high = program.upper[j] as number;
    if (Number.isFinite(low) && Number.isFinite(high)) return (low + high) / 2;
    if (Number.isFinite(low)) return low + 1;
    return Number.isFinite(high) ? high - 1 : 0;
  });
  const largest = program.cost.reduce((most, c) => Math.max(most, Math.abs(c)), 0);
  const atStart = Math.abs(evaluateSmooth(program, start).value) / program.variables;
  const scale = detail * Math.max(largest, atStart, 1e-300);
  return solveCurved(plain, smoothTerm(program, smooth), start, scale, work);
}

function smoothTerm(program: Program, terms: readonly SmoothTerm[]): CurvedTerm {
  return {
    value: (x) => evaluateSmooth(program, x).value,
    gradient: (x) => evaluateSmooth(program, x).gradient,
    addCurvature(x, into, stride) {
      for (const term of terms) {
        if (term.kind === "IMPACT") addImpact(term.coefficients, x, into, stride);
        else addOfWeights(term, program, x, into, stride);
      }
    },
    reach: () => Number.POSITIVE_INFINITY,
  };
}

/** (c |x|^1.5)'' = 0.75 c / √|x|. */
function addImpact(
  coefficients: Float64Array,
  x: Float64Array,
  into: Float64Array,
  stride: number,
): void {
  for (let j = 0; j < x.length; j++) {
    const c = coefficients[j] as number;
    if (c === 0) continue;
    const bend = (0.75 * c) / Math.sqrt(Math.max(Math.abs(x[j] as number), 1e-30));
    into[j * stride + j] = (into[j * stride + j] as number) + bend;
  }
}

function addOfWeights(
  term: Exclude<SmoothTerm, { kind: "IMPACT" }>,
  { holdings }: Program,
  x: Float64Array,
  into: Float64Array,
  stride: number,
): void {
  const { assets, asset, sign } = holdings;
  const net = netWeights(holdings, x);
  const norm = Math.sqrt(net.reduce((sum, y) => sum + y * y, 0));
  const bend = (a: number, b: number): number => {
    if (term.kind === "VARIANCE") return 2 * (term.covariance[a * assets + b] as number);
    if (norm === 0) return 0;
    const along = ((net[a] as number) * (net[b] as number)) / (norm * norm);
    return ((a === b ? 1 : 0) - along) / norm;
  };
  for (let i = 0; i < asset.length; i++) {
    const a = asset[i] as number;
    for (let j = 0; j <= i && a >= 0; j++) {
      const b = asset[j] as number;
      if (b < 0) continue;
      const value = term.weight * (sign[i] as number) * (sign[j] as number) * bend(a, b);
      into[i * stride + j] = (into[i * stride + j] as number) + value;
    }
  }
}
