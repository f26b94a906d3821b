// Where a smooth solver begins: a point within bounds, and from there within rows. Promises: rows that cannot hold
// together with the bounds are found, and the prices that prove it are handed out (Farkas).

import type { Program } from "./program.ts";
import { curveOf } from "./smooth-curve.ts";
import { type Descent, descend, elementValue, type Limits, restore } from "./smooth-descent.ts";
import {
  ABOVE,
  AT_LOWER,
  AT_UPPER,
  addJump,
  BELOW,
  emptyElements,
  type Face,
  FREE,
  HELD,
  isActive,
  WITHIN,
} from "./smooth-face.ts";
import { emptySpan } from "./smooth-span.ts";

/** A row that misses its limit by less, of its size, is met: limits that others imply exactly are rounded. */
const MET = 1e-10;

/** `unit`: of the value at risk, 0 without a tail. */
export function startingFace(program: Program, unit: number): Face {
  const { variables, rows, holdings } = program;
  const size = variables + (unit > 0 ? 1 : 0);
  const face: Face = {
    size,
    variables,
    unit,
    point: new Float64Array(size),
    lower: new Float64Array(size).fill(Number.NEGATIVE_INFINITY),
    upper: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
    held: new Int8Array(size),
    linear: new Float64Array(size),
    rows: rows.count,
    rowScale: new Float64Array(rows.count),
    rowLower: new Float64Array(rows.count),
    rowUpper: new Float64Array(rows.count),
    elements: emptyElements(size, rows.count),
    span: emptySpan(size),
    curve: curveOf({ ...program, smooth: [] }, 1),
    pivots: 0,
    scratch: new Float64Array(size),
    assetOf: holdings.asset,
    seen: new Uint8Array(holdings.assets),
  };
  if (unit > 0) face.held[variables] = HELD;
  addRows(program, face);
  const level = fillLevel(program);
  for (let j = 0; j < variables; j++) {
    const lower = program.lower[j] as number;
    const upper = program.upper[j] as number;
    face.lower[j] = lower;
    face.upper[j] = upper;
    const wanted = (holdings.sign[j] as number) > 0 ? level : 0;
    const at = Math.min(Math.max(wanted, lower), upper);
    face.point[j] = at;
    face.held[j] =
      lower === upper ? HELD : at === lower ? AT_LOWER : at === upper ? AT_UPPER : FREE;
  }
  return face;
}

function addRows({ rows, variables }: Program, face: Face): void {
  const { elements, size } = face;
  for (let i = 0; i < rows.count; i++) {
    const row = rows.coefficients.subarray(i * variables, (i + 1) * variables);
    let largest = 0;
    let square = 0;
    for (const value of row) largest = Math.max(largest, Math.abs(value));
    if (!Number.isFinite(largest)) throw new RangeError(`row ${i} has a coefficient ${largest}`);
    const scale = largest > 0 ? largest : 1;
    for (let j = 0; j < variables; j++) {
      const value = (row[j] as number) / scale;
      elements.coefficients[i * size + j] = value;
      square += value * value;
    }
    face.rowScale[i] = scale;
    face.rowLower[i] = (rows.lower[i] as number) / scale;
    face.rowUpper[i] = (rows.upper[i] as number) / scale;
    elements.length[i] = Math.sqrt(square);
    elements.jump[i] = 1;
    elements.scenario[i] = -1;
    elements.state[i] = WITHIN;
  }
  elements.count = rows.count;
}

/** The level at which weights, within their bounds, meet the first row that is an equation: so much of each. */
function fillLevel({ rows, variables, lower, upper, holdings }: Program): number {
  const i = rows.lower.findIndex((limit, at) => limit === rows.upper[at]);
  if (i < 0) return 0;
  const target = rows.lower[i] as number;
  const total = (level: number): number => {
    let sum = 0;
    for (let j = 0; j < variables; j++) {
      const wanted = (holdings.sign[j] as number) > 0 ? level : 0;
      const at = Math.min(Math.max(wanted, lower[j] as number), upper[j] as number);
      sum += (rows.coefficients[i * variables + j] as number) * at;
    }
    return sum;
  };
  let low = 0;
  let high = 1;
  while (total(high) < target && high < 1e12) high *= 2;
  if (!(total(low) < target && total(high) >= target)) return 0;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (total(middle) < target) low = middle;
    else high = middle;
  }
  return high;
}

export type Reached =
  | { readonly end: "FEASIBLE" | "WORK" }
  /** Prices of rows under which bounds and rows contradict each other. */
  | { readonly end: "INFEASIBLE"; readonly rows: Float64Array };

/** Moves until every row is met: the sum of what rows miss is a problem of the same kind. */
export function reachRows(face: Face, limits: Limits): Reached {
  const { elements } = face;
  let violated = 0;
  for (let i = 0; i < face.rows; i++) {
    const value = elementValue(face, i);
    elements.value[i] = value;
    const state = sideOf(face, i, value);
    elements.state[i] = state;
    if (state === WITHIN) continue;
    violated++;
    addJump(face, i, state === BELOW ? -1 : 1);
  }
  if (violated === 0) return { end: "FEASIBLE" };
  const descent = descend(face, limits);
  const prices = farkasRows(face, descent);
  restore(face);
  let missed = 0;
  for (let i = 0; i < face.rows; i++) {
    const state = elements.state[i] as number;
    if (isActive(state) || state === WITHIN) continue;
    if (sideOf(face, i, elementValue(face, i)) === WITHIN) elements.state[i] = WITHIN;
    else missed++;
  }
  if (missed === 0) return { end: "FEASIBLE" };
  return descent.end === "WORK" ? { end: "WORK" } : { end: "INFEASIBLE", rows: prices };
}

/** Rows are scaled to coefficients of at most 1. */
function sideOf(face: Face, i: number, value: number): number {
  const least = face.rowLower[i] as number;
  const most = face.rowUpper[i] as number;
  let largest = 0;
  for (let j = 0; j < face.variables; j++) {
    largest = Math.max(largest, Math.abs(face.point[j] as number));
  }
  if (value < least - MET * Math.max(largest, Math.abs(least))) return BELOW;
  if (value > most + MET * Math.max(largest, Math.abs(most))) return ABOVE;
  return WITHIN;
}

function farkasRows(face: Face, { prices, members }: Descent): Float64Array {
  const rows = new Float64Array(face.rows);
  for (let i = 0; i < face.rows; i++) {
    const state = face.elements.state[i] as number;
    if (state === BELOW) rows[i] = 1 / (face.rowScale[i] as number);
    if (state === ABOVE) rows[i] = -1 / (face.rowScale[i] as number);
  }
  for (let p = 0; p < members.length; p++) {
    const i = members[p] as number;
    rows[i] = (prices[p] as number) / (face.rowScale[i] as number);
  }
  return rows;
}
