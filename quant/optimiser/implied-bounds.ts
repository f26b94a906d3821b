// Bounds that rows imply for variables that have none of their own: weights of at least 0 that sum to 1 are at most 1. A
// bound from duality needs them: a reduced cost that is rounding above 0 says nothing about a variable without end.

import type { Program } from "./program.ts";

const PASSES = 4;

/** The bounds of a program, tightened where infinite. Cost: rows × variables, a few times; nothing if all are finite. */
export function impliedBounds({ variables, lower, upper, rows }: Program): {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
} {
  const bounds = { lower: Float64Array.from(lower), upper: Float64Array.from(upper) };
  for (let pass = 0; pass < PASSES && !(finite(bounds.lower) && finite(bounds.upper)); pass++) {
    let moved = false;
    for (let i = 0; i < rows.count; i++) {
      const coefficients = rows.coefficients.subarray(i * variables, (i + 1) * variables);
      moved = tighten(bounds, coefficients, rows.upper[i] as number, 1) || moved;
      moved = tighten(bounds, coefficients, -(rows.lower[i] as number), -1) || moved;
    }
    if (!moved) break;
  }
  return bounds;
}

const finite = (values: Float64Array): boolean => values.every(Number.isFinite);

/** From Σ sign·a_j x_j ≤ most: what the others must add at least leaves the rest for each. */
function tighten(
  bounds: { readonly lower: Float64Array; readonly upper: Float64Array },
  coefficients: Float64Array,
  most: number,
  sign: number,
): boolean {
  if (!Number.isFinite(most)) return false;
  let least = 0;
  let endless = 0;
  let lastEndless = -1;
  for (let j = 0; j < coefficients.length; j++) {
    const a = sign * (coefficients[j] as number);
    if (a === 0) continue;
    const term = a * ((a > 0 ? bounds.lower[j] : bounds.upper[j]) as number);
    if (Number.isFinite(term)) least += term;
    else {
      endless++;
      lastEndless = j;
    }
  }
  if (endless > 1) return false;
  let moved = false;
  for (let j = 0; j < coefficients.length; j++) {
    const a = sign * (coefficients[j] as number);
    if (a === 0 || (endless === 1 && j !== lastEndless)) continue;
    const side = a > 0 ? bounds.upper : bounds.lower;
    if (Number.isFinite(side[j])) continue;
    const own = endless === 1 ? 0 : a * ((a > 0 ? bounds.lower[j] : bounds.upper[j]) as number);
    side[j] = (most - (least - own)) / a;
    moved = true;
  }
  return moved;
}
