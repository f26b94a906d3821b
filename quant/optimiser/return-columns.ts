// Returns of some scenarios asset by asset: what sums over few assets read. Promises: an asset is copied when it is first
// asked for and not before, since most are never held, and memory that is not written costs nothing.

/** Columns whose length is a power of two would lie on each other in a processor's cache. */
const PADDING = 8;
const FIRST = 64;

/** Where returns are: of asset a at place b in [begins[b] + a * step]. */
export interface ReturnSource {
  readonly values: Float64Array;
  readonly begins: Int32Array;
  readonly step: number;
}

export class ReturnColumns {
  /** Of the asset in slot k at place b in [k * stride + b]. */
  values = new Float64Array(0);
  stride = 0;
  private count = 0;
  /** Of each asset, or -1. */
  private readonly slots: Int32Array;
  private used = 0;
  private readonly first: number;

  constructor(assets: number) {
    this.slots = new Int32Array(assets).fill(-1);
    this.first = Math.min(FIRST, assets);
  }

  /** Other places, so many: nothing of them is copied yet. */
  begin(count: number): void {
    this.slots.fill(-1);
    this.used = 0;
    this.count = count;
    this.stride = count + PADDING;
  }

  /** Copies what of these assets is not, and puts the slot of each in its place. */
  toSlots(assets: Int32Array, count: number, source: ReturnSource): void {
    for (let k = 0; k < count; k++) {
      const a = assets[k] as number;
      if (this.slots[a] === -1) this.slots[a] = this.copy(a, source);
      assets[k] = this.slots[a] as number;
    }
  }

  private copy(a: number, { values: from, begins, step }: ReturnSource): number {
    const { stride, count } = this;
    const slot = this.used++;
    const end = this.used * stride;
    if (end > this.values.length) {
      const wider = new Float64Array(Math.max(this.first * stride, 2 * this.values.length));
      wider.set(this.values);
      this.values = wider;
    }
    const { values } = this;
    for (let b = 0, at = slot * stride; b < count; b++, at++) {
      values[at] = from[(begins[b] as number) + a * step] as number;
    }
    return slot;
  }
}
