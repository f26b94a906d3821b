// Scenarios as the approach to an optimum sees them: all of them, or every few as if they were all. Promises: same
// program, same bytes; of every few only those returns are copied that are asked for.

import type { Holdings, Tail } from "./program.ts";
import { ReturnColumns } from "./return-columns.ts";
import type { ScenarioRows } from "./scenario-rows.ts";
import { addProducts } from "./tail-loss.ts";

/** Scenarios that lie side by side in memory are taken together. */
const BLOCK = 16;

/** What a rounded tail is made of: the band of a walk is one, too. Units: as ScenarioBand has them. */
export interface Places {
  readonly count: number;
  /** Scenario of each. */
  readonly ids: Int32Array;
  readonly z: Float64Array;
  /** Change of z per unit of a step. */
  readonly rate: Float64Array;
  readonly weight: Float64Array;
  readonly byScenario: ScenarioRows;
  readonly scale: number;
  /** Σ weight · return of what is in the tail as a sum only, of each asset; and Σ weight. */
  readonly tailReturns: Float64Array;
  readonly tailWeight: number;
  setRates(netStep: Float64Array, tStep: number): void;
  move(length: number): void;
}

export class LossPlaces implements Places {
  readonly count: number;
  readonly ids: Int32Array;
  readonly z: Float64Array;
  readonly rate: Float64Array;
  readonly weight: Float64Array;
  readonly byScenario: ScenarioRows;
  readonly scale: number;
  readonly tailReturns: Float64Array;
  readonly tailWeight = 0;
  private readonly tail: Tail;
  private readonly held: Int32Array;
  private readonly factors: Float64Array;
  /** Undefined where all scenarios are looked at: their returns are side by side as they are. */
  private readonly columns: ReturnColumns | undefined;

  /** Of `every` blocks of scenarios one. */
  constructor(
    tail: Tail,
    { assets }: Holdings,
    scale: number,
    every: number,
    byScenario: ScenarioRows,
  ) {
    const { count, probabilities } = tail.scenarios;
    const ids = new Int32Array(count);
    let taken = 0;
    let total = 0;
    for (let s = 0; s < count; s++) {
      if (Math.floor(s / BLOCK) % every !== 0) continue;
      ids[taken++] = s;
      total += probabilities[s] as number;
    }
    this.tail = tail;
    this.ids = ids;
    this.count = taken;
    this.scale = scale;
    this.byScenario = byScenario;
    this.weight = new Float64Array(taken);
    for (let k = 0; k < taken; k++) {
      this.weight[k] = (probabilities[ids[k] as number] as number) / (tail.mass * total);
    }
    this.columns = every === 1 ? undefined : new ReturnColumns(assets);
    this.columns?.begin(taken);
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
    const { held, factors, columns, count, ids } = this;
    const { scenarios } = this.tail;
    let terms = 0;
    for (let a = 0; a < net.length; a++) {
      if (net[a] === 0) continue;
      held[terms] = a;
      factors[terms++] = -this.scale * (net[a] as number);
    }
    into.fill(-t);
    columns?.toSlots(held, terms, {
      values: scenarios.returns,
      begins: ids,
      step: scenarios.count,
    });
    const matrix = columns?.values ?? scenarios.returns;
    addProducts(into, count, matrix, columns?.stride ?? scenarios.count, held, factors, terms);
  }
}
