// Near an optimum in few steps: CVaR with its kinks rounded off is smooth, and Newton's method walks over hundreds
// of scenarios at once where a simplex exchanges one. Promises: what comes back is within bounds and rows, and
// nothing else: how good it is, only the walk from there on tells. Same program, same bytes.
//
// The rounding: max(0, z) becomes (z + h)² / 4h for |z| ≤ h (S. Alexander, T. Coleman, Y. Li, Journal of Banking and
// Finance 30, 2006); h shrinks until about as many scenarios lie within it as weights are free.

import { type ModelMinimum, NewtonModel } from "./newton-model.ts";
import type { Program, Tail } from "./program.ts";
import { roughValueAtRisk, type ScenarioBand } from "./scenario-band.ts";
import { valueAtRisk } from "./tail-loss.ts";
import type { Vertex } from "./vertex.ts";

/** Scenarios within h, per free variable, where it ends. */
const NARROW = 2;
/** Scenarios that a width is chosen by, where there are more. */
const WIDTH_SAMPLE = 1500;
/** Scenarios that curvature is measured with, where there are more, and not many variables. */
const SAMPLE = 200;
/** Steps at one width, while each gains this share of the value at risk. */
const STEPS_PER_WIDTH = 6;
const WORTH = 5e-3;
/** Times that a step is found again after some of it met a limit. */
const RETRIES = 10;
const TIGHT = 1e-12;

/**
 * Moves `vertex.x`, which is within bounds and rows, near to the optimum; `cost` as of the walk. `wide`: scenarios
 * within h per free variable at first.
 */
export function approach(
  program: Program,
  vertex: Vertex,
  band: ScenarioBand,
  cost: Float64Array,
  wide: number,
): void {
  new Approach(program, vertex, band, cost).run(wide);
}

class Approach {
  private readonly program: Program;
  private readonly tail: Tail;
  private readonly vertex: Vertex;
  private readonly band: ScenarioBand;
  private readonly cost: Float64Array;
  private readonly z: Float64Array;
  private readonly rate: Float64Array;
  private readonly gradient: Float64Array;
  private readonly isFree: Uint8Array;
  /** Rows held at a limit: -1 lower, 1 upper. */
  private readonly held: Int8Array;
  /** Scenarios with slope, and how much, of the last point. */
  private readonly ids: Int32Array;
  private readonly weights: Float64Array;
  private t = 0;
  private tGradient = 0;
  private firstSlope = 0;

  constructor(program: Program, vertex: Vertex, band: ScenarioBand, cost: Float64Array) {
    this.program = program;
    this.tail = program.tail as Tail;
    this.vertex = vertex;
    this.band = band;
    this.cost = cost;
    const { count } = this.tail.scenarios;
    this.z = new Float64Array(count);
    this.rate = new Float64Array(count);
    this.ids = new Int32Array(count);
    this.weights = new Float64Array(count);
    this.gradient = new Float64Array(vertex.variables);
    this.isFree = new Uint8Array(vertex.variables);
    this.held = new Int8Array(vertex.rows);
  }

  run(first: number): void {
    const { vertex, tail } = this;
    const { count, probabilities } = tail.scenarios;
    const losses = this.band.allLosses(vertex.netOf(vertex.x));
    this.t = roughValueAtRisk(losses, probabilities, tail.mass);
    for (let s = 0; s < count; s++) this.z[s] = (losses[s] as number) - this.t;
    this.startSets();
    for (let wide = first; ; wide = Math.max(NARROW, wide / 2)) {
      for (let k = 0; k < STEPS_PER_WIDTH; k++) {
        const free = this.isFree.reduce((sum, value) => sum + value, 0);
        const within = Math.min(count / 3, Math.max(40, wide * free));
        const h = this.widthOf(within);
        if (!(h > 0) || !(this.step(h) > WORTH * Math.abs(this.t))) break;
      }
      if (wide === NARROW) return;
    }
  }

