// What a unit more of a variable costs once rows are priced: the slope of the Lagrangian. Promises: at an optimum it is
// above 0 only at a lower bound and below 0 only at an upper one, up to rounding, which `size` measures.

import { impliedBounds } from "./implied-bounds.ts";
import type { Duals, Program } from "./program.ts";
import { evaluateSmooth } from "./smooth-terms.ts";
import { type MeanReturns, meansUnder, netWeights } from "./tail-loss.ts";

export interface ReducedCosts {
  readonly slope: Float64Array;
  /** Sum of the absolute values of what the slope is made of. */
  readonly size: Float64Array;
}

/** Cost: rows × variables, and a product with each scenario that has mass. `net`: as of `certify`. */
export function reducedCosts(
  program: Program,
  x: Float64Array,
  duals: Duals,
  net: Float64Array = netWeights(program.holdings, x),
): ReducedCosts {
  const { variables, cost, rows, tail, holdings } = program;
  const smooth = evaluateSmooth(program, x, net);
  const slope = cost.map((own, j) => own + (smooth.gradient[j] as number));
  const size = cost.map((own, j) => Math.abs(own) + (smooth.size[j] as number));
  const add = (j: number, term: number, own: number): void => {
    slope[j] = (slope[j] as number) + term;
    size[j] = (size[j] as number) + own;
  };
  const worst = tail === undefined ? undefined : worstReturns(program, duals);
  for (let j = 0; j < variables; j++) {
    const asset = holdings.asset[j] as number;
    if (tail !== undefined && worst !== undefined && asset >= 0) {
      const mean = (holdings.sign[j] as number) * (worst.mean[asset] as number);
      add(j, -tail.weight * mean, tail.weight * (worst.size[asset] as number));
    }
    for (let i = 0; i < rows.count; i++) {
      const term = (duals.rows[i] as number) * (rows.coefficients[i * variables + j] as number);
      add(j, -term, Math.abs(term));
    }
  }
  return { slope, size };
}

/** Of a sum, as a share of the sizes of its terms: eight units in the last place, for sums of a few thousand. */
const ROUNDING = 8 * 2 ** -53;

/** What rounding of the reduced costs may have taken from a bound that they are part of. Cost: as of `impliedBounds`. */
export function boundRounding(
  program: Program,
  x: Float64Array,
  { slope, size }: ReducedCosts,
): number {
  const { lower, upper } = impliedBounds(program);
  let sum = 0;
  for (const [j, own] of size.entries()) {
    const bound = ((slope[j] as number) > 0 ? lower[j] : upper[j]) as number;
    sum += own * Math.abs(Number.isFinite(bound) ? bound : (x[j] as number));
  }
  return ROUNDING * sum;
}

/** Of each asset under the masses of the worst case: minus the slope of CVaR. 0 without a tail. */
export function worstReturns({ tail, holdings }: Program, duals: Duals): MeanReturns {
  if (tail !== undefined) return meansUnder(tail.scenarios, duals.scenarios, duals.masses);
  return { mean: new Float64Array(holdings.assets), size: new Float64Array(holdings.assets) };
}
