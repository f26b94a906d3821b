// What few names cost in variance, known before they are chosen. Promises: a convex program whose optimum is never above
// that of any portfolio of the choice, and above the plain relaxation's wherever that spreads over many names.
//
// Of at most k names Σ D_i x_i² ≥ (Σ √D_i x_i)² / k (Cauchy and Schwarz), so the diagonal part D of a covariance C, as far
// as C - D stays positive semidefinite, may be replaced by a full one: the perspective of x² / z with Σ z ≤ k, z away.

import { OPEN } from "./name-states.ts";
import { cholesky } from "./positive-definite.ts";
import type { Program, SmoothTerm } from "./program.ts";

const STEPS = 20;

type Variance = Extract<SmoothTerm, { kind: "VARIANCE" }>;

/**
 * The diagonal part D of the variance, for each asset: the largest share of its variances for which C - D is positive
 * definite. Null where there is no variance or a weight may be below 0. Cost: some 20 factorisations, assets³ / 6 each.
 */
export function ownVariances({
  smooth = [],
  holdings,
  lower,
  variables,
}: Program): Float64Array | null {
  const term = smooth.find((each): each is Variance => each.kind === "VARIANCE");
  const n = holdings.assets;
  if (term === undefined || variables !== n) return null;
  for (let j = 0; j < n; j++) {
    if (holdings.asset[j] !== j || holdings.sign[j] !== 1 || !((lower[j] as number) >= 0))
      return null;
  }
  const { covariance } = term;
  const without = (share: number): Float64Array =>
    covariance.map((c, k) => (k % (n + 1) === 0 ? c * (1 - share) : c));
  let [least, most] = [0, 1];
  for (let step = 0; step < STEPS; step++) {
    const share = (least + most) / 2;
    if (cholesky(without(share), n, 1e-12) === null) most = share;
    else least = share;
  }
  if (least === 0) return null;
  return Float64Array.from({ length: n }, (_, a) => least * (covariance[a * n + a] as number));
}

/** The program with the diagonal part of the open names counted: at most `left` of them are held. */
export function counted(
  program: Program,
  own: Float64Array,
  states: Uint8Array,
  left: number,
): Program {
  const n = own.length;
  const smooth = (program.smooth ?? []).map((term): SmoothTerm => {
    if (term.kind !== "VARIANCE") return term;
    const covariance = term.covariance.slice();
    for (let i = 0; i < n; i++) {
      if (states[i] !== OPEN) continue;
      covariance[i * n + i] = (covariance[i * n + i] as number) - (own[i] as number);
      for (let j = 0; j < n; j++) {
        if (states[j] !== OPEN) continue;
        const both = Math.sqrt((own[i] as number) * (own[j] as number)) / left;
        covariance[i * n + j] = (covariance[i * n + j] as number) + both;
      }
    }
    return { ...term, covariance };
  });
  return { ...program, smooth };
}
