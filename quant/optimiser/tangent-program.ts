// What is left of a program once its curves are their tangents at a point: linear but for the tail. Promises: it lies below
// the program everywhere and touches it at the point, so its best duals are the best for that point.

import type { Program } from "./program.ts";
import { evaluateSmooth } from "./smooth-terms.ts";
import { netWeights } from "./tail-loss.ts";

/** Up to a constant. `net`: as of `certify`. */
export function tangentAt(
  program: Program,
  x: Float64Array,
  net: Float64Array = netWeights(program.holdings, x),
): Program {
  const { smooth: _, ...rest } = program;
  const { gradient } = evaluateSmooth(program, x, net);
  return { ...rest, cost: program.cost.map((own, j) => own + (gradient[j] as number)) };
}
