// Scenarios as a vertex walk sees them: those near the value at risk one by one (the band), the far tail only as a
// sum, the rest not at all. Promises: `misplaced` looks at every scenario and tells whose place is wrong, so that a
// walk which ends with none has solved the whole problem.
//
// In here returns are scaled by a power of two so that a typical one is about 1, and the weight of a scenario is
// p_s / mass. Its z is loss − t + offset: above 0 in the tail, below 0 safe, 0 at a kink.

import type { Holdings, Tail } from "./program.ts";
import { ReturnColumns, type ReturnSource } from "./return-columns.ts";
import { scaleOf } from "./return-scale.ts";
import { ScenarioRows } from "./scenario-rows.ts";
import { addProducts, roughValueAtRisk } from "./tail-loss.ts";

const FAR_SAFE = 0;
const FAR_TAIL = 1;
const IN_BAND = 2;

/** Between which shares of the tail's mass scenarios are looked at one by one, at first. */
const BAND_FROM = 0.5;
const BAND_TO = 2;
/** Times the tail's mass: about as many scenarios are ever in the tail or near it. */
const EVER_NEAR = 2.75;
/** Up to so many scenarios all are. */
const SMALL = 1500;

/** Shares of the tail's mass, and a distance from t on either side: the wider of the two. */
export interface BandSpan {
  readonly from: number;
  readonly to: number;
  readonly distance: number;
}

export class ScenarioBand {
  count = 0;
  /** Scenario of each place in the band. */
  ids = new Int32Array(64);
  z = new Float64Array(64);
  /** Change of z per unit of a step. */
  rate = new Float64Array(64);
  /** Slope of the objective in z above 0. */
  weight = new Float64Array(64);
  /** Small and random: keeps kinks apart that lie on each other. */
  offset = new Float64Array(64);
  /** 1: counted in the tail. A kink is counted nowhere. */
  inTail = new Uint8Array(64);
  isKink = new Uint8Array(64);
  /** Σ weight · return over all that is counted in the tail, of each asset; and Σ weight. */
  readonly tailReturns: Float64Array;
  tailWeight = 0;
  /** Of scenarios' returns, a power of two. */
  readonly scale: number;
  readonly byScenario: ScenarioRows;
  private readonly tail: Tail;
  private readonly holdings: Holdings;
  private readonly place: Uint8Array;
  /** Of each place where its returns begin in `byScenario`. */
  private begins = new Int32Array(64);
  private readonly columns: ReturnColumns;
  private readonly losses: Float64Array;
  private readonly held: Int32Array;
  private readonly factors: Float64Array;

  constructor(tail: Tail, holdings: Holdings) {
    this.tail = tail;
    this.holdings = holdings;
    this.scale = scaleOf(tail.scenarios.returns);
    const { count } = tail.scenarios;
    this.byScenario = new ScenarioRows(tail.scenarios, Math.ceil(EVER_NEAR * tail.mass * count));
    this.columns = new ReturnColumns(holdings.assets);
    this.place = new Uint8Array(tail.scenarios.count);
    this.losses = new Float64Array(tail.scenarios.count);
    this.tailReturns = new Float64Array(holdings.assets);
    this.held = new Int32Array(holdings.assets);
    this.factors = new Float64Array(holdings.assets);
  }

  /** Losses of all scenarios, scaled, at net weights. */
  allLosses(net: Float64Array): Float64Array {
    const { scenarios } = this.tail;
    const terms = this.termsOf(net, -this.scale);
    this.losses.fill(0);
    addProducts(
      this.losses,
      scenarios.count,
      scenarios.returns,
      scenarios.count,
      this.held,
      this.factors,
      terms,
    );
    return this.losses;
  }

  /** Chooses the band around t from `losses`, which are those of `allLosses`; kinks are in it. */
  choose(losses: Float64Array, t: number, kinks: Int32Array): void {
    this.takeAround(losses, t, kinks, { from: BAND_FROM, to: BAND_TO, distance: 0 });
    this.countBeside(kinks.map((kink) => this.placeOf(kink)));
  }

