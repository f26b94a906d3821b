// The best answer among those that hold nothing net: long and short parts that cancel, or nothing at all. A norm is bent there,
// and no step of a smooth method ends there; a linear program does. Promises: a point and duals, whose worth the caller proves.

import { certify } from "./certificate.ts";
import type { Outcome, Program } from "./program.ts";
import { solveTail } from "./tail-simplex.ts";

/** Null where something must be held. Cost: a linear program with a row for each asset. */
export function solveNothingNet(
  program: Program,
): Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }> | null {
  const { tail, holdings, rows, variables, smooth: _, ...rest } = program;
  const net = new Float64Array(holdings.assets * variables);
  holdings.asset.forEach((a, j) => {
    if (a >= 0) net[a * variables + j] = holdings.sign[j] as number;
  });
  const none = new Float64Array(holdings.assets);
  const found = solveTail({
    ...rest,
    variables,
    holdings,
    rows: {
      count: rows.count + holdings.assets,
      coefficients: Float64Array.from([...rows.coefficients, ...net]),
      lower: Float64Array.from([...rows.lower, ...none]),
      upper: Float64Array.from([...rows.upper, ...none]),
    },
  });
  if (!("x" in found)) return null;
  const { basis: __, ...answer } = found;
  // Nothing is lost in any scenario: any masses will do, and those of all are the mean's.
  const probabilities = tail?.scenarios.probabilities ?? new Float64Array(0);
  const duals = {
    scenarios: Int32Array.from(probabilities.keys()),
    masses: Float64Array.from(probabilities),
    rows: found.duals.rows.slice(0, rows.count),
  };
  return { ...answer, duals, certificate: certify(program, found.x, duals) };
}
