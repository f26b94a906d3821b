// The CVaR of an interior-point round: each scenario's excess loss u_s over t, its slack v_s = u_s + t - loss_s, and
// the mass q_s that both prices share. Promises: u, v, q and its complement stay above 0, v and the complement exact.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Holdings, Tail } from "./program.ts";
import { netWeights, scenarioLosses, valueAtRisk } from "./tail-loss.ts";
import { weightedGram, weightedReturns } from "./weighted-gram.ts";

export class InsideTail {
  readonly pairs: number;
  /** With the scenarios that have a probability alone: a mass of exactly nothing is on the edge. */
  private readonly tail: Tail;
  /** Which they are. */
  private readonly ids: Int32Array;
  private readonly holdings: Holdings;
  private readonly losses: Float64Array;
  private readonly excess: Float64Array;
  private readonly slack: Float64Array;
  private readonly mass: Float64Array;
  /** What each scenario's mass lacks of its most: kept, since a difference would lose its digits. */
  private readonly rest: Float64Array;
  private t: number;
  private dt = 0;
  private readonly dLoss: Float64Array;
  private readonly dExcess: Float64Array;
  private readonly dMass: Float64Array;
  /** Of each scenario, what its mass changes by: constant - bend · (dt - dLoss). */
  private readonly bend: Float64Array;
  private readonly constant: Float64Array;
  private aimed = { target: 0, isCorrected: false };

  constructor(tail: Tail, holdings: Holdings, x: Float64Array, scale: number) {
    this.ids = possible(tail.scenarios.probabilities);
    this.tail = { ...tail, scenarios: onlyThese(tail.scenarios, this.ids) };
    const { count, probabilities } = this.tail.scenarios;
    this.holdings = holdings;
    this.pairs = 2 * count;
    const most = probabilities.map((p) => (tail.weight * p) / tail.mass);
    this.losses = scenarioLosses(this.tail.scenarios, netWeights(holdings, x));
    this.t = valueAtRisk(this.losses, probabilities, tail.mass);
    const spread = Math.max(scale / tail.weight, typicalSize(this.losses));
    // Products of excess and mass are to be alike at first, or those of the least likely would end every step at once.
    const usual = tail.weight / (tail.mass * count);
    this.excess = this.losses.map(
      (loss, s) => Math.max(0, loss - this.t) + spread * Math.max(1, usual / (most[s] as number)),
    );
    this.slack = this.excess.map((u, s) => u + this.t - (this.losses[s] as number));
    this.mass = most.map((m) => m * Math.min(0.5, Math.max(tail.mass, 1e-3)));
    this.rest = most.map((m, s) => m - (this.mass[s] as number));
    this.dLoss = new Float64Array(count);
    this.dExcess = new Float64Array(count);
    this.dMass = new Float64Array(count);
    this.bend = new Float64Array(count);
    this.constant = new Float64Array(count);
  }

  /** Σ of slack · price: what is left of the gap. */
  product(): number {
    return this.productAfter(0);
  }

  productAfter(length: number): number {
    let sum = 0;
    for (let s = 0; s < this.losses.length; s++) {
      const u = (this.excess[s] as number) + length * (this.dExcess[s] as number);
      const dv = (this.dExcess[s] as number) + this.dt - (this.dLoss[s] as number);
      const v = (this.slack[s] as number) + length * dv;
      const q = (this.mass[s] as number) + length * (this.dMass[s] as number);
      sum += v * q + u * ((this.rest[s] as number) - length * (this.dMass[s] as number));
    }
    return sum;
  }

  /** Adds the masses' part to the derivatives in the variables, and that in t. */
  addMasses(residual: Float64Array): void {
    const n = residual.length - 1;
    this.addLosses(residual, this.mass, 1);
    let sum = 0;
    for (const q of this.mass) sum += q;
    residual[n] = this.tail.weight - sum;
  }

  /** into_j += factor · Σ_s weights_s ∂loss_s / ∂x_j. */
  private addLosses(into: Float64Array, weights: Float64Array, factor: number): void {
    const returns = weightedReturns(this.tail.scenarios, weights);
    const { asset, sign } = this.holdings;
    for (let j = 0; j < asset.length; j++) {
      const a = asset[j] as number;
      if (a < 0) continue;
      into[j] = (into[j] as number) - factor * (sign[j] as number) * (returns[a] as number);
    }
  }

  addCurvature(into: Float64Array, stride: number): void {
    const { excess, slack, mass, rest, bend } = this;
    for (let s = 0; s < bend.length; s++) {
      const q = mass[s] as number;
      const z = rest[s] as number;
      bend[s] = (q * z) / (q * (excess[s] as number) + z * (slack[s] as number));
    }
    const { assets, asset, sign } = this.holdings;
    const gram = weightedGram(this.tail.scenarios, bend);
    const size = assets + 1;
    const n = asset.length;
    const add = (i: number, j: number, value: number): void => {
      into[i * stride + j] = (into[i * stride + j] as number) + value;
    };
    for (let i = 0; i < n; i++) {
      const a = asset[i] as number;
      if (a < 0) continue;
      add(n, i, (sign[i] as number) * (gram[assets * size + a] as number));
      for (let j = 0; j <= i; j++) {
        const b = asset[j] as number;
        if (b < 0) continue;
        const at = a >= b ? a * size + b : b * size + a;
        add(i, j, (sign[i] as number) * (sign[j] as number) * (gram[at] as number));
      }
    }
    add(n, n, gram[assets * size + assets] as number);
  }

