// Where a smooth solver stands: a point, what is active at it, and the linear part of the objective on the side of every
// scenario where the point is. Plain state, changed by the functions below.
//
// Coordinates are the variables and, with a tail, the value at risk, divided by `unit` so that its curvature, which the
// solver takes to be that of a weight, is a ten-thousandth of one. Elements are rows first, then scenarios of the band
// (those near the value at risk); scenarios out of the band are counted as tail or not at all until they are checked.

import type { Curve } from "./smooth-curve.ts";
import { append, release, remove, type Span, seize } from "./smooth-span.ts";

/** Of a coordinate: at its lower or upper bound, free, or not to move at all. */
export const AT_LOWER = -1;
export const FREE = 0;
export const AT_UPPER = 1;
export const HELD = 2;

/** Of an element. Rows: satisfied, active at a limit, violated. Scenarios: active, in the tail, safe. */
export const ACTIVE_LOWER = 0;
export const ACTIVE_UPPER = 1;
export const WITHIN = 2;
export const BELOW = 3;
export const ABOVE = 4;
export const ACTIVE = 5;
export const TAIL = 6;
export const SAFE = 7;

export interface Elements {
  count: number;
  /** Of element k at [k * size + coordinate]. */
  coefficients: Float64Array;
  /** Coefficients times the point; of a scenario its loss above the value at risk. */
  value: Float64Array;
  length: Float64Array;
  /** What the slope rises by when a scenario enters the tail, per unit of its value. */
  jump: Float64Array;
  state: Uint8Array;
  /** Number of the scenario, -1 for rows. */
  scenario: Int32Array;
}

export interface Face {
  readonly size: number;
  readonly variables: number;
  /** 0: no tail. */
  readonly unit: number;
  readonly point: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly held: Int8Array;
  /** Gradient of the linear part, scenarios of the tail included. */
  readonly linear: Float64Array;
  readonly rows: number;
  /** What coefficients and limits of rows were divided by. */
  readonly rowScale: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly elements: Elements;
  readonly span: Span;
  curve: Curve;
  pivots: number;
  readonly scratch: Float64Array;
  /** Asset of each variable, -1: none; and a mark for each asset. */
  readonly assetOf: Int32Array;
  readonly seen: Uint8Array;
}

export function emptyElements(size: number, capacity: number): Elements {
  return {
    count: 0,
    coefficients: new Float64Array(capacity * size),
    value: new Float64Array(capacity),
    length: new Float64Array(capacity),
    jump: new Float64Array(capacity),
    state: new Uint8Array(capacity),
    scenario: new Int32Array(capacity),
  };
}

/** Room for `more` elements beside those there. */
export function reserve(elements: Elements, size: number, more: number): void {
  const needed = elements.count + more;
  if (needed <= elements.value.length) return;
  const capacity = Math.max(needed, 2 * elements.value.length);
  const grown = emptyElements(size, capacity);
  grown.coefficients.set(elements.coefficients.subarray(0, elements.count * size));
  grown.value.set(elements.value);
  grown.length.set(elements.length);
  grown.jump.set(elements.jump);
  grown.state.set(elements.state);
  grown.scenario.set(elements.scenario);
  grown.count = elements.count;
  Object.assign(elements, grown);
}

export const isActive = (state: number): boolean => state <= ACTIVE_UPPER || state === ACTIVE;

/** Its coefficients over the free coordinates. */
export function freePart({ size, elements, held }: Face, k: number, target: Float64Array): void {
  const at = k * size;
  for (let j = 0; j < size; j++) {
    target[j] = held[j] === FREE ? (elements.coefficients[at + j] as number) : 0;
  }
}

/** Makes an element active in `state`; false if it depends on those that are. */
export function activate(face: Face, k: number, state: number): boolean {
  freePart(face, k, face.scratch);
  if (!append(face.span, k, face.scratch)) return false;
  face.elements.state[k] = state;
  return true;
}

/** The active constraint at `place` of the span goes to `state`: for a scenario the tail or the safe side. */
export function deactivate(face: Face, place: number, state: number): void {
  const k = face.span.members[place] as number;
  remove(face.span, place);
  face.elements.state[k] = state;
  if (state === TAIL) addJump(face, k, 1);
}

/** A scenario of the band moves across the value at risk. */
export function cross(face: Face, k: number): void {
  const { elements } = face;
  const enters = elements.state[k] === SAFE;
  addJump(face, k, enters ? 1 : -1);
  elements.state[k] = enters ? TAIL : SAFE;
}

export function addJump({ elements, linear, size }: Face, k: number, sign: number): void {
  const factor = sign * (elements.jump[k] as number);
  for (let j = 0; j < size; j++) {
    linear[j] = (linear[j] as number) + factor * (elements.coefficients[k * size + j] as number);
  }
}

/** Fixes a free coordinate where it is. */
export function hold(face: Face, j: number, where: number): void {
  seize(face.span, j);
  face.held[j] = where;
}

export function free(face: Face, j: number): void {
  const { elements, size } = face;
  release(face.span, j, (k) => elements.coefficients[k * size + j] as number);
  face.held[j] = FREE;
}

/** Builds the span anew from the states: rounding of many changes is gone. */
export function refresh(face: Face): void {
  const members = Array.from(face.span.members.subarray(0, face.span.count));
  face.span.count = 0;
  for (const k of members) {
    const state = face.elements.state[k] as number;
    if (!activate(face, k, state)) face.elements.state[k] = k < face.rows ? WITHIN : SAFE;
  }
}
