// A tail as sums over its scenarios, to which one is added or from which one is taken at the cost of its returns.
// Promises: after a bounded number of changes they are made anew, so that rounding does not gather.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";

/** Changes after which the sums are made anew. */
const CHANGES = 512;

export class TailSums {
  /** Σ p, of what is in it. */
  probability = 0;
  /** Of each asset Σ p · r. */
  readonly returns: Float64Array;
  private readonly set: ScenarioSet;
  private readonly isIn: Uint8Array;
  /** At first nothing has been summed. */
  private changes = CHANGES;
  /** Scenario by scenario, of those that were asked for: the place of each, or -1. */
  private rows: Float64Array;
  private rowCount = 0;
  private readonly placeOf: Int32Array;

  constructor(set: ScenarioSet) {
    const assets = set.assets.length;
    this.set = set;
    this.returns = new Float64Array(assets);
    this.isIn = new Uint8Array(set.count);
    this.rows = new Float64Array(256 * assets);
    this.placeOf = new Int32Array(set.count).fill(-1);
  }

  /** Puts a scenario in, or takes it out. */
  put(s: number, isIn: boolean): void {
    if ((this.isIn[s] === 1) === isIn) return;
    this.isIn[s] = isIn ? 1 : 0;
    // They will be made anew anyway.
    if (this.changes++ >= CHANGES) return;
    const from = this.rowOf(s);
    const { returns, rows } = this;
    const chance = this.set.probabilities[s] as number;
    const weight = isIn ? chance : -chance;
    for (let a = 0; a < returns.length; a++) {
      returns[a] = (returns[a] as number) + weight * (rows[from + a] as number);
    }
    this.probability += weight;
  }

  /** After many changes: the sums anew. */
  settle(): void {
    if (this.changes < CHANGES) return;
    this.changes = 0;
    const { set, isIn, returns } = this;
    const ids: number[] = [];
    for (let s = 0; s < set.count; s++) if (isIn[s] === 1) ids.push(s);
    this.probability = 0;
    for (const s of ids) this.probability += set.probabilities[s] as number;
    for (let a = 0; a < returns.length; a++) {
      const from = a * set.count;
      let sum = 0;
      for (let k = 0; k < ids.length; k++) {
        const s = ids[k] as number;
        sum += (set.probabilities[s] as number) * (set.returns[from + s] as number);
      }
      returns[a] = sum;
    }
  }

  /** into += weight · returns of a scenario. */
  addReturns(s: number, weight: number, into: Float64Array): void {
    const from = this.rowOf(s);
    const { rows } = this;
    for (let a = 0; a < into.length; a++)
      into[a] = (into[a] as number) + weight * (rows[from + a] as number);
  }

  /** Loss of net weights in a scenario; `held` are those that are not 0. */
  lossOf(s: number, net: Float64Array, held: Int32Array): number {
    const from = this.rowOf(s);
    const { rows } = this;
    let loss = 0;
    for (let k = 0; k < held.length; k++) {
      const a = held[k] as number;
      loss -= (net[a] as number) * (rows[from + a] as number);
    }
    return loss;
  }

  /** Where the returns of a scenario begin, side by side: copied when they are first asked for. */
  private rowOf(s: number): number {
    const { set, placeOf } = this;
    const assets = set.assets.length;
    const known = placeOf[s] as number;
    if (known >= 0) return known * assets;
    if ((this.rowCount + 1) * assets > this.rows.length) {
      const wider = new Float64Array(2 * this.rows.length);
      wider.set(this.rows);
      this.rows = wider;
    }
    const from = this.rowCount * assets;
    placeOf[s] = this.rowCount++;
    for (let a = 0; a < assets; a++) {
      this.rows[from + a] = set.returns[a * set.count + s] as number;
    }
    return from;
  }
}