  /** The h within which about `within` scenarios lie, as every few of them tell. */
  private widthOf(within: number): number {
    const { z } = this;
    const each = Math.max(1, Math.floor(z.length / WIDTH_SAMPLE));
    const size = new Float64Array(Math.floor(z.length / each));
    for (let k = 0; k < size.length; k++) size[k] = -Math.abs(z[k * each] as number);
    const equal = new Float64Array(size.length).fill(1 / size.length);
    return -valueAtRisk(size, equal, within / z.length);
  }

  private startSets(): void {
    const { vertex, isFree, held } = this;
    for (let j = 0; j < isFree.length; j++) {
      const value = vertex.x[j] as number;
      const inside = value > (vertex.lower[j] as number) && value < (vertex.upper[j] as number);
      isFree[j] = inside ? 1 : 0;
    }
    for (let i = 0; i < held.length; i++) {
      const value = vertex.activity[i] as number;
      if (value <= (vertex.rowLower[i] as number) + TIGHT) held[i] = -1;
      else if (value >= (vertex.rowUpper[i] as number) - TIGHT) held[i] = 1;
      else held[i] = 0;
    }
  }

  /** One Newton step at a width: what it gains, about; 0 if there was none to make. */
  private step(h: number): number {
    const { vertex, isFree } = this;
    const within = this.differentiate(h);
    const model = this.modelOf(within, h);
    const size = model.free.length;
    const fixed = new Float64Array(size).fill(Number.NaN);
    let found: ModelMinimum | null = null;
    let heldRows: number[] = [];
    for (let retry = 0; retry < RETRIES; retry++) {
      heldRows = [];
      for (let i = 0; i < this.held.length; i++) if (this.held[i] !== 0) heldRows.push(i);
      const rows = heldRows.map((i) => this.rowOver(i, model.free));
      const targets = heldRows.map((i) => this.limitOf(i) - (vertex.activity[i] as number));
      const next = model.minimum(fixed, rows, targets);
      if (next === null) break;
      found = next;
      if (this.meetLimits(model.free, next, fixed, heldRows) === 0) break;
    }
    if (found === null) {
      this.release(heldRows, new Float64Array(heldRows.length));
      return 0;
    }
    const full = new Float64Array(vertex.variables);
    model.free.forEach((j, i) => {
      full[j] = found.step[i] as number;
    });
    const tStep = model.lastStep(found.step);
    const length = this.search(h, full, tStep, this.room(full));
    this.move(full, tStep, length);
    model.free.forEach((j, i) => {
      if (length === 1 && !Number.isNaN(fixed[i] as number)) isFree[j] = 0;
    });
    this.release(heldRows, found.prices);
    return (-this.firstSlope * length) / 2;
  }

  /** Gradient of the rounded objective; answers with the scenarios within h. */
  private differentiate(h: number): number[] {
    const { z, gradient, program, band } = this;
    const { count, returns, probabilities } = this.tail.scenarios;
    const { asset, sign, assets } = program.holdings;
    const { ids, weights } = this;
    const within: number[] = [];
    let found = 0;
    let total = 0;
    for (let s = 0; s < count; s++) {
      const over = z[s] as number;
      if (over <= -h) continue;
      const share = over >= h ? 1 : (over + h) / (2 * h);
      const weight = (share * (probabilities[s] as number)) / this.tail.mass;
      ids[found] = s;
      weights[found++] = weight;
      total += weight;
      if (over < h) within.push(s);
    }
    this.tGradient = 1 - total;
    const means = new Float64Array(assets);
    for (let a = 0; a < assets; a++) {
      let sum = 0;
      for (let k = 0; k < found; k++)
        sum += (weights[k] as number) * (returns[a * count + (ids[k] as number)] as number);
      means[a] = sum * band.scale;
    }
    for (let j = 0; j < gradient.length; j++) {
      const a = asset[j] as number;
      gradient[j] =
        (this.cost[j] as number) - (a < 0 ? 0 : (sign[j] as number) * (means[a] as number));
    }
    return within;
  }

