// A program whose worst case stays as it is: scenarios keep their masses, and those that share the value at risk go on
// sharing it. Promises: no tail; about the point that the masses belong to it is the program, but for what leaves the tie.

import type { Duals, Program } from "./program.ts";
import { meansUnder } from "./tail-loss.ts";

/** Of the most mass that a scenario may have: nearer to none or all of it, it has that. */
const SHARED = 1e-9;

/** The rows of the program come first, then one for each scenario that shares the value at risk with the first. */
export function tied(program: Program, { scenarios, masses }: Duals): Program {
  const { tail, holdings, variables, rows, ...rest } = program;
  if (tail === undefined) return program;
  const { count, returns, probabilities } = tail.scenarios;
  const { mean } = meansUnder(tail.scenarios, scenarios, masses);
  const lossOf = (j: number, ofAsset: (a: number) => number): number => {
    const a = holdings.asset[j] as number;
    return a < 0 ? 0 : -(holdings.sign[j] as number) * ofAsset(a);
  };
  const shared = scenarios.filter((s, k) => {
    const share = ((masses[k] as number) * tail.mass) / (probabilities[s] as number);
    return share > SHARED && share < 1 - SHARED;
  });
  const first = shared[0] ?? 0;
  const ties = Array.from(shared.subarray(1), (s) =>
    rest.cost.map((_, j) =>
      lossOf(j, (a) => (returns[a * count + s] as number) - (returns[a * count + first] as number)),
    ),
  );
  const none = ties.map(() => 0);
  return {
    ...rest,
    variables,
    holdings,
    cost: rest.cost.map((own, j) => own + tail.weight * lossOf(j, (a) => mean[a] as number)),
    rows: {
      count: rows.count + ties.length,
      coefficients: Float64Array.from([rows.coefficients, ...ties].flatMap((row) => [...row])),
      lower: Float64Array.from([...rows.lower, ...none]),
      upper: Float64Array.from([...rows.upper, ...none]),
    },
  };
}
