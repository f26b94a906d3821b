// Long and short parts of an asset that both are more than 0 do nothing together but cost. Promises: the same net weights with
// less of both, as far as rows allow; nothing that costs more.

import type { Program } from "./program.ts";

/** Cost: rows for each pair of parts. */
export function oneSided(program: Program, given: Float64Array): Float64Array {
  const { holdings, rows, variables, cost, lower } = program;
  const x = given.slice();
  const coefficient = (i: number, j: number): number =>
    rows.coefficients[i * variables + j] as number;
  const activity = Array.from({ length: rows.count }, (_, i) =>
    x.reduce((sum, value, j) => sum + coefficient(i, j) * value, 0),
  );
  const room = (j: number): number => {
    const value = x[j] as number;
    return Math.min(value, value - (lower[j] as number));
  };
  const lessOf = (j: number, k: number): void => {
    let less = Math.min(room(j), room(k));
    if (!(less > 0) || (cost[j] as number) + (cost[k] as number) < 0) return;
    for (const [i, value] of activity.entries()) {
      const fall = coefficient(i, j) + coefficient(i, k);
      if (fall > 0) less = Math.min(less, (value - (rows.lower[i] as number)) / fall);
      else if (fall < 0) less = Math.min(less, (value - (rows.upper[i] as number)) / fall);
    }
    if (!(less > 0)) return;
    x[j] = (x[j] as number) - less;
    x[k] = (x[k] as number) - less;
    for (const [i, value] of activity.entries()) {
      activity[i] = value - less * (coefficient(i, j) + coefficient(i, k));
    }
  };
  const longs = new Map<number, number[]>();
  for (let j = 0; j < variables; j++) {
    const a = holdings.asset[j] as number;
    if (a >= 0 && (holdings.sign[j] as number) > 0) longs.set(a, [...(longs.get(a) ?? []), j]);
  }
  for (let k = 0; k < variables; k++) {
    if ((holdings.sign[k] as number) > 0) continue;
    for (const j of longs.get(holdings.asset[k] as number) ?? []) lessOf(j, k);
  }
  return x;
}
