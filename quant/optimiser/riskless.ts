// Portfolios without risk, where assets hedge each other out: those whose product with a root of the covariance is 0.
// Promises: what counts as none is stated once; a covariance of full rank has none beside cash.

import type { Lowering } from "./lower.ts";
import type { Program } from "./program.ts";
import { volatilityOf } from "./risk-of-weights.ts";

/** Share of an asset's own variance that what other assets do not explain of it is by rounding. */
const EXPLAINED = 1e-13;
/** Share of the risk of its parts that a portfolio without risk has by rounding: half the digits, as of all roots. */
const RISKLESS = 3e-8;

/** Whether what is left of the risk of the parts is rounding. `covariance`: of the scaled returns. */
export function isRiskless(
  weights: Float64Array,
  { problem, returnScale }: Lowering,
  covariance: Float64Array,
): boolean {
  const n = weights.length;
  const parts = weights.reduce(
    (sum, w, j) => sum + Math.abs(w) * Math.sqrt(covariance[j * (n + 1)] as number),
    0,
  );
  // A weight that is to be 0 is what rounding leaves of those that are held.
  const held = weights.reduce(
    (sum, w, j) => sum + Math.abs(w) + Math.abs(problem.current?.[j] ?? 0),
    0,
  );
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, covariance[j * (n + 1)] as number);
  const rounding = n * Number.EPSILON * held * Math.sqrt(largest);
  const volatility = volatilityOf(problem, weights).volatility * returnScale;
  return !(volatility > RISKLESS * parts + rounding);
}

export interface Riskless {
  /** The one given, with a row more for each independent risk, all of them 0. */
  readonly program: Program;
  /** How many there are. As many as assets: only cash is without risk. */
  readonly risks: number;
  /** Weights whose covariance with each asset is what prices of all rows say a unit of its risk is worth. */
  readonly hedge: (prices: Float64Array) => Float64Array;
}

export function risklessProgram(program: Program, covariance: Float64Array): Riskless {
  const { holdings, variables, rows } = program;
  const roots = rootRows(covariance, holdings.assets);
  const risks = roots.map(({ row }) => row);
  const units = risks.map((row) => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const count = rows.count + risks.length;
  const coefficients = new Float64Array(count * variables);
  coefficients.set(rows.coefficients);
  for (const [k, risk] of risks.entries()) {
    const largest = units[k] as number;
    for (let j = 0; j < variables; j++) {
      const asset = holdings.asset[j] as number;
      if (asset < 0) continue;
      const value = ((holdings.sign[j] as number) * (risk[asset] as number)) / largest;
      coefficients[(rows.count + k) * variables + j] = value;
    }
  }
  const limits = (given: Float64Array): Float64Array => {
    const all = new Float64Array(count);
    all.set(given);
    return all;
  };
  const all = { count, coefficients, lower: limits(rows.lower), upper: limits(rows.upper) };
  // R h = −λ, the prices: C h = R'R h. The pivots of the rows make it a triangle, solved from its last row.
  const hedge = (prices: Float64Array): Float64Array => {
    const weights = new Float64Array(holdings.assets);
    for (let k = risks.length - 1; k >= 0; k--) {
      let rest = -(prices[rows.count + k] as number) / (units[k] as number);
      const { pivot, row } = roots[k] as Root;
      for (let l = k + 1; l < risks.length; l++) {
        const other = (roots[l] as Root).pivot;
        rest -= (row[other] as number) * (weights[other] as number);
      }
      weights[pivot] = rest / (row[pivot] as number);
    }
    return weights;
  };
  return { program: { ...program, rows: all }, risks: risks.length, hedge };
}

interface Root {
  readonly pivot: number;
  readonly row: Float64Array;
}

/**
 * Rows of R with C = R'R, the largest pivot first, until the rest is rounding (N. Higham, Analysis of the Cholesky
 * decomposition of a semi-definite matrix, 1990). Cost: n² for each row.
 */
function rootRows(covariance: Float64Array, n: number): readonly Root[] {
  const rest = Float64Array.from(covariance);
  const found: Root[] = [];
  const own = (j: number): number => covariance[j * (n + 1)] as number;
  while (found.length < n) {
    let pivot = -1;
    let most = EXPLAINED;
    for (let j = 0; j < n; j++) {
      const share = own(j) > 0 ? (rest[j * (n + 1)] as number) / own(j) : 0;
      if (!(share > most)) continue;
      most = share;
      pivot = j;
    }
    if (pivot < 0) break;
    const root = Math.sqrt(rest[pivot * (n + 1)] as number);
    const row = Float64Array.from({ length: n }, (_, j) => (rest[pivot * n + j] as number) / root);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        rest[i * n + j] = (rest[i * n + j] as number) - (row[i] as number) * (row[j] as number);
      }
    }
    found.push({ pivot, row });
  }
  return found;
}
