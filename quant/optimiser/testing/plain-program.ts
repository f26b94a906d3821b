// A problem written down as directly as can be: a variable for each weight, for its size and for its change, four rows an
// asset. Promises: no code of the optimiser's own lowering is used, beside the list of limits with their words.

import type { Limit } from "../limits.ts";
import { limitsOf } from "../limits.ts";
import type { Problem } from "../problem.ts";
import type { Program } from "../program.ts";

export interface PlainTerms {
  /** Of expected return less costs. */
  readonly expectedReturn: number;
  /** Of CVaR and costs. */
  readonly cvar: number;
  readonly tailMass: number;
  readonly norm: number;
  readonly variance: number;
  readonly covariance?: Float64Array;
}

interface Row {
  readonly terms: readonly (readonly [number, number])[];
  readonly lower: number;
  readonly upper: number;
}

export function expectedReturns({ scenarios, expectedReturns: given }: Problem): Float64Array {
  if (given !== undefined) return Float64Array.from(given);
  const { count, returns, probabilities } = scenarios;
  return Float64Array.from(scenarios.assets, (_, j) => {
    let sum = 0;
    for (let s = 0; s < count; s++) {
      sum += (probabilities[s] as number) * (returns[j * count + s] as number);
    }
    return sum;
  });
}

export const linearCosts = ({ costs, scenarios }: Problem): Float64Array =>
  Float64Array.from(scenarios.assets, (_, j) => {
    const linear = costs?.linear ?? 0;
    return typeof linear === "number" ? linear : (linear[j] as number);
  });

const INFINITY = Number.POSITIVE_INFINITY;

/** What CVaR, volatility and counts limit is left out: their prices are for the objective. */
export function plainProgram(
  problem: Problem,
  terms: PlainTerms,
  limits: readonly Limit[] = limitsOf(problem),
): Program {
  const { scenarios } = problem;
  const n = scenarios.assets.length;
  const mean = expectedReturns(problem);
  const costs = linearCosts(problem);
  const current = Float64Array.from(scenarios.assets, (_, j) => problem.current?.[j] ?? 0);
  const [size, trade] = [n, 2 * n];
  const rows: Row[] = [];
  for (let j = 0; j < n; j++) {
    const held = current[j] as number;
    rows.push({
      terms: [
        [size + j, 1],
        [j, -1],
      ],
      lower: 0,
      upper: INFINITY,
    });
    rows.push({
      terms: [
        [size + j, 1],
        [j, 1],
      ],
      lower: 0,
      upper: INFINITY,
    });
    rows.push({
      terms: [
        [trade + j, 1],
        [j, -1],
      ],
      lower: -held,
      upper: INFINITY,
    });
    rows.push({
      terms: [
        [trade + j, 1],
        [j, 1],
      ],
      lower: held,
      upper: INFINITY,
    });
  }
  const every = (from: number): [number, number][] =>
    Array.from({ length: n }, (_, j) => [from + j, 1]);
  for (const { measured, side, value } of limits) {
    const lower = side === "AT_MOST" ? -INFINITY : value;
    const upper = side === "AT_LEAST" ? INFINITY : value;
    if (measured.kind === "WEIGHTS") {
      for (const asset of measured.assets) rows.push({ terms: [[asset, 1]], lower, upper });
    }
    if (measured.kind === "SUM") {
      const of = Array.from(measured.coefficients, (value, j) => [j, value] as const);
      rows.push({ terms: of, lower, upper });
    }
    if (measured.kind === "GROSS") rows.push({ terms: every(size), lower, upper });
    if (measured.kind === "TURNOVER") rows.push({ terms: every(trade), lower, upper });
    if (measured.kind === "RETURN") {
      const earned = Array.from(mean, (value, j) => [j, value] as const);
      const paid = Array.from(costs, (value, j) => [trade + j, -value] as const);
      rows.push({ terms: [...earned, ...paid], lower, upper });
    }
  }
  const variables = 3 * n;
  const coefficients = new Float64Array(rows.length * variables);
  for (const [i, row] of rows.entries()) {
    for (const [j, value] of row.terms) coefficients[i * variables + j] = value;
  }
  const cost = new Float64Array(variables);
  for (let j = 0; j < n; j++) {
    cost[j] = -terms.expectedReturn * (mean[j] as number);
    cost[trade + j] = (terms.expectedReturn + terms.cvar) * (costs[j] as number);
  }
  const { covariance } = terms;
  return {
    variables,
    cost,
    lower: new Float64Array(variables).fill(-INFINITY),
    upper: new Float64Array(variables).fill(INFINITY),
    rows: {
      count: rows.length,
      coefficients,
      lower: Float64Array.from(rows, ({ lower }) => lower),
      upper: Float64Array.from(rows, ({ upper }) => upper),
    },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: variables }, (_, j) => (j < n ? j : -1)),
      sign: new Float64Array(variables).fill(1),
    },
    ...(terms.cvar > 0 ? { tail: { weight: terms.cvar, mass: terms.tailMass, scenarios } } : {}),
    ...(terms.norm > 0 || covariance !== undefined
      ? {
          smooth: [
            ...(terms.norm > 0 ? [{ kind: "NORM", weight: terms.norm } as const] : []),
            ...(covariance && terms.variance > 0
              ? [{ kind: "VARIANCE", weight: terms.variance, covariance } as const]
              : []),
          ],
        }
      : {}),
  };
}

/** The point of a plain program for these weights. */
export function plainPoint(problem: Problem, weights: Float64Array): Float64Array {
  const n = weights.length;
  const x = new Float64Array(3 * n);
  weights.forEach((weight, j) => {
    x[j] = weight;
    x[n + j] = Math.abs(weight);
    x[2 * n + j] = Math.abs(weight - (problem.current?.[j] ?? 0));
  });
  return x;
}