  private modelOf(all: readonly number[], h: number): NewtonModel {
    const { isFree, program, band } = this;
    const { count, returns, probabilities } = this.tail.scenarios;
    const free: number[] = [];
    for (let j = 0; j < isFree.length; j++) if (isFree[j] === 1) free.push(j);
    // Curvature is a mean over scenarios: of very many every few will do.
    const each = Math.max(1, Math.floor(all.length / Math.max(SAMPLE, NARROW * free.length)));
    const within = all.filter((_, k) => k % each === 0);
    const roots = Float64Array.from(within, (s) =>
      Math.sqrt((each * (probabilities[s] as number)) / (this.tail.mass * 2 * h)),
    );
    const columns = new Float64Array(free.length * within.length);
    free.forEach((j, i) => {
      const a = program.holdings.asset[j] as number;
      if (a < 0) return;
      const factor = -band.scale * (program.holdings.sign[j] as number);
      for (let k = 0; k < within.length; k++) {
        columns[i * within.length + k] =
          factor * (roots[k] as number) * (returns[a * count + (within[k] as number)] as number);
      }
    });
    const last = roots.map((root) => -root);
    const slopes = Float64Array.from(free, (j) => this.gradient[j] as number);
    return new NewtonModel(free, columns, last, slopes, this.tGradient);
  }

  private rowOver(i: number, free: readonly number[]): Float64Array {
    const { coefficients, variables } = this.vertex;
    return Float64Array.from(free, (j) => coefficients[i * variables + j] as number);
  }

  private limitOf(i: number): number {
    return (
      (this.held[i] as number) < 0 ? this.vertex.rowLower[i] : this.vertex.rowUpper[i]
    ) as number;
  }

  /**
   * Holds what the step would take past a limit, lets go of what it would rather take back; how many. Primal-dual
   * active sets: M. Hintermüller, K. Ito, K. Kunisch, SIAM Journal on Optimization 13, 2002.
   */
  private meetLimits(
    free: readonly number[],
    { step, slopes, prices }: ModelMinimum,
    fixed: Float64Array,
    heldRows: readonly number[],
  ): number {
    const { vertex, held } = this;
    let met = 0;
    free.forEach((j, i) => {
      const low = vertex.lower[j] as number;
      const high = vertex.upper[j] as number;
      const to = (vertex.x[j] as number) + (step[i] as number);
      if (!Number.isNaN(fixed[i] as number)) {
        const slope = slopes[i] as number;
        if (low === high || (to <= low ? slope >= 0 : slope <= 0)) return;
        fixed[i] = Number.NaN;
        met++;
        return;
      }
      if (to >= low && to <= high) return;
      fixed[i] = (to < low ? low : high) - (vertex.x[j] as number);
      met++;
    });
    heldRows.forEach((i, k) => {
      const isRange = vertex.rowLower[i] !== vertex.rowUpper[i];
      if (!isRange || (prices[k] as number) * (held[i] as number) <= 0) return;
      held[i] = 0;
      met++;
    });
    for (let i = 0; i < held.length; i++) {
      if (held[i] !== 0) continue;
      if (heldRows.includes(i)) continue;
      const row = this.rowOver(i, free);
      let to = vertex.activity[i] as number;
      for (let k = 0; k < row.length; k++) to += (row[k] as number) * (step[k] as number);
      if (to < (vertex.rowLower[i] as number) - TIGHT) held[i] = -1;
      else if (to > (vertex.rowUpper[i] as number) + TIGHT) held[i] = 1;
      if (held[i] !== 0) met++;
    }
    return met;
  }

