// What scenario-reach.ts is made of: some scenarios with their returns side by side, a ball of portfolios within which
// something was shown to hold, and scenarios in order of how far that is.

import { addProducts } from "./tail-loss.ts";

/** What rounding may hide: of a distance, and of a loss against the length of its scenario times the size of what is held. */
export const DISTANCE = 1e-9;
const LOSS = 1e-13;
/** More scenarios, and more names, than are asked for: so much may come. */
const SPARE_SHARE = 1.25;
const SPARE_NAMES = 4;
const SHELLS = 16;
/** Squared, of scaled returns, whose size is about 1. */
const LEAST_SPREAD = 2 ** -12;

/** Scenarios that were looked at together, with their scaled losses there. */
export interface Looked {
  readonly ids: Int32Array;
  readonly count: number;
  readonly losses: Float64Array;
}

export class Part implements Looked {
  ids = new Int32Array(0);
  count = 0;
  losses = new Float64Array(0);
  /** 1 / (the square of a scenario's length): times the square of a loss less t it is the square of its room. */
  inverse = new Float64Array(0);
  /** Name by name, in an order that others keep: of the k-th scenario and the n-th name at [n * stride + k]. */
  returns = new Float64Array(0);
  stride = 0;
  /** Places in the part that they were chosen from. */
  private chosen = new Int32Array(0);

  /** Makes room; what was in it is lost. */
  reserve(count: number): void {
    if (count <= this.stride) return;
    this.stride = Math.ceil(SPARE_SHARE * count);
    this.ids = new Int32Array(this.stride);
    this.losses = new Float64Array(this.stride);
    this.inverse = new Float64Array(this.stride);
    this.chosen = new Int32Array(this.stride);
    this.returns = new Float64Array(0);
  }

  /** Makes room for the returns of so many names; what was in it stays. */
  widen(names: number): void {
    const size = names * this.stride;
    if (size <= this.returns.length) return;
    const wider = new Float64Array(size + SPARE_NAMES * this.stride);
    wider.set(this.returns);
    this.returns = wider;
  }

  /** Becomes the first `count` that were chosen of another; their returns are still to be gathered. */
  take(from: Part, chosen: Int32Array, count: number): void {
    this.reserve(count);
    this.count = count;
    for (let k = 0; k < count; k++) {
      const i = chosen[k] as number;
      this.chosen[k] = i;
      this.ids[k] = from.ids[i] as number;
      this.losses[k] = from.losses[i] as number;
      this.inverse[k] = from.inverse[i] as number;
    }
  }

  /** Puts them in another order, before their returns are gathered; losses stay where they are until they are measured. */
  reorder(order: Int32Array): void {
    const { ids, chosen, count } = this;
    const [oldIds, oldChosen] = [ids.slice(0, count), chosen.slice(0, count)];
    for (let k = 0; k < count; k++) {
      ids[k] = oldIds[order[k] as number] as number;
      chosen[k] = oldChosen[order[k] as number] as number;
    }
  }

  /** The returns of some names out of those of the part that they were chosen from. */
  gather(returns: Float64Array, stride: number, names: Int32Array, count: number): void {
    this.widen(count);
    const { chosen } = this;
    for (let n = 0; n < count; n++) {
      const source = (names[n] as number) * stride;
      const target = n * this.stride;
      for (let k = 0; k < this.count; k++) {
        this.returns[target + k] = returns[source + (chosen[k] as number)] as number;
      }
    }
  }

  /** Losses of a portfolio, of the first so many scenarios: `factors` of names at their places here. */
  measure(count: number, places: Int32Array, factors: Float64Array, names: number): void {
    this.losses.fill(0, 0, count);
    addProducts(this.losses, count, this.returns, this.stride, places, factors, names);
  }
}

/** How moves are measured, so that scenarios which look alike answer to them as little as can be. */
export class Metric {
  /** Of each asset a return that is about usual near the value at risk, and how far others are from it. */
  readonly middle: Float64Array;
  readonly spread: Float64Array;

  constructor(assets: number) {
    this.middle = new Float64Array(assets);
    this.spread = new Float64Array(assets).fill(1);
  }