  aim(target: number, isCorrected: boolean, right: Float64Array): void {
    this.aimed = { target, isCorrected };
    let sum = 0;
    for (let s = 0; s < this.losses.length; s++) {
      const u = this.excess[s] as number;
      const v = this.slack[s] as number;
      const q = this.mass[s] as number;
      const z = this.rest[s] as number;
      const [ofSlack, ofExcess] = this.lacks(s);
      const k = (ofSlack * z - q * ofExcess) / (q * u + v * z);
      this.constant[s] = k;
      sum += k;
    }
    this.addLosses(right, this.constant, -1);
    right[right.length - 1] = (right[right.length - 1] as number) + sum;
  }

  /** By how much the products of scenario s are to change: of slack and mass, of excess and complement. */
  private lacks(s: number): readonly [number, number] {
    const { target, isCorrected } = this.aimed;
    const q = this.mass[s] as number;
    const ofSlack = target - (this.slack[s] as number) * q;
    const ofExcess = target - (this.excess[s] as number) * (this.rest[s] as number);
    if (!isCorrected) return [ofSlack, ofExcess];
    const du = this.correctExcess[s] as number;
    const dq = this.correctMass[s] as number;
    return [ofSlack - (this.correctSlack[s] as number) * dq, ofExcess + du * dq];
  }

  // The last direction without correction.
  private correctExcess = new Float64Array(0);
  private correctSlack = new Float64Array(0);
  private correctMass = new Float64Array(0);

  direct(direction: Float64Array, dt: number): void {
    const net = netWeights(this.holdings, direction);
    this.dLoss.set(scenarioLosses(this.tail.scenarios, net));
    this.dt = dt;
    for (let s = 0; s < this.losses.length; s++) {
      const u = this.excess[s] as number;
      const z = this.rest[s] as number;
      const delta = dt - (this.dLoss[s] as number);
      const dq = (this.constant[s] as number) - (this.bend[s] as number) * delta;
      this.dMass[s] = dq;
      this.dExcess[s] = (this.lacks(s)[1] + u * dq) / z;
    }
    if (!this.aimed.isCorrected) {
      this.correctExcess = this.dExcess.slice();
      this.correctMass = this.dMass.slice();
      this.correctSlack = this.dExcess.map((du, s) => du + dt - (this.dLoss[s] as number));
    }
  }

  /** How far the last direction may be followed until something reaches 0. */
  reach(): number {
    let most = Number.POSITIVE_INFINITY;
    for (let s = 0; s < this.losses.length; s++) {
      const du = this.dExcess[s] as number;
      const dv = du + this.dt - (this.dLoss[s] as number);
      const dq = this.dMass[s] as number;
      const q = this.mass[s] as number;
      if (du < 0) most = Math.min(most, -(this.excess[s] as number) / du);
      if (dv < 0) most = Math.min(most, -(this.slack[s] as number) / dv);
      if (dq < 0) most = Math.min(most, -q / dq);
      if (dq > 0) most = Math.min(most, (this.rest[s] as number) / dq);
    }
    return most;
  }

  advance(length: number): void {
    this.t += length * this.dt;
    for (let s = 0; s < this.losses.length; s++) {
      const du = length * (this.dExcess[s] as number);
      const dl = length * (this.dLoss[s] as number);
      this.losses[s] = (this.losses[s] as number) + dl;
      this.excess[s] = (this.excess[s] as number) + du;
      this.slack[s] = (this.slack[s] as number) + du + length * this.dt - dl;
      const dq = length * (this.dMass[s] as number);
      this.mass[s] = (this.mass[s] as number) + dq;
      this.rest[s] = (this.rest[s] as number) - dq;
    }
    this.dt = 0;
    this.dExcess.fill(0);
    this.dLoss.fill(0);
    this.dMass.fill(0);
  }

  /** Sum 1. */
  masses(): { readonly scenarios: Int32Array; readonly masses: Float64Array } {
    let sum = 0;
    for (const q of this.mass) sum += q;
    return { scenarios: this.ids, masses: this.mass.map((q) => q / sum) };
  }
}

function typicalSize(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return sum / values.length;
}

/** No loss is felt at so little probability, and what its mass is divided by would not be finite. */
const UNFELT = 1e-60;

const possible = (probabilities: Float64Array): Int32Array =>
  Int32Array.from([...probabilities.keys()].filter((s) => (probabilities[s] as number) > UNFELT));

function onlyThese(set: ScenarioSet, ids: Int32Array): ScenarioSet {
  if (ids.length === set.count) return set;
  const returns = new Float64Array(set.assets.length * ids.length);
  for (let a = 0; a < set.assets.length; a++) {
    for (const [k, s] of ids.entries()) {
      returns[a * ids.length + k] = set.returns[a * set.count + s] as number;
    }
  }
  const probabilities = Float64Array.from(ids, (s) => set.probabilities[s] as number);
  return { ...set, count: ids.length, returns, probabilities };
}