  /** How much of a step stays within all limits, at most 1. */
  private room(full: Float64Array): number {
    const { vertex } = this;
    let room = 1;
    const meet = (value: number, change: number, low: number, high: number): void => {
      if (change < 0 && value + change < low - TIGHT)
        room = Math.min(room, Math.max(0, (low - value) / change));
      if (change > 0 && value + change > high + TIGHT)
        room = Math.min(room, Math.max(0, (high - value) / change));
    };
    for (let j = 0; j < full.length; j++) {
      meet(
        vertex.x[j] as number,
        full[j] as number,
        vertex.lower[j] as number,
        vertex.upper[j] as number,
      );
    }
    for (let i = 0; i < vertex.rows; i++) {
      let change = 0;
      for (let j = 0; j < full.length; j++) {
        change += (vertex.coefficients[i * vertex.variables + j] as number) * (full[j] as number);
      }
      meet(
        vertex.activity[i] as number,
        change,
        vertex.rowLower[i] as number,
        vertex.rowUpper[i] as number,
      );
    }
    return room;
  }

  /** Share of the step at which the rounded objective falls no more. */
  private search(h: number, full: Float64Array, tStep: number, most: number): number {
    const losses = this.band.allLosses(this.vertex.netOf(full));
    for (let s = 0; s < losses.length; s++) this.rate[s] = (losses[s] as number) - tStep;
    let linear = tStep;
    for (let j = 0; j < full.length; j++) linear += (this.cost[j] as number) * (full[j] as number);
    const first = this.slopeAt(0, h, linear);
    this.firstSlope = first;
    if (!(first < 0) || !(most > 0)) return 0;
    let low = 0;
    let high = most;
    let lowSlope = first;
    let highSlope = this.slopeAt(high, h, linear);
    for (let k = 0; k < 6 && highSlope > -0.2 * first; k++) {
      const at = low + ((high - low) * lowSlope) / (lowSlope - highSlope);
      const slope = this.slopeAt(at, h, linear);
      if (Math.abs(slope) <= -0.2 * first) return at;
      if (slope < 0) {
        low = at;
        lowSlope = slope;
      } else {
        high = at;
        highSlope = slope;
      }
    }
    return highSlope > -0.2 * first ? low : high;
  }

  private slopeAt(length: number, h: number, linear: number): number {
    const { z, rate } = this;
    const { probabilities } = this.tail.scenarios;
    let sum = 0;
    for (let s = 0; s < z.length; s++) {
      const over = (z[s] as number) + length * (rate[s] as number);
      if (over <= -h) continue;
      const share = over >= h ? 1 : (over + h) / (2 * h);
      sum += share * (probabilities[s] as number) * (rate[s] as number);
    }
    return linear + sum / this.tail.mass;
  }

  private move(full: Float64Array, tStep: number, length: number): void {
    const { vertex, z, rate } = this;
    for (let j = 0; j < full.length; j++) {
      const moved = (vertex.x[j] as number) + length * (full[j] as number);
      vertex.x[j] = Math.min(Math.max(moved, vertex.lower[j] as number), vertex.upper[j] as number);
    }
    this.t += length * tStep;
    for (let s = 0; s < z.length; s++) z[s] = (z[s] as number) + length * (rate[s] as number);
    vertex.updateActivities();
  }

  /** Lets go of rows and bounds that hold the objective up. */
  private release(heldRows: readonly number[], prices: Float64Array): void {
    const { vertex, held, isFree, gradient } = this;
    const reduced = Float64Array.from(gradient);
    heldRows.forEach((i, k) => {
      const price = prices[k] as number;
      for (let j = 0; j < reduced.length; j++) {
        reduced[j] =
          (reduced[j] as number) -
          price * (vertex.coefficients[i * vertex.variables + j] as number);
      }
      const isRange = vertex.rowLower[i] !== vertex.rowUpper[i];
      if (isRange && price * (held[i] as number) > 0) held[i] = 0;
    });
    for (let j = 0; j < reduced.length; j++) {
      if (isFree[j] === 1 || vertex.lower[j] === vertex.upper[j]) continue;
      const slope = reduced[j] as number;
      const atLower = (vertex.x[j] as number) <= (vertex.lower[j] as number);
      if (atLower ? slope < 0 : slope > 0) isFree[j] = 1;
    }
  }
}