  /** The same without kinks, `others` in it, and nothing of it is counted in the tail. */
  chooseAround(losses: Float64Array, t: number, span: BandSpan, others = new Int32Array(0)): void {
    this.takeAround(losses, t, others, span);
    this.recount();
  }

  private takeAround(losses: Float64Array, t: number, inside: Int32Array, span: BandSpan): void {
    const { count, probabilities } = this.tail.scenarios;
    const { mass } = this.tail;
    let high = Number.POSITIVE_INFINITY;
    let low = Number.NEGATIVE_INFINITY;
    if (count > SMALL) {
      const upTo = (share: number): number =>
        roughValueAtRisk(losses, probabilities, Math.min(1, mass * share));
      high = Math.max(t + span.distance, upTo(span.from));
      low = Math.min(t - span.distance, upTo(span.to));
    }
    this.place.fill(FAR_SAFE);
    this.count = 0;
    for (const s of inside) this.place[s] = IN_BAND;
    for (let s = 0; s < count; s++) {
      const loss = losses[s] as number;
      if (!((probabilities[s] as number) > 0) || this.place[s] === IN_BAND) continue;
      this.place[s] = loss > high ? FAR_TAIL : loss < low ? FAR_SAFE : IN_BAND;
    }
    for (let s = 0; s < count; s++) if (this.place[s] === IN_BAND) this.take(s);
    this.columns.begin(this.count);
    for (let b = 0; b < this.count; b++) {
      this.z[b] = (losses[this.ids[b] as number] as number) - t + (this.offset[b] as number);
    }
  }

  /** These places are kinks; the others are counted by their z. */
  countBeside(kinks: Int32Array): void {
    this.isKink.fill(0);
    for (let b = 0; b < this.count; b++) this.inTail[b] = (this.z[b] as number) > 0 ? 1 : 0;
    for (const b of kinks) {
      this.isKink[b] = 1;
      this.inTail[b] = 0;
      this.z[b] = 0;
    }
    this.recount();
  }

  /**
   * Another band at the same point, without offsets: `kept` in this order, then others. Whatever comes or goes stays on its
   * side of t. `names`: along which steps are, until the next band; their returns are copied at once.
   */
  exchange(
    kept: Int32Array,
    others: Int32Array,
    count: number,
    net: Float64Array,
    t: number,
    names: Int32Array,
  ): void {
    const { place, ids, inTail } = this;
    const { probabilities } = this.tail.scenarios;
    const wasKink = this.keptKinks(kept);
    for (let b = 0; b < this.count; b++)
      place[ids[b] as number] = inTail[b] === 1 ? FAR_TAIL : FAR_SAFE;
    this.count = 0;
    for (let k = 0; k < kept.length; k++) this.takeAsItWas(kept[k] as number);
    for (let k = 0; k < count; k++) {
      const s = others[k] as number;
      if (place[s] !== IN_BAND && (probabilities[s] as number) > 0) this.takeAsItWas(s);
    }
    this.columns.begin(this.count);
    this.columns.toSlots(names.slice(), names.length, this.source());
    this.refresh(net, t);
    for (let b = 0; b < kept.length; b++) {
      if (wasKink[b] !== 1) continue;
      this.isKink[b] = 1;
      this.z[b] = 0;
    }
  }

  private keptKinks(kept: Int32Array): Uint8Array {
    return Uint8Array.from(kept, (s) => {
      const b = this.placeOf(s);
      return b < 0 ? 0 : (this.isKink[b] as number);
    });
  }

  private takeAsItWas(s: number): void {
    const wasInTail = this.place[s] === FAR_TAIL;
    this.take(s);
    this.inTail[this.count - 1] = wasInTail ? 1 : 0;
  }

  /** A band of kinks alone, in this order. */
  chooseOnly(kinks: Int32Array): void {
    this.place.fill(FAR_SAFE);
    this.count = 0;
    for (const kink of kinks) this.take(kink);
    this.columns.begin(this.count);
    this.isKink.fill(1, 0, this.count);
  }

