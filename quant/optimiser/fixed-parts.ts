// A program without the variables that can only be 0 and the assets that none is left of. Promises: the same optimum and
// prices; smaller by what is left out.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Program, SmoothTerm } from "./program.ts";

export interface Compact {
  readonly program: Program;
  /** The variables that are left, in their order. */
  readonly kept: Int32Array;
}

/** Cost: a copy of what is left. */
export function withoutZeros(program: Program): Compact {
  const { lower, upper, holdings, rows, cost, tail, smooth } = program;
  const kept = Int32Array.from([...lower.keys()].filter((j) => lower[j] !== 0 || upper[j] !== 0));
  const used = new Set<number>();
  for (const j of kept)
    if ((holdings.asset[j] as number) >= 0) used.add(holdings.asset[j] as number);
  const assets = Int32Array.from(used).sort();
  const placeOf = new Map(Array.from(assets, (a, place) => [a, place]));
  const pick = (values: Float64Array): Float64Array =>
    Float64Array.from(kept, (j) => values[j] as number);
  const coefficients = new Float64Array(rows.count * kept.length);
  for (let i = 0; i < rows.count; i++) {
    coefficients.set(
      pick(rows.coefficients.subarray(i * program.variables, (i + 1) * program.variables)),
      i * kept.length,
    );
  }
  const compact: Program = {
    variables: kept.length,
    cost: pick(cost),
    lower: pick(lower),
    upper: pick(upper),
    rows: { ...rows, coefficients },
    holdings: {
      assets: assets.length,
      asset: Int32Array.from(kept, (j) => placeOf.get(holdings.asset[j] as number) ?? -1),
      sign: pick(holdings.sign),
    },
    ...(tail === undefined ? {} : { tail: { ...tail, scenarios: partOf(tail.scenarios, assets) } }),
    ...(smooth === undefined
      ? {}
      : { smooth: smooth.map((term) => termOf(term, assets, holdings.assets, pick)) }),
  };
  return { program: compact, kept };
}

function partOf(set: ScenarioSet, assets: Int32Array): ScenarioSet {
  const returns = new Float64Array(assets.length * set.count);
  for (const [place, a] of assets.entries()) {
    returns.set(set.returns.subarray(a * set.count, (a + 1) * set.count), place * set.count);
  }
  return { ...set, assets: Array.from(assets, (a) => set.assets[a] as string), returns };
}

function termOf(
  term: SmoothTerm,
  assets: Int32Array,
  n: number,
  pick: (values: Float64Array) => Float64Array,
): SmoothTerm {
  if (term.kind === "NORM") return term;
  if (term.kind === "IMPACT") return { ...term, coefficients: pick(term.coefficients) };
  const covariance = new Float64Array(assets.length * assets.length);
  for (const [i, a] of assets.entries()) {
    for (const [j, b] of assets.entries()) {
      covariance[i * assets.length + j] = term.covariance[a * n + b] as number;
    }
  }
  return { ...term, covariance };
}
