// Returns of single scenarios side by side, asset after asset: copied out of a set, which has them asset by asset, when
// they are first asked for. A set of megabytes is slow to be read across; the same few scenarios are asked for often.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";

/** Room for so many at first, where nothing else is told. */
const FIRST = 256;

export class ScenarioRows {
  /** Of scenario s and asset a at [from(s) + a]. Another array after `from` has copied. */
  values: Float64Array;
  readonly assets: number;
  private readonly set: ScenarioSet;
  /** Where each scenario begins, or -1. */
  private readonly begins: Int32Array;
  private readonly expected: number;
  private end = 0;
  private readonly sums: Float64Array;
  private wanted = new Int32Array(FIRST);

  /** `expected`: about so many will be asked for. */
  constructor(set: ScenarioSet, expected = FIRST) {
    this.set = set;
    this.assets = set.assets.length;
    this.expected = Math.min(set.count, Math.max(FIRST, expected));
    this.values = new Float64Array(0);
    this.begins = new Int32Array(set.count).fill(-1);
    this.sums = new Float64Array(this.assets);
  }

  /** into[a] += Σ_k factors[k] · return of asset a in scenarios[k], of the first `count` in their order. */
  addTo(into: Float64Array, scenarios: Int32Array, factors: Float64Array, count: number): void {
    if (count > this.wanted.length) this.wanted = new Int32Array(2 * count);
    const { wanted, sums, assets } = this;
    for (let k = 0; k < count; k++) wanted[k] = this.from(scenarios[k] as number);
    const { values } = this;
    sums.fill(0);
    // Four at a time: that is one load and store of the sum for four products, still added one after the other.
    let k = 0;
    for (; k + 4 <= count; k += 4) {
      const [r0, r1] = [wanted[k] as number, wanted[k + 1] as number];
      const [r2, r3] = [wanted[k + 2] as number, wanted[k + 3] as number];
      const [f0, f1] = [factors[k] as number, factors[k + 1] as number];
      const [f2, f3] = [factors[k + 2] as number, factors[k + 3] as number];
      for (let a = 0; a < assets; a++) {
        let sum = (sums[a] as number) + f0 * (values[r0 + a] as number);
        sum += f1 * (values[r1 + a] as number);
        sum += f2 * (values[r2 + a] as number);
        sums[a] = sum + f3 * (values[r3 + a] as number);
      }
    }
    for (; k < count; k++) {
      const [row, factor] = [wanted[k] as number, factors[k] as number];
      for (let a = 0; a < assets; a++) {
        sums[a] = (sums[a] as number) + factor * (values[row + a] as number);
      }
    }
    for (let a = 0; a < assets; a++) into[a] = (into[a] as number) + (sums[a] as number);
  }

  /** Where the returns of a scenario begin in `values`. */
  from(s: number): number {
    const known = this.begins[s] as number;
    return known >= 0 ? known : this.copy(s);
  }

  private copy(s: number): number {
    const { set, assets, end } = this;
    if (end + assets > this.values.length) {
      const wider = new Float64Array(Math.max(this.expected * assets, 2 * this.values.length));
      wider.set(this.values);
      this.values = wider;
    }
    const { values } = this;
    for (let a = 0; a < assets; a++) values[end + a] = set.returns[a * set.count + s] as number;
    this.begins[s] = end;
    this.end = end + assets;
    return end;
  }
}