  /** Of a step in net weights and t. */
  length(net: Float64Array, t: number): number {
    const { middle, spread } = this;
    let square = 0;
    let together = t;
    for (let a = 0; a < net.length; a++) {
      const own = net[a] as number;
      const wide = (spread[a] as number) * own;
      square += wide * wide;
      together += (middle[a] as number) * own;
    }
    return Math.sqrt(square + together * together);
  }

  /** Measures an asset by some of its scaled returns; without any, as one that is usually 0. */
  judge(a: number, returns: Float64Array, from: number, count: number, scale: number): void {
    let sum = 0;
    let squares = 0;
    for (let k = from; k < from + count; k++) {
      const value = scale * (returns[k] as number);
      sum += value;
      squares += value * value;
    }
    const mean = count > 0 ? sum / count : 0;
    const square = count > 0 ? squares / count - mean * mean : 1;
    this.middle[a] = mean;
    this.spread[a] = Math.sqrt(Math.max(square, LEAST_SPREAD));
  }
}

/** A point from which scenarios were judged, and how far that holds. */
export class Ball {
  radius = -1;
  t = 0;
  private readonly metric: Metric;
  private readonly net: Float64Array;

  constructor(metric: Metric) {
    this.metric = metric;
    this.net = new Float64Array(metric.middle.length);
  }

  set(net: Float64Array, t: number, radius: number): void {
    this.net.set(net);
    this.t = t;
    this.radius = radius * (1 - DISTANCE);
  }

  /** To a point, with what rounding may hide. `names`: the first so many are all that are held there or here. */
  distanceTo(net: Float64Array, t: number, names: Int32Array, count: number): number {
    const { middle, spread } = this.metric;
    const own = this.net;
    let square = 0;
    let together = t - this.t;
    let size = 1 + Math.abs(t);
    for (let k = 0; k < count; k++) {
      const a = names[k] as number;
      const held = net[a] as number;
      const gone = held - (own[a] as number);
      const usual = middle[a] as number;
      const wide = spread[a] as number;
      square += wide * gone * (wide * gone);
      together += usual * gone;
      size += (Math.abs(usual) + wide) * Math.abs(held);
    }
    return Math.sqrt(square + together * together) + LOSS * size;
  }
}

/** Near scenarios by how much room they had at the middle: at a distance from it only those with less may have crossed. */
export class Shells {
  /** How many of them are within each. */
  private readonly within = new Int32Array(SHELLS);
  /** Shells to a unit of distance. */
  private perUnit = 0;
  private last = 0;
  private shell = new Uint8Array(0);
  private order = new Int32Array(0);

  /** Puts a part in order by room, as it was measured at t, all of it within a radius. */
  arrange(part: Part, t: number, radius: number): void {
    const { count, losses, inverse } = part;
    const { within } = this;
    if (count > this.order.length) {
      this.order = new Int32Array(2 * count);
      this.shell = new Uint8Array(2 * count);
    }
    const { shell, order } = this;
    const perUnit = SHELLS / radius;
    this.perUnit = radius > 0 && perUnit < Number.POSITIVE_INFINITY ? perUnit : 0;
    this.last = 0;
    within.fill(0);
    for (let k = 0; k < count; k++) {
      const room = Math.abs((losses[k] as number) - t) * Math.sqrt(inverse[k] as number);
      const own = Math.min(SHELLS - 1, Math.floor(this.perUnit * room));
      shell[k] = own;
      within[own] = (within[own] as number) + 1;
    }
    let before = 0;
    for (let q = 0; q < SHELLS; q++) {
      const own = within[q] as number;
      within[q] = before;
      before += own;
    }
    for (let k = 0; k < count; k++) {
      const own = shell[k] as number;
      const place = within[own] as number;
      order[place] = k;
      within[own] = place + 1;
    }
    part.reorder(order);
  }

  /** So many from the first on may have crossed at a distance, or come back since the last. */
  countAt(distance: number): number {
    const outermost = Math.floor(this.perUnit * distance * (1 + DISTANCE));
    const now = this.within[Math.min(SHELLS - 1, outermost)] as number;
    const count = Math.max(now, this.last);
    this.last = now;
    return count;
  }
}
