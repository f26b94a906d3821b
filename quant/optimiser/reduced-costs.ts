// What a unit more of a variable costs once rows are priced: the slope of the Lagrangian. Promises: at an optimum it is
// above 0 only at a lower bound and below 0 only at an upper one, up to rounding, which `size` measures.

import type { Duals, Program } from "./program.ts";
import { evaluateSmooth } from "./smooth-terms.ts";

export interface ReducedCosts {
  readonly slope: Float64Array;
  /** Sum of the absolute values of what the slope is made of. */
  readonly size: Float64Array;
}

/** Cost: rows × variables, and a product with each scenario that has mass. */
export function reducedCosts(program: Program, x: Float64Array, duals: Duals): ReducedCosts {
  const { variables, cost, rows, tail, holdings } = program;
  const slope = new Float64Array(variables);
  const size = new Float64Array(variables);
  const smooth = evaluateSmooth(program, x).gradient;
  const worst = tail === undefined ? undefined : worstReturns(program, duals);
  for (let j = 0; j < variables; j++) {
    const asset = holdings.asset[j] as number;
    const terms = [cost[j] as number, smooth[j] as number];
    if (tail !== undefined && worst !== undefined && asset >= 0) {
      terms.push(-tail.weight * (holdings.sign[j] as number) * (worst[asset] as number));
    }
    for (let i = 0; i < rows.count; i++) {
      terms.push(-(duals.rows[i] as number) * (rows.coefficients[i * variables + j] as number));
    }
    let [sum, absolute] = [0, 0];
    for (const term of terms) {
      sum += term;
      absolute += Math.abs(term);
    }
    slope[j] = sum;
    size[j] = absolute;
  }
  return { slope, size };
}

/** Mean return of each asset under the masses of the worst case: minus the slope of CVaR. */
export function worstReturns({ tail, holdings }: Program, duals: Duals): Float64Array {
  const worst = new Float64Array(holdings.assets);
  if (tail === undefined) return worst;
  const { returns, count } = tail.scenarios;
  for (let asset = 0; asset < worst.length; asset++) {
    let sum = 0;
    for (let k = 0; k < duals.scenarios.length; k++) {
      const s = duals.scenarios[k] as number;
      sum += (duals.masses[k] as number) * (returns[asset * count + s] as number);
    }
    worst[asset] = sum;
  }
  return worst;
}
