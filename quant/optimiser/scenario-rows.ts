// Returns of single scenarios side by side, asset after asset: copied out of a set, which has them asset by asset, when
// they are first asked for. A set of megabytes is slow to be read across; the same few scenarios are asked for often.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";

const FIRST = 256;

export class ScenarioRows {
  /** Of scenario s and asset a at [from(s) + a]. Another array after `from` has copied. */
  values: Float64Array;
  readonly assets: number;
  private readonly set: ScenarioSet;
  /** Where each scenario begins, or -1. */
  private readonly begins: Int32Array;
  private end = 0;

  constructor(set: ScenarioSet) {
    this.set = set;
    this.assets = set.assets.length;
    this.values = new Float64Array(FIRST * this.assets);
    this.begins = new Int32Array(set.count).fill(-1);
  }

  /** Where the returns of a scenario begin in `values`. */
  from(s: number): number {
    const known = this.begins[s] as number;
    return known >= 0 ? known : this.copy(s);
  }

  private copy(s: number): number {
    const { set, assets, end } = this;
    if (end + assets > this.values.length) {
      const wider = new Float64Array(2 * this.values.length);
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
