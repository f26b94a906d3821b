// A tail as sums over its scenarios, to which one is added or from which one is taken at the cost of its returns.
// Promises: after a bounded number of changes they are made anew, so that rounding does not gather.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { ScenarioRows } from "./scenario-rows.ts";
import { addProducts } from "./tail-loss.ts";

/** Changes after which the sums are made anew. */
const CHANGES = 512;

export class TailSums {
  /** Σ p, of what is in it. */
  probability = 0;
  /** Of each asset Σ p · r. */
  readonly returns: Float64Array;
  private readonly set: ScenarioSet;
  private readonly rows: ScenarioRows;
  /** Of each scenario 1 if it is in it. */
  readonly isIn: Uint8Array;
  private numbers = new Int32Array(64);
  /** At first nothing has been summed. */
  private changes = CHANGES;

  constructor(set: ScenarioSet) {
    this.set = set;
    this.rows = new ScenarioRows(set);
    this.returns = new Float64Array(set.assets.length);
    this.isIn = new Uint8Array(set.count);
  }

  /** Puts a scenario in, or takes it out. */
  put(s: number, isIn: boolean): void {
    if ((this.isIn[s] === 1) === isIn) return;
    this.isIn[s] = isIn ? 1 : 0;
    // They will be made anew anyway.
    if (this.changes++ >= CHANGES) return;
    const chance = this.set.probabilities[s] as number;
    const weight = isIn ? chance : -chance;
    this.addReturns(s, weight, this.returns);
    this.probability += weight;
  }

  /** After many changes: the sums anew, in the order of the scenarios. */
  settle(): void {
    if (this.changes < CHANGES) return;
    this.changes = 0;
    this.probability = 0;
    this.returns.fill(0);
    const { isIn } = this;
    for (let s = 0; s < isIn.length; s++) {
      if (isIn[s] !== 1) continue;
      const chance = this.set.probabilities[s] as number;
      this.probability += chance;
      this.addReturns(s, chance, this.returns);
    }
  }

  /** into += weight · returns of a scenario. */
  addReturns(s: number, weight: number, into: Float64Array): void {
    const from = this.rows.from(s);
    const { values } = this.rows;
    for (let a = 0; a < into.length; a++)
      into[a] = (into[a] as number) + weight * (values[from + a] as number);
  }

  /** into += Σ weight · returns of scenarios. */
  addAll(scenarios: Int32Array, weights: Float64Array, into: Float64Array): void {
    const { rows } = this;
    const count = scenarios.length;
    if (count > this.numbers.length) this.numbers = new Int32Array(2 * count);
    for (let k = 0; k < count; k++) {
      this.numbers[k] = rows.from(scenarios[k] as number) / rows.assets;
    }
    addProducts(into, rows.assets, rows.values, rows.assets, this.numbers, weights, count);
  }

  /** Loss of net weights in a scenario; `held` are those that are not 0. */
  lossOf(s: number, net: Float64Array, held: Int32Array): number {
    const from = this.rows.from(s);
    const { values } = this.rows;
    let loss = 0;
    for (let k = 0; k < held.length; k++) {
      const a = held[k] as number;
      loss -= (net[a] as number) * (values[from + a] as number);
    }
    return loss;
  }
}
