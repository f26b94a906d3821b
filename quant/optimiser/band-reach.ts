// Keeps the band of a walk small: only scenarios that are near the value at risk, chosen anew wherever another might
// cross. Promises: a step that is covered meets every scenario that crosses on its way.

import type { Tail } from "./program.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { ScenarioReach } from "./scenario-reach.ts";
import type { Vertex } from "./vertex.ts";

/** Share of the radius that the middle of what is near lies ahead. */
const LEAD = 0.5;
/** Of the room, so that rounding leaves a part of a step within it. */
const INSIDE = 1 - 1e-6;
/** After so many tries a step is taken with every scenario in the band. */
const MOST_TRIES = 8;

export class BandReach {
  private readonly vertex: Vertex;
  private readonly band: ScenarioBand;
  private readonly reach: ScenarioReach;
  private readonly scenarioCount: number;
  /** All scenarios are in the band. */
  private isWhole = false;
  private tries = 0;
  private readonly net: Float64Array;
  /** Where the band was chosen the last time, and where all were looked at. */
  private readonly chosen: Point;
  private readonly looked: Point;
  private readonly ahead: Float64Array;
  private tAhead = 0;
  private readonly kept: Int32Array;
  private readonly nowhere: Float64Array;

  constructor(tail: Tail, vertex: Vertex, band: ScenarioBand) {
    this.vertex = vertex;
    this.band = band;
    this.reach = new ScenarioReach(tail.scenarios, band.scale);
    this.scenarioCount = tail.scenarios.count;
    this.net = new Float64Array(tail.scenarios.assets.length);
    this.chosen = new Point(this.net.length);
    this.looked = new Point(this.net.length);
    this.ahead = new Float64Array(this.net.length);
    this.kept = new Int32Array(vertex.variables + 1);
    this.nowhere = new Float64Array(tail.scenarios.assets.length);
    this.chooseHere(this.nowhere);
  }

  /** Before a step. */
  begin(): void {
    this.tries = 0;
    if (this.isWhole) this.chooseHere(this.nowhere);
  }

  /** Whether all that crosses on a step of this length, in net weights and t, is in the band. */
  covers(step: Float64Array, tStep: number, far: number): boolean {
    if (this.isWhole) return true;
    // The band has the returns of names that count alone.
    if (far === Number.POSITIVE_INFINITY || !this.reach.holds(step)) return false;
    const net = this.netHere();
    for (let a = 0; a < net.length; a++) net[a] = (net[a] as number) + far * (step[a] as number);
    return this.reach.covers(net, this.vertex.t + far * tStep);
  }

  /** How much of a step that is not covered can be taken before the band is chosen anew: nothing at first. */
  partOf(step: Float64Array, tStep: number): number {
    if (this.tries === 0) return 0;
    const room = this.reach.roomAt(this.netHere(), this.vertex.t);
    return Math.max(0, (INSIDE * room) / this.reach.lengthOf(step, tStep));
  }

  /** Chooses the band anew around here, for a step of which there may be more than one part. */
  recentre(step: Float64Array): void {
    if (this.tries++ < MOST_TRIES) {
      this.chooseHere(step);
      return;
    }
    const { scenarioCount } = this;
    const all = numbersTo(scenarioCount);
    const names = numbersTo(this.net.length);
    this.exchange(this.netHere(), all, scenarioCount, names);
    this.isWhole = true;
  }

  private chooseHere(step: Float64Array): void {
    const { vertex, reach } = this;
    const net = this.netHere();
    const { t } = vertex;
    if (this.tries > 1 || !this.chooseAhead(net, t, step)) this.surround(net, t, step);
    this.chosen.set(net, t);
    this.exchange(net, reach.near.ids, reach.near.count, reach.names);
    this.isWhole = false;
  }

  /** Around a point further on the way that the walk has gone: it serves longer. False if it does not reach back to here. */
  private chooseAhead(net: Float64Array, t: number, step: Float64Array): boolean {
    const { reach, chosen, looked } = this;
    if (!this.lookAhead(net, t, chosen, reach.radius)) return false;
    if (!reach.ringReaches(this.ahead, this.tAhead)) {
      if (!this.lookAhead(net, t, looked, reach.ringRadius)) return false;
      reach.lookAround(this.ahead, this.tAhead, step);
      looked.set(net, t);
      if (!this.lookAhead(net, t, chosen, reach.radius)) return false;
    }
    this.surround(this.ahead, this.tAhead, step);
    return reach.covers(net, t);
  }

  private surround(net: Float64Array, t: number, step: Float64Array): void {
    const { count } = this.reach.surround(net, t, step);
    if (count === this.scenarioCount) this.looked.set(net, t);
  }

  /** As far ahead as a share of a radius, on the way from a point to here, in the names held. False if that is no way. */
  private lookAhead(net: Float64Array, t: number, from: Point, radius: number): boolean {
    const { reach, ahead } = this;
    for (let a = 0; a < net.length; a++) {
      ahead[a] = net[a] === 0 ? 0 : (net[a] as number) - (from.net[a] as number);
    }
    const gone = reach.lengthOf(ahead, t - from.t);
    if (!(gone > 0 && radius > 0 && radius < Number.POSITIVE_INFINITY)) return false;
    const lead = (LEAD * radius) / gone;
    for (let a = 0; a < net.length; a++) {
      ahead[a] = (net[a] as number) + lead * (ahead[a] as number);
    }
    this.tAhead = t + lead * (t - from.t);
    return true;
  }

  private netHere(): Float64Array {
    const { vertex, net } = this;
    net.fill(0);
    vertex.addNet(vertex.x, net);
    return net;
  }

  /** What is tight stays in the band, first. */
  private exchange(net: Float64Array, others: Int32Array, count: number, names: Int32Array): void {
    const { vertex, band } = this;
    const { tight, size, t } = vertex;
    let found = 0;
    for (let r = 0; r < size; r++) {
      const b = tight[r] as number;
      if (b < 0) continue;
      this.kept[found] = band.ids[b] as number;
      tight[r] = found++;
    }
    band.exchange(this.kept.subarray(0, found), others, count, net, t, names);
  }
}

class Point {
  t = 0;
  readonly net: Float64Array;

  constructor(assets: number) {
    this.net = new Float64Array(assets);
  }

  set(net: Float64Array, t: number): void {
    this.net.set(net);
    this.t = t;
  }
}

const numbersTo = (count: number): Int32Array => new Int32Array(count).map((_, k) => k);