  /** All scenarios one by one, at net weights and t. */
  takeAll(net: Float64Array, t: number): void {
    const from = this.count;
    const { probabilities } = this.tail.scenarios;
    for (let s = 0; s < this.place.length; s++) {
      if (this.place[s] !== IN_BAND && (probabilities[s] as number) > 0) this.take(s);
    }
    this.admit(from, this.allLosses(net), t);
  }

  /** Looks at all scenarios at net weights and t: which are outside the band and on the wrong side. */
  misplaced(net: Float64Array, t: number, tolerance: number): readonly number[] {
    const losses = this.allLosses(net);
    const { probabilities } = this.tail.scenarios;
    const found: number[] = [];
    for (let s = 0; s < losses.length; s++) {
      const place = this.place[s];
      if (place === IN_BAND || !((probabilities[s] as number) > 0)) continue;
      const over = (losses[s] as number) - t;
      if ((place === FAR_SAFE ? over : -over) > tolerance) found.push(s);
    }
    return found;
  }

  /** Takes scenarios into the band, at net weights and t. */
  takeIn(scenarios: readonly number[], net: Float64Array, t: number): void {
    const from = this.count;
    for (const s of scenarios) if (this.place[s] !== IN_BAND) this.take(s);
    this.admit(from, this.allLosses(net), t);
  }

  private admit(from: number, losses: Float64Array, t: number): void {
    this.columns.begin(this.count);
    for (let b = from; b < this.count; b++) {
      const z = (losses[this.ids[b] as number] as number) - t;
      this.z[b] = z;
      this.inTail[b] = z > 0 ? 1 : 0;
    }
    this.recount();
  }

  /** CVaR, scaled back, at net weights and t. */
  conditional(net: Float64Array, t: number): number {
    let sum = (t * (1 - this.tailWeight)) / this.scale;
    for (let a = 0; a < net.length; a++)
      sum -= (net[a] as number) * (this.tailReturns[a] as number);
    return sum;
  }

  /** Sets the rates of the band for a step in net weights and t. */
  setRates(netStep: Float64Array, tStep: number): void {
    this.rate.fill(-tStep, 0, this.count);
    this.addLosses(this.rate, netStep);
  }

  move(length: number): void {
    const { z, rate, count } = this;
    for (let b = 0; b < count; b++) z[b] = (z[b] as number) + length * (rate[b] as number);
  }

  /** z of the band anew, from net weights and t. */
  refresh(net: Float64Array, t: number): void {
    for (let b = 0; b < this.count; b++) this.z[b] = (this.offset[b] as number) - t;
    this.addLosses(this.z, net);
  }

  private source(): ReturnSource {
    return { values: this.byScenario.values, begins: this.begins, step: 1 };
  }

  private addLosses(into: Float64Array, net: Float64Array): void {
    const { columns, held, factors } = this;
    const terms = this.termsOf(net, -this.scale);
    columns.toSlots(held, terms, this.source());
    addProducts(into, this.count, columns.values, columns.stride, held, factors, terms);
  }

  /** Counts the scenario at place b in the tail, or no more. */
  setInTail(b: number, isIn: boolean): void {
    if ((this.inTail[b] === 1) === isIn) return;
    this.inTail[b] = isIn ? 1 : 0;
    const weight = isIn ? (this.weight[b] as number) : -(this.weight[b] as number);
    const { tailReturns } = this;
    const { values } = this.byScenario;
    const from = this.begins[b] as number;
    for (let a = 0; a < tailReturns.length; a++) {
      tailReturns[a] = (tailReturns[a] as number) + weight * (values[from + a] as number);
    }
    this.tailWeight += weight;
  }

  /** Change of z of place b per unit of each variable; the last is that of t. */
  row(b: number, into: Float64Array): void {
    const { scale } = this;
    const { asset, sign } = this.holdings;
    const { values } = this.byScenario;
    const from = this.begins[b] as number;
    for (let j = 0; j < asset.length; j++) {
      const a = asset[j] as number;
      into[j] = a < 0 ? 0 : -scale * (sign[j] as number) * (values[from + a] as number);
    }
    into[asset.length] = -1;
  }

