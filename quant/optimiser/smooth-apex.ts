// Where nothing is held a norm is bent, and no Newton step is of use. Promises: says whether a program's weights may all be
// 0, and finds the point nearby where they are.

import type { Program } from "./program.ts";
import { netWeights } from "./tail-loss.ts";

/** Whether all net weights may be 0, where a norm is bent. Bounds are asked, and rows where parts do not matter. */
export function nearZero({
  holdings,
  rows,
  variables,
  lower,
  upper,
  smooth = [],
}: Program): boolean {
  if (!smooth.some((term) => term.kind === "NORM" && term.weight > 0)) return false;
  const least = new Float64Array(holdings.assets);
  const most = new Float64Array(holdings.assets);
  for (let j = 0; j < variables; j++) {
    const a = holdings.asset[j] as number;
    if (a < 0) continue;
    const ends = [lower[j] as number, upper[j] as number];
    const sign = holdings.sign[j] as number;
    least[a] = (least[a] as number) + Math.min(...ends.map((end) => sign * end));
    most[a] = (most[a] as number) + Math.max(...ends.map((end) => sign * end));
  }
  if (least.some((value) => value > 0) || most.some((value) => value < 0)) return false;
  for (let i = 0; i < rows.count; i++) {
    const row = rows.coefficients.subarray(i * variables, (i + 1) * variables);
    if (!isOfNetWeights(row, holdings)) continue;
    if ((rows.lower[i] as number) > 0 || (rows.upper[i] as number) < 0) return false;
  }
  return true;
}

/** The same for all parts of an asset, but for the sign, and nothing of what is in none. */
function isOfNetWeights(row: Float64Array, { assets, asset, sign }: Program["holdings"]): boolean {
  const each = new Float64Array(assets).fill(Number.NaN);
  return row.every((value, j) => {
    const a = asset[j] as number;
    if (a < 0) return value === 0;
    const unit = (sign[j] as number) * value;
    if (Number.isNaN(each[a])) each[a] = unit;
    return each[a] === unit;
  });
}

/** Net weights of 0 nearby; what is in no asset takes up what rows then lack. */
export function withoutHoldings(program: Program, from: Float64Array): Float64Array {
  const { holdings, rows, variables, lower, upper } = program;
  const { assets, asset, sign } = holdings;
  const within = (j: number, value: number): number =>
    Math.min(Math.max(value, lower[j] as number), upper[j] as number);
  const x = from.map((value, j) => ((asset[j] as number) < 0 ? value : within(j, 0)));
  const net = netWeights(holdings, x);
  for (let a = 0; a < assets; a++) {
    if (net[a] === 0) continue;
    // Parts that cannot all be 0: where they are, and one of them makes up for the rest.
    let rest = 0;
    for (let j = 0; j < variables; j++) {
      if (asset[j] !== a) continue;
      x[j] = from[j] as number;
      rest += (sign[j] as number) * (x[j] as number);
    }
    for (let j = 0; j < variables; j++) {
      if (asset[j] !== a || rest === 0) continue;
      const before = x[j] as number;
      x[j] = within(j, before - (sign[j] as number) * rest);
      rest += (sign[j] as number) * ((x[j] as number) - before);
    }
  }
  for (let i = 0; i < rows.count; i++) {
    const row = rows.coefficients.subarray(i * variables, (i + 1) * variables);
    const sum = row.reduce((total, value, j) => total + value * (x[j] as number), 0);
    const wanted = Math.min(Math.max(sum, rows.lower[i] as number), rows.upper[i] as number);
    const j = row.findIndex((value, at) => value !== 0 && (asset[at] as number) < 0);
    if (j >= 0 && wanted !== sum) {
      x[j] = (x[j] as number) + (wanted - sum) / (row[j] as number);
    }
  }
  return x;
}
