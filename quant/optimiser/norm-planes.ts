// Masses and prices for a norm that is bent where the optimum is, at nothing held net: the norm by planes below it, one more
// for each answer (J. Kelley, "The cutting-plane method for solving convex programs", Journal of SIAM 8(4), 1960). Promises:
// duals, whose worth the caller proves. There a few planes around the slope that holds the answer are enough.

import type { Duals, Program, Rows } from "./program.ts";
import { euclideanNorm } from "./smooth-terms.ts";
import { netWeights } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";

const MOST_PLANES = 200;
/** Of a weight of 1. */
const NONE = 1e-12;

/** `isProof` ends the search. Bounds must be finite. Cost: up to 200 linear programs, most of them few pivots. */
export function planesOfNorm(program: Program, isProof: (duals: Duals) => boolean): Duals | null {
  let weight = 0;
  for (const term of program.smooth ?? []) if (term.kind === "NORM") weight += term.weight;
  const planes: Float64Array[] = [new Float64Array(program.holdings.assets)];
  let last: Duals | null = null;
  for (let k = 0; k < MOST_PLANES; k++) {
    const found = solveTail(withPlanes(program, planes));
    if (!("x" in found)) return last;
    last = { ...found.duals, rows: found.duals.rows.slice(0, program.rows.count) };
    const net = netWeights(program.holdings, found.x.slice(0, program.variables));
    const length = euclideanNorm(net);
    if (isProof(last) || !(length > NONE)) return last;
    planes.push(net.map((value) => (weight * value) / length));
  }
  return last;
}

/** The linear part, and a variable that is above every plane in place of the norm. */
function withPlanes(program: Program, planes: readonly Float64Array[]): Program {
  const { smooth: _, holdings, variables, rows, ...rest } = program;
  const end = (values: Float64Array, last: number): Float64Array =>
    Float64Array.of(...values, last);
  const join = (limits: Float64Array, limit: number): Float64Array =>
    Float64Array.of(...limits, ...planes.map(() => limit));
  const width = variables + 1;
  const coefficients = new Float64Array((rows.count + planes.length) * width);
  for (let i = 0; i < rows.count; i++) {
    coefficients.set(rows.coefficients.subarray(i * variables, (i + 1) * variables), i * width);
  }
  planes.forEach((plane, k) => {
    const at = (rows.count + k) * width;
    holdings.asset.forEach((a, j) => {
      if (a >= 0) coefficients[at + j] = -(holdings.sign[j] as number) * (plane[a] as number);
    });
    coefficients[at + variables] = 1;
  });
  const all: Rows = {
    count: rows.count + planes.length,
    coefficients,
    lower: join(rows.lower, 0),
    upper: join(rows.upper, Number.POSITIVE_INFINITY),
  };
  return {
    ...rest,
    variables: width,
    cost: end(program.cost, 1),
    lower: end(program.lower, 0),
    upper: end(program.upper, Number.POSITIVE_INFINITY),
    rows: all,
    holdings: {
      assets: holdings.assets,
      asset: Int32Array.of(...holdings.asset, -1),
      sign: end(holdings.sign, 1),
    },
  };
}
