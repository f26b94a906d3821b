// Which variables a Newton step may move and which rows it keeps to: what has met a limit is held there until
// the objective pushes it away again. Promises: a step that `room` allows stays within all limits.
//
// Primal-dual active sets: M. Hintermüller, K. Ito, K. Kunisch, SIAM Journal on Optimization 13, 2002.

import type { ModelMinimum } from "./newton-model.ts";
import type { Vertex } from "./vertex.ts";

/** A limit may be passed by so much. */
const TIGHT = 1e-12;
/** A row that a step keeps to, by the rounding of the step. */
const ROUGH = 1e-9;
/** Of those that want to be free, at most this share of those that are, and at least so many, become so at once. */
const AT_ONCE = 0.25;
const AT_ONCE_LEAST = 10;

export interface KeptSets {
  readonly isFree: Uint8Array;
  readonly held: Int8Array;
  readonly prices: Float64Array;
}

export class NewtonSets {
  private readonly vertex: Vertex;
  private readonly isFree: Uint8Array;
  /** Rows held at a limit: -1 lower, 1 upper. */
  private readonly held: Int8Array;
  /** Of each row that is held, after the last step. */
  private readonly prices: Float64Array;

  constructor(vertex: Vertex) {
    this.vertex = vertex;
    this.isFree = new Uint8Array(vertex.variables);
    for (const j of this.strictlyInside()) this.isFree[j] = 1;
    this.held = new Int8Array(vertex.rows);
    this.prices = new Float64Array(vertex.rows);
    for (let i = 0; i < vertex.rows; i++) {
      const value = vertex.activity[i] as number;
      if (value <= (vertex.rowLower[i] as number) + TIGHT) this.held[i] = -1;
      else if (value >= (vertex.rowUpper[i] as number) - TIGHT) this.held[i] = 1;
    }
  }

  copy(): KeptSets {
    return { isFree: this.isFree.slice(), held: this.held.slice(), prices: this.prices.slice() };
  }

  restore({ isFree, held, prices }: KeptSets): void {
    this.isFree.set(isFree);
    this.held.set(held);
    this.prices.set(prices);
  }

  freeCount(): number {
    let count = 0;
    for (const free of this.isFree) count += free;
    return count;
  }

  freeList(): number[] {
    const free: number[] = [];
    for (let j = 0; j < this.isFree.length; j++) if (this.isFree[j] === 1) free.push(j);
    return free;
  }

  /** Scenarios at the value at risk of a vertex with these free and these rows tight. */
  tightAtVertex(): number {
    return this.freeCount() + 1 - this.heldRows().length;
  }

  strictlyInside(): number[] {
    const { x, lower, upper, variables } = this.vertex;
    const inside: number[] = [];
    for (let j = 0; j < variables; j++) {
      const value = x[j] as number;
      if (value > (lower[j] as number) && value < (upper[j] as number)) inside.push(j);
    }
    return inside;
  }

  heldRows(): { readonly row: number; readonly side: number }[] {
    const rows: { row: number; side: number }[] = [];
    this.held.forEach((side, row) => {
      if (side !== 0) rows.push({ row, side });
    });
    return rows;
  }

  /** The rows held, over some variables, and how far each is from its limit. */
  rowsOver(free: readonly number[]): {
    readonly rows: readonly number[];
    readonly coefficients: readonly Float64Array[];
    readonly targets: readonly number[];
  } {
    const { activity, rowLower, rowUpper } = this.vertex;
    const held = this.heldRows();
    return {
      rows: held.map(({ row }) => row),
      coefficients: held.map(({ row }) => this.rowOver(row, free)),
      targets: held.map(
        ({ row, side }) =>
          ((side < 0 ? rowLower[row] : rowUpper[row]) as number) - (activity[row] as number),
      ),
    };
  }

  private rowOver(i: number, free: readonly number[]): Float64Array {
    const { coefficients, variables } = this.vertex;
    return Float64Array.from(free, (j) => coefficients[i * variables + j] as number);
  }

  setPrices(rows: readonly number[], prices: Float64Array): void {
    this.prices.fill(0);
    rows.forEach((i, k) => {
      this.prices[i] = prices[k] as number;
    });
  }

  /** What a whole step has taken to a limit stays there. */
  rest(variables: readonly number[]): void {
    for (const j of variables) this.isFree[j] = 0;
  }

  /** Holds what a step would take past a limit, lets go of what it would rather take back; how many. */
  meetLimits(
    free: readonly number[],
    minimum: ModelMinimum,
    fixed: Float64Array,
    heldRows: readonly number[],
  ): number {
    const met = this.meetBounds(free, minimum, fixed);
    return met + this.meetRows(free, minimum, heldRows);
  }

