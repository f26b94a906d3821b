// Scenarios as the approach to an optimum sees them: all of them, or every few as if they were all. Promises: same
// program, same bytes; of all scenarios only those whose returns are asked for are copied.

import type { Holdings, Tail } from "./program.ts";
import { ScenarioRows } from "./scenario-rows.ts";
import { addGathered, addProducts } from "./tail-loss.ts";

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
  /** into[a] += Σ_k factors[k] · return of asset a at places[k], of the first `count`. */
  addReturns(into: Float64Array, places: Int32Array, factors: Float64Array, count: number): void;
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
  /** Of all scenarios; undefined where their returns are copied. */
  private readonly rows: ScenarioRows | undefined;

  /** Of `every` blocks of scenarios one; `rows` for all of them. */
  constructor(
    { mass, scenarios }: Tail,
    { assets }: Holdings,
    scale: number,
    every: number,
    rows?: ScenarioRows,
  ) {
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
    this.rows = every === 1 ? (rows ?? new ScenarioRows(scenarios)) : undefined;
    this.returns = every === 1 ? returns : new Float64Array(assets * taken);
    for (let a = 0, k = 0; every > 1 && a < assets; a++) {
      const end = (a + 1) * count;
      for (let from = a * count; from < end; from += every * BLOCK) {
        const to = Math.min(from + BLOCK, end);
        for (let s = from; s < to; s++) this.returns[k++] = returns[s] as number;
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

  addReturns(into: Float64Array, places: Int32Array, factors: Float64Array, count: number): void {
    if (this.rows !== undefined) this.rows.addTo(into, places, factors, count);
    else addGathered(into, this.returns, this.capacity, places, factors, count);
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
