// A Newton direction within what is active. Promises: it descends, and does not leave the active set (up to
// rounding); how good it is decides the speed only, never the answer, which has its own proof.

import { dot } from "./smooth-curve.ts";
import { type Face, FREE } from "./smooth-face.ts";
import { takeOut } from "./smooth-span.ts";

/** Curvature that directions without any are given, where each variable curves by 1. */
const REGULAR = 1e-9;
/** A step so many times the point's size is rounding over next to no curvature: the plain gradient is better. */
const FAR = 1e8;
/** Of the coordinate that moves most: what moves less does not move. */
const NOISE = 1e-13;

/**
 * `rest` is the gradient less its part in the span of the active constraints. `direction` is overwritten.
 * Cost: a pass for a norm alone; (free + active)³ / 6 for other curvature.
 */
export function newtonDirection(face: Face, rest: Float64Array, direction: Float64Array): void {
  if (face.curve.shape === "NORM" && distinctAssets(face)) normDirection(face, rest, direction);
  else if (face.curve.shape !== "NONE") generalDirection(face, rest, direction);
  else descend(rest, direction);
  // Rounding, and what regularisation left, must not leave the active set.
  face.scratch.fill(0);
  takeOut(face.span, direction, face.scratch);
  const isLost =
    face.curve.shape === "GENERAL" &&
    dot(direction, direction) > FAR * FAR * (1 + dot(face.point, face.point));
  if (isLost || !(dot(rest, direction) < 0)) descend(rest, direction);
  dropNoise(direction);
}

/**
 * What moves by rounding alone stands still: no bound would stop it (smooth-line.ts), and along a direction that only
 * the value at risk moves in, its curvature would be all that there is.
 */
function dropNoise(direction: Float64Array): void {
  let most = 0;
  for (let j = 0; j < direction.length; j++)
    most = Math.max(most, Math.abs(direction[j] as number));
  for (let j = 0; j < direction.length; j++) {
    if (Math.abs(direction[j] as number) <= NOISE * most) direction[j] = 0;
  }
}

/**
 * What is left of a direction that met a bound: without the coordinate that is now fixed it is no Newton step, but most of
 * one, for a pass. False, and it is to be made anew, where it hardly descends.
 */
export function resume(face: Face, rest: Float64Array, direction: Float64Array): boolean {
  const before = Math.sqrt(dot(direction, direction));
  for (let j = 0; j < direction.length; j++) if (face.held[j] !== FREE) direction[j] = 0;
  face.scratch.fill(0);
  takeOut(face.span, direction, face.scratch);
  dropNoise(direction);
  const after = Math.sqrt(dot(direction, direction));
  return after > 0.5 * before && dot(rest, direction) < 0;
}

function descend(rest: Float64Array, direction: Float64Array): void {
  for (let j = 0; j < rest.length; j++) direction[j] = -(rest[j] as number);
}

function distinctAssets({ held, assetOf, variables, seen }: Face): boolean {
  seen.fill(0);
  for (let j = 0; j < variables; j++) {
    if (held[j] !== FREE) continue;
    const asset = assetOf[j] as number;
    if (asset < 0 || seen[asset] === 1) return false;
    seen[asset] = 1;
  }
  return true;
}

/** Curvature c · (I − u uᵀ) within the active set: its inverse by Sherman and Morrison. */
function normDirection(face: Face, rest: Float64Array, direction: Float64Array): void {
  const { curvature, unit } = face.curve.norm();
  direction.fill(0);
  for (let j = 0; j < face.variables; j++) {
    if (face.held[j] === FREE) direction[j] = unit[j] as number;
  }
  face.scratch.fill(0);
  takeOut(face.span, direction, face.scratch);
  const left = Math.max(1 - dot(direction, direction), 1e-14);
  const factor = dot(direction, rest) / left;
  for (let j = 0; j < rest.length; j++) {
    direction[j] = -((rest[j] as number) + factor * (direction[j] as number)) / curvature;
  }
}