  private meetBounds(
    free: readonly number[],
    { step, slopes }: ModelMinimum,
    fixed: Float64Array,
  ): number {
    const { x, lower, upper } = this.vertex;
    let met = 0;
    free.forEach((j, i) => {
      const low = lower[j] as number;
      const high = upper[j] as number;
      const to = (x[j] as number) + (step[i] as number);
      if (!Number.isNaN(fixed[i] as number)) {
        const slope = slopes[i] as number;
        if (low === high || (to <= low ? slope >= 0 : slope <= 0)) return;
        fixed[i] = Number.NaN;
        met++;
        return;
      }
      if (to >= low && to <= high) return;
      fixed[i] = (to < low ? low : high) - (x[j] as number);
      met++;
    });
    return met;
  }

  private meetRows(
    free: readonly number[],
    { step, prices }: ModelMinimum,
    heldRows: readonly number[],
  ): number {
    const { vertex, held } = this;
    let met = 0;
    heldRows.forEach((i, k) => {
      const isRange = vertex.rowLower[i] !== vertex.rowUpper[i];
      if (!isRange || (prices[k] as number) * (held[i] as number) <= 0) return;
      held[i] = 0;
      met++;
    });
    for (let i = 0; i < held.length; i++) {
      if (held[i] !== 0 || heldRows.includes(i)) continue;
      const row = this.rowOver(i, free);
      let to = vertex.activity[i] as number;
      for (let k = 0; k < row.length; k++) to += (row[k] as number) * (step[k] as number);
      if (to < (vertex.rowLower[i] as number) - TIGHT) held[i] = -1;
      else if (to > (vertex.rowUpper[i] as number) + TIGHT) held[i] = 1;
      if (held[i] !== 0) met++;
    }
    return met;
  }

  /** How much of a step of all variables stays within all limits, at most 1. */
  room(step: Float64Array): number {
    const { vertex } = this;
    const { x, lower, upper, variables, coefficients, activity, rowLower, rowUpper } = vertex;
    let room = 1;
    const meet = (value: number, by: number, low: number, high: number, give: number): void => {
      if (by < 0 && value + by < low - give) room = Math.min(room, Math.max(0, (low - value) / by));
      if (by > 0 && value + by > high + give)
        room = Math.min(room, Math.max(0, (high - value) / by));
    };
    for (let j = 0; j < variables; j++) {
      const by = step[j] as number;
      meet(x[j] as number, by, lower[j] as number, upper[j] as number, TIGHT);
    }
    for (let i = 0; i < vertex.rows; i++) {
      let by = 0;
      for (let j = 0; j < variables; j++)
        by += (coefficients[i * variables + j] as number) * (step[j] as number);
      meet(activity[i] as number, by, rowLower[i] as number, rowUpper[i] as number, ROUGH);
    }
    return room;
  }

  /** Lets go of rows and bounds that hold the objective up, the steepest first; `gradient` of all variables. */
  release(gradient: Float64Array): void {
    const { vertex, isFree } = this;
    const { x, lower, upper } = vertex;
    const slopes = this.releaseRows(gradient);
    const wanting: number[] = [];
    for (let j = 0; j < slopes.length; j++) {
      if (isFree[j] === 1 || lower[j] === upper[j]) continue;
      const slope = slopes[j] as number;
      const atLower = (x[j] as number) <= (lower[j] as number);
      if (atLower ? slope < 0 : slope > 0) wanting.push(j);
    }
    const most = Math.max(AT_ONCE_LEAST, Math.floor(AT_ONCE * this.freeCount()));
    if (wanting.length > most) {
      const steep = (j: number): number => Math.abs(slopes[j] as number);
      wanting.sort((a, b) => steep(b) - steep(a) || a - b);
      wanting.length = most;
    }
    for (const j of wanting) isFree[j] = 1;
  }

  /** Slopes less what the rows bear. */
  private releaseRows(gradient: Float64Array): Float64Array {
    const { vertex, held, prices } = this;
    const slopes = Float64Array.from(gradient);
    for (let i = 0; i < held.length; i++) {
      const price = prices[i] as number;
      if (held[i] === 0 || price === 0) continue;
      const from = i * vertex.variables;
      for (let j = 0; j < slopes.length; j++) {
        slopes[j] = (slopes[j] as number) - price * (vertex.coefficients[from + j] as number);
      }
      const isRange = vertex.rowLower[i] !== vertex.rowUpper[i];
      if (isRange && price * (held[i] as number) > 0) held[i] = 0;
    }
    return slopes;
  }
}
