// The band with its kinks rounded off: max(0, z) becomes (z + h)² / 4h for |z| ≤ h (S. Alexander, T. Coleman, Y. Li,
// Journal of Banking and Finance 30, 2006), so that CVaR is smooth, and piecewise quadratic. Promises: equal bands
// give equal bytes; nothing is written to the band but z and rate.

import type { Places } from "./loss-places.ts";
import { valueAtRisk } from "./tail-loss.ts";

/** Scenarios that a width is chosen by, where there are more. */
const WIDTH_SAMPLE = 1500;

export class RoundedTail {
  private readonly band: Places;
  /** Places within h of the value at risk, when last looked. */
  readonly within: Int32Array;
  count = 0;
  /** Σ weight · share · return of each asset, and Σ weight · share. */
  readonly means: Float64Array;
  total = 0;
  private readonly far: Float64Array;
  private readonly farWeight: number;
  private readonly scenarios: Int32Array;
  private readonly shares: Float64Array;
  private readonly isWithin: Uint8Array;
  /** Those beyond the width, counted whole, and their sums. */
  private readonly isWhole: Uint8Array;
  private readonly whole: Float64Array;
  private wholeWeight = 0;

  /** The band as chosen last: of it nothing is counted in the tail. */
  constructor(band: Places) {
    this.band = band;
    this.far = Float64Array.from(band.tailReturns);
    this.farWeight = band.tailWeight;
    this.means = new Float64Array(this.far.length);
    this.within = new Int32Array(band.count);
    this.scenarios = new Int32Array(band.count);
    this.shares = new Float64Array(band.count);
    this.isWithin = new Uint8Array(band.count);
    this.isWhole = new Uint8Array(band.count);
    this.whole = new Float64Array(this.far.length);
  }

  /** The h within which about `count` scenarios lie, as every few of them tell. */
  widthOf(count: number): number {
    const { z, count: all } = this.band;
    const each = Math.max(1, Math.floor(all / WIDTH_SAMPLE));
    const sizes = new Float64Array(Math.floor(all / each));
    for (let k = 0; k < sizes.length; k++) sizes[k] = -Math.abs(z[k * each] as number);
    const equal = new Float64Array(sizes.length).fill(1 / sizes.length);
    return -valueAtRisk(sizes, equal, Math.min(1, count / all));
  }

  /** Looks which scenarios lie within h; how many of them did not before, or do no more. */
  look(h: number): number {
    const { z, count } = this.band;
    const { isWithin } = this;
    let changes = 0;
    this.count = 0;
    for (let b = 0; b < count; b++) {
      const over = z[b] as number;
      const inside = over > -h && over < h ? 1 : 0;
      if (inside === 1) this.within[this.count++] = b;
      if (isWithin[b] !== inside) changes++;
      isWithin[b] = inside;
    }
    return changes;
  }

  /** Slopes at this point and h: those within when last looked count by their share, though it be below 0 or above 1. */
  differentiate(h: number): void {
    const { band, means, whole } = this;
    this.countWhole();
    let found = 0;
    let total = this.farWeight + this.wholeWeight;
    for (let k = 0; k < this.count; k++) {
      const b = this.within[k] as number;
      const share = ((band.weight[b] as number) * ((band.z[b] as number) + h)) / (2 * h);
      this.scenarios[found] = band.ids[b] as number;
      this.shares[found++] = share;
      total += share;
    }
    this.total = total;
    for (let a = 0; a < means.length; a++)
      means[a] = (this.far[a] as number) + (whole[a] as number);
    band.byScenario.addTo(means, this.scenarios, this.shares, found);
  }

  /** Brings the sums of what is beyond the width up to date, by what has come and gone. */
  private countWhole(): void {
    const { band, isWithin, isWhole, scenarios, shares } = this;
    const { z, weight, count } = band;
    let found = 0;
    for (let b = 0; b < count; b++) {
      const isNow = isWithin[b] === 0 && (z[b] as number) > 0 ? 1 : 0;
      if (isWhole[b] === isNow) continue;
      isWhole[b] = isNow;
      scenarios[found] = band.ids[b] as number;
      const change = isNow === 1 ? (weight[b] as number) : -(weight[b] as number);
      shares[found++] = change;
      this.wholeWeight += change;
    }
    band.byScenario.addTo(this.whole, scenarios, shares, found);
  }

  /** Slope of Σ weight · rounded z, `length` along the rates. */
  slopeAt(length: number, h: number): number {
    const { z, rate, weight, count } = this.band;
    let sum = 0;
    for (let b = 0; b < count; b++) {
      const over = (z[b] as number) + length * (rate[b] as number);
      if (over <= -h) continue;
      const share = over >= h ? 1 : (over + h) / (2 * h);
      sum += share * (weight[b] as number) * (rate[b] as number);
    }
    return sum;
  }

  /** The same of what is counted as a sum only, for a step in net weights and t. */
  farSlope(net: Float64Array, tStep: number): number {
    let sum = -this.farWeight * tStep;
    for (let a = 0; a < net.length; a++)
      sum -= this.band.scale * (net[a] as number) * (this.far[a] as number);
    return sum;
  }
}