/**
 * The Newton step with active constraints as a quasidefinite system, which has a triangular factorisation in any order
 * (R. Vanderbei, "Symmetric quasidefinite matrices", SIAM Journal on Optimization 5(1), 1995). Constraints enter as the
 * orthonormal basis of their span.
 */
function generalDirection(face: Face, rest: Float64Array, direction: Float64Array): void {
  const { span, size, variables, held, curve } = face;
  const places: number[] = [];
  for (let j = 0; j < size; j++) if (held[j] === FREE) places.push(j);
  const frees = places.length;
  const total = frees + span.count;
  const matrix = new Float64Array(total * total);
  curve.addCurvature(
    places.filter((j) => j < variables),
    matrix,
    total,
  );
  const scale = curvatureScales(matrix, frees, total);
  if (scale === null) {
    descend(rest, direction);
    return;
  }
  for (let a = 0; a < frees; a++) {
    const own = scale[a] as number;
    for (let b = 0; b <= a; b++) {
      matrix[a * total + b] = (matrix[a * total + b] as number) * own * (scale[b] as number);
    }
    matrix[a * total + a] = (matrix[a * total + a] as number) + REGULAR;
  }
  for (let k = 0; k < span.count; k++) {
    const row = (frees + k) * total;
    let square = 0;
    for (let b = 0; b < frees; b++) {
      const entry = (span.basis[k * size + (places[b] as number)] as number) * (scale[b] as number);
      matrix[row + b] = entry;
      square += entry * entry;
    }
    matrix[row + frees + k] = -REGULAR * square;
  }
  const solution = new Float64Array(total);
  for (let a = 0; a < frees; a++) {
    solution[a] = -(rest[places[a] as number] as number) * (scale[a] as number);
  }
  solveQuasidefinite(matrix, total, solution);
  direction.fill(0);
  for (let a = 0; a < frees; a++) {
    direction[places[a] as number] = (solution[a] as number) * (scale[a] as number);
  }
}

/** So that each free variable curves by 1; those that do not curve, as the one that curves least. Null: none does. */
function curvatureScales(matrix: Float64Array, frees: number, total: number): Float64Array | null {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let a = 0; a < frees; a++) most = Math.max(most, matrix[a * total + a] as number);
  for (let a = 0; a < frees; a++) {
    const own = matrix[a * total + a] as number;
    if (own > 1e-26 * most) least = Math.min(least, own);
  }
  if (!(most > 0)) return null;
  return Float64Array.from({ length: frees }, (_, a) => {
    const own = matrix[a * total + a] as number;
    return 1 / Math.sqrt(own > 1e-26 * most ? own : least);
  });
}

/** matrix · solution = what `solution` holds, by L D Lᵀ without exchanges; only the lower part is read. */
export function solveQuasidefinite(
  matrix: Float64Array,
  total: number,
  solution: Float64Array,
): void {
  const scaled = new Float64Array(total);
  for (let i = 0; i < total; i++) {
    const row = i * total;
    let pivot = matrix[row + i] as number;
    for (let j = 0; j < i; j++) {
      let sum = matrix[row + j] as number;
      const other = j * total;
      for (let k = 0; k < j; k++) {
        sum -= (scaled[k] as number) * (matrix[other + k] as number);
      }
      scaled[j] = sum;
      const entry = sum / (matrix[other + j] as number);
      matrix[row + j] = entry;
      pivot -= sum * entry;
    }
    matrix[row + i] = pivot === 0 ? Number.MIN_VALUE : pivot;
  }
  for (let i = 0; i < total; i++) {
    let sum = solution[i] as number;
    for (let k = 0; k < i; k++) sum -= (matrix[i * total + k] as number) * (solution[k] as number);
    solution[i] = sum;
  }
  for (let i = total - 1; i >= 0; i--) {
    let sum = (solution[i] as number) / (matrix[i * total + i] as number);
    for (let k = i + 1; k < total; k++) {
      sum -= (matrix[k * total + i] as number) * (solution[k] as number);
    }
    solution[i] = sum;
  }
}
