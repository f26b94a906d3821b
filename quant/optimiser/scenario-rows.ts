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
    this.copyMissing(scenarios, count);
    for (let k = 0; k < count; k++) wanted[k] = this.begins[scenarios[k] as number] as number;
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
    if (known >= 0) return known;
    this.place(s);
    return this.copy(s);
  }

  private copy(s: number): number {
    const { set, assets, values } = this;
    const begin = this.begins[s] as number;
    for (let a = 0; a < assets; a++) values[begin + a] = set.returns[a * set.count + s] as number;
    return begin;
  }

  private copyFour([s, t, u, v]: [number, number, number, number]): void {
    const { assets, values, begins } = this;
    const { returns, count } = this.set;
    const [b, c] = [begins[s] as number, begins[t] as number];
    const [d, e] = [begins[u] as number, begins[v] as number];
    for (let a = 0, row = 0; a < assets; a++, row += count) {
      values[b + a] = returns[row + s] as number;
      values[c + a] = returns[row + t] as number;
      values[d + a] = returns[row + u] as number;
      values[e + a] = returns[row + v] as number;
    }
  }

  /** Says where a scenario is to begin. */
  private place(s: number): void {
    this.begins[s] = this.end;
    this.end += this.assets;
    if (this.end > this.values.length) {
      const least = this.expected * this.assets;
      const wider = new Float64Array(Math.max(least, 2 * this.values.length));
      wider.set(this.values);
      this.values = wider;
    }
  }

  /** Those of some scenarios that were not asked for yet; four at a time, of which several reads are under way at once. */
  private copyMissing(scenarios: Int32Array, count: number): void {
    const four: number[] = [];
    for (let k = 0; k < count; k++) {
      const s = scenarios[k] as number;
      if ((this.begins[s] as number) >= 0) continue;
      this.place(s);
      four.push(s);
      if (four.length < 4) continue;
      this.copyFour(four as [number, number, number, number]);
      four.length = 0;
    }
    for (const s of four) this.copy(s);
  }
}
