// The tail of one portfolio after another: which scenarios lose more than the value at risk, as sums (tail-sums.ts).
// Promises: at each portfolio every scenario is on its side, as if all had been looked at; only those are that may have
// crossed (scenario-reach.ts).

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { scaleOf } from "./return-scale.ts";
import type { Looked } from "./scenario-part.ts";
import { ScenarioReach } from "./scenario-reach.ts";
import { TailSums } from "./tail-sums.ts";

export class TailFollower {
  /** Over all that lose more than the threshold and are not at risk. */
  readonly sums: TailSums;
  private readonly scale: number;
  private readonly gone: Float64Array;
  private readonly reach: ScenarioReach;
  /** Number of the move at which a scenario was last at risk. */
  private readonly atRiskAt: Int32Array;
  private atRiskBefore: Int32Array = new Int32Array(0);
  private move = 0;
  /** Of what is near, whether it lost more than the threshold. */
  private isOver = new Uint8Array(0);

  constructor(scenarios: ScenarioSet) {
    this.sums = new TailSums(scenarios);
    this.gone = new Float64Array(scenarios.assets.length);
    this.scale = scaleOf(scenarios.returns);
    this.reach = new ScenarioReach(scenarios, this.scale);
    this.atRiskAt = new Int32Array(scenarios.count);
  }

  /** Scenarios that are counted for themselves from now on. False if not all exist, or one is named twice. */
  setAtRisk(atRisk: Int32Array): boolean {
    const { atRiskAt } = this;
    this.move++;
    for (let k = 0; k < atRisk.length; k++) {
      const s = atRisk[k] as number;
      if (!(s >= 0 && s < atRiskAt.length) || atRiskAt[s] === this.move) return false;
      atRiskAt[s] = this.move;
    }
    return true;
  }

  /** Whether a move there looks at what is near alone. */
  covers(net: Float64Array, threshold: number): boolean {
    return this.reach.covers(net, this.scale * threshold);
  }

  /** From weights to later ones, as `radius` is measured. */
  distance(net: Float64Array, threshold: number, later: Float64Array, there: number): number {
    const { reach, gone, scale } = this;
    for (let a = 0; a < gone.length; a++) gone[a] = (later[a] as number) - (net[a] as number);
    return reach.lengthOf(gone, scale * (there - threshold));
  }

  /** Of what is near, and of what that is chosen from. */
  get radius(): number {
    return this.reach.radius;
  }

  get ringRadius(): number {
    return this.reach.ringRadius;
  }

  /** Whether what is near there can be chosen without a look at all. */
  ringReaches(later: Float64Array, there: number): boolean {
    return this.reach.ringReaches(later, this.scale * there);
  }

  /** Looks at all, at weights that are met later. */
  chooseRing(net: Float64Array, later: Float64Array, there: number): void {
    const t = this.scale * there;
    this.place(this.reach.lookAround(later, t, net), t);
  }

  /** To where `covers` is false: chooses what is near around weights that are met later, if that reaches back to here. */
  surround(net: Float64Array, threshold: number, later: Float64Array, there: number): void {
    const { reach, sums, scale } = this;
    this.place(reach.surround(later, scale * there, net), scale * there);
    const t = scale * threshold;
    if (!reach.covers(net, t)) this.place(reach.surround(net, t), t);
    reach.arrange();
    const { ids, count } = reach.near;
    if (count > this.isOver.length) this.isOver = new Uint8Array(2 * count);
    for (let k = 0; k < count; k++) this.isOver[k] = sums.isIn[ids[k] as number] as number;
  }

  /** To weights that are covered, of which `held` are not 0; `atRisk` as it was set. */
  moveTo(net: Float64Array, held: Int32Array, threshold: number, atRisk: Int32Array): void {
    const { reach, sums, move, atRiskAt, atRiskBefore, isOver } = this;
    for (let k = 0; k < atRiskBefore.length; k++) {
      const s = atRiskBefore[k] as number;
      if (atRiskAt[s] !== move) sums.put(s, sums.lossOf(s, net, held) > threshold);
    }
    for (let k = 0; k < atRisk.length; k++) sums.put(atRisk[k] as number, false);
    this.atRiskBefore = atRisk;
    const t = this.scale * threshold;
    const count = reach.crossableAt(net, t);
    const { ids, losses } = reach.near;
    for (let k = 0; k < count; k++) {
      const over = (losses[k] as number) > t ? 1 : 0;
      if (over === isOver[k]) continue;
      const s = ids[k] as number;
      if (atRiskAt[s] === move) continue;
      isOver[k] = over;
      sums.put(s, over === 1);
    }
    sums.settle();
  }

  private place({ ids, count, losses }: Looked, t: number): void {
    const { sums, move, atRiskAt } = this;
    const { isIn } = sums;
    for (let k = 0; k < count; k++) {
      const s = ids[k] as number;
      const over = (losses[k] as number) > t ? 1 : 0;
      // Hardly any is not where it was.
      if (over !== isIn[s] && atRiskAt[s] !== move) sums.put(s, over === 1);
    }
  }
}
