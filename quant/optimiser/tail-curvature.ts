// Second derivatives of a rounded tail over assets: Σ weight · r rᵀ over the scenarios within h, kept from one step to
// the next, where few scenarios come and go. Promises: at most what forming it anew costs, half a multiplication for each
// scenario within h and pair of assets.

import type { Places } from "./loss-places.ts";

/** So many scenarios are multiplied at a time: of a few hundred assets they fit a processor's cache. */
const BLOCK = 128;

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
  private block = new Float64Array(0);

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
    this.add(come, 1, 0);
    this.add(gone, -1, 0);
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
    this.add(this.members, 1, from);
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

  /** Adds some places to the rows from `from` on, or takes them away. */
  private add(places: ArrayLike<number>, sign: 1 | -1, from: number): void {
    const { sums, stride, count } = this;
    if (count * BLOCK > this.block.length) this.block = new Float64Array(2 * count * BLOCK);
    for (let first = 0; first < places.length; first += BLOCK) {
      const width = Math.min(BLOCK, places.length - first);
      this.fill(places, first, width);
      addProductsOfRows(this.block, width, from, count, sign, sums, stride);
    }
  }

  /** Of each row the returns at `width` places from the first on, times the root of the weight of each. */
  private fill(places: ArrayLike<number>, first: number, width: number): void {
    const { band, assets, block, count } = this;
    const { byScenario, ids, weight, scale } = band;
    for (let k = 0; k < width; k++) {
      const b = places[first + k] as number;
      const begin = byScenario.from(ids[b] as number);
      const { values } = byScenario;
      const root = Math.sqrt(weight[b] as number);
      const factor = scale * root;
      block[k] = root;
      for (let i = 1, at = width + k; i < count; i++, at += width) {
        block[at] = factor * (values[begin + (assets[i] as number)] as number);
      }
    }
  }
}

const tile = new Float64Array(9);

/**
 * into[i * stride + j] ± row i · row j, of i from `from` and j ≤ i. Three by three: one load for one and a half products;
 * four by four are more sums than a processor has places for.
 */
function addProductsOfRows(
  rows: Float64Array,
  width: number,
  from: number,
  count: number,
  sign: 1 | -1,
  into: Float64Array,
  stride: number,
): void {
  const last = (count - 1) * width;
  for (let i = from; i < count; i += 3) {
    const a = i * width;
    const b = Math.min(a + width, last);
    const c = Math.min(b + width, last);
    const end = Math.min(i + 3, count);
    for (let j = 0; j < end; j += 3) {
      multiplyThree(rows, width, a, b, c, j * width, last);
      for (let r = i; r < end; r++) {
        const most = Math.min(j + 2, r);
        for (let l = j; l <= most; l++) {
          const at = r * stride + l;
          into[at] = (into[at] as number) + sign * (tile[(r - i) * 3 + l - j] as number);
        }
      }
    }
  }
}

/** The tile of the rows that begin at a, b and c, times three from d on; none begins after the last. */
function multiplyThree(
  rows: Float64Array,
  width: number,
  a: number,
  b: number,
  c: number,
  d: number,
  last: number,
): void {
  const e = Math.min(d + width, last);
  const f = Math.min(e + width, last);
  let [ad, ae, af, bd, be, bf, cd, ce, cf] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < width; k++) {
    const first = rows[d + k] as number;
    const second = rows[e + k] as number;
    const third = rows[f + k] as number;
    const one = rows[a + k] as number;
    ad += one * first;
    ae += one * second;
    af += one * third;
    const two = rows[b + k] as number;
    bd += two * first;
    be += two * second;
    bf += two * third;
    const three = rows[c + k] as number;
    cd += three * first;
    ce += three * second;
    cf += three * third;
  }
  tile[0] = ad;
  tile[1] = ae;
  tile[2] = af;
  tile[3] = bd;
  tile[4] = be;
  tile[5] = bf;
  tile[6] = cd;
  tile[7] = ce;
  tile[8] = cf;
}