  /** The place in the band of a scenario; -1 if it is not in it. */
  placeOf(scenario: number): number {
    for (let b = 0; b < this.count; b++) if (this.ids[b] === scenario) return b;
    return -1;
  }

  /** The tail's sums anew, in one stated order. */
  recount(): void {
    const { count, probabilities } = this.tail.scenarios;
    const ids: number[] = [];
    const weights: number[] = [];
    for (let s = 0; s < count; s++) {
      if (this.place[s] !== FAR_TAIL) continue;
      ids.push(s);
      weights.push((probabilities[s] as number) / this.tail.mass);
    }
    for (let b = 0; b < this.count; b++) {
      if (this.inTail[b] !== 1) continue;
      ids.push(this.ids[b] as number);
      weights.push(this.weight[b] as number);
    }
    this.tailWeight = 0;
    for (const weight of weights) this.tailWeight += weight;
    this.tailReturns.fill(0);
    const [places, factors] = [Int32Array.from(ids), Float64Array.from(weights)];
    this.byScenario.addTo(this.tailReturns, places, factors, ids.length);
  }

  /** All that is counted in the tail, with its mass. */
  tailMasses(): { readonly scenarios: number[]; readonly masses: number[] } {
    const scenarios: number[] = [];
    const masses: number[] = [];
    const add = (s: number): void => {
      scenarios.push(s);
      masses.push((this.tail.scenarios.probabilities[s] as number) / this.tail.mass);
    };
    for (let s = 0; s < this.place.length; s++) if (this.place[s] === FAR_TAIL) add(s);
    for (let b = 0; b < this.count; b++) if (this.inTail[b] === 1) add(this.ids[b] as number);
    return { scenarios, masses };
  }

  /** Those of the band within a distance of a kink that are none, with their whole mass in the tail or none. */
  ties(distance: number): { readonly scenarios: number[]; readonly masses: number[] } | undefined {
    const { z, isKink, count } = this;
    let any = false;
    for (let b = 0; b < count; b++) {
      if (isKink[b] === 0 && Math.abs(z[b] as number) <= distance) any = true;
    }
    if (!any) return undefined;
    const scenarios: number[] = [];
    const masses: number[] = [];
    for (let b = 0; b < count; b++) {
      if (isKink[b] === 1 || Math.abs(z[b] as number) > distance) continue;
      scenarios.push(this.ids[b] as number);
      masses.push(this.inTail[b] === 1 ? (this.weight[b] as number) : 0);
    }
    return { scenarios, masses };
  }

  private termsOf(net: Float64Array, factor: number): number {
    let terms = 0;
    for (let a = 0; a < net.length; a++) {
      if (net[a] === 0) continue;
      this.held[terms] = a;
      this.factors[terms++] = factor * (net[a] as number);
    }
    return terms;
  }

  private take(s: number): void {
    if (this.count === this.ids.length) this.grow();
    const b = this.count++;
    this.place[s] = IN_BAND;
    this.ids[b] = s;
    this.begins[b] = this.byScenario.from(s);
    this.weight[b] = (this.tail.scenarios.probabilities[s] as number) / this.tail.mass;
    this.offset[b] = 0;
    this.isKink[b] = 0;
    this.inTail[b] = 0;
  }

  private grow(): void {
    this.ids = widened(this.ids, new Int32Array(2 * this.ids.length));
    this.begins = widened(this.begins, new Int32Array(2 * this.begins.length));
    this.z = widened(this.z, new Float64Array(2 * this.z.length));
    this.rate = widened(this.rate, new Float64Array(2 * this.rate.length));
    this.weight = widened(this.weight, new Float64Array(2 * this.weight.length));
    this.offset = widened(this.offset, new Float64Array(2 * this.offset.length));
    this.inTail = widened(this.inTail, new Uint8Array(2 * this.inTail.length));
    this.isKink = widened(this.isKink, new Uint8Array(2 * this.isKink.length));
  }
}

function widened<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
