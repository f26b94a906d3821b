// A vertex of what is nearly tight at a point: which of it, and the way there. Promises: no step leaves the
// limits; equal input, equal bytes.

import type { ScenarioBand } from "./scenario-band.ts";
import { AT_LOWER, AT_UPPER, type Vertex } from "./vertex.ts";

/** Below this share of its largest coefficient, what is left of a row follows from the rows before it. */
const DEPENDENT = 1e-6;
/** Of what could be let go for a variable that met a bound: at least this share of the largest effect on it. */
const SURE = 0.05;

/**
 * Of `count` rows, best first, as many independent ones as there are columns, or as there are, each with the column that
 * it is solved for. `fill` writes row r. Gaussian elimination; cost: count · columns² / 2 multiplications.
 */
export function independentRows(
  count: number,
  columns: number,
  fill: (row: number, into: Float64Array) => void,
): { readonly row: number; readonly column: number }[] {
  const kept = new Float64Array(columns * columns);
  const found: { row: number; column: number }[] = [];
  const work = new Float64Array(columns);
  for (let row = 0; row < count && found.length < columns; row++) {
    fill(row, work);
    const size = largestAt(work).size;
    found.forEach(({ column }, k) => {
      const factor = work[column] as number;
      if (factor === 0) return;
      const from = k * columns;
      for (let c = 0; c < columns; c++) {
        work[c] = (work[c] as number) - factor * (kept[from + c] as number);
      }
      work[column] = 0;
    });
    const { size: left, at } = largestAt(work);
    if (!(left > DEPENDENT * size)) continue;
    const from = found.length * columns;
    const pivot = work[at] as number;
    for (let c = 0; c < columns; c++) kept[from + c] = (work[c] as number) / pivot;
    found.push({ row, column: at });
  }
  return found;
}

function largestAt(values: Float64Array): { readonly size: number; readonly at: number } {
  let size = 0;
  let at = -1;
  for (let c = 0; c < values.length; c++) {
    const value = Math.abs(values[c] as number);
    if (value <= size) continue;
    size = value;
    at = c;
  }
  return { size, at };
}

/**
 * From a point within the limits towards the vertex that the basis stands for, whose kinks are not yet at 0 in the band.
 * What meets a bound on the way rests there, and a kink that is far from 0 is given up for it. False if none can be.
 */
export function pushOnto(
  vertex: Vertex,
  band: ScenarioBand,
  point: Float64Array,
  t: number,
): boolean {
  const { free, tight, variables, x } = vertex;
  const away = Float64Array.from(tight.subarray(0, vertex.size), (b) =>
    b >= 0 ? -(band.z[b] as number) : 0,
  );
  const step = new Float64Array(vertex.size);
  x.set(point);
  vertex.t = t;
  for (;;) {
    vertex.inverse.timesColumn(away, step);
    const { column, length } = firstBound(vertex, step);
    for (let c = 0; c < vertex.size; c++) {
      const j = free[c] as number;
      if (j === variables) vertex.t += length * (step[c] as number);
      else x[j] = (x[j] as number) + length * (step[c] as number);
    }
    if (column < 0) break;
    for (let r = 0; r < vertex.size; r++) away[r] = (1 - length) * (away[r] as number);
    const place = kinkToGiveUp(vertex, column, away);
    if (place < 0) return false;
    restAtBound(vertex, free[column] as number, step[column] as number);
    away[place] = away[vertex.size - 1] as number;
    vertex.shrinkBy(column, place);
  }
  vertex.updateActivities();
  return true;
}

function restAtBound({ x, lower, upper, status }: Vertex, j: number, rate: number): void {
  x[j] = (rate < 0 ? lower[j] : upper[j]) as number;
  status[j] = rate < 0 ? AT_LOWER : AT_UPPER;
}

/** The first bound on a step of what is free, and the share of the step up to it; 1 and no column if there is none. */
function firstBound(
  { size, free, variables, x, lower, upper }: Vertex,
  step: Float64Array,
): { readonly column: number; readonly length: number } {
  let column = -1;
  let length = 1;
  for (let c = 0; c < size; c++) {
    const j = free[c] as number;
    const rate = step[c] as number;
    if (j === variables || rate === 0) continue;
    const limit = (rate < 0 ? lower[j] : upper[j]) as number;
    const far = Math.max(0, (limit - (x[j] as number)) / rate);
    if (far >= length) continue;
    length = far;
    column = c;
  }
  return { column, length };
}

/** Of those kinks that hold the variable of a column well, the one furthest from 0; -1 if there is none. */
function kinkToGiveUp(vertex: Vertex, column: number, away: Float64Array): number {
  const { inverse, tight, size } = vertex;
  let largest = 0;
  for (let r = 0; r < size; r++) {
    if ((tight[r] as number) >= 0) largest = Math.max(largest, Math.abs(inverse.at(column, r)));
  }
  let found = -1;
  let furthest = -1;
  for (let r = 0; largest > 0 && r < size; r++) {
    if ((tight[r] as number) < 0 || Math.abs(inverse.at(column, r)) < SURE * largest) continue;
    const far = Math.abs(away[r] as number);
    if (far <= furthest) continue;
    furthest = far;
    found = r;
  }
  return found;
}
