// The best answer among those that hold nothing net: long and short parts that cancel, or nothing at all. A norm is bent there,
// and no step of a smooth method ends there; a linear program does. Promises: a point and duals, whose worth the caller proves.

import { certify } from "./certificate.ts";
import { isClosed } from "./is-closed.ts";
import { planesOfNorm } from "./norm-planes.ts";
import type { Duals, Outcome, Program } from "./program.ts";
import { netWeights } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";

/** Of the largest weight: rounding. */
const NOTHING = 1e-14;

/**
 * Null where something must be held. `within`: the program within finite bounds. Cost: a linear program with a row for each
 * asset, and some tens for the proof.
 */
export function solveNothingNet(
  program: Program,
  within: Program,
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
  const { basis: __, x: held, ...answer } = found;
  const x = exactlyNone(program, held);
  // Nothing is lost in any scenario: any masses are those of a worst case. Which of them prove it is another question.
  const probabilities = tail?.scenarios.probabilities ?? new Float64Array(0);
  const any = {
    scenarios: Int32Array.from(probabilities.keys()),
    masses: Float64Array.from(probabilities),
    rows: found.duals.rows.slice(0, rows.count),
  };
  const isProof = (duals: Duals): boolean => isClosed(program, x, certify(program, x, duals));
  const duals = isProof(any) ? any : (planesOfNorm(within, isProof) ?? any);
  return { ...answer, x, duals, certificate: certify(program, x, duals) };
}

/** Without what rounding left: parts that are next to 0 are 0, and of an asset the larger part is what cancels the others. */
function exactlyNone({ holdings, lower, upper }: Program, held: Float64Array): Float64Array {
  const least = NOTHING * held.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const x = held.map((value, j) =>
    Math.abs(value) <= least && (lower[j] as number) <= 0 && (upper[j] as number) >= 0 ? 0 : value,
  );
  const net = netWeights(holdings, x);
  for (let j = 0; j < x.length; j++) {
    const a = holdings.asset[j] as number;
    if (a < 0 || net[a] === 0) continue;
    const value = (x[j] as number) - (holdings.sign[j] as number) * (net[a] as number);
    if (value < (lower[j] as number) || value > (upper[j] as number)) continue;
    x[j] = value;
    net[a] = 0;
  }
  return x;
}
