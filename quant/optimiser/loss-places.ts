// Scenarios as the approach to an optimum sees them: all of them, or every few as if they were all. Promises: same
// program, same bytes; the returns of all are not copied.

import type { Holdings, Tail } from "./program.ts";
import { addProducts } from "./tail-loss.ts";

/** Scenarios that lie side by side in memory are taken together. */
const BLOCK = 16;

/** What a rounded tail is made of: the band of a walk is one, too. Units: as ScenarioBand has them. */
export interface Places {
  readonly count: number;
  readonly z: Float64Array;
  /** Change of z per unit of a step. */
  readonly rate: Float64Array;
  readonly weight: Float64Array;
  /** Of asset a at place b in [a * capacity + b]. */
  readonly returns: Float64Array;
  readonly capacity: number;
  readonly scale: number;
  /** Σ weight · return of what is in the tail as a sum only, of each asset; and Σ weight. */
  readonly tailReturns: Float64Array;
  readonly tailWeight: number;
  setRates(netStep: Float64Array, tStep: number): void;
  move(length: number): void;
}

export class LossPlaces implements Places {
  readonly count: number;
  readonly z: Float64Array;
  readonly rate: Float64Array;
  readonly weight: Float64Array;
  readonly returns: Float64Array;
  readonly capacity: number;
  readonly scale: number;
  readonly tailReturns: Float64Array;
  readonly tailWeight = 0;
  private readonly held: Int32Array;
  private readonly factors: Float64Array;

  /** Of `every` blocks of scenarios one. */
  constructor({ mass, scenarios }: Tail, { assets }: Holdings, scale: number, every: number) {
    const { count, returns, probabilities } = scenarios;
    const ids = new Int32Array(count);
    let taken = 0;
    let total = 0;
    for (let s = 0; s < count; s++) {
      if (Math.floor(s / BLOCK) % every !== 0) continue;
      ids[taken++] = s;
      total += probabilities[s] as number;
    }
    this.count = taken;
    this.capacity = taken;
    this.scale = scale;
    this.weight = new Float64Array(taken);
    for (let k = 0; k < taken; k++) {
      this.weight[k] = (probabilities[ids[k] as number] as number) / (mass * total);
    }
    this.returns = every === 1 ? returns : new Float64Array(assets * taken);
    for (let a = 0; every > 1 && a < assets; a++) {
      for (let k = 0; k < taken; k++) {
        this.returns[a * taken + k] = returns[a * count + (ids[k] as number)] as number;
      }
    }
    this.z = new Float64Array(taken);
    this.rate = new Float64Array(taken);
    this.tailReturns = new Float64Array(assets);
    this.held = new Int32Array(assets);
    this.factors = new Float64Array(assets);
  }

  /** z, at net weights and t. */
  stand(net: Float64Array, t: number): void {
    this.addLosses(this.z, net, t);
  }

  setRates(netStep: Float64Array, tStep: number): void {
    this.addLosses(this.rate, netStep, tStep);
  }

  move(length: number): void {
    const { z, rate, count } = this;
    for (let b = 0; b < count; b++) z[b] = (z[b] as number) + length * (rate[b] as number);
  }

  private addLosses(into: Float64Array, net: Float64Array, t: number): void {
    const { held, factors, returns, capacity, count } = this;
    let terms = 0;
    for (let a = 0; a < net.length; a++) {
      if (net[a] === 0) continue;
      held[terms] = a;
      factors[terms++] = -this.scale * (net[a] as number);
    }
    into.fill(-t);
    addProducts(into, count, returns, capacity, held, factors, terms);
  }
}

/** into[a] += Σ_k shares[k] · return of asset a at places[k], of the first `count`. */
export function addReturns(
  { returns, capacity }: Places,
  places: Int32Array,
  shares: Float64Array,
  count: number,
  into: Float64Array,
): void {
  for (let a = 0; a < into.length; a++) {
    const from = a * capacity;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      sum += (shares[k] as number) * (returns[from + (places[k] as number)] as number);
    }
    into[a] = (into[a] as number) + sum;
  }
}
