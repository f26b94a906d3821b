// Second derivatives of a rounded tail over assets: Σ weight · r rᵀ over the scenarios within h, kept from one step to
// the next, where few scenarios come and go. Promises: at most what forming it anew costs, half a multiplication for each
// scenario within h and pair of assets.

import type { Places } from "./loss-places.ts";

export class TailCurvature {
  private readonly band: Places;
  /** Of each asset its row, 0 if it has none: row 0 is that of the value at risk. */
  private readonly slots: Int32Array;
  private readonly assets: Int32Array;
  private count = 1;
  private stride = 64;
  private sums = new Float64Array(64 * 64);
  /** Places that are summed up. */
  private members = new Int32Array(0);

  constructor(band: Places) {
    const assets = band.tailReturns.length;
    this.band = band;
    this.slots = new Int32Array(assets);
    this.assets = new Int32Array(assets + 1).fill(-1);
  }

  /** In scaled returns; of assets a and b, or −1 for the value at risk. Both have been asked for. */
  at(a: number, b: number): number {
    const i = a < 0 ? 0 : (this.slots[a] as number);
    const j = b < 0 ? 0 : (this.slots[b] as number);
    return this.sums[Math.max(i, j) * this.stride + Math.min(i, j)] as number;
  }

  /** Over these places of the band, for these assets. */
  update(within: Int32Array, count: number, assets: readonly number[]): void {
    this.giveUp(assets);
    const { come, gone } = this.changes(within, count);
    if (come.length + gone.length > count) {
      this.forget();
      come.length = 0;
      gone.length = 0;
      for (let k = 0; k < count; k++) come.push(within[k] as number);
    }
    this.take(assets);
    this.add([...come, ...gone], come.length, 0);
    this.members = within.slice(0, count);
  }

  /** Which places have come and gone; both lists rise. */
  private changes(within: Int32Array, count: number): { come: number[]; gone: number[] } {
    const { members } = this;
    const come: number[] = [];
    const gone: number[] = [];
    let m = 0;
    for (let k = 0; k < count; k++) {
      const b = within[k] as number;
      while (m < members.length && (members[m] as number) < b) gone.push(members[m++] as number);
      if (members[m] === b) m++;
      else come.push(b);
    }
    while (m < members.length) gone.push(members[m++] as number);
    return { come, gone };
  }

  private forget(): void {
    this.slots.fill(0);
    this.sums.fill(0, 0, this.count * this.stride);
    this.count = 1;
    this.members = new Int32Array(0);
  }

  /** The rows of all assets but these: to keep them up to date costs more than to form those anew that come back. */
  private giveUp(assets: readonly number[]): void {
    const { sums, stride, slots, count } = this;
    const own = this.assets.slice(0, count);
    slots.fill(0);
    for (const a of assets) if (a >= 0) slots[a] = -1;
    const kept = [0];
    for (let i = 1; i < count; i++) {
      const a = own[i] as number;
      if (slots[a] !== -1) continue;
      this.assets[kept.length] = a;
      slots[a] = kept.push(i) - 1;
    }
    for (const a of assets) if (a >= 0 && slots[a] === -1) slots[a] = 0;
    if (kept.length === count) return;
    kept.forEach((from, to) => {
      for (let j = 0; j <= to; j++)
        sums[to * stride + j] = sums[from * stride + (kept[j] as number)] as number;
    });
    sums.fill(0, kept.length * stride, count * stride);
    this.count = kept.length;
  }

  /** Rows for assets that have none. */
  private take(assets: readonly number[]): void {
    const from = this.count;
    for (const a of assets) {
      if (a < 0 || this.slots[a] !== 0) continue;
      this.slots[a] = this.count;
      this.assets[this.count++] = a;
    }
    while (this.count > this.stride) this.grow();
    if (from === this.count) return;
    this.add(this.members, this.members.length, from);
  }

  private grow(): void {
    const { sums, stride } = this;
    const wider = new Float64Array(4 * stride * stride);
    for (let i = 0; i < stride; i++) {
      wider.set(sums.subarray(i * stride, (i + 1) * stride), 2 * i * stride);
    }
    this.sums = wider;
    this.stride = 2 * stride;
  }

  /** Adds the first `plus` of some places to the rows from `from` on, takes the others away. */
  private add(places: ArrayLike<number>, plus: number, from: number): void {
    const width = places.length;
    if (width === 0) return;
    const { band, sums, stride, count } = this;
    const { byScenario, ids, weight, scale } = band;
    const begins = Int32Array.from(places, (b) => byScenario.from(ids[b] as number));
    const { values } = byScenario;
    const left = new Float64Array(count * width);
    const right = new Float64Array(count * width);
    for (let i = 0; i < count; i++) {
      const a = this.assets[i] as number;
      for (let k = 0; k < width; k++) {
        const own = weight[places[k] as number] as number;
        const value = a < 0 ? 1 : scale * (values[(begins[k] as number) + a] as number);
        left[i * width + k] = value;
        right[i * width + k] = value * (k < plus ? own : -own);
      }
    }
    addProductsOfRows(left, right, width, from, count, sums, stride);
  }
}

/** into[i * stride + j] += left row i · right row j, of i from `from` and j ≤ i. Two by two: one load for a product. */
function addProductsOfRows(
  left: Float64Array,
  right: Float64Array,
  width: number,
  from: number,
  count: number,
  into: Float64Array,
  stride: number,
): void {
  for (let i = from; i < count; i += 2) {
    const a = i * width;
    const b = Math.min(i + 1, count - 1) * width;
    for (let j = 0; j <= Math.min(i + 1, count - 1); j += 2) {
      const c = j * width;
      const d = Math.min(j + 1, count - 1) * width;
      let [ac, ad, bc, bd] = [0, 0, 0, 0];
      for (let k = 0; k < width; k++) {
        const first = left[a + k] as number;
        const second = left[b + k] as number;
        const third = right[c + k] as number;
        const fourth = right[d + k] as number;
        ac += first * third;
        ad += first * fourth;
        bc += second * third;
        bd += second * fourth;
      }
      const own = i * stride + j;
      if (j <= i) into[own] = (into[own] as number) + ac;
      if (j + 1 <= i) into[own + 1] = (into[own + 1] as number) + ad;
      if (i + 1 >= count) continue;
      into[own + stride] = (into[own + stride] as number) + bc;
      if (j + 1 <= i + 1) into[own + stride + 1] = (into[own + stride + 1] as number) + bd;
    }
  }
}
